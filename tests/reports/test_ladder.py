"""How far an answer got, as one check saw it."""

import pytest

from autograder.model import Verdict
from autograder.reports.ladder import climbed
from course_utils.rungs import Rung
from tests.reports.results import one_result

RESULT = ["type", "shape", "dtype", "finite", "values"]


def states(verdict: Verdict, rung: str | None) -> str:
    """One letter a rung: passed, failed, not looked at."""
    return "".join(step.state[0] for step in climbed(one_result("q", "test_q", verdict, "No.", rung)))


@pytest.mark.parametrize("number", range(8))
def test_below_holds_and_above_is_unseen(number: int) -> None:
    """The rungs of a result are climbed in their order, and the climb ends at the first that fails."""
    rung = list(Rung)[number].value
    assert states(Verdict.FAILED, rung) == "p" * number + "f" + "n" * (9 - number)


def test_purity_looks_at_no_value() -> None:
    """A check that inputs stay as they are doesn't say that the result was right."""
    assert states(Verdict.FAILED, "unchanged") == "pppnnnnnfn"
    assert states(Verdict.FAILED, "repeatable") == "pppnnnnnpf"


@pytest.mark.parametrize(
    "verdict", [Verdict.STUDENT_ERROR, Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT], ids=str
)
def test_what_stopped_the_answer(verdict: Verdict) -> None:
    """An error and a limit stop an answer while it runs."""
    assert states(verdict, "ran") == "ppf" + "n" * 7


def test_a_missing_function() -> None:
    """A name that is not there stops at the bottom; a stub was never tried."""
    assert states(Verdict.NOT_IMPLEMENTED, "defined") == "f" + "n" * 9
    assert states(Verdict.NOT_IMPLEMENTED, "ran") == ""


@pytest.mark.parametrize("rung", [None, "", "no such rung"])
def test_unknown_rung(rung: str | None) -> None:
    """No ladder is better than an invented one."""
    assert states(Verdict.FAILED, rung) == ""


def test_each_rung_has_its_own_words() -> None:
    """No two rungs read alike, and each has a mark and words for its state."""
    steps = climbed(one_result("q", "test_q", Verdict.FAILED, "No.", "values"))
    assert len({step.name for step in steps}) == len(Rung)
    assert {(step.symbol, step.state) for step in steps} == {("✓", "passed"), ("✗", "failed"), ("–", "not looked at")}
