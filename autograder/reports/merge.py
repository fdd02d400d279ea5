"""Results of notebooks, put together by student: what every report starts from. Pure; no score is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.config import weakest
from autograder.model import NotebookResult, QuestionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentResult:
    """One student's notebooks of one assignment.

    Attributes:
        student: Who.
        assignment: Id of the assignment.
        notebooks: Their results, by name.
    """

    student: str
    assignment: str
    notebooks: tuple[NotebookResult, ...]

    @property
    def questions(self) -> tuple[QuestionResult, ...]:
        """All questions of all notebooks, in order."""
        return tuple(question for notebook in self.notebooks for question in notebook.questions)

    @property
    def points(self) -> float:
        """Points earned."""
        return total(notebook.points for notebook in self.notebooks)

    @property
    def points_pending(self) -> float:
        """Points that wait for a person."""
        return total(notebook.points_pending for notebook in self.notebooks)

    @property
    def max_points(self) -> float:
        """Maximum points."""
        return total(notebook.max_points for notebook in self.notebooks)

    @property
    def sandbox_level(self) -> str:
        """The weakest wall that stood around any of the notebooks."""
        return weakest(notebook.sandbox_level for notebook in self.notebooks)

    @property
    def problem(self) -> str | None:
        """Why notebooks can't be graded, with their names where the assignment has several; None if all can."""
        named = [(entry.submission.notebook, entry.submission.problem) for entry in self.notebooks]
        problems = [f"{name}: {problem}" if len(named) > 1 else problem for name, problem in named if problem]
        return " ".join(problems) or None


def by_student(results: Iterable[NotebookResult]) -> tuple[StudentResult, ...]:
    """Put results together by assignment and student.

    Returns:
        Sorted by assignment, then student, each with its notebooks by name: the same for results in any order.
    """
    groups: dict[tuple[str, str], list[NotebookResult]] = {}
    for result in results:
        groups.setdefault((result.submission.assignment, result.submission.student), []).append(result)
    return tuple(
        StudentResult(
            student=student,
            assignment=assignment,
            notebooks=tuple(sorted(group, key=lambda result: result.submission.notebook)),
        )
        for (assignment, student), group in sorted(groups.items())
    )


def total(points: Iterable[float]) -> float:
    """A sum of points without the dust of adding them: they have two decimals."""
    return round(float(sum(points)), 2)


def columns(results: Sequence[StudentResult]) -> tuple[tuple[str, str], ...]:
    """Notebook and id of every question that occurs, in the order of the notebooks: the columns of a table."""
    found: dict[tuple[str, str], None] = {}
    for notebook in sorted(
        (notebook for student in results for notebook in student.notebooks),
        key=lambda result: result.submission.notebook,
    ):
        for entry in notebook.questions:
            found.setdefault((notebook.submission.notebook, entry.question.id))
    return tuple(found)
