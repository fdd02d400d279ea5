"""Who handed in what: the folder of submissions, seen as one hand-in per student.

What may lie in the folder, side by side:

- `<student>/<notebook>.ipynb`, or nbgrader's `<student>/<assignment>/<notebook>.ipynb` with its timestamp.txt;
- `<student>.ipynb` or `<student>_<notebook>.ipynb`;
- `<student>.zip`, or a zip in the student's folder.

Where a student has several of these, folders come before single files, and those before zips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError, SubmissionError
from autograder.intake.archive import MAX_ZIP_BYTES, zip_too_large
from autograder.intake.files import Found, entries, exists, is_folder, is_link, link_problem, read_file
from autograder.intake.names import safe_name, split_student, student_name
from autograder.intake.read import MAX_NOTEBOOK_BYTES, too_large
from autograder.intake.text import shown
from autograder.intake.timestamp import parse_timestamp

_LAYOUTS = "<student>/<notebook>.ipynb, <student>/<assignment>/<notebook>.ipynb, <student>.ipynb or <student>.zip"
_MAX_TIMESTAMP_BYTES = 200


@dataclass(frozen=True, slots=True)
class Source:
    """One place with files of one student.

    Attributes:
        name: As people call it.
        files: Lists them. Raises SubmissionError if that can't be done.
    """

    name: str
    files: Callable[[], list[Found]]


@dataclass(frozen=True, slots=True)
class HandIn:
    """All that one student handed in.

    Attributes:
        student: A name that can be used.
        folder: The student's folder for the assignment, where nbgrader keeps the time, or None.
        sources: Where to look, the place with the first claim first.
        problem: Why nothing of it can be graded, or None.
    """

    student: str
    folder: Path | None
    sources: tuple[Source, ...]
    problem: str | None = None


def hand_ins(folder: Path, assignment: str, notebooks: Sequence[str]) -> list[HandIn]:
    """Whose submissions lie in a folder, and where; by student.

    Args:
        folder: Where the submissions lie.
        assignment: Id of the assignment.
        notebooks: Names of its notebooks.

    Raises:
        CourseError: If the folder is missing or holds no submission.
    """
    if not folder.is_dir():
        raise CourseError(f"Submissions: expected a folder at {folder}, found none. Put them there as {_LAYOUTS}.")
    try:
        paths = [path for path in entries(folder) if is_folder(path) or is_link(path) or _suffix(path)]
    except SubmissionError as error:
        raise CourseError(f"Submissions: {error}") from None
    if not paths:
        raise CourseError(f"Submissions: expected them in {folder}, found none. Put them there as {_LAYOUTS}.")
    misplaced = {assignment, *(f"{notebook}.ipynb" for notebook in notebooks)}
    if all(path.name in misplaced for path in paths):
        got = f"one student's {paths[0].name}"
        raise CourseError(f"Submissions: expected a folder per student in {folder}, got {got}. Give the folder above.")
    return _by_student(paths, assignment, notebooks)


def submitted_at(hand_in: HandIn) -> tuple[str | None, tuple[str, ...]]:
    """When nbgrader collected it, in aware UTC, and a remark if its timestamp.txt can't be read.

    Dates of files are not used: copying changes them, and grading again must give the same.
    """
    if hand_in.folder is None or not exists(hand_in.folder / "timestamp.txt"):
        return None, ()
    try:
        data = read_file(hand_in.folder / "timestamp.txt", _MAX_TIMESTAMP_BYTES, too_large)
        when = parse_timestamp(data.decode("utf-8", "replace"))
    except SubmissionError:
        when = None
    return when, () if when else ("timestamp.txt holds no time that can be read: the time of submission is unknown.",)


def _by_student(paths: Sequence[Path], assignment: str, notebooks: Sequence[str]) -> list[HandIn]:
    places: dict[str, list[Path]] = {}
    problems: dict[str, str] = {}
    for path in paths:
        raw = split_student(path.name, notebooks)[0] if _suffix(path) and not is_folder(path) else path.name
        student, problem = student_name(raw)
        if is_folder(path) and any(is_folder(other) for other in places.get(student, ())):
            problem = f"Two folders are named {shown(student)}, in different Unicode forms. Put their files into one."
            student = safe_name(raw)
        elif is_link(path) and not _suffix(path):
            problem = link_problem(path.name)
        elif raw in notebooks and not is_folder(path):
            problem = (
                f"{shown(path.name)}: expected the student's name in the file's name. Rename it <student>_{raw}.ipynb."
            )
        places.setdefault(student, []).append(path)
        if problem is not None:
            problems[student] = problem
    return [
        _hand_in(student, places[student], assignment, notebooks, problems.get(student)) for student in sorted(places)
    ]


def _hand_in(
    student: str, paths: Sequence[Path], assignment: str, notebooks: Sequence[str], problem: str | None
) -> HandIn:
    folders = [path for path in paths if is_folder(path)]
    files = [path for path in paths if not is_folder(path) and _suffix(path) == ".ipynb"]
    zips = [path for path in paths if not is_folder(path) and _suffix(path) == ".zip"]
    sources = [Source(f"the folder {shown(path.name)}", _folder_lister(path, assignment)) for path in folders]
    if files:
        found = [_single(path, notebooks) for path in files]
        sources.append(Source(shown(files[0].name), found.copy))
    for path in zips:
        found = [_found(path, path.name)]
        sources.append(Source(shown(path.name), found.copy))
    return HandIn(student, folders[0] / assignment if folders else None, tuple(sources), problem)


def _folder_lister(folder: Path, assignment: str) -> Callable[[], list[Found]]:
    def files() -> list[Found]:
        inner = folder / assignment
        if is_link(inner):
            raise SubmissionError(link_problem(f"{folder.name}/{assignment}"))
        own = entries(inner) if is_folder(inner) else []
        paths = [*own, *(path for path in entries(folder) if path != inner)]
        return [_found(path, path.relative_to(folder.parent).as_posix()) for path in paths if not is_folder(path)]

    return files


def _single(path: Path, notebooks: Sequence[str]) -> Found:
    """A notebook beside the students' folders, under the name that it would have in one."""
    student, notebook = split_student(path.name, notebooks)
    if notebook is None and len(notebooks) == 1:
        notebook = notebooks[0]
    plain = notebook is not None and path.stem in (student, f"{student}_{notebook}")
    return _found(path, path.name, name=f"{notebook}.ipynb" if plain else None)


def _found(path: Path, original: str, *, name: str | None = None) -> Found:
    if _suffix(path) == ".zip":
        return Found(path.name, original, lambda: read_file(path, MAX_ZIP_BYTES, zip_too_large))
    return Found(name or path.name, original, lambda: read_file(path, MAX_NOTEBOOK_BYTES, too_large))


def _suffix(path: Path) -> str:
    """The ending .ipynb or .zip in small letters, or nothing for any other file."""
    suffix = path.suffix.lower()
    return suffix if suffix in (".ipynb", ".zip") else ""
