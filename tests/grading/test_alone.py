"""Each question stands alone: whoever answers one of a notebook, and leaves the others, earns what it is worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.config import SANDBOX_LEVELS, load_course
from autograder.grading.engine import grade_one
from autograder.grading.plan import GradingPlan, plan_grading
from autograder.model import Notebook, Origin, Role, Submission
from autograder.release.author import without_markers
from autograder.release.draft import make_draft
from autograder.released import load_notebook, parse_notebook

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
PATHS = sorted((ROOT / "assignments").glob("*/*.ipynb"))


def only(notebook: Notebook, solved: Mapping[str, str], question: str) -> Submission:
    """The release with the solution of one question."""
    cells = tuple(
        dataclasses.replace(cell, source=solved[cell.id], origin=Origin.STUDENT)
        if cell.role is Role.SOLUTION and cell.question == question
        else cell
        for cell in notebook.cells
    )
    return Submission(student=question, assignment=notebook.assignment, notebook=notebook.name, cells=cells)


def earned(plan: GradingPlan, submission: Submission) -> dict[str, float]:
    """Question to points, where there are any."""
    result = grade_one(plan, submission)
    return {outcome.question.id: outcome.points for outcome in result.questions if outcome.points}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_question_alone_earns_its_points(path: Path) -> None:
    """Exactly its own, whatever other questions' functions its solution calls."""
    notebook = load_notebook(COURSE, path.parent.name, path.stem)
    staged = parse_notebook(make_draft(COURSE, notebook.assignment).staged[notebook.name])
    solved = {cell.id: without_markers(cell.source) for cell in staged.cells if cell.role is Role.SOLUTION}
    # The code that is graded is ours: any wall will do.
    plan = plan_grading(COURSE, notebook, b"one question alone", minimum=SANDBOX_LEVELS[0])
    automatic = [question for question in notebook.questions if not question.manual]
    found = {question.id: earned(plan, only(notebook, solved, question.id)) for question in automatic}
    assert found == {question.id: {question.id: question.points} for question in automatic}
