"""Who handed in what: the folder of submissions, seen as one hand-in per student.

What may lie in the folder, side by side:

- `<student>/<notebook>.ipynb`, or nbgrader's `<student>/<assignment>/<notebook>.ipynb` with its timestamp.txt;
- `<student>.ipynb` or `<student>_<notebook>.ipynb`;
- `<student>.zip`, or a zip in the student's folder;
- what a learning platform makes of these: see `lms`.

Where a student has several of these, folders come before single files, and those before zips; and a newer attempt
before an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError, SubmissionError
from autograder.intake.archive import MAX_ZIP_BYTES, members, zip_too_large
from autograder.intake.files import Found, entries, exists, is_folder, is_link, link_problem, read_file
from autograder.intake.lms import Owner, owners
from autograder.intake.names import safe_name, split_student, student_name
from autograder.intake.read import MAX_FILE_BYTES, too_large
from autograder.intake.text import shown
from autograder.intake.timestamp import parse_timestamp

_LAYOUTS = "<student>/<notebook>.ipynb, <student>/<assignment>/<notebook>.ipynb, <student>.ipynb or <student>.zip"
_MAX_TIMESTAMP_BYTES = 200
# Folders in a student's folder are looked into so deep, until so many files are seen.
_MAX_DEPTH = 4
_MAX_FILES = 500


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    """What is known of all who handed in.

    Attributes:
        assignment: Id of the assignment.
        notebooks: Names of its notebooks.
        others: Ids of the course's other assignments.
        known: Whose the files and folders are to which a platform gave their names.
    """

    assignment: str
    notebooks: Sequence[str]
    others: Sequence[str]
    known: Mapping[str, Owner]

    def attempt(self, path: Path) -> str:
        """When it was handed in, if a platform says so."""
        owner = self.known.get(path.name)
        return "" if owner is None else owner.attempt


def hand_ins(folder: Path, assignment: str, notebooks: Sequence[str], others: Sequence[str] = ()) -> list[HandIn]:
    """Whose submissions lie in a folder, and where; by student.

    Args:
        folder: Where the submissions lie.
        assignment: Id of the assignment.
        notebooks: Names of its notebooks.
        others: Ids of the course's other assignments, whose folders are left alone.

    Raises:
        CourseError: If the folder is missing or holds no submission.
    """
    if not folder.is_dir():
        raise CourseError(f"Submissions: expected a folder at {folder}, found none. Put them there as {_LAYOUTS}.")
    try:
        found = entries(folder)
    except SubmissionError as error:
        raise CourseError(f"Submissions: {error}") from None
    known = owners([path.name for path in found])
    _refuse_packed_class(found)
    paths = [path for path in found if path.name in known or _is_hand_in(path, notebooks)]
    if not paths:
        raise CourseError(f"Submissions: expected them in {folder}, found none. Put them there as {_LAYOUTS}.")
    misplaced = {assignment, *(f"{notebook}.ipynb" for notebook in notebooks)}
    if all(path.name in misplaced for path in paths):
        got = f"one student's {paths[0].name}"
        raise CourseError(f"Submissions: expected a folder per student in {folder}, got {got}. Give the folder above.")
    return _by_student(paths, _Class(assignment=assignment, notebooks=notebooks, others=others, known=known))


def _refuse_packed_class(found: Sequence[Path]) -> None:
    """Ask for a platform's zip of a whole class to be unpacked: as one student's it would grade one of them.

    Raises:
        CourseError: If nothing but such a zip is there.
    """
    if len(found) != 1 or _suffix(found[0]) != ".zip" or is_folder(found[0]) or is_link(found[0]):
        return
    try:
        packed = members(_found(found[0], "").read(), "")
    except SubmissionError:
        return
    students = {owner.student for owner in owners([*{file.original.split("/")[1] for file in packed}]).values()}
    if len(students) > 1:
        raise CourseError(
            f"Submissions: expected a folder or file per student, got {shown(found[0].name)}, a zip of {len(students)} "
            "students. Unpack it, and give the folder in which they lie."
        )


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


def _by_student(paths: Sequence[Path], group: _Class) -> list[HandIn]:
    places: dict[str, list[Path]] = {}
    problems: dict[str, str] = {}
    for path in paths:
        folder, owner = is_folder(path), group.known.get(path.name)
        # A link may lead to either: what it is called is the student's name.
        single = not folder and (_suffix(path) != "" or not is_link(path))
        raw = owner.student if owner else split_student(path.name, group.notebooks)[0] if single else path.name
        student, problem = student_name(raw)
        if owner is None and folder and any(is_folder(other) for other in places.get(student, ())):
            problem = f"Two folders are named {shown(student)}, in different Unicode forms. Put their files into one."
            student = safe_name(raw)
        elif is_link(path) and not single:
            problem = link_problem(path.name)
        elif raw in group.notebooks and not folder:
            problem = (
                f"{shown(path.name)}: expected the student's name in the file's name. Rename it <student>_{raw}.ipynb."
            )
        places.setdefault(student, []).append(path)
        if problem is not None:
            problems[student] = problem
    return [_hand_in(student, places[student], group, problems.get(student)) for student in sorted(places)]


def _hand_in(student: str, paths: Sequence[Path], group: _Class, problem: str | None) -> HandIn:
    attempts = sorted({group.attempt(path) for path in paths}, reverse=True)
    together = [[path for path in paths if group.attempt(path) == attempt] for attempt in attempts]
    sources = tuple(source for places in together for source in _sources(places, group))
    folder = next((path for path in paths if is_folder(path)), None)
    return HandIn(student, None if folder is None else folder / group.assignment, sources, problem)


def _sources(paths: Sequence[Path], group: _Class) -> list[Source]:
    """Where to look among what was handed in at one time."""
    folders = [path for path in paths if is_folder(path)]
    zips = [path for path in paths if not is_folder(path) and _suffix(path) == ".zip"]
    files = [path for path in paths if path not in folders and path not in zips]
    sources = [Source(f"the folder {shown(path.name)}", _folder_lister(path, group)) for path in folders]
    if files:
        found = [_single(path, group) for path in files]
        sources.append(Source(shown(files[0].name), found.copy))
    for path in zips:
        found = [_found(path, path.name)]
        sources.append(Source(shown(path.name), found.copy))
    return sources


def _folder_lister(folder: Path, group: _Class) -> Callable[[], list[Found]]:
    def files() -> list[Found]:
        inner = folder / group.assignment
        if is_link(inner):
            raise SubmissionError(link_problem(f"{folder.name}/{group.assignment}"))
        # Beside nbgrader's folder for this assignment lie those for others.
        paths = [*_below(inner), *_below(folder, depth=0)] if is_folder(inner) else _below(folder, group.others)
        return [_found(path, path.relative_to(folder.parent).as_posix()) for path in paths]

    return files


def _below(folder: Path, left_alone: Sequence[str] = (), *, depth: int = _MAX_DEPTH) -> list[Path]:
    """The files in a folder and in the folders therein, the shallowest first; no link is followed."""
    level, files = [folder], list[Path]()
    for _ in range(depth + 1):
        inside = [path for entry in level for path in entries(entry) if path.name not in left_alone]
        files += [path for path in inside if not is_folder(path)]
        level = [path for path in inside if is_folder(path)]
        if len(files) + len(level) > _MAX_FILES:
            break
    return files[:_MAX_FILES]


def _single(path: Path, group: _Class) -> Found:
    """A notebook beside the students' folders, under the name that it would have in one."""
    owner, notebooks = group.known.get(path.name), group.notebooks
    if owner is not None and owner.file:
        return _found(path, path.name, name=owner.file)
    student, notebook = split_student(path.name, notebooks)
    if notebook is None and len(notebooks) == 1:
        notebook = notebooks[0]
    plain = notebook is not None and path.name in (f"{student}.ipynb", f"{student}_{notebook}.ipynb")
    return _found(path, path.name, name=f"{notebook}.ipynb" if plain else None)


def _found(path: Path, original: str, *, name: str | None = None) -> Found:
    if _suffix(path) == ".zip":
        return Found(path.name, original, lambda: read_file(path, MAX_ZIP_BYTES, zip_too_large))
    return Found(name or path.name, original, lambda: read_file(path, MAX_FILE_BYTES, too_large))


def _is_hand_in(path: Path, notebooks: Sequence[str]) -> bool:
    """Whether somebody handed it in. A file of another kind is named like a notebook: a PDF of it, say."""
    named = split_student(path.name, notebooks)[1] is not None
    return is_folder(path) or is_link(path) or _suffix(path) != "" or named


def _suffix(path: Path) -> str:
    """The ending .ipynb or .zip in small letters, or nothing for any other file."""
    suffix = path.suffix.lower()
    return suffix if suffix in (".ipynb", ".zip") else ""
