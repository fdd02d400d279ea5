"""New questions beside earlier ones."""

from __future__ import annotations

import pytest

from autograder.grading.partial import held, merged
from autograder.model import (
    DeclaredTest,
    NotebookResult,
    Question,
    QuestionResult,
    Submission,
    TestKind,
    TestResult,
    Verdict,
)

TEST = DeclaredTest(id="t", question="q", kind=TestKind.VALUES, weight=1.0, title="T")


def entry(name: str, points: float, *, pending: float = 0.0, tests: bool = True) -> QuestionResult:
    results = (TestResult(test=TEST, verdict=Verdict.PASSED),) if tests else ()
    question = Question(id=name, title=name, points=5.0)
    return QuestionResult(question=question, points=points, points_pending=pending, tests=results)


def result(*questions: QuestionResult, level: str = "landlock", remark: str = "") -> NotebookResult:
    submission = Submission(student="ada", assignment="a", notebook="n")
    return NotebookResult(submission=submission, questions=questions, sandbox_level=level, remarks=(remark,))


@pytest.mark.parametrize("levels", [("rlimits", "landlock"), ("landlock", "rlimits")])
def test_new_points_beside_old_ones(levels):
    """In the order of the notebook; the weaker wall is named; of what is new only what was asked for is taken."""
    earlier = result(entry("a", 1), entry("b", 2), entry("c", 3), level=levels[0], remark="old")
    newer = result(entry("b", 4), entry("c", 5), level=levels[1], remark="new")
    assert merged(earlier, newer, ["b"]) == result(
        entry("a", 1), entry("b", 4), entry("c", 3), level="rlimits", remark="new"
    )


def test_what_waits_for_us_and_what_waits_for_a_person():
    """A reflection waits for a person by design; it has no tests."""
    assert held([entry("a", 1), entry("b", 0, pending=2)])
    assert not held([entry("a", 1), entry("why", 0, pending=2, tests=False)])
