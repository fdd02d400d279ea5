"""Which of a student's cells stands for which of ours. Pure.

Editors keep different things: Jupyter and VS Code keep ids and metadata, Colab moves ids, copying into a new notebook
keeps the text alone. So the cells are paired in rounds, the surest sign first: nbgrader's id, the cell's id, the
functions it defines, the same text, and for set-up cells most of the same lines. Each cell is paired at most once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


def look(release: Sequence[Cell], cells: Sequence[ParsedCell]) -> tuple[Theirs, ...]:
    """See what a student's cells are recognised by. Most are as they were given out, and are looked at once a class."""
    known = _look_at_release(tuple(release))
    theirs = []
    left = _MAX_PARSED_CHARS
    for cell in cells:
        prose = cell.kind != "code"
        names = known.names.get((cell.source, prose)) if len(cell.source) <= left else None
        if names is None:
            names = defined_names(cell.source, must_parse=prose, limit=left, wanted=known.functions)
        left -= len(cell.source)
        text = known.essences.get(cell.source)
        theirs.append(Theirs(cell, essence(cell.source) if text is None else text, names))
    return tuple(theirs)


def pair(release: Sequence[Cell], theirs: Sequence[Theirs]) -> Pairing:
    """Pair released cells with a student's, each at most once.

    Args:
        release: Our cells.
        theirs: What `look` saw.
    """
    ours = _look_at_release(tuple(release)).ours
    pairs: dict[int, int] = {}
    free = {index for index, their in enumerate(theirs) if their.essence}
    for alike in _rounds(theirs, free):
        for index, our in enumerate(ours):
            if index not in pairs:
                best = _best(our, theirs, free.intersection(alike(our)))
                if best is not None:
                    pairs[index] = best
                    free.remove(best)
    return Pairing(ours, tuple(theirs), pairs, {their: our for our, their in pairs.items()})


def any_pair(release: Sequence[Cell], theirs: Sequence[Theirs]) -> bool:
    """Whether a single released cell could be paired with one of a student's."""
    free = {index for index, their in enumerate(theirs) if their.essence}
    return any(
        _best(our, theirs, alike(our)) is not None
        for alike in _rounds(theirs, free)
        for our in _look_at_release(tuple(release)).ours
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A release's cells, and what their texts are recognised by wherever they stand.

    Attributes:
        ours: The cells.
        essences: Text to essence.
        names: Text, and whether it stands in a cell of prose, to the names that it defines.
        functions: What the answers define.
    """

    ours: tuple[Ours, ...]
    essences: Mapping[str, str]
    names: Mapping[tuple[str, bool], frozenset[str]]
    functions: frozenset[str]


@functools.lru_cache(maxsize=16)
def _look_at_release(cells: tuple[Cell, ...]) -> _Known:
    names = {
        (cell.source, prose): defined_names(cell.source, must_parse=prose, limit=_MAX_PARSED_CHARS)
        for cell in cells
        for prose in (False, True)
    }
    ours = tuple(_look_at_ours(cell) for cell in cells)
    return _Known(
        ours=ours,
        essences={cell.source: essence(cell.source) for cell in cells},
        names=names,
        functions=frozenset(name for our in ours for name in our.names),
    )


def _look_at_ours(cell: Cell) -> Ours:
    names = defined_names(cell.source) if cell.role is Role.SOLUTION else frozenset[str]()
    return Ours(cell, essence(cell.source), names)


def _rounds(theirs: Sequence[Theirs], free: Iterable[int]) -> Iterator[Callable[[Ours], set[int]]]:
    """For each sign, the surest first: what finds the student's cells that share it with one of ours."""
    candidates = sorted(free)
    for signs in (_grade_ids, _ids, _names, _texts):
        places: dict[str, set[int]] = {}
        for index in candidates:
            for sign in signs(theirs[index]):
                places.setdefault(sign, set()).add(index)
        yield functools.partial(_sharing, signs, places)
    yield lambda our: {index for index in candidates if _same_lines(our, theirs[index])}


def _sharing(signs: Callable[[Ours | Theirs], Iterable[str]], places: Mapping[str, set[int]], our: Ours) -> set[int]:
    return {index for sign in signs(our) for index in places.get(sign, ())}


def _best(our: Ours, theirs: Sequence[Theirs], alike: Iterable[int]) -> int | None:
    """The cell that fits best: code before Markdown, worked on before untouched, the first of equals."""
    fitting = (index for index in alike if _fits(our, theirs[index]))
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


def _grade_ids(entry: Ours | Theirs) -> tuple[str, ...]:
    return () if entry.cell.grade_id is None else (entry.cell.grade_id,)


def _ids(entry: Ours | Theirs) -> tuple[str, ...]:
    return () if entry.cell.id is None else (entry.cell.id,)


def _names(entry: Ours | Theirs) -> frozenset[str]:
    return entry.names


def _texts(entry: Ours | Theirs) -> tuple[str, ...]:
    return (entry.essence,)


def _same_lines(our: Ours, their: Theirs) -> bool:
    """Whether at least half of a set-up cell's lines are still there."""
    if our.cell.role is not Role.SETUP:
        return False
    lines = set(our.essence.splitlines())
    return len(lines & set(their.essence.splitlines())) * 2 >= len(lines) > 0
