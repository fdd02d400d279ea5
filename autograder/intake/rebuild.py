"""The student's notebook, built anew from our release. Pure: no disk, and no notebook code is run.

Ids, roles, points, check cells and the order are ours; the text of answers, set-up and demo cells is the student's.
The rules, each as a student would expect it:

- Cells that the student added run where they stood: after the cell before them.
- Of several copies of an answer cell the first that was worked on is the answer; the later ones follow as added cells,
  so the last definition wins, as it does when the notebook runs from top to bottom.
- An untouched stub never undoes an answer: where another cell defines the function, the stub is left out.
- What is missing is put back. What was moved stands in our order again, with the cells that were added after it.
- White space alone is no edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from autograder.errors import SubmissionError
from autograder.intake.match import Pairing, Theirs, any_pair, look, pair
from autograder.intake.read import ParsedCell, ParsedNotebook, read_notebook
from autograder.intake.remarks import remarks_on
from autograder.intake.text import shown
from autograder.model import Cell, Notebook, Origin, Role, Submission

_ANSWERING = (Role.SOLUTION, Role.CHECK, Role.REFLECTION)
_RUNNING = (Role.SETUP, Role.SOLUTION, Role.DEMO)


def rebuild_file(
    release: Notebook, student: str, data: bytes, *, original: str = "", submitted_at: str | None = None
) -> Submission:
    """Read one notebook and rebuild it; what can't be graded becomes a submission with a problem.

    Args:
        release: The notebook as it was released.
        student: Whose it is.
        data: The bytes that were handed in.
        original: Where they come from, relative to the submissions folder.
        submitted_at: Aware UTC time in ISO 8601, or None.
    """
    name = shown(PurePosixPath(original).name) or "The file"
    cells: tuple[Cell, ...] = ()
    remarks: tuple[str, ...] = ()
    problem = None
    try:
        cells, remarks = _read_and_rebuild(release, data, name)
    except SubmissionError as error:
        problem = str(error)
    return Submission(
        student=student,
        assignment=release.assignment,
        notebook=release.name,
        cells=cells,
        remarks=remarks,
        problem=problem,
        submitted_at=submitted_at,
        sha256=hashlib.sha256(data).hexdigest(),
        original=original,
    )


def _read_and_rebuild(release: Notebook, data: bytes, name: str) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    parsed = read_notebook(data, name=name)
    theirs = look(release.cells, parsed.cells)
    if not _answers(release, theirs):
        raise SubmissionError(_foreign(release, parsed, name))
    cells, notes = _rebuild(release, theirs)
    return cells, (*parsed.remarks, *_on_language(parsed), *notes)


def belongs(release: Notebook, parsed: ParsedNotebook) -> bool:
    """Whether at least one cell answers this notebook, or was meant to."""
    return _answers(release, look(release.cells, parsed.cells))


def rebuild(release: Notebook, cells: Sequence[ParsedCell]) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """Rebuild a notebook from our release and the student's cells.

    Returns:
        All cells, and what a student should know of what was mended.
    """
    return _rebuild(release, look(release.cells, cells))


def _answers(release: Notebook, theirs: Sequence[Theirs]) -> bool:
    return any_pair([cell for cell in release.cells if cell.role in _ANSWERING], theirs)


def _rebuild(release: Notebook, theirs: Sequence[Theirs]) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    pairing = pair(release.cells, theirs)
    added = _added(pairing)
    elsewhere = _defined_by_student(pairing, added)
    new_cells = _number(release, [_added_cell(pairing.theirs[index]) for index in added])
    slots = [_slot(pairing, index) for index in added]
    rebuilt: list[Cell] = []
    left_out: list[int] = []
    for index in range(len(pairing.ours) + 1):
        rebuilt += [cell for cell, slot in zip(new_cells, slots, strict=True) if slot == index]
        if index < len(pairing.ours):
            cell = _own_cell(pairing, index, elsewhere)
            rebuilt.append(cell)
            if cell.origin is Origin.STUDENT and pairing.edited(index) is None:
                left_out.append(index)
    return tuple(rebuilt), remarks_on(release, pairing, added=added, left_out=left_out)


def _added(pairing: Pairing) -> list[int]:
    """Indices of the student's own cells: those with a text that none of our cells has.

    A copy of an untouched cell adds nothing, and a copied stub would undo an answer. Only a set-up cell may be there
    twice for a reason: to seed the generator anew, say.
    """
    ours = {(our.cell.kind, our.essence) for our in pairing.ours if our.cell.role is not Role.SETUP}
    return [
        index
        for index, their in enumerate(pairing.theirs)
        if index not in pairing.of_theirs and their.essence and (their.cell.kind, their.essence) not in ours
    ]


def _defined_by_student(pairing: Pairing, added: Sequence[int]) -> frozenset[str]:
    """Names that the student's running cells define; untouched cells don't count."""
    edited = (pairing.edited(index) for index, our in enumerate(pairing.ours) if our.cell.role in _RUNNING)
    own = (pairing.theirs[index] for index in added if pairing.theirs[index].cell.kind == "code")
    return frozenset(name for their in (*edited, *own) if their is not None for name in their.names)


def _own_cell(pairing: Pairing, index: int, elsewhere: frozenset[str]) -> Cell:
    """Our cell number `index`, with the student's text where that counts."""
    our, their = pairing.ours[index], pairing.edited(index)
    if our.cell.role is Role.CHECK:
        return our.cell
    if their is not None:
        return replace(our.cell, source=their.cell.source, origin=Origin.STUDENT)
    moved = sorted(our.names & elsewhere)
    if moved:
        source = f"# Left out: this untouched cell would undo {', '.join(moved)}, which another cell defines."
        return replace(our.cell, source=source, origin=Origin.STUDENT)
    return our.cell


