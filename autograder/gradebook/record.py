"""A grading run into the gradebook: rows in nbgrader's database and the notebooks that its pages show."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.config import Course
from autograder.errors import CourseError
from autograder.gradebook.autograded import encode, graded_notebook
from autograder.gradebook.release import Release, load_release
from autograder.gradebook.rows import naive_utc, write_rows
from autograder.model import NotebookResult, Submission
from autograder.nbgrader_bridge import open_gradebook

TIMESTAMP = "timestamp.txt"
_STAGE = ".recording-"
# How long another program may write the gradebook while a class waits for it.
WAIT_S = 15.0


def record(course: Course, results: Sequence[NotebookResult]) -> None:
    """Write a run into gradebook and graded notebooks, for `nbgrader export`, `generate_feedback` and formgrader.

    The same results again change nothing. Manual scores, extra credit and manual comments stay. Rows are committed
    together or not at all; notebooks are prepared beside their places and moved there with the commit.

    Args:
        course: The course; its work folder is made if it is missing.
        results: At most one per student, assignment and notebook.

    Raises:
        CourseError: If the gradebook or the course's folder can't be read or written, in one line.
    """
    releases = _releases(course, results)
    with _files_in_one_line(course), _stage(course) as stage:
        moves = [
            move
            for number, result in enumerate(results)
            for move in _prepare(course, stage / str(number), result, releases)
        ]
        with open_gradebook(course, wait_s=WAIT_S) as gradebook:
            write_rows(gradebook, course.id, releases, results)
            for source, target in moves:
                _move(source, target)


def record_rows(course: Course, results: Sequence[NotebookResult]) -> None:
    """Write a run into the gradebook only, where nbgrader itself writes the notebooks and the times.

    Raises:
        CourseError: If the gradebook can't be read or written.
    """
    with open_gradebook(course) as gradebook:
        write_rows(gradebook, course.id, _releases(course, results), results, times_are_known=True)


def _timestamp_text(submission: Submission) -> str | None:
    """Time of a submission as nbgrader writes it."""
    moment = naive_utc(submission.submitted_at)
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC\n"


def _releases(course: Course, results: Sequence[NotebookResult]) -> dict[tuple[str, str], Release]:
    names = {(result.submission.assignment, result.submission.notebook) for result in results}
    return {name: load_release(course, *name) for name in sorted(names)}


def _prepare(
    course: Course, stage: Path, result: NotebookResult, releases: Mapping[tuple[str, str], Release]
) -> Iterator[tuple[Path, Path]]:
    """Write the files of one result into the stage, and say where they belong."""
    submission = result.submission
    target = course.autograded / _one_folder(submission.student) / submission.assignment
    stage.mkdir()
    notebook = graded_notebook(releases[submission.assignment, submission.notebook], result)
    contents = {f"{submission.notebook}.ipynb": encode(notebook)}
    if (timestamp := _timestamp_text(submission)) is not None:
        contents[TIMESTAMP] = timestamp.encode()
    for name, data in contents.items():
        (stage / name).write_bytes(data)
        yield stage / name, target / name
    if timestamp is None:
        yield stage / TIMESTAMP, target / TIMESTAMP


def _move(source: Path, target: Path) -> None:
    """Put a file into its place; where there is none to put, the place stays empty."""
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    else:
        target.unlink(missing_ok=True)


def _one_folder(student: str) -> str:
    if student in {"", ".", ".."} or Path(student).name != student:
        raise CourseError(f"Student: expected a name that can be a folder's, got {student!r}. Rename the submission.")
    return student


@contextmanager
def _stage(course: Course) -> Iterator[Path]:
    """A folder on the same disk as the graded notebooks, gone afterwards."""
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
