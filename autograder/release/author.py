"""The hand-written notebook: cells with the options of their headers, as jupytext reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext

from autograder.errors import AuthoringError, CourseError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
STUB = 'raise NotImplementedError("Replace this line with your code.")'
ANSWER_STUB = "*Write your answer here.*"
WHEEL = "{{wheel}}"
"""Stands in the hand-written setup cell for the address of the students' wheel."""

# What jupytext adds to remember blank lines; it says nothing about the cell.
_LAYOUT = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoredCell:
    """One hand-written cell.

    Attributes:
        index: Position in the file, from 0.
        kind: "code", "markdown" or "raw".
        source: Its text.
        options: What its header says, as jupytext decodes it.
    """

    index: int
    kind: str
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def role(self) -> str | None:
        """The role that the header gives, or None."""
        return self.options.get("role")

    @property
    def question(self) -> str | None:
        """Id of the question that the header names, or None."""
        return self.options.get("question")

    def words(self, option: str) -> tuple[str, ...]:
        """A space-separated option as its words."""
        return tuple(str(self.options.get(option, "")).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoredNotebook:
    """One hand-written notebook.

    Attributes:
        name: File name without its ending.
        file: Path as messages show it, relative to the course.
        cells: All cells in order.
    """

    name: str
    file: str
    cells: tuple[AuthoredCell, ...]

    def having(self, *roles: str) -> tuple[AuthoredCell, ...]:
        """The cells of these roles, in order."""
        return tuple(cell for cell in self.cells if cell.role in roles)

    def refuse(self, problem: str, cell: AuthoredCell | None = None, question: str | None = None) -> AuthoringError:
        """Make the error that says where in this notebook a rule is broken."""
        if cell is None:
            return AuthoringError(problem, self.file, None, question)
        return AuthoringError(problem, self.file, cell.index, question or cell.question)


def read_authored(path: Path, root: Path) -> AuthoredNotebook:
    """Read a notebook in jupytext's percent format.

    Args:
        path: The .py file.
        root: Folder to which messages show the path relative.

    Raises:
        CourseError: If the file can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: expected a hand-written notebook, got: {error}. Add or mend it.") from error
    return parse_authored(text, name=path.stem, file=path.relative_to(root).as_posix())


def parse_authored(text: str, *, name: str, file: str) -> AuthoredNotebook:
    """Read a notebook from percent-format text."""
    notebook = jupytext.reads(text, fmt="py:percent")
    cells = tuple(
        AuthoredCell(
            index=index,
            kind=cell.cell_type,
            source=cell.source,
            options={key: value for key, value in cell.metadata.items() if key not in _LAYOUT},
        )
        for index, cell in enumerate(notebook.cells)
    )
    return AuthoredNotebook(name=name, file=file, cells=cells)


def without_markers(source: str) -> str:
    """The source with the solution but without the lines that mark it."""
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END))


def solution_rows(source: str) -> set[int]:
    """Numbers, from 0, of the lines between the markers, which students must not see."""
    rows: set[int] = set()
    inside = False
    for row, line in enumerate(source.split("\n")):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            rows.add(row)
    return rows


def with_stub(source: str) -> str:
    """The source as students get it: each marked region replaced by the stub."""
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        if line.strip() == BEGIN:
            lines.append(line[: len(line) - len(line.lstrip())] + STUB)
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif not inside:
            lines.append(line)
    return "\n".join(lines)
