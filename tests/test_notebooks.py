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

ROOT = Path(__file__).parents[1]
COURSE = load_course(ROOT)
PATHS = sorted((ROOT / "assignments").glob("*/*.ipynb"))

SLIDING_WINDOWS = {
    "correlate1d": (4, ["correlate1d(x, w)", "convolve1d(x, w)"]),
    "correlate2d": (5, ["correlate2d(image, kernel, *, padding, mode)"]),
    "match_template": (4, ["match_template(image, template)"]),
    "sobel_edges": (3, ["gaussian_kernel(size, sigma)", "sobel_edges(image)"]),
    "square_detector": (4, ["square_detector()"]),
    "conv_output_size": (
        4,
        ["conv_output_size(size, kernel, *, stride, padding, dilation)", "same_padding(kernel, *, dilation)"],
    ),
    "conv_counts": (
        5,
        [
            "conv_counts(c_in, c_out, kernel, in_size, *, stride, padding, dilation, groups, bias)",
            "mlp_params(widths)",
        ],
    ),
    "conv2d_forward": (8, ["conv2d_forward(x, w, b, *, stride, padding)"]),
    "conv1x1_as_matmul": (3, ["conv1x1_as_matmul(x, w, b)"]),
    "conv_nd": (
        4,
        ["conv1d_forward(x, w, b, *, stride, padding)", "conv3d_forward(x, w, b, *, stride, padding)"],
    ),
    "conv2d_grouped": (3, ["conv2d_grouped(x, w, b, *, stride, padding, dilation, groups)"]),
    "receptive_field": (5, ["receptive_field(layers)", "layers_to_see(size, kernel)"]),
}


@pytest.fixture(scope="module")
def sliding_windows() -> Notebook:
    return load_notebook(COURSE, "a1_convolution", "sliding_windows")


def signature(function: ast.FunctionDef) -> str:
    names = [argument.arg for argument in function.args.args]
    keywords = [argument.arg for argument in function.args.kwonlyargs]
    return f"{function.name}({', '.join([*names, *(['*', *keywords] if keywords else [])])})"


def test_questions_points_and_signatures(sliding_windows: Notebook) -> None:
    """The contract between notebook, checks, hidden tests and feedback stays what it was."""
    found = {}
    for question in sliding_windows.questions:
        sources = [cell.source for cell in sliding_windows.cells if cell.question == question.id]
        functions = [node for source in sources for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        found[question.id] = (question.points, [signature(function) for function in functions])
    assert found == SLIDING_WINDOWS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_question_names_a_lecture_idea_and_its_section(path: Path) -> None:
    """Feedback can send a student back: a lecture with one idea of its own, and a heading that is in the notebook."""
    notebook = load_notebook(COURSE, path.parent.name, path.stem)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.role is Role.PROSE)
    for question in notebook.questions:
        lecture, _, idea = question.idea.partition(": ")
        assert re.fullmatch(r"Lecture \d+", lecture), question.id
        assert 20 <= len(idea) <= 90, question.id
        assert f"## {question.section}\n" in prose, question.id
    assert len({question.idea for question in notebook.questions}) == len(notebook.questions)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
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


def test_every_section_teaches(sliding_windows: Notebook) -> None:
    """Each question has its points and minutes, a formula or rule, an example to follow, and folded hints."""
    found = sections(sliding_windows)
    assert set(found) == set(SLIDING_WINDOWS)
    for question, text in found.items():
        points = SLIDING_WINDOWS[question][0]
        assert f"*{points} points, about" in text, question
        assert "With a pencil" in text, question
        assert "<details>" in text, question
        assert "plotting." in text or "print(" in text, question


def test_the_conventions_card(sliding_windows: Notebook) -> None:
    """The card says what the tests demand: layout, padding, rounding, errors, dtype, purity, counting."""
    card = next(cell.source for cell in sliding_windows.cells if "## Conventions" in cell.source)
    for words in ("(N, C, H, W)", "(C_out, C_in / groups, K_H, K_W)", "b=None", "ValueError", "np.result_type"):
        assert words in card
    for words in ("not* flipped", "round down", "never changed", "MAC"):
        assert words in card


def test_slides_are_checked_and_predictions_asked(sliding_windows: Notebook) -> None:
    """What the lectures say and is not so is measured; what surprises is asked for before it is run."""
    prose = "\n".join(cell.source for cell in sliding_windows.cells if cell.role is Role.PROSE)
    assert prose.count("Check the slide") >= 5
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
