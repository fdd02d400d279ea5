"""The course as its files describe it: course.toml and the folders around it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from autograder.database import check_address, shown
from autograder.errors import CourseError, did_you_mean
from autograder.model import Limits

SANDBOX_LEVELS = ("rlimits", "landlock", "uid", "namespaces")
# What a browser opens and a page can hold.
_ADDRESS = re.compile(r"https?://[\w\-.~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What course.toml says, and where things lie.

    Attributes:
        root: Folder that holds course.toml.
        id: nbgrader's course id.
        title: As people read it.
        wheel: Address of the students' wheel, for the released setup cell.
        work: Folder for all that a term makes.
        minimum_sandbox: Weakest wall at which the course grades.
        limits: What student code may use.
        lectures: Name of a lecture, as the ideas of the questions begin, to its address.
        database: Address of the gradebook, which may hold a password; "" for a file in the work folder.
    """

    root: Path
    id: str
    title: str
    wheel: str
    work: Path
    minimum_sandbox: str
    limits: Limits
    lectures: Mapping[str, str] = field(default_factory=dict, hash=False)
    database: str = field(default="", repr=False)

    @property
    def solutions(self) -> Path:
        """Hand-written notebooks, one folder per assignment."""
        return self.root / "solutions"

    @property
    def assignments(self) -> Path:
        """Released notebooks, generated and committed."""
        return self.root / "assignments"

    @property
    def staging(self) -> Path:
        """nbgrader's source folder, filled by allow-list."""
        return self.work / "staging"

    @property
    def release(self) -> Path:
        """nbgrader's release folder; `assignments` is copied from it."""
        return self.work / "release"

    @property
    def executed(self) -> Path:
        """Executed solutions, for staff."""
        return self.work / "solutions"

    @property
    def bundles(self) -> Path:
        """What students download: one zip per assignment."""
        return self.work / "bundles"

    @property
    def submitted(self) -> Path:
        """Submissions in nbgrader's layout: student, assignment, notebook."""
        return self.work / "submitted"

    @property
    def autograded(self) -> Path:
        """Graded notebooks in nbgrader's layout."""
        return self.work / "autograded"

    @property
    def feedback(self) -> Path:
        """Our feedback pages, by student and assignment."""
        return self.work / "feedback"

    @property
    def nbgrader_feedback(self) -> Path:
        """The pages of `nbgrader generate_feedback`, which removes what lies in its folder."""
        return self.work / "nbgrader_feedback"

    @property
    def exports(self) -> Path:
        """CSV files and tables."""
        return self.work / "exports"

    @property
    def journal(self) -> Path:
        """Verdicts, appended as they come."""
        return self.work / "journal"

    @property
    def lock(self) -> Path:
        """Held by the one grader at work on the course."""
        return self.work / "grading.lock"

    @property
    def secret(self) -> Path:
        """The course's secret, from which hidden inputs are drawn."""
        return self.work / "secret"

    @property
    def gradebook(self) -> Path:
        """nbgrader's database, where it is a file."""
        return self.work / "gradebook.db"

    @property
    def gradebook_url(self) -> str:
        """The database as SQLAlchemy names it; people read `gradebook_name`."""
        return self.database or f"sqlite:///{self.gradebook}"

    @property
    def gradebook_name(self) -> str:
        """The database as people may read it: a file, or an address without its password."""
        return shown(self.database) if self.database else str(self.gradebook)

    def assignment_ids(self) -> tuple[str, ...]:
        """Ids of all assignments that have a folder in solutions, sorted."""
        if not self.solutions.is_dir():
            return ()
        return tuple(sorted(path.parent.name for path in self.solutions.glob("*/assignment.toml")))


