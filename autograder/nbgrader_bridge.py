"""The only module that imports nbgrader: everything else speaks to it through these functions."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, select, text
from sqlalchemy.exc import DBAPIError
from traitlets.config import Config

from autograder.config import Course
from autograder.database import without_password
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

_CONNECT_S = 10
# Any number, as long as all our graders have the same.
_OURS = 0x6E626772

# The line of a traceback that says what was raised: `autograder.errors.AuthoringError: ...`.
_RAISED = re.compile(r"[A-Za-z_][\w.]*(: |$)")


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
    _set_places(config, course)
    config.GenerateAssignment.preprocessors = [*before, *_GENERATE, *after]
    config.ClearSolutions.code_stub = {"python": stub}
    config.ClearSolutions.text_stub = answer_stub
    return config


def generate_release(course: Course, config: Config, assignment: str) -> None:
    """Turn the staged notebooks of an assignment into released ones, and make it known to the gradebook.

    Args:
        course: The course; its work folder must exist.
        config: What `release_config` made.
        assignment: Id of the assignment.

    Raises:
        CourseError: If the gradebook can't be used or nbgrader refuses; nothing is left in the release folder then.
    """
    with open_gradebook(course):
        # It is there and sound from here on: nbgrader would start a program to make it, and hide what is wrong.
        pass
    log = _Problems()
    logger = logging.Logger("autograder.nbgrader")
    logger.addHandler(log)
    directory = CourseDirectory(config=config, log=logger)
    directory.assignment_id = assignment
    converter = GenerateAssignment(coursedir=directory, config=config, log=logger)
    converter.force = True
    try:
        converter.start()
    except NbGraderException as error:
        raise CourseError(
            f"nbgrader, release of {assignment}: expected it to be made, got: {log.cause or error}. If "
            f"{course.gradebook_name} holds submissions of another release, keep a copy of it, move it away and "
            "build again."
        ) from error


@contextmanager
def programs_on_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it runs by name to make a database, where this Python has its programs."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = _path_with_programs()
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _path_with_programs() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def configure(config: Config, course: Course) -> None:
    """Fill the configuration of nbgrader's own commands and of formgrader; nbgrader_config.py calls this.

    `nbgrader autograde` then grades with our engine and writes our rows; nbgrader's Execute never runs a student's
    code, and none of its preprocessors reads what students handed in. HTML of students is cleaned on every page.

    Args:
        config: What traitlets' `get_config()` gives.
        course: The course.
    """
    _set_places(config, course)
    config.Autograde.exporter_class = "autograder.gradebook.autograde.ReleaseExporter"
    config.Autograde.sanitize_preprocessors = []
    config.Autograde.autograde_preprocessors = [
        "autograder.gradebook.autograde.Recorder",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Recorder.course_root = str(course.root)
    config.ReleaseExporter.course_root = str(course.root)
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {
        "markdown2html": "autograder.gradebook.html.markdown",
        "strip_files_prefix": "autograder.gradebook.html.clean",
    }
    # nbgrader makes a new database with `alembic`, which it looks for on the PATH.
    os.environ["PATH"] = _path_with_programs()


def _set_places(config: Config, course: Course) -> None:
    config.CourseDirectory.course_id = course.id
    config.CourseDirectory.root = str(course.work)
    config.CourseDirectory.db_url = course.gradebook_url
    config.CourseDirectory.source_directory = course.staging.name
    config.CourseDirectory.release_directory = course.release.name
    config.CourseDirectory.submitted_directory = course.submitted.name
    config.CourseDirectory.autograded_directory = course.autograded.name
    config.CourseDirectory.feedback_directory = course.nbgrader_feedback.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradebook:
    """nbgrader's database inside one transaction.

    Attributes:
        connection: The transaction; it is committed when `open_gradebook` ends without an error.
        tables: nbgrader's tables by name.
    """

    connection: Connection
    tables: Mapping[str, Table]


@contextmanager
def open_gradebook(course: Course, *, write: bool = True, wait_s: float = 5.0) -> Iterator[Gradebook]:
    """Open nbgrader's database as its only writer, and make it if there is none. All or nothing is written.

    Args:
        course: The course; to write, its work folder must exist.
        write: Whether to keep other writers out from the start, and to make a new database where there is none.
        wait_s: Seconds to wait for another writer.

    Raises:
        CourseError: If it is no nbgrader database, is locked, or can't be written.
    """
    if not write and not course.database and not course.gradebook.is_file():
        raise _no_gradebook(course)
    is_new = not course.database and not course.gradebook.exists()
    complete = False
    engine = _engine(course, wait_s)
    if not course.database:
        _make_transactions_real(engine, "BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        with engine.begin() as connection:
            if course.database and write:
                _keep_writers_out(connection, wait_s)
            _prepare(connection, course, write=write)
            yield Gradebook(connection=connection, tables=Base.metadata.tables)
        complete = True
    except DBAPIError as error:
        raise CourseError(_database_problem(course, error)) from error
    finally:
        engine.dispose()
        if is_new and not complete:
            # SQLite makes the file before it knows whether there is room for a table.
            course.gradebook.unlink(missing_ok=True)


def _no_gradebook(course: Course) -> CourseError:
    return CourseError(f"{course.gradebook_name}: expected a gradebook, found none. Run `autograder grade` first.")


def _engine(course: Course, wait_s: float) -> Engine:
    if not course.database:
        return create_engine(course.gradebook_url, connect_args={"timeout": wait_s})
    try:
        return create_engine(course.gradebook_url, connect_args={"connect_timeout": _CONNECT_S})
    except ModuleNotFoundError as error:
        raise CourseError(
            f"{course.gradebook_name}: expected {error.name} to be installed, found none. "
            'Run: pip install "convnet-course-autograder[postgres]"'
        ) from error


def _keep_writers_out(connection: Connection, wait_s: float) -> None:
    """Be PostgreSQL's only writer until the transaction ends: of our graders, then of nbgrader's tables.

    Readers go on. The first lock holds where there are no tables yet; the second waits for formgrader too.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = {max(1, round(wait_s * 1000))}"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_OURS})"))
    there = set(inspect(connection).get_table_names())
    if tables := sorted(there & set(Base.metadata.tables)):
        connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE"))


