"""Proof of a build: the solution earns every automatic point, the untouched release none."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable

from autograder.config import Course, load_assignment
from autograder.errors import AuthoringError
from autograder.model import Notebook, NotebookResult, Origin, Question, QuestionResult, Role, Submission, Verdict
from autograder.release.author import without_markers
from autograder.released import read_notebook

Grade = Callable[[Submission], NotebookResult]


def prove(course: Course, assignment: str, grade: Grade) -> None:
    """Grade the solution and the untouched release of each notebook of an assignment that was just built.

    Args:
        course: The course.
        assignment: Id of the assignment.
        grade: Grades one submission in the sandbox.

    Raises:
        AuthoringError: If the solution misses a point, or the release earns one or is anything but not implemented.
        CourseError: If there is no such assignment, or it has not been built.
    """
    for config in load_assignment(course, assignment).notebooks:
        notebook = read_notebook(course.release / assignment / f"{config.name}.ipynb")
        file = (course.solutions / assignment / f"{config.name}.py").relative_to(course.root).as_posix()
        check_solution_result(notebook, grade(solution_submission(course, notebook)), file)
        check_untouched_result(notebook, grade(untouched_submission(notebook)), file)


def solution_submission(course: Course, notebook: Notebook) -> Submission:
    """The full solution as a student would hand it in, from the staged notebook.

    Raises:
        CourseError: If the assignment has not been built.
    """
    staged = read_notebook(course.staging / notebook.assignment / f"{notebook.name}.ipynb")
    solved = {cell.id: without_markers(cell.source) for cell in staged.cells if cell.role is Role.SOLUTION}
    cells = tuple(
        dataclasses.replace(cell, source=solved[cell.id], origin=Origin.STUDENT) if cell.id in solved else cell
        for cell in notebook.cells
    )
    return Submission(student="solution", assignment=notebook.assignment, notebook=notebook.name, cells=cells)


def untouched_submission(notebook: Notebook) -> Submission:
    """The release as it is, handed in."""
    return Submission(student="untouched", assignment=notebook.assignment, notebook=notebook.name, cells=notebook.cells)


def check_solution_result(notebook: Notebook, result: NotebookResult, file: str) -> None:
    """Refuse a solution that doesn't earn every automatic point.

    Raises:
        AuthoringError: Naming the first such question and its verdicts.
    """
    for question, outcome in _automatic(notebook, result, file):
        if outcome.points != question.points or not outcome.tests:
            raise AuthoringError(
                f"solution: expected {question.points:g} points, got {outcome.points:g} ({_verdicts(outcome)}). "
                "Mend the solution or the hidden tests.",
                file,
                None,
                question.id,
            )


def check_untouched_result(notebook: Notebook, result: NotebookResult, file: str) -> None:
    """Refuse a release that earns something untouched, or of which a test says anything but not implemented.

    Raises:
        AuthoringError: Naming the first such question and its verdicts.
    """
    for question, outcome in _automatic(notebook, result, file):
        silent = all(test.verdict is Verdict.NOT_IMPLEMENTED for test in outcome.tests)
        if outcome.points != 0 or not outcome.tests or not silent:
            raise AuthoringError(
                f"untouched release: expected 0 points and NOT_IMPLEMENTED in every hidden test, "
                f"got {outcome.points:g} ({_verdicts(outcome)}). Let every hidden test call the student's function.",
                file,
                None,
                question.id,
            )


def _automatic(notebook: Notebook, result: NotebookResult, file: str) -> Iterable[tuple[Question, QuestionResult]]:
    if result.submission.problem is not None:
        raise AuthoringError(f"expected to be graded, got: {result.submission.problem}", file)
    outcomes = {outcome.question.id: outcome for outcome in result.questions}
    for question in notebook.questions:
        if question.manual:
            continue
        if question.id not in outcomes:
            raise AuthoringError("expected a result, got none. The grader lost a question.", file, None, question.id)
        yield question, outcomes[question.id]


def _verdicts(outcome: QuestionResult) -> str:
    counts = Counter(test.verdict.value for test in outcome.tests)
    first = next((test for test in outcome.tests if test.verdict is not Verdict.PASSED), None)
    text = ", ".join(f"{count} {name}" for name, count in counts.items()) or "no hidden test ran"
    return text if first is None else f"{text}; {first.test.id}: {first.message or first.staff}"
