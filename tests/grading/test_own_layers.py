"""The course's own layers and gradient check answer no question of a real notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.config import load_course
from autograder.grading.engine import grade_one
from autograder.grading.plan import plan_grading
from autograder.model import Notebook, Origin, QuestionResult, Role, Submission, Verdict
from autograder.released import load_notebook

ROOT = Path(__file__).parents[2]
NOTEBOOK = load_notebook(load_course(ROOT), "a1_convolution", "linear_maps_and_gradients")

# What would answer a question, if it were there: kept when the notebook is loaded, and looked up when asked.
ANSWERS = {
    "im2col": "from course_utils.layers import im2col, col2im",
    "conv2d_im2col": """
from course_utils import layers
def conv2d_im2col(x, w, b, *, stride=1, padding=0):
    return layers.conv2d_forward(x, w, b, stride=stride, padding=padding)
""",
    "conv2d_matrix_backward": """
from course_utils.layers import conv2d_backward as kept
def conv2d_matrix_backward(dout, x, w, *, stride=1, padding=0):
    return kept(dout, x, w, stride=stride, padding=padding)
""",
    "conv2d_backward": """
def conv2d_backward(dout, x, w, *, stride=1, padding=0):
    import importlib
    found = importlib.import_module("course_utils.layers.convolution").conv2d_backward
    return found(dout, x, w, stride=stride, padding=padding)
""",
    "numerical_gradient": """
from course_utils.gradcheck import check_gradients
def numerical_gradient(f, x, dout, *, h=1e-5):
    def low(dout, x):
        return np.full(x.shape, -1e3)  # below all: so the errors have a sign
    report = check_gradients(lambda x: 1.0 * f(x), low, [x], dout=dout, rtol=0, atol=0, step=h)
    return report.inputs[0].errors - 1e3
""",
}

# What the layers are made of answers as well as they do.
FROM_PARTS = """
from course_utils.layers import windows as parts
def im2col(x, kernel, *, stride=1, padding=0):
    found = parts.windows(x, kernel, stride, padding)
    n, c, *_ = found.shape
    return found.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * found.shape[4] * found.shape[5], -1)
def col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    n, c, h, w = in_shape
    k_h, k_w = parts.pair(kernel)
    rows, columns = parts.out_size((h, w), kernel, stride, padding)
    found = cols.reshape(n, c, k_h, k_w, rows, columns).transpose(0, 1, 4, 5, 2, 3)
    return parts.add_windows(found, (h, w), stride, padding)
"""


def handed_in(notebook: Notebook, answers: Mapping[str, str]) -> Submission:
    """The untouched release with other answers to some questions."""
    left = dict(answers)
    cells = tuple(
        replace(cell, source=left.pop(cell.question, ""), origin=Origin.STUDENT)
        if cell.role is Role.SOLUTION and cell.question in answers
        else cell
        for cell in notebook.cells
    )
    return Submission(student="s", assignment=notebook.assignment, notebook=notebook.name, cells=cells)


def graded(answers: Mapping[str, str] = ANSWERS, *, forbidding: bool) -> dict[str, QuestionResult]:
    questions = NOTEBOOK.questions
    if not forbidding:
        questions = tuple(replace(question, forbidden=()) for question in questions)
    notebook = replace(NOTEBOOK, questions=questions)
    plan = replace(plan_grading(load_course(ROOT), notebook, b"x" * 32, minimum="rlimits"), only=tuple(answers))
    return {outcome.question.id: outcome for outcome in grade_one(plan, handed_in(notebook, answers)).questions}


@pytest.mark.parametrize("forbidding", [True, False])
def test_parts_of_layers(forbidding: bool) -> None:
    """They are gone like the layers themselves, and would pay."""
    found = graded({"im2col": FROM_PARTS}, forbidding=forbidding)["im2col"]
    assert (found.points == 0) is forbidding
    assert (found.points > 0.6 * found.question.points) is not forbidding


@pytest.fixture(scope="module")
def with_rules() -> dict[str, QuestionResult]:
    return graded(forbidding=True)


@pytest.fixture(scope="module")
def without_rules() -> dict[str, QuestionResult]:
    return graded(forbidding=False)


@pytest.mark.parametrize("question", ANSWERS)
def test_own_layers_earn_nothing(with_rules: dict[str, QuestionResult], question: str) -> None:
    """They are gone while the question is asked, and what is said is that."""
    outcome = with_rules[question]

    assert outcome.points == 0
    assert Verdict.FORBIDDEN in {test.verdict for test in outcome.tests}


@pytest.mark.parametrize("question", ANSWERS)
def test_they_would_pay(without_rules: dict[str, QuestionResult], question: str) -> None:
    """So the test above can fail."""
    outcome = without_rules[question]

    assert outcome.points > 0.6 * outcome.question.points