def weakest(levels: Iterable[str]) -> str:
    """The weakest of some walls; a name that is no level ("none") is weaker than all."""
    rank = {level: number for number, level in enumerate(SANDBOX_LEVELS)}
    return min(levels, key=lambda level: rank.get(level, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookConfig:
    """What assignment.toml says of one notebook.

    Attributes:
        name: File name without its ending.
        title: As people read it.
        points: Maximum points.
        kind: "numpy" or "torch".
        forbidden: Dotted names that no answer may use.
        ideas: Question id to what of the lectures it grades; every question of the notebook, or empty.
    """

    name: str
    title: str
    points: float
    kind: str
    forbidden: tuple[str, ...] = ()
    ideas: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentConfig:
    """What assignment.toml says: what no cell can say."""

    id: str
    title: str
    points: float
    notebooks: tuple[NotebookConfig, ...]


def load_course(start: Path) -> Course:
    """Find course.toml in `start` or above it and read it.

    Raises:
        CourseError: If there is none, or it doesn't hold what it must.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "course.toml").is_file():
            return _read_course(folder / "course.toml")
    raise CourseError(f"Course folder: expected course.toml in {start} or above it, found none. Run inside the course.")


def load_assignment(course: Course, assignment: str) -> AssignmentConfig:
    """Read solutions/<assignment>/assignment.toml.

    Raises:
        CourseError: If there is no such assignment, or the file doesn't hold what it must.
    """
    path = course.solutions / assignment / "assignment.toml"
    if assignment not in course.assignment_ids():
        known = course.assignment_ids()
        raise CourseError(
            f"Assignment: expected one of {', '.join(known) or 'none'}, got '{assignment}'."
            f"{did_you_mean(assignment, known)}"
        )
    data = _read_toml(path)
    try:
        notebooks = tuple(
            NotebookConfig(
                name=name,
                title=entry["title"],
                points=entry["points"],
                kind=entry["kind"],
                forbidden=tuple(entry.get("forbidden", ())),
                ideas=_read_texts(path, f"[notebooks.{name}.ideas]", entry.get("ideas", {})),
            )
            for name, entry in data["notebooks"].items()
        )
        return AssignmentConfig(id=assignment, title=data["title"], points=data["points"], notebooks=notebooks)
    except KeyError as error:
        raise CourseError(f"{path}: expected the key {error}, found none. Add it.") from error


def _read_course(path: Path) -> Course:
    data = _read_toml(path)
    try:
        course, grading = data["course"], data["grading"]
        minimum = grading["minimum_sandbox"]
        limits = _read_limits(path, data.get("limits", {}))
        result = Course(
            root=path.parent,
            id=course["id"],
            title=course["title"],
            wheel=course["wheel"],
            work=path.parent / course["work"],
            minimum_sandbox=minimum,
            limits=limits,
            lectures=_read_lectures(path, data.get("lectures", {})),
            database=check_address(path, course["gradebook"]) if "gradebook" in course else "",
        )
    except KeyError as error:
        raise CourseError(f"{path}: expected the key {error}, found none. Add it.") from error
    if minimum not in SANDBOX_LEVELS:
        raise CourseError(f"{path}: minimum_sandbox: expected one of {', '.join(SANDBOX_LEVELS)}, got '{minimum}'.")
    return result


def _read_limits(path: Path, data: dict[str, Any]) -> Limits:
    known = {entry.name: entry for entry in fields(Limits)}
    for name, value in data.items():
        if name not in known:
            raise CourseError(f"{path}: [limits]: expected one of {', '.join(known)}, got '{name}'.")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise CourseError(f"{path}: [limits] {name}: expected a number above 0, got {value!r}.")
    return Limits(**data)


def _read_lectures(path: Path, data: Any) -> dict[str, str]:
    lectures = _read_texts(path, "[lectures]", data)
    for name, address in lectures.items():
        if not _ADDRESS.fullmatch(address):
            raise CourseError(
                f"{path}: [lectures] {name}: expected an address that begins with https:// or http://, "
                f"got {address!r}. Mend it."
            )
    return lectures


def _read_texts(path: Path, table: str, data: Any) -> dict[str, str]:
    """A table of names and texts on one line each."""
    if not isinstance(data, dict):
        raise CourseError(f"{path}: {table}: expected a table, got {data!r}. Mend it.")
    for name, text in data.items():
        if not isinstance(text, str) or not text.strip() or not text.isprintable():
            raise CourseError(f"{path}: {table} {name}: expected a text on one line, got {text!r}. Mend it.")
    return data


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path}: expected a TOML file, got: {error}. Mend it.") from error
