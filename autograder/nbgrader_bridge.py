"""The only module that imports nbgrader: everything else speaks to it through these functions."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.config import Course
from autograder.errors import CourseError

# nbgrader's own list but for headers, footers and generated tests (we have none, and the last starts a kernel),
# and for hidden tests and mark schemes inside cells, which our notebooks don't have.
_GENERATE = [
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
]


def release_config(
    course: Course, *, stub: str, answer_stub: str, before: Sequence[str] = (), after: Sequence[str] = ()
) -> Config:
    """Make nbgrader's configuration for generating a release.

    Args:
        course: The course.
        stub: Code that takes the place of a solution.
        answer_stub: Markdown that takes the place of a reflection's answer.
        before: Dotted names of nbconvert preprocessors that see the staged notebook first.
        after: Dotted names of nbconvert preprocessors that see the released notebook last.
    """
    config = Config()
    config.CourseDirectory.root = str(course.work)
    config.CourseDirectory.course_id = course.id
    config.CourseDirectory.db_url = course.gradebook_url
    config.CourseDirectory.source_directory = course.staging.name
    config.CourseDirectory.release_directory = course.release.name
    config.GenerateAssignment.preprocessors = [*before, *_GENERATE, *after]
    config.ClearSolutions.code_stub = {"python": stub}
    config.ClearSolutions.text_stub = answer_stub
    return config


def generate_release(config: Config, assignment: str) -> None:
    """Turn the staged notebooks of an assignment into released ones, and make it known to the gradebook.

    Args:
        config: What `release_config` made.
        assignment: Id of the assignment.

    Raises:
        CourseError: If nbgrader refuses; nothing is left in the release folder then.
    """
    Path(config.CourseDirectory.root).mkdir(parents=True, exist_ok=True)
    log = _Problems()
    logger = logging.Logger("autograder.nbgrader")
    logger.addHandler(log)
    directory = CourseDirectory(config=config, log=logger)
    directory.assignment_id = assignment
    converter = GenerateAssignment(coursedir=directory, config=config, log=logger)
    converter.force = True
    try:
        with programs_on_path():
            converter.start()
    except NbGraderException as error:
        raise CourseError(
            f"nbgrader, release of {assignment}: expected it to be made, got: {log.cause or error}. "
            "If the gradebook holds submissions of an older release, keep a copy of it and start a new one."
        ) from error


@contextmanager
def programs_on_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it runs by name to make a database, where this Python has its programs."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


class _Problems(logging.Handler):
    """Keeps the cause of a failure, which nbgrader only writes to its log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an error's text."""
        self._messages.append(record.getMessage().strip())

    @property
    def cause(self) -> str:
        """Last line of the first traceback, else the first message, else nothing."""
        traces = [message for message in self._messages if message.startswith("Traceback")]
        if traces:
            return traces[0].splitlines()[-1]
        return self._messages[0].splitlines()[0] if self._messages and self._messages[0] else ""
