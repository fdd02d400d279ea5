"""Released notebooks as intake, grading and gradebook read them: the contract between the stages."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.config import Course, load_assignment
from autograder.errors import CourseError
from autograder.model import Cell, Notebook, Question, Role
from course_utils import layers


def parse_notebook(data: Mapping[str, Any]) -> Notebook:
    """Read a released notebook from its JSON.

    Args:
        data: The decoded .ipynb; nbformat 4.5 with the metadata that the release writes.

    Raises:
        CourseError: If it doesn't hold what a release must hold.
    """
    try:
        course = data["metadata"]["course"]
        cells = tuple(_parse_cell(cell) for cell in data["cells"])
        return Notebook(
            assignment=course["assignment"],
            name=course["notebook"],
            title=course["title"],
            kind=course["kind"],
            forbidden=tuple(course["forbidden"]),
            cells=cells,
            questions=tuple(_parse_questions(data["cells"], cells, course["forbidden"])),
        )
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise CourseError(
            f"Released notebook: expected the metadata that the release writes, got {problem}. Run `autograder build`."
        ) from error


def load_notebook(course: Course, assignment: str, name: str) -> Notebook:
    """Read assignments/<assignment>/<name>.ipynb.

    Raises:
        CourseError: If it is missing, or is not a release of ours.
    """
    return read_notebook(course.assignments / assignment / f"{name}.ipynb")


def load_notebooks(course: Course, assignment: str) -> tuple[Notebook, ...]:
    """Read all released notebooks of an assignment, in the order of its assignment.toml.

    Raises:
        CourseError: If there is no such assignment, or a notebook of it is missing or not a release of ours.
    """
    config = load_assignment(course, assignment)
    return tuple(load_notebook(course, assignment, notebook.name) for notebook in config.notebooks)


def read_notebook(path: Path) -> Notebook:
    """Read one released or staged notebook.

    Raises:
        CourseError: If it is missing, is no JSON, or doesn't hold what a release must hold.
    """
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise CourseError(f"{path}: expected a released notebook, found none. Run `autograder build`.") from error
    except (OSError, ValueError) as error:
        raise CourseError(f"{path}: expected a notebook, got: {error}. Run `autograder build`.") from error
    if not isinstance(data, dict):
        raise CourseError(f"{path}: expected a notebook, got a JSON {type(data).__name__}. Run `autograder build`.")
    try:
        return parse_notebook(data)
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from error


def cell_source(cell: Mapping[str, Any]) -> str:
    """Text of a cell, which nbformat allows as one string or as a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _parse_cell(cell: Mapping[str, Any]) -> Cell:
    metadata = cell["metadata"]
    return Cell(
        id=cell["id"],
        role=Role(metadata["course"]["role"]),
        kind=cell["cell_type"],
        source=cell_source(cell),
        question=metadata["course"].get("question"),
        grade_id=metadata["nbgrader"]["grade_id"] if "nbgrader" in metadata else None,
    )


def _parse_questions(
    data: Iterable[Mapping[str, Any]], cells: tuple[Cell, ...], forbidden: Sequence[str]
) -> Iterable[Question]:
    """Questions in order; what the whole notebook forbids, or lies in a module that it forbids, isn't said again."""
    for cell, parsed in zip(data, cells, strict=True):
        if parsed.role not in (Role.CHECK, Role.REFLECTION):
            continue
        course = cell["metadata"]["course"]
        manual = parsed.role is Role.REFLECTION
        functions = () if manual else _functions(cells, course["question"])
        yield Question(
            id=course["question"],
            title=course["title"],
            # A whole number would come back as another one from journal and processes: 4 as 4.0.
            points=float(cell["metadata"]["nbgrader"]["points"]),
            functions=functions,
            uses=tuple(course.get("uses", ())),
            forbidden=tuple(
                name
                for name in dict.fromkeys((*course.get("forbidden", ()), *_own_layers(functions)))
                if not any(f"{name}.".startswith(f"{other}.") for other in forbidden)
            ),
            manual=manual,
            section=course.get("section", ""),
            idea=course.get("idea", ""),
        )


def _own_layers(functions: Iterable[str]) -> tuple[str, ...]:
    """The course's own versions of a question's functions, which must not answer it."""
    return tuple(f"{layers.__name__}.{name}" for name in functions if name in layers.__all__)


def _functions(cells: Iterable[Cell], question: str) -> tuple[str, ...]:
    """Names of the top-level functions in a question's solution cells, in order."""
    return tuple(
        node.name
        for cell in cells
        if cell.role is Role.SOLUTION and cell.question == question
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef)
    )
