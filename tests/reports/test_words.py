"""Every verdict has its words, its symbol and its advice."""

import pytest

from autograder.model import Verdict
from autograder.reports.words import amount, next_step, symbol, words
from course_utils.compare import Rung


def test_every_verdict_is_told_apart_without_colour() -> None:
    """No two verdicts share their words, and none is without a symbol."""
    assert len({words(verdict) for verdict in Verdict}) == len(Verdict)
    assert all(len(symbol(verdict)) == 1 for verdict in Verdict)
    assert [verdict for verdict in Verdict if symbol(verdict) == symbol(Verdict.PASSED)] == [Verdict.PASSED]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.PASSED])
def test_advice_is_one_sentence(verdict: Verdict) -> None:
    """Whatever did not pass is followed by one sentence."""
    step = next_step(verdict)
    assert step[0].isupper()
    assert step.endswith(".")
    assert ". " not in step


def test_nothing_to_do_after_a_pass() -> None:
    """What passed needs no advice."""
    assert next_step(Verdict.PASSED) == ""


def test_each_rung_has_its_own_advice() -> None:
    """A wrong answer is advised by the rung at which it failed, the comparison ladder's own ones."""
    steps = [next_step(Verdict.FAILED, rung.value) for rung in Rung]
    assert len({*steps, next_step(Verdict.FAILED)}) == len(Rung) + 1
    assert "shape" in next_step(Verdict.FAILED, "shape")
    assert "copy" in next_step(Verdict.FAILED, "unchanged")


def test_rung_makes_words_exact() -> None:
    """A failed rung is named; other verdicts keep their words whatever the rung."""
    assert words(Verdict.FAILED, "shape") == "wrong shape"
    assert words(Verdict.FAILED, "a rung of later days") == words(Verdict.FAILED) == "not right"
    assert words(Verdict.STUDENT_ERROR, "ran") == words(Verdict.STUDENT_ERROR)


def test_rung_counts_for_wrong_answers_only() -> None:
    """A time-out is advised as such at any rung; a missing name is told from an unwritten function."""
    assert next_step(Verdict.TIMEOUT, "ran") == next_step(Verdict.TIMEOUT)
    assert next_step(Verdict.NOT_IMPLEMENTED, "ran") == next_step(Verdict.NOT_IMPLEMENTED)
    assert "name" in next_step(Verdict.NOT_IMPLEMENTED, "defined")


def test_our_fault_is_called_so() -> None:
    """A fault of ours says whose it is, that nothing is lost, and who looks at it."""
    step = next_step(Verdict.GRADER_FAULT)
    assert "our fault" in step
    assert "no points are lost" in step
    assert "a person looks at it" in step


@pytest.mark.parametrize(
    ("points", "shown"),
    [(0.0, "0"), (-0.0, "0"), (4.0, "4"), (2.5, "2.5"), (1.333, "1.33"), (100.0, "100"), (0.1 + 0.2, "0.3")],
)
def test_amount(points: float, shown: str) -> None:
    """Points are written with as many decimals as they have, two at most."""
    assert amount(points) == shown
