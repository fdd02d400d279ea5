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


def write_feedback(course: Course, assignment: str, student: str, results: Sequence[NotebookResult]) -> Path:
    """Write a student's page to `feedback/<student>/<assignment>/feedback.html`, replacing an older one.

    Args:
        course: The course; its title, the assignment's and the notebooks' come from its files.
        assignment: Id of the assignment.
        student: Whose page.
        results: The student's results in this assignment, in any order.

    Raises:
        CourseError: If the name can't be a folder's, there is nothing to show, or the page can't be written.
    """
    if student in {"", ".", ".."} or Path(student).name != student or "\0" in student:
        raise CourseError(f"Student: expected a name that can be a folder's, got {student!r}. Rename the submission.")
    if not results:
        raise CourseError(f"Feedback: expected results of {student} in {assignment}, got none. Grade them first.")
    config = load_assignment(course, assignment)
    titles = {notebook.name: notebook.title for notebook in config.notebooks}
    order = {name: number for number, name in enumerate(titles)}
    ordered = sorted(results, key=lambda result: order.get(result.submission.notebook, len(order)))
    page = render_feedback(student, config.title, ordered, titles, course.lectures)
    return replace_file(course.feedback / student / assignment / "feedback.html", page.encode("utf-8"))


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
