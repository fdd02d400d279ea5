"""Points come from verdicts by one pure policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.score import GATED_REMARK, score
from autograder.model import DeclaredTest, Question, TestKind, TestResult, Verdict

QUESTION = Question(id="q", title="Q", points=6)


def results(*entries: tuple[str, Verdict, float]) -> list[TestResult]:
    return [
        TestResult(
            test=DeclaredTest(id=f"t{i}", question="q", kind=TestKind(kind), weight=weight, title="T"), verdict=verdict
        )
        for i, (kind, verdict, weight) in enumerate(entries)
    ]


def test_weights_split_the_points():
    """A test earns its share of the weights."""
    got = score(QUESTION, results(("values", Verdict.PASSED, 2), ("values", Verdict.FAILED, 1)))
    assert (got.points, got.points_pending) == (4.0, 0.0)


@pytest.mark.parametrize("kind", ["shape", "error", "purity"])
def test_other_kinds_earn_nothing_without_values(kind):
    """An answer that only raises, or only has the right shape, is worth nothing, and is told why."""
    got = score(QUESTION, results(("values", Verdict.FAILED, 1), (kind, Verdict.PASSED, 5)))
    assert got.points == 0
    assert got.remarks == (GATED_REMARK,)


def test_other_kinds_count_beside_a_passed_values_test():
    """Once one values test passes, the other kinds earn their share."""
    entries = results(("values", Verdict.PASSED, 1), ("values", Verdict.FAILED, 1), ("error", Verdict.PASSED, 1))
    assert score(QUESTION, entries).points == 4.0


def test_our_fault_is_neither_won_nor_lost():
    """The share of a test that we could not judge is pending."""
    got = score(QUESTION, results(("values", Verdict.PASSED, 1), ("values", Verdict.GRADER_FAULT, 1)))
    assert (got.points, got.points_pending) == (3.0, 3.0)


def test_our_fault_at_the_gate_holds_what_lies_behind():
    """If the values test is our fault, a passed error test waits for a person too."""
    got = score(QUESTION, results(("values", Verdict.GRADER_FAULT, 1), ("error", Verdict.PASSED, 1)))
    assert (got.points, got.points_pending) == (0.0, 6.0)


def test_a_reflection_waits_for_a_person():
    """Points of a manual question are pending as a whole."""
    got = score(Question(id="r", title="R", points=2, manual=True), [])
    assert (got.points, got.points_pending) == (0.0, 2.0)


@given(
    st.lists(
        st.tuples(st.sampled_from([kind.value for kind in TestKind]), st.sampled_from(Verdict), st.integers(1, 5)),
        max_size=8,
    )
)
def test_points_stay_between_zero_and_the_maximum(entries):
    """Whatever the verdicts, points and pending points together lie between 0 and the maximum."""
    got = score(QUESTION, results(*entries))
    assert got.points >= 0
    assert got.points_pending >= 0
    assert got.points + got.points_pending <= QUESTION.points + 0.01


def test_everything_passed_is_the_maximum_whatever_the_weights():
    """Rounding never takes a hundredth from a full answer."""
    got = score(QUESTION, results(*[("values", Verdict.PASSED, 0.7)] * 7))
    assert got.points == QUESTION.points
