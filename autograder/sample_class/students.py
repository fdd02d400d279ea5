"""Eight students, each with a way of handing in that a grader must cope with."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.sample_class.texts import SABOTAGE, Texts

Notebook = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What sample students work from.

    Attributes:
        release: The released notebook.
        answers: Question id to the source of each of its solution cells, solved.
        texts: What they write otherwise.
    """

    release: Notebook
    answers: Mapping[str, tuple[str, ...]]
    texts: Texts


def sample_students() -> dict[str, Callable[[Material], bytes]]:
    """Student name to what makes the bytes of their file."""
    return {
        "solved": _solved,
        "half": _half,
        "mistakes": _mistakes,
        "untouched": lambda material: _encode(material.release),
        "colab": _colab,
        "looping": _looping,
        "forger": _forger,
        "pdf": lambda material: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    }


def answer(release: Notebook, answers: Mapping[str, tuple[str, ...]]) -> Notebook:
    """A copy of the release in which these questions are answered.

    An answer with fewer parts than the question has solution cells stands in the first ones; the others are emptied.
    """
    notebook = copy.deepcopy(release)
    left = {question: list(parts) for question, parts in answers.items()}
    for cell in notebook["cells"]:
        course = cell["metadata"].get("course", {})
        if course.get("role") == "solution" and course["question"] in left:
            parts = left[course["question"]]
            cell["source"] = parts.pop(0) if parts else "# answered in the cell above"
    return notebook


def _solved(material: Material) -> bytes:
    return _encode(answer(material.release, material.answers))


def _half(material: Material) -> bytes:
    """The first half of the questions, the others untouched."""
    first = list(material.answers)[: len(material.answers) // 2]
    return _encode(answer(material.release, {question: material.answers[question] for question in first}))


def _mistakes(material: Material) -> bytes:
    """Everything answered, some questions in a way that is often seen."""
    wrong = {question: (source,) for question, source in material.texts.typical_mistakes.items()}
    return _encode(answer(material.release, {**material.answers, **wrong}))


def _looping(material: Material) -> bytes:
    """Everything right but one question that never ends."""
    question, source = material.texts.looping
    return _encode(answer(material.release, {**material.answers, question: (source,)}))


def _colab(material: Material) -> bytes:
    """Helpers in an edited set-up cell and in an added cell, in the shape in which Colab saves."""
    texts = material.texts
    notebook = answer(material.release, {**material.answers, **{q: (s,) for q, s in texts.with_helpers.items()}})
    cells = notebook["cells"]
    roles = [cell["metadata"].get("course", {}).get("role") for cell in cells]
    setup = cells[roles.index("setup")]
    setup["source"] += "\n\n" + texts.setup_helper
    cells.insert(roles.index("solution"), _code_cell(texts.added_helper))
    cells.append(_code_cell("print('a last look'); 1 / 0"))
    for number, cell in enumerate(cells):
        # Colab keeps its own id in the metadata and writes nbformat 4.0, which has no cell ids.
        cell.pop("id", None)
        cell["metadata"]["id"] = f"colab{number:08x}"
        if cell["cell_type"] == "code":
            cell["metadata"]["outputId"] = f"output{number:08x}"
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["ran\n"]}]
        cell["source"] = cell["source"].splitlines(keepends=True)
    notebook["metadata"]["colab"] = {"provenance": [], "toc_visible": True}
    notebook["nbformat_minor"] = 0
    return _encode(notebook)


def _forger(material: Material) -> bytes:
    """Two honest answers, and every trick that pays where student code and scores meet."""
    honest = {question: material.answers[question] for question in material.texts.honest}
    notebook = answer(material.release, {**honest, **{q: (s,) for q, s in material.texts.forged.items()}})
    for cell in notebook["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("grade"):
            nbgrader.update(points=100, locked=False, solution=True)
            cell["source"] = "100.0"
            cell["outputs"] = [
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "100.0"}}
            ]
    notebook["cells"].insert(1, _code_cell(SABOTAGE))
    notebook["cells"].append(_code_cell("import sys\nprint('score: 52/52')\nsys.exit(0)"))
    return _encode(notebook)


def _code_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _encode(notebook: Notebook) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