def _added_cell(their: Theirs) -> Cell:
    is_code = their.cell.kind == "code"
    return Cell(
        id="",
        role=Role.ADDED if is_code else Role.PROSE,
        kind="code" if is_code else "markdown",
        source=their.cell.source,
        origin=Origin.STUDENT,
    )


def _number(release: Notebook, cells: Sequence[Cell]) -> list[Cell]:
    """Give the added cells ids that none of ours has."""
    taken = {cell.id for cell in release.cells}
    ids = (name for number in range(1, len(cells) + len(taken) + 1) if (name := f"added-{number:03d}") not in taken)
    return [replace(cell, id=name) for cell, name in zip(cells, ids, strict=False)]


def _slot(pairing: Pairing, index: int) -> int:
    """The index of our cell before which the student's cell number `index` belongs.

    It stands after the cell it followed and after what had to be put back there. On whichever side of an answer it
    stood that defines the same function, there it stays, however cells were moved: the last definition counts.
    """
    before = [their for their in pairing.of_theirs if their < index]
    slot = pairing.of_theirs[max(before)] + 1 if before else 0
    while slot < len(pairing.ours) and slot not in pairing.of_ours:
        slot += 1
    for our, their in pairing.of_ours.items():
        if pairing.ours[our].names & pairing.theirs[index].names:
            slot = max(slot, our + 1) if their < index else min(slot, our)
    return slot


def _on_language(parsed: ParsedNotebook) -> list[str]:
    if parsed.language == "python":
        return []
    return [f"The notebook says that its language is {shown(parsed.language)}; its cells were read as Python."]


def _foreign(release: Notebook, parsed: ParsedNotebook, name: str) -> str:
    """The message for a notebook none of whose cells is ours."""
    got = "one in which no cell belongs to it"
    if parsed.notebook and parsed.notebook != release.name:
        got = f"the notebook {shown(parsed.notebook)}"
    elif parsed.language != "python":
        got = f"a notebook in the language {shown(parsed.language)}"
    return (
        f"{name}: expected the notebook {release.name} of {release.assignment}, got {got}. "
        "Write your answers into the notebook that was given out, and hand in that one."
    )
