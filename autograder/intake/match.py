"""Which of a student's cells stands for which of ours. Pure.

Editors keep different things: Jupyter and VS Code keep ids and metadata, Colab moves ids, copying into a new notebook
keeps the text alone. So the cells are paired in rounds, the surest sign first: nbgrader's id, the cell's id, the
functions it defines, the same text, and for set-up cells most of the same lines. Each cell is paired at most once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from autograder.intake.definitions import defined_names
from autograder.intake.read import ParsedCell
from autograder.intake.text import essence
from autograder.model import Cell, Role

# Parsing costs a second per half million characters; a whole course's notebooks have fewer.
_MAX_PARSED_CHARS = 500_000


@dataclass(frozen=True, slots=True)
class Ours:
    """A released cell with what it is recognised by."""

    cell: Cell
    essence: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Theirs:
    """A student's cell with what it is recognised by."""

    cell: ParsedCell
    essence: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Both lists of cells and how they belong together.

    Attributes:
        ours: The release's cells in order.
        theirs: The student's cells in order.
        of_ours: Index of the student's cell by the index of ours; what is missing or empty has no entry.
        of_theirs: The same the other way round; what was added has no entry.
    """

    ours: tuple[Ours, ...]
    theirs: tuple[Theirs, ...]
    of_ours: dict[int, int]
    of_theirs: dict[int, int]

    def edited(self, index: int) -> Theirs | None:
        """The student's cell in the place of ours number `index`, if its text is another one."""
        if index not in self.of_ours:
            return None
        their = self.theirs[self.of_ours[index]]
        return None if their.essence == self.ours[index].essence else their


def pair(release: Sequence[Cell], cells: Sequence[ParsedCell]) -> Pairing:
    """Pair released cells with a student's, each at most once."""
    ours = tuple(_look_at_ours(cell) for cell in release)
    theirs = tuple(_look_at_theirs(cells))
    pairs: dict[int, int] = {}
    free = {index for index, their in enumerate(theirs) if their.essence}
    for same in (_same_grade_id, _same_id, _same_functions, _same_text, _same_lines):
        for index, our in enumerate(ours):
            if index not in pairs:
                best = _best(our, theirs, free, same)
                if best is not None:
                    pairs[index] = best
                    free.remove(best)
    return Pairing(ours, theirs, pairs, {their: our for our, their in pairs.items()})


def _look_at_ours(cell: Cell) -> Ours:
    names = defined_names(cell.source) if cell.role is Role.SOLUTION else frozenset[str]()
    return Ours(cell, essence(cell.source), names)


def _look_at_theirs(cells: Sequence[ParsedCell]) -> Iterator[Theirs]:
    left = _MAX_PARSED_CHARS
    for cell in cells:
        names = defined_names(cell.source, must_parse=cell.kind != "code", limit=left)
        left -= len(cell.source)
        yield Theirs(cell, essence(cell.source), names)


def _best(our: Ours, theirs: Sequence[Theirs], free: set[int], same: Callable[[Ours, Theirs], bool]) -> int | None:
    """The free cell that fits best: code before Markdown, worked on before untouched, the first of equals."""
    fitting = (index for index in free if same(our, theirs[index]) and _fits(our, theirs[index]))
    return min(fitting, key=lambda index: (*_rank(our, theirs[index]), index), default=None)


def _rank(our: Ours, their: Theirs) -> tuple[bool, bool, bool]:
    return their.cell.kind != "code", not our.names & their.names, our.essence == their.essence


def _fits(our: Ours, their: Theirs) -> bool:
    """Whether the student's cell can take the place of ours.

    An answer that was turned into Markdown by a slip of the finger is still an answer. A cell that was a check and now
    defines something holds the student's work, so it must not vanish behind ours.
    """
    match our.cell.role:
        case Role.REFLECTION:
            return True
        case Role.SOLUTION:
            return their.cell.kind == "code" or bool(our.names & their.names)
        case Role.CHECK:
            return their.cell.kind == "code" and not their.names
        case _:
            return their.cell.kind == our.cell.kind


def _same_grade_id(our: Ours, their: Theirs) -> bool:
    return our.cell.grade_id is not None and our.cell.grade_id == their.cell.grade_id


def _same_id(our: Ours, their: Theirs) -> bool:
    return our.cell.id == their.cell.id


def _same_functions(our: Ours, their: Theirs) -> bool:
    return bool(our.names & their.names)


def _same_text(our: Ours, their: Theirs) -> bool:
    return our.essence == their.essence


def _same_lines(our: Ours, their: Theirs) -> bool:
    """Whether at least half of a set-up cell's lines are still there."""
    if our.cell.role is not Role.SETUP:
        return False
    lines = set(our.essence.splitlines())
    return len(lines & set(their.essence.splitlines())) * 2 >= len(lines) > 0
