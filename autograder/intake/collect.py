"""A folder of submissions becomes one Submission per student and notebook.

`layout` says what may lie in the folder. Nothing is written and nothing is unpacked to the disk. A bad submission
becomes one with a problem and never stops the others.
"""

from __future__ import annotations

import traceback
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

from autograder.errors import NothingHandedInError, SubmissionError
from autograder.intake.archive import members
from autograder.intake.choose import Choice, choose, not_found
from autograder.intake.files import Found, is_folder
from autograder.intake.layout import HandIn, hand_ins, submitted_at
from autograder.intake.rebuild import rebuild_file
from autograder.intake.text import listed, shown
from autograder.model import Notebook, Submission

_MAX_PATH_CHARS = 300


class Collection(Sequence[Submission]):
    """What lies in a folder, one submission per student and notebook, by student, then notebook.

    A submission is read and rebuilt when it is asked for, and kept nowhere: a class of thousands takes no memory.

    Args:
        hand_ins: What each student handed in, by student.
        notebooks: The released notebooks of the assignment.
    """

    def __init__(self, hand_ins: Sequence[HandIn], notebooks: Sequence[Notebook]) -> None:
        self._hand_ins = tuple(hand_ins)
        self._notebooks = tuple(sorted(notebooks, key=lambda notebook: notebook.name))

    @property
    def students(self) -> tuple[str, ...]:
        """Who handed in."""
        return tuple(hand_in.student for hand_in in self._hand_ins)

    def of(self, students: Container[str]) -> Collection:
        """What some of them handed in."""
        return Collection([entry for entry in self._hand_ins if entry.student in students], self._notebooks)

    def __len__(self) -> int:
        """How many submissions."""
        return len(self._hand_ins) * len(self._notebooks)

    @overload
    def __getitem__(self, index: int) -> Submission: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Submission, ...]: ...

    def __getitem__(self, index: int | slice) -> Submission | tuple[Submission, ...]:
        """Read and rebuild one, or some."""
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        student, notebook = divmod(index % len(self), len(self._notebooks))
        release = self._notebooks[notebook]
        others = [entry.name for entry in self._notebooks if entry is not release]
        return _submission(self._hand_ins[student], release, others)


def collect(folder: Path, assignment: str, notebooks: Sequence[Notebook], *, others: Sequence[str] = ()) -> Collection:
    """Find everything that was handed in.

    Args:
        folder: Where the submissions lie.
        assignment: Id of the assignment, for nbgrader's layout.
        notebooks: The released notebooks of the assignment.
        others: Ids of the course's other assignments, whose submissions may lie beside these.

    Raises:
        CourseError: If the folder is missing or holds no submission.
        NothingHandedInError: If all that lies there was handed in for other assignments.
    """
    found = hand_ins(folder, assignment, [notebook.name for notebook in notebooks], others)
    if not any(map(_has_files, found)) and (other := _handed_in_elsewhere(found, others)):
        raise NothingHandedInError(
            f"Submissions: expected some for {assignment} in {folder}, found {len(found)} students' folders with "
            f"others, such as {other}'s. Put them there as <student>/{assignment}/<notebook>.ipynb."
        )
    return Collection(found, notebooks)


def _has_files(hand_in: HandIn) -> bool:
    try:
        return hand_in.problem is not None or any(source.files() for source in hand_in.sources)
    except SubmissionError:
        return True


def _handed_in_elsewhere(found: Sequence[HandIn], others: Sequence[str]) -> str | None:
    """The first of the other assignments for which somebody has a folder."""
    folders = [hand_in.folder.parent for hand_in in found if hand_in.folder is not None]
    return next((other for other in others if any(is_folder(folder / other) for folder in folders)), None)


def _submission(hand_in: HandIn, release: Notebook, others: Sequence[str]) -> Submission:
    empty = Submission(student=hand_in.student, assignment=release.assignment, notebook=release.name)
    if hand_in.problem is not None:
        return replace(empty, problem=hand_in.problem)
    try:
        choice = _find(hand_in, release, others)
        empty = replace(empty, original=shown(choice.found.original, _MAX_PATH_CHARS))
        when, notes = submitted_at(hand_in)
        data = choice.found.read()
        submission = rebuild_file(release, hand_in.student, data, original=empty.original, submitted_at=when)
        return replace(submission, remarks=(*choice.remarks, *notes, *submission.remarks))
    except SubmissionError as error:
        return replace(empty, problem=str(error))
    except Exception:  # noqa: BLE001 - the stage ends here: one student's file must not stop the class
        problem = "Our reader failed on this file: the fault is ours. A person will look at it."
        return replace(empty, problem=problem, fault=traceback.format_exc())


def _find(hand_in: HandIn, release: Notebook, others: Sequence[str]) -> Choice:
    """Look for the notebook in all places, then in their zips.

    Raises:
        SubmissionError: If it is nowhere.
    """
    seen: list[str] = []
    fault: SubmissionError | None = None
    for number, source in enumerate(hand_in.sources, start=1):
        files = source.files()
        choice = choose(files, release, others)
        for found in files if choice is None else ():
            seen.append(found.name)
            if choice is None and found.name.lower().endswith(".zip"):
                try:
                    packed = members(found.read(), found.original)
                    seen += [member.name for member in packed]
                    choice = choose(packed, release, others)
                    files = packed if choice is not None else files
                except SubmissionError as error:
                    fault = fault or error
        if choice is not None:
            unused = [other.name for other in hand_in.sources[number:]]
            return replace(choice, remarks=(*choice.remarks, *_on_unused(files, unused)))
    raise fault or SubmissionError(not_found(release, seen))


def _on_unused(files: Sequence[Found], sources: Sequence[str]) -> list[str]:
    """Remarks on what was handed in besides and plays no part."""
    remarks = []
    modules = [shown(file.name) for file in files if file.name.endswith(".py")]
    if modules:
        remarks.append(f"Only the notebook is graded, without {listed(modules)}: put what you need into its cells.")
    if sources:
        remarks.append(f"Handed in besides and not used: {listed(list(sources))}.")
    return remarks
