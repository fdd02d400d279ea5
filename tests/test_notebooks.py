"""The released notebooks keep the contract of the course: questions, points, signatures, and what each section has."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from autograder.config import load_course
from autograder.model import Notebook, Role
from autograder.released import load_notebook
from tests.contracts import CONTRACTS

ROOT = Path(__file__).parents[1]
COURSE = load_course(ROOT)
PATHS = sorted((ROOT / "assignments").glob("*/*.ipynb"))

ALL_NOTEBOOKS = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
# What the card of each notebook says, and the tests demand.
CARDS = {
    "sliding_windows": [
        "(C_out, C_in / groups, K_H, K_W)",
        "b=None",
        "np.result_type",
        "not* flipped",
        "round down",
        "MAC",
    ],
    "linear_maps_and_gradients": ["(C_out, C_in, K_H, K_W)", "b=None", "np.result_type", "not* flipped", "round down"],
    "activations_and_pooling": ["−∞", "round down", "stride", "half the kernel"],
    "normalization": ["momentum", "biased", "eps"],
}


def load(path: Path) -> Notebook:
    return load_notebook(COURSE, path.parent.name, path.stem)


def prose_of(notebook: Notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.role is Role.PROSE)


def signature(function: ast.FunctionDef) -> str:
    names = [argument.arg for argument in function.args.args]
    keywords = [argument.arg for argument in function.args.kwonlyargs]
    return f"{function.name}({', '.join([*names, *(['*', *keywords] if keywords else [])])})"


@ALL_NOTEBOOKS
def test_questions_points_and_signatures(path: Path) -> None:
    """The contract between notebook, checks, hidden tests and feedback stays what it was."""
    notebook, found = load(path), {}
    for question in notebook.questions:
        cells = [cell for cell in notebook.cells if cell.question == question.id]
        sources = [cell.source for cell in cells if cell.role is not Role.REFLECTION]
        functions = [node for source in sources for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        found[question.id] = (question.points, [signature(function) for function in functions])
    assert found == CONTRACTS[path.stem]
    assert list(found) == list(CONTRACTS[path.stem])


@ALL_NOTEBOOKS
def test_every_question_names_a_lecture_idea_and_its_section(path: Path) -> None:
    """Feedback can send a student back: a lecture with one idea of its own, and a heading that is in the notebook."""
    notebook = load(path)
    prose = prose_of(notebook)
    for question in notebook.questions:
        lecture, _, idea = question.idea.partition(": ")
        assert re.fullmatch(r"Lecture \d+", lecture), question.id
        assert 20 <= len(idea) <= 90, question.id
        assert f"## {question.section}\n" in prose, question.id
    assert len({question.idea for question in notebook.questions}) == len(notebook.questions)


@ALL_NOTEBOOKS
def test_what_students_open_is_clean(path: Path) -> None:
    """No outputs, no counts, no trace of the grader."""
    data = json.loads(path.read_bytes())
    code = [cell for cell in data["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert not re.search(r"autograder|hidden_tests|BEGIN SOLUTION", path.read_text())


def sections(notebook: Notebook) -> dict[str, str]:
    """Question to all prose and code between its heading and the next numbered one."""
    found: dict[str, str] = {}
    text, question = "", None
    for cell in notebook.cells:
        for part in re.split(r"(?m)^(?=## \d+\. )", cell.source) if cell.role is Role.PROSE else [cell.source]:
            if part.startswith("## "):
                if question is not None:
                    found[question] = text
                text, question = "", None
            text += part + "\n"
        question = question or cell.question
    if question is not None:
        found[question] = text
    return found


@ALL_NOTEBOOKS
def test_every_section_teaches(path: Path) -> None:
    """Each question has its points and minutes, a formula or rule, an example to follow, and folded hints."""
    found = sections(load(path))
    assert set(found) == set(CONTRACTS[path.stem])
    for question, text in found.items():
        points, functions = CONTRACTS[path.stem][question]
        if not functions:
            continue
        assert f"*{points} point{'s' if points > 1 else ''}, about" in text, question
        assert "With a pencil" in text, question
        assert "<details>" in text, question
        assert "plotting." in text or "print(" in text, question


@ALL_NOTEBOOKS
def test_the_conventions_card(path: Path) -> None:
    """The card says what the tests demand: layout, padding, rounding, errors, dtype, purity, counting."""
    card = next(cell.source for cell in load(path).cells if "## Conventions" in cell.source)
    for words in ("(N, C, H, W)", "ValueError", "never changed", *CARDS[path.stem]):
        assert words in card, words


@ALL_NOTEBOOKS
def test_slides_are_checked_and_predictions_asked(path: Path) -> None:
    """What the lectures say and is not so is measured; what surprises is asked for before it is run."""
    prose = prose_of(load(path))
    assert prose.count("Check the slide") >= 3
    assert prose.count("**Predict.**") >= 5


def points_of(cell: dict[str, Any]) -> float:
    return float(cell["metadata"].get("nbgrader", {}).get("points", 0))


def test_points_sit_on_locked_checks() -> None:
    """Points on a solution cell would be graded by hand in nbgrader."""
    for path in PATHS:
        for cell in json.loads(path.read_bytes())["cells"]:
            if points_of(cell) and cell["metadata"]["course"]["role"] == "check":
                about = cell["metadata"]["nbgrader"]
                assert (about["grade"], about["solution"], about["locked"]) == (True, False, True)


def test_run_all_goes_on_behind_a_check() -> None:
    """A check that fails doesn't keep a student from seeing the later ones."""
    for path in PATHS:
        tagged = {
            cell["metadata"]["course"]["role"]: cell["metadata"].get("tags")
            for cell in json.loads(path.read_bytes())["cells"]
        }
        assert {role for role, tags in tagged.items() if tags} == {"check"}
        assert tagged["check"] == ["raises-exception"]


@ALL_NOTEBOOKS
def test_maths_in_a_quote_stays_in_its_line(path: Path) -> None:
    """The `>` of a quote's next line would be taken for a part of the formula."""
    quoted = [line for line in prose_of(load(path)).split("\n") if line.startswith(">")]
    assert [line for line in quoted if line.count("$") % 2] == []
