"""A small release, and notebooks as students' editors save it."""

from __future__ import annotations

import copy
import json
from typing import Any

from autograder.model import Cell, Notebook, Question, Role

STUB = 'raise NotImplementedError("Replace this line with your code.")'
SETUP = "import numpy as np\n\nDTYPE = np.float64\nrng = np.random.default_rng(0)"
CORRELATE_STUB = (
    f'def correlate1d(x, w):\n    """Slide w over x."""\n    {STUB}\n\n\n'
    f'def convolve1d(x, w):\n    """Slide the flipped w over x."""\n    {STUB}'
)
CORRELATE = (
    'def correlate1d(x, w):\n    """Slide w over x."""\n    return sliding(x, len(w)) @ w\n\n\n'
    'def convolve1d(x, w):\n    """Slide the flipped w over x."""\n    return correlate1d(x, w[::-1])'
)
SIZE_STUB = f'def conv_output_size(size, kernel):\n    """Positions of a window."""\n    {STUB}'
SIZE = 'def conv_output_size(size, kernel):\n    """Positions of a window."""\n    return size - kernel + 1'


def release_notebook(name: str = "sliding_windows") -> Notebook:
    """Two questions with checks, one with a demo, and a reflection."""
    return Notebook(
        assignment="a1_convolution",
        name=name,
        title="Sliding windows",
        kind="numpy",
        cells=(
            Cell(id="prose-001", role=Role.PROSE, kind="markdown", source="# Sliding windows"),
            Cell(id="setup-001", role=Role.SETUP, kind="code", source=SETUP),
            Cell(id="prose-002", role=Role.PROSE, kind="markdown", source="## 1. Correlation"),
            Cell(
                id="correlate1d-solution",
                role=Role.SOLUTION,
                kind="code",
                source=CORRELATE_STUB,
                question="correlate1d",
                grade_id="correlate1d__solution",
            ),
            Cell(
                id="correlate1d-check",
                role=Role.CHECK,
                kind="code",
                source="check.correlate1d(correlate1d, convolve1d)",
                question="correlate1d",
                grade_id="correlate1d",
            ),
            Cell(id="demo-001", role=Role.DEMO, kind="code", source="plotting.sweep(correlate1d)"),
            Cell(id="prose-003", role=Role.PROSE, kind="markdown", source="## 2. Sizes"),
            Cell(
                id="conv_output_size-solution",
                role=Role.SOLUTION,
                kind="code",
                source=SIZE_STUB,
                question="conv_output_size",
                grade_id="conv_output_size__solution",
            ),
            Cell(
                id="conv_output_size-check",
                role=Role.CHECK,
                kind="code",
                source="check.conv_output_size(conv_output_size)",
                question="conv_output_size",
                grade_id="conv_output_size",
            ),
            Cell(
                id="why",
                role=Role.REFLECTION,
                kind="markdown",
                source="Your answer.",
                question="why",
                grade_id="why",
            ),
        ),
        questions=(
            Question(id="correlate1d", title="Correlation", points=4, functions=("correlate1d", "convolve1d")),
            Question(id="conv_output_size", title="Sizes", points=2, functions=("conv_output_size",)),
            Question(id="why", title="Why", points=3, manual=True),
        ),
    )


def as_handed_out(release: Notebook) -> dict[str, Any]:
    """The release as the file that students get."""
    points = {question.id: question.points for question in release.questions}
    cells = []
    for cell in release.cells:
        metadata: dict[str, Any] = {"course": {"role": cell.role.value}}
        if cell.grade_id is not None:
            is_grade = cell.grade_id == cell.question
            metadata["nbgrader"] = {"grade_id": cell.grade_id, "grade": is_grade, "schema_version": 3}
            if is_grade:
                metadata["nbgrader"]["points"] = points[cell.grade_id]
        entry = {"cell_type": cell.kind, "id": cell.id, "metadata": metadata, "source": lines(cell.source)}
        if cell.kind == "code":
            entry |= {"execution_count": None, "outputs": []}
        cells.append(entry)
    course = {"assignment": release.assignment, "notebook": release.name, "title": release.title, "kind": release.kind}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"course": course, "kernelspec": kernel}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def solved(release: Notebook) -> dict[str, Any]:
    """The file with both questions answered, and with outputs."""
    content = as_handed_out(release)
    write(content, "correlate1d-solution", CORRELATE)
    write(content, "conv_output_size-solution", SIZE)
    write(content, "why", "Because the weights are shared.")
    for number, cell in enumerate(content["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["fine\n"]}]
    return content


def lines(source: str) -> list[str]:
    """Text as nbformat writes it to the disk."""
    return source.splitlines(keepends=True)


def cell(content: dict[str, Any], cell_id: str) -> dict[str, Any]:
    """The cell of that id."""
    return next(entry for entry in content["cells"] if entry.get("id") == cell_id)


def write(content: dict[str, Any], cell_id: str, source: str) -> None:
    """Change a cell's text."""
    cell(content, cell_id)["source"] = lines(source)


def code_cell(source: str, **more: Any) -> dict[str, Any]:
    """A new code cell as Jupyter makes it."""
    entry = {"cell_type": "code", "id": "0badf00d", "metadata": {}, "source": lines(source)}
    return entry | {"execution_count": None, "outputs": []} | more


def markdown_cell(source: str) -> dict[str, Any]:
    """A new Markdown cell as Jupyter makes it."""
    return {"cell_type": "markdown", "id": "feedbeef", "metadata": {}, "source": lines(source)}


def insert_after(content: dict[str, Any], cell_id: str, *entries: dict[str, Any]) -> None:
    """Put new cells behind another."""
    position = content["cells"].index(cell(content, cell_id)) + 1
    content["cells"][position:position] = entries


def remove(content: dict[str, Any], *cell_ids: str) -> None:
    """Delete cells."""
    content["cells"] = [entry for entry in content["cells"] if entry.get("id") not in cell_ids]


def saved_by_colab(content: dict[str, Any], *, keep_nbgrader: bool = True, keep_id: bool = True) -> dict[str, Any]:
    """As Colab saves it: ids move into the metadata or are new ones, format 4.0, its own metadata."""
    content = copy.deepcopy(content)
    for number, entry in enumerate(content["cells"]):
        own_id = entry.pop("id")
        metadata = entry["metadata"]
        if not keep_nbgrader:
            metadata.clear()
        metadata |= {"id": own_id if keep_id else f"kX3v{number:08d}"}
        if entry["cell_type"] == "code":
            metadata |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": "5cf3"}
    if not keep_nbgrader:
        del content["metadata"]["course"]
    content["metadata"] |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    return content | {"nbformat_minor": 0}


def to_bytes(content: dict[str, Any], **options: Any) -> bytes:
    """The file's bytes."""
    return json.dumps(content, **({"ensure_ascii": False, "indent": 1} | options)).encode()
