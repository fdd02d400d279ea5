"""The graded notebook that nbgrader's pages show: our check cells with their verdicts, between the answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from autograder.gradebook.outcome import Outcome, outcome_of
from autograder.gradebook.release import Release
from autograder.model import Cell, NotebookResult, Role

_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def graded_notebook(release: Release, result: NotebookResult) -> dict[str, Any]:
    """Build the graded notebook.

    nbgrader reads a score from the first result of a check cell and takes anything else there for full points. So each
    check cell gets one line of text and one number, and a held question the text alone, with its row marked for a
    person. Outputs that came with the submission are left out, and so is all metadata but ours.

    Args:
        release: Our notebook.
        result: What grading found.

    Returns:
        nbformat 4.5 as plain data; the same for the same arguments. Its metadata are the release's, not copied.
    """
    ours = {cell["id"]: cell for cell in release.data["cells"]}
    outcomes = {question.id: outcome_of(result, question) for question in release.notebook.questions}
    # A submission that can't be graded has no cells: the release stands in for it.
    cells = result.submission.cells or release.notebook.cells
    used: set[str] = set()
    built = [_build_cell(cell, ours, outcomes, used) for cell in cells]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": release.data["metadata"], "cells": built}


def encode(notebook: Mapping[str, Any]) -> bytes:
    """Notebook data as bytes; the same for the same data."""
    return msgspec.json.format(msgspec.json.encode(notebook, order="sorted"), indent=1) + b"\n"


def _build_cell(
    cell: Cell, ours: Mapping[str, Mapping[str, Any]], outcomes: Mapping[str, Outcome], used: set[str]
) -> dict[str, Any]:
    released = ours.get(cell.id) if cell.role is not Role.ADDED and cell.id not in used else None
    kind = "code" if cell.kind == "code" else "markdown"
    built: dict[str, Any] = {"id": _free_id(cell.id, ours, used), "cell_type": kind, "source": cell.source}
    if released is None:
        built["metadata"] = {"course": {"role": Role.ADDED.value}}
    else:
        built |= {"id": cell.id, "cell_type": released["cell_type"], "metadata": released["metadata"]}
    used.add(built["id"])
    if built["cell_type"] == "code":
        outcome = outcomes.get(cell.question or "") if cell.role is Role.CHECK else None
        built |= {"execution_count": None, "outputs": _outputs(outcome) if outcome else []}
    return built


def _outputs(outcome: Outcome) -> list[dict[str, Any]]:
    text = {"output_type": "stream", "name": "stdout", "text": outcome.summary + "\n"}
    if outcome.auto_score is None:
        return [text]
    number = {"text/plain": repr(outcome.auto_score)}
    return [text, {"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": number}]


def _free_id(wanted: str, ours: Mapping[str, Any], used: set[str]) -> str:
    """An id for a cell of the student's: theirs if it is valid and free, else a number."""
    if _CELL_ID.fullmatch(wanted) and wanted not in used and wanted not in ours:
        return wanted
    number = 1
    while (name := f"added-{number:03}") in used or name in ours:
        number += 1
    return name
