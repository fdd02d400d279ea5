"""The proof of a build, with graders that say what a test lets them say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.errors import AuthoringError, CourseError
from autograder.model import (
    DeclaredTest,
    Notebook,
    NotebookResult,
    Origin,
    QuestionResult,
    Role,
    Submission,
    TestKind,
    TestResult,
    Verdict,
)
from autograder.release.prove import prove, solution_submission, untouched_submission
from autograder.released import load_notebook
from tests.release.fixture_course import DemoCourse, release

Judge = Callable[[str, str], tuple[float, Verdict]]


@pytest.fixture
def notebook(demo: DemoCourse) -> Notebook:
    release(demo.course, hidden_tests=demo.hidden_tests)
    return load_notebook(demo.course, "demo", "first")


def graded(notebook: Notebook, submission: Submission, judge: Judge) -> NotebookResult:
    """A result with one hidden test per question; the judge gives the share of its points, and the verdict."""
    results = []
    for question in notebook.questions:
        test = DeclaredTest(id=f"test_{question.id}", question=question.id, kind=TestKind.VALUES, weight=1, title="t")
        share, verdict = judge(submission.student, question.id)
        tests = () if question.manual else (TestResult(test=test, verdict=verdict, message="what came out"),)
        points = 0 if question.manual else share * question.points
        pending = question.points if question.manual else 0
        results.append(QuestionResult(question=question, points=points, points_pending=pending, tests=tests))
    return NotebookResult(submission=submission, questions=tuple(results), sandbox_level="rlimits")


def honest(student: str, question: str) -> tuple[float, Verdict]:
    """What a grader says when all is well."""
    return (1, Verdict.PASSED) if student == "solution" else (0, Verdict.NOT_IMPLEMENTED)


def test_a_good_build_is_proven(demo: DemoCourse, notebook: Notebook) -> None:
    """Solution and untouched release of each notebook are graded once, and nothing is said."""
    seen: list[str] = []

    def grade(submission: Submission) -> NotebookResult:
        seen.append(submission.student)
        return graded(notebook, submission, honest)

    prove(demo.course, "demo", grade)

    assert seen == ["solution", "untouched"]


@pytest.mark.parametrize(
    ("student", "outcome", "says"),
    [
        ("solution", (0.5, Verdict.FAILED), "expected 4.5 points, got 2.25 (1 FAILED; test_scale: what came out)"),
        ("solution", (0, Verdict.GRADER_FAULT), "got 0 (1 GRADER_FAULT"),
        ("untouched", (1, Verdict.PASSED), "expected 0 points and NOT_IMPLEMENTED in every hidden test, got 4.5"),
        ("untouched", (0, Verdict.STUDENT_ERROR), "got 0 (1 STUDENT_ERROR"),
        ("untouched", (0, Verdict.PASSED), "got 0 (1 PASSED"),
    ],
)
def test_a_bad_build_names_question_and_verdicts(
    demo: DemoCourse, notebook: Notebook, student: str, outcome: tuple[float, Verdict], says: str
) -> None:
    """A point missing from the solution, earned by the release, or another verdict than not implemented is refused."""

    def judge(who: str, question: str) -> tuple[float, Verdict]:
        return outcome if (who, question) == (student, "scale") else honest(who, question)

    with pytest.raises(AuthoringError) as caught:
        prove(demo.course, "demo", lambda submission: graded(notebook, submission, judge))

    assert says in caught.value.problem
    assert (caught.value.file, caught.value.question) == ("solutions/demo/first.py", "scale")


@pytest.mark.parametrize("loses", ["tests", "question"])
def test_a_question_without_verdicts_is_refused(demo: DemoCourse, notebook: Notebook, loses: str) -> None:
    """A grader that loses a question, or runs no test for it, proves nothing."""

    def grade(submission: Submission) -> NotebookResult:
        result = graded(notebook, submission, honest)
        first = result.questions[0]
        kept = () if loses == "question" else (QuestionResult(question=first.question, points=4, points_pending=0),)
        return NotebookResult(submission=submission, questions=kept + result.questions[1:], sandbox_level="rlimits")

    with pytest.raises(AuthoringError) as caught:
        prove(demo.course, "demo", grade)

    assert caught.value.question == "double"


def test_solution_submission_is_the_release_with_solutions(demo: DemoCourse, notebook: Notebook) -> None:
    """Only solution cells differ from the release; they are a student's, and without markers."""
    submission = solution_submission(demo.course, notebook)
    changed = [cell for cell, ours in zip(submission.cells, notebook.cells, strict=True) if cell != ours]

    assert [cell.role for cell in changed] == [Role.SOLUTION] * 3
    assert all(cell.origin is Origin.STUDENT for cell in changed)
    assert changed[0].source.endswith("    twice_of_everything = np.add(x, x)\n    return twice_of_everything")


def test_untouched_submission_is_the_release(notebook: Notebook) -> None:
    """Nothing differs."""
    assert untouched_submission(notebook).cells == notebook.cells


def test_unbuilt_assignment(demo: DemoCourse) -> None:
    """What is not built can't be proven."""
    with pytest.raises(CourseError, match="Run `autograder build`"):
        prove(demo.course, "demo", lambda submission: pytest.fail("nothing to grade"))
