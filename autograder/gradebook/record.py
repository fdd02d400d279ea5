"""A grading run into the gradebook: rows in nbgrader's database and the notebooks that its pages show."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.config import Course
from autograder.errors import CourseError
from autograder.gradebook.autograded import encode, graded_notebook
from autograder.gradebook.release import Release, load_release
from autograder.gradebook.rows import latest_times, write_rows
from autograder.model import NotebookResult, Submission
from autograder.nbgrader_bridge import open_gradebook

TIMESTAMP = "timestamp.txt"
_STAGE = ".recording-"
# How long another program may write the gradebook while a class waits for it.
WAIT_S = 15.0


def record(course: Course, results: Sequence[NotebookResult]) -> None:
    """Write a run into gradebook and graded notebooks, for `nbgrader export`, `generate_feedback` and formgrader.

    The same results again change nothing. Manual scores, extra credit and manual comments stay.

    Args:
        course: The course; its work folder is made if it is missing.
        results: At most one per student, assignment and notebook.

    Raises:
        CourseError: If the gradebook or the course's folder can't be read or written, in one line.
    """
    with recording(course) as run:
        for result in results:
            run.add(result)
        run.finish(results)


@contextmanager
def recording(course: Course) -> Iterator[Recording]:
    """Record a run while it goes on: each result as it comes, and the rows of all at the end.

    Rows are committed together or not at all; notebooks are prepared beside their places and moved there with the
    commit. Without `finish` nothing changes.

    Args:
        course: The course; its work folder is made if it is missing.

    Raises:
        CourseError: If the course's folder can't be written.
    """
    with _stage(course) as stage:
        yield Recording(course, stage)


class Recording:
    """A run on its way into the gradebook. See `recording`.

    Attributes:
        stage: A folder on the course's disk for what is not yet in its place; gone when the recording ends.
    """

    def __init__(self, course: Course, stage: Path) -> None:
        self._course = course
        self.stage = stage
        self._releases: dict[tuple[str, str], Release] = {}
        self._added: list[tuple[str, str, str]] = []

    def add(self, result: NotebookResult) -> None:
        """Write the graded notebook of one result into the stage.

        Raises:
            CourseError: If the disk refuses, or the student's name can't be a folder's.
        """
        submission = result.submission
        place = (_one_folder(submission.student), submission.assignment, submission.notebook)
        with _files_in_one_line(self._course):
            self._draft(len(self._added)).write_bytes(encode(graded_notebook(self._release(submission), result)))
        self._added.append(place)

    def finish(self, results: Sequence[NotebookResult]) -> None:
        """Write the rows and put the notebooks into their places.

        Args:
            results: Those that were added; cells and messages are not needed any more.

        Raises:
            CourseError: If the gradebook or the course's folder can't be read or written.
        """
        for result in results:
            self._release(result.submission)
        with _files_in_one_line(self._course):
            times = self._write_times(results)
        with _files_in_one_line(self._course), open_gradebook(self._course, wait_s=WAIT_S) as gradebook:
            write_rows(gradebook, self._course.id, self._releases, results)
            for number, (student, assignment, notebook) in enumerate(self._added):
                _move(self._draft(number), self._course.autograded / student / assignment / f"{notebook}.ipynb")
            for target, draft in times.items():
                if draft is None:
                    target.unlink(missing_ok=True)
                else:
                    _move(draft, target)

    def _write_times(self, results: Sequence[NotebookResult]) -> dict[Path, Path | None]:
        """Write into the stage when each student handed in: place to draft, or to None where nobody knows."""
        times: dict[Path, Path | None] = {}
        for number, ((student, assignment), moment) in enumerate(latest_times(results).items()):
            target = self._course.autograded / student / assignment / TIMESTAMP
            times[target] = None
            if moment is not None:
                times[target] = draft = self.stage / f"{number}.txt"
                draft.write_bytes(f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode())
        return times

    def _draft(self, number: int) -> Path:
        """Where the graded notebook of a result lies in the stage."""
        return self.stage / f"{number}.ipynb"

    def _release(self, submission: Submission) -> Release:
        key = (submission.assignment, submission.notebook)
        if key not in self._releases:
            self._releases[key] = load_release(self._course, *key)
        return self._releases[key]


def record_rows(course: Course, results: Sequence[NotebookResult]) -> None:
    """Write a run into the gradebook only, where nbgrader itself writes the notebooks and the times.

    Raises:
        CourseError: If the gradebook can't be read or written.
    """
    with open_gradebook(course) as gradebook:
        write_rows(gradebook, course.id, _releases(course, results), results, times_are_known=True)


def _releases(course: Course, results: Sequence[NotebookResult]) -> dict[tuple[str, str], Release]:
    names = {(result.submission.assignment, result.submission.notebook) for result in results}
    return {name: load_release(course, *name) for name in sorted(names)}


def _move(source: Path, target: Path) -> None:
    """Put a file into its place, for which there may be no folder yet."""
    try:
        source.replace(target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def _one_folder(student: str) -> str:
    if student in {"", ".", ".."} or Path(student).name != student:
        raise CourseError(f"Student: expected a name that can be a folder's, got {student!r}. Rename the submission.")
    return student


@contextmanager
def _stage(course: Course) -> Iterator[Path]:
    """A folder on the same disk as the graded notebooks, gone afterwards."""
    with _files_in_one_line(course):
        course.work.mkdir(parents=True, exist_ok=True)
        # Whoever records holds the course's lock: another stage is what a killed run left behind.
        for left in course.work.glob(f"{_STAGE}*"):
            shutil.rmtree(left, ignore_errors=True)
        stage = Path(tempfile.mkdtemp(dir=course.work, prefix=_STAGE))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _files_in_one_line(course: Course) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename or course.work
        raise CourseError(
            f"{os.fspath(place)}: expected to write the graded notebooks, got '{error.strerror or error}'; "
            "check the folder's permissions and the space on the disk, then run again."
        ) from error