def _make_transactions_real(engine: Engine, begin: str) -> None:
    """Take over from Python's sqlite3, which begins late and commits before it makes a table."""

    @event.listens_for(engine, "connect")
    def manual(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _prepare(connection: Connection, course: Course, *, write: bool) -> None:
    """Make the tables of a new database; check those of an old one."""
    place = course.gradebook_name if course.database else course.gradebook.name
    head = _newest_revision()
    tables = set(inspect(connection).get_table_names())
    if not tables and course.database and not write:
        raise _no_gradebook(course)
    if not tables:
        Base.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head})
    elif missing := sorted({"alembic_version", *Base.metadata.tables} - tables):
        raise CourseError(
            f"{place}: expected an nbgrader database, got one without {', '.join(missing)}; "
            "move it away or restore a backup."
        )
    elif (version := connection.execute(text("SELECT version_num FROM alembic_version")).scalar()) != head:
        raise CourseError(
            f"{place}: expected nbgrader's format {head}, got {version}; keep a copy and run `nbgrader db upgrade`."
        )
    courses = Base.metadata.tables["course"]
    if connection.execute(select(courses.c.id).where(courses.c.id == course.id)).first() is None:
        connection.execute(courses.insert(), [{"id": course.id}])


def _newest_revision() -> str | None:
    """The revision that nbgrader writes into a new database, without running `alembic` as it does."""
    scripts = AlembicConfig()
    scripts.set_main_option("script_location", ALEMBIC_DIR)
    return ScriptDirectory.from_config(scripts).get_current_head()


def _database_problem(course: Course, error: DBAPIError) -> str:
    """One line for what the database refused."""
    got = str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__
    if course.database:
        got = without_password(got, course.database)
    place = course.gradebook_name if course.database else course.gradebook.name
    if "locked" in got or "lock timeout" in got:
        return f"{place}: expected to be its only writer, got '{got}'; close formgrader or wait, then run again."
    if "not a database" in got or "malformed" in got:
        return f"{place}: expected an nbgrader database, got '{got}'; move it away or restore a backup."
    advice = "check the permissions of its folder and the space on the disk, then run again."
    if course.database:
        advice = "check that the server runs and lets this user in and write, then run again."
    return f"{course.gradebook_name}: expected to read and write it, got '{got}'; {advice}"


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
        """What was raised last in the first traceback, else the first message, else nothing."""
        traces = [message for message in self._messages if message.startswith("Traceback")]
        if traces:
            return [line for line in traces[0].splitlines() if _RAISED.match(line)][-1]
        return self._messages[0].splitlines()[0] if self._messages and self._messages[0] else ""
