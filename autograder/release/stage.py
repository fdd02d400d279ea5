"""From the hand-written notebook to the staged one, which nbgrader turns into the release."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.config import NotebookConfig
from autograder.release.author import WHEEL, AuthoredCell, AuthoredNotebook

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_HEADING = re.compile(r"#{1,6}\s+(?P<text>.+?)\s*#*\s*$")
_NUMBER = re.compile(r"^\d+(\.\d+)*\.?\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the notebook and its assignment.toml say of the questions, by their ids."""

    titles: Mapping[str, str]
    sections: Mapping[str, str]
    ideas: Mapping[str, str]


def stage(notebook: AuthoredNotebook, *, assignment: str, config: NotebookConfig, wheel: str) -> dict[str, Any]:
    """Make the staged notebook: solutions and markers still in it, everything else as students get it.

    Args:
        notebook: A notebook that keeps the rules.
        assignment: Id of the assignment.
        config: What assignment.toml says of the notebook.
        wheel: Address of the students' wheel, for the setup cell.

    Returns:
        nbformat 4.5 as plain data; the same for the same arguments, cell ids included.
    """
    said = _Said(titles=question_titles(notebook), sections=question_sections(notebook), ideas=config.ideas)
    counts: Counter[str] = Counter()
    cells = [_stage_cell(cell, counts, said, wheel) for cell in notebook.cells]
    course = {
        "assignment": assignment,
        "notebook": notebook.name,
        "title": config.title,
        "kind": config.kind,
        "forbidden": list(config.forbidden),
    }
    metadata = {"course": course, "kernelspec": _KERNEL, "language_info": {"name": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def encode(data: dict[str, Any]) -> bytes:
    """Notebook data as bytes, the same for the same data."""
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def question_titles(notebook: AuthoredNotebook) -> dict[str, str]:
    """Title of each question: what its header says, else the last heading before its first cell, unnumbered.

    A question without either is left out.
    """
    titles = {name: _NUMBER.sub("", heading) for name, heading in question_sections(notebook).items()}
    given = {str(cell.question): str(cell.options["title"]) for cell in notebook.cells if "title" in cell.options}
    return titles | given


def question_sections(notebook: AuthoredNotebook) -> dict[str, str]:
    """The last heading before each question's first cell, as it stands; a question without one is left out."""
    sections: dict[str, str] = {}
    heading = ""
    for cell in notebook.cells:
        if cell.kind == "markdown" and cell.role is None:
            heading = _last_heading(cell.source) or heading
        elif cell.question is not None and heading:
            sections.setdefault(cell.question, heading)
    return sections


def _last_heading(source: str) -> str:
    heading, fenced = "", False
    for line in source.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and (match := _HEADING.match(line)):
            heading = match["text"]
    return heading


def _stage_cell(cell: AuthoredCell, counts: Counter[str], said: _Said, wheel: str) -> dict[str, Any]:
    role = cell.role or "prose"
    stem = role if cell.question is None else f"{cell.question}-{role}"
    counts[stem] += 1
    count = counts[stem]
    metadata: dict[str, Any] = {"course": _course_metadata(cell, role, said)}
    if cell.question is None:
        cell_id = f"{stem}-{count:03}"
    else:
        cell_id = stem if count == 1 else f"{stem}-{count}"
        metadata["nbgrader"] = _nbgrader_metadata(cell, count)
    if role == "check":
        # Jupyter's "Run all" goes on behind a check that fails, and comes to the later ones.
        metadata["tags"] = ["raises-exception"]
    source = cell.source.replace(WHEEL, wheel) if role == "setup" else cell.source
    staged = {"id": cell_id, "cell_type": cell.kind, "metadata": metadata, "source": source}
    return staged if cell.kind == "markdown" else staged | {"execution_count": None, "outputs": []}


def _course_metadata(cell: AuthoredCell, role: str, said: _Said) -> dict[str, Any]:
    course: dict[str, Any] = {"role": role}
    if cell.question is not None:
        course["question"] = cell.question
        if role != "solution":
            course["title"] = said.titles[cell.question]
            for option, texts in (("section", said.sections), ("idea", said.ideas)):
                if cell.question in texts:
                    course[option] = texts[cell.question]
    for option in ("uses", "forbidden"):
        if words := cell.words(option):
            course[option] = list(words)
    return course


def _nbgrader_metadata(cell: AuthoredCell, count: int) -> dict[str, Any]:
    """Metadata of nbgrader's schema 3. Points sit on the check: on a solution cell nbgrader takes them as manual."""
    solution = cell.role in ("solution", "reflection")
    grade = cell.role in ("check", "reflection")
    grade_id = cell.question
    if not grade:
        grade_id = f"{cell.question}__solution" + ("" if count == 1 else f"_{count}")
    metadata = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": cell.role == "check",
        "task": False,
    }
    return metadata | {"points": cell.options["points"]} if grade else metadata
