"""Submissions with some questions answered, and a grader with inputs of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autograder.config import SANDBOX_LEVELS, Course
from autograder.grading.engine import grade_one
from autograder.grading.plan import GradingPlan, plan_grading
from autograder.model import Notebook, Origin, QuestionResult, Role, Submission
from autograder.released import load_notebook


def sliding_windows(course: Course) -> Notebook:
    """The released notebook."""
    return load_notebook(course, "a1_convolution", "sliding_windows")


def handed_in(notebook: Notebook, answers: Mapping[str, str]) -> Submission:
    """Each question's first answer cell replaced, the others emptied; questions without an answer as released."""
    cells = []
    left = dict(answers)
    for cell in notebook.cells:
        if cell.role is Role.SOLUTION and cell.question in answers:
            source = left.pop(cell.question, "")
            cells.append(replace(cell, source=source, origin=Origin.STUDENT))
        else:
            cells.append(cell)
    return Submission(student="ada", assignment=notebook.assignment, notebook=notebook.name, cells=tuple(cells))


def plan_for(course: Course, notebook: Notebook, secret: bytes = b"diagnosis") -> GradingPlan:
    """A plan with its own inputs, behind whatever wall there is."""
    return plan_grading(course, notebook, secret, minimum=SANDBOX_LEVELS[0])


def graded(plan: GradingPlan, answers: Mapping[str, str]) -> dict[str, QuestionResult]:
    """Question to result."""
    result = grade_one(plan, handed_in(plan.notebook, answers))
    return {entry.question.id: entry for entry in result.questions}
