"""What a grading run leaves behind, made while it goes on, in memory that hardly grows with the class.

Graded notebooks and feedback pages are written as results come, beside their places. At the end come the gradebook's
rows, from results as small as tables need them; with them everything takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.compact import Compactor
from autograder.config import Course
from autograder.errors import CourseError
from autograder.gradebook.record import Recording, recording
from autograder.model import NotebookResult
from autograder.reports.classroom_page import write_classroom
from autograder.reports.export import write_csv
from autograder.reports.feedback import FeedbackPages
from autograder.reports.files import move_file, replace_file


@contextmanager
def outputs(course: Course, assignment: str, notebooks: int) -> Iterator[Outputs]:
    """Open the outputs of a run. Whoever opens them holds the course's lock.

    Args:
        course: The course.
        assignment: Id of the assignment.
        notebooks: How many results each student has.

    Raises:
        CourseError: If the course's folder can't be written.
    """
    with recording(course) as run:
        yield Outputs(course, assignment, notebooks, run)


class Outputs:
    """The outputs of one run. See `outputs`.

    Where something can't be written, the run goes on, because the journal keeps what it finds; the first error of each
    kind is raised at the end.
    """

    def __init__(self, course: Course, assignment: str, notebooks: int, run: Recording) -> None:
        self._course = course
        self._assignment = assignment
        self._notebooks = notebooks
        self._recording = run
        self._feedback = FeedbackPages(course, assignment)
        self._compactor = Compactor()
        self._results: list[NotebookResult] = []
        self._incomplete: dict[str, list[NotebookResult]] = {}
        self._pages: dict[str, Path] = {}
        self._not_recorded: CourseError | None = None
        self._not_shown: CourseError | None = None

    def take(self, result: NotebookResult) -> None:
        """Make what one result gives."""
        self._not_recorded = self._not_recorded or _problem(lambda: self._recording.add(result))
        student = result.submission.student
        group = self._incomplete.setdefault(student, [])
        group.append(result)
        if len(group) == self._notebooks:
            del self._incomplete[student]
            self._not_shown = self._not_shown or _problem(lambda: self._show(student, group))
        self._results.append(self._compactor.compact(result))

    def finish(self, *, whole_class: bool) -> tuple[tuple[NotebookResult, ...], list[Path]]:
        """Write the rest.

        Args:
            whole_class: Whether the results are those of all students; only then what shows the class is written.

        Returns:
            The results, compact, by student and notebook, and what to open.

        Raises:
            CourseError: If something can't be written, or couldn't while the run went on.
        """
        results = tuple(sorted(self._results, key=lambda entry: (entry.submission.student, entry.submission.notebook)))
        if self._not_recorded is not None:
            raise self._not_recorded
        self._recording.finish(results)
        if self._not_shown is not None:
            raise self._not_shown
        paths = [move_file(page, self._feedback.place(student)) for student, page in sorted(self._pages.items())]
        if whole_class:
            paths.append(write_classroom(self._course, self._assignment, results))
            paths.append(write_csv(self._course, self._assignment, results))
        return results, paths

    def _show(self, student: str, group: list[NotebookResult]) -> None:
        self._feedback.place(student)
        draft = self._recording.stage / f"feedback-{len(self._pages)}.html"
        self._pages[student] = replace_file(draft, self._feedback.page(student, group))


def _problem(write: Callable[[], None]) -> CourseError | None:
    try:
        write()
    except CourseError as error:
        return error
    return None
