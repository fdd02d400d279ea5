"""The page that a student gets back: one self-contained HTML file per student and assignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.config import Course, load_assignment
from autograder.errors import CourseError
from autograder.model import NotebookResult
from autograder.reports.files import replace_file
from autograder.reports.page import page_view
from autograder.reports.rendering import render

_NONE: Mapping[str, str] = {}


class FeedbackPages:
    """Makes the pages of one assignment.

    Args:
        course: The course; the assignment's title and the notebooks' come from its files.
        assignment: Id of the assignment.

    Raises:
        CourseError: If there is no such assignment.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self._course = course
        self._assignment = assignment
        config = load_assignment(course, assignment)
        self._title = config.title
        self._titles = {notebook.name: notebook.title for notebook in config.notebooks}

    def place(self, student: str) -> Path:
        """Where a student's page belongs: `feedback/<student>/<assignment>/feedback.html`.

        Raises:
            CourseError: If the name can't be a folder's.
        """
        if student in {"", ".", ".."} or Path(student).name != student or "\0" in student:
            raise CourseError(
                f"Student: expected a name that can be a folder's, got {student!r}. Rename the submission."
            )
        return self._course.feedback / student / self._assignment / "feedback.html"

    def page(self, student: str, results: Sequence[NotebookResult]) -> bytes:
        """A student's page.

        Args:
            student: Whose page.
            results: The student's results in this assignment, in any order.

        Raises:
            CourseError: If there is nothing to show.
        """
        if not results:
            raise CourseError(
                f"Feedback: expected results of {student} in {self._assignment}, got none. Grade them first."
            )
        order = {name: number for number, name in enumerate(self._titles)}
        ordered = sorted(results, key=lambda result: order.get(result.submission.notebook, len(order)))
        return render_feedback(student, self._title, ordered, self._titles, self._course.lectures).encode("utf-8")


def write_feedback(course: Course, assignment: str, student: str, results: Sequence[NotebookResult]) -> Path:
    """Write a student's page into its place, replacing an older one.

    Args:
        course: The course.
        assignment: Id of the assignment.
        student: Whose page.
        results: The student's results in this assignment, in any order.

    Raises:
        CourseError: If the name can't be a folder's, there is nothing to show, or the page can't be written.
    """
    pages = FeedbackPages(course, assignment)
    return replace_file(pages.place(student), pages.page(student, results))


def render_feedback(
    student: str,
    title: str,
    results: Sequence[NotebookResult],
    titles: Mapping[str, str] = _NONE,
    lectures: Mapping[str, str] = _NONE,
) -> str:
    """Render a student's page. Pure: the same for the same arguments.

    Whatever is shown is cleaned of control characters and escaped on its way into the page, wherever it comes from;
    the page holds no script and asks for nothing from elsewhere, and says so to the browser. Its only links to places
    elsewhere are the addresses of the lectures.

    Args:
        student: Whose page.
        title: Of the assignment.
        results: One per notebook, in the order in which they are shown; at least one.
        titles: Notebook name to its title; a name without one is shown itself.
        lectures: Name of a lecture to its address; one without is named only.
    """
    return render("feedback.html", page=page_view(student, title, results, titles, lectures))
