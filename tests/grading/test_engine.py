"""The engine: faults of ours are tried again, then held; they never end a run and never cost a point."""

from __future__ import annotations

import pytest

from autograder.config import load_course
from autograder.grading import engine
from autograder.grading.crew import Lost
from autograder.grading.engine import grade_class, grade_one
from autograder.grading.plan import plan_grading
from autograder.model import NotebookResult, Submission, Verdict
from autograder.released import load_notebook
from tests.conftest import ROOT

SUBMISSION = Submission(student="ada", assignment="a1_convolution", notebook="sliding_windows")


@pytest.fixture(scope="module")
def plan():
    course = load_course(ROOT)
    notebook = load_notebook(course, SUBMISSION.assignment, SUBMISSION.notebook)
    yield plan_grading(course, notebook, b"secret", minimum="rlimits")
    engine.open_grader.cache_clear()


def verdicts(result: NotebookResult) -> set[Verdict]:
    return {test.verdict for question in result.questions for test in question.tests}


@pytest.mark.parametrize("faults", [1, 2])
def test_a_fault_of_ours_is_tried_again(plan, monkeypatch, faults):
    """Once more with a new sandbox; a second fault holds the submission, and nothing is tried a third time."""
    seen = []
    graded = NotebookResult(submission=SUBMISSION, questions=(), sandbox_level="rlimits")

    def grade(submission, notebook, tests, sandbox, *rest):
        seen.append(sandbox)
        if len(seen) <= faults:
            raise RuntimeError("the forkserver is gone")
        return graded

    monkeypatch.setattr(engine, "grade_submission", grade)
    result = grade_one(plan, SUBMISSION)
    assert len(seen) == 2
    assert seen[0] is not seen[1]
    if faults == 1:
        assert result == graded
    else:
        assert verdicts(result) == {Verdict.GRADER_FAULT}
        assert result.points_pending == result.max_points


def test_a_process_that_died_holds_its_submission(plan, monkeypatch):
    """Every automatic point waits for a person, staff read why, and the run goes on."""
    monkeypatch.setattr(engine, "side_by_side", lambda task, work, jobs: iter([(0, Lost("it was killed"))]))
    (result,) = grade_class({SUBMISSION.notebook: plan}, [SUBMISSION])
    assert verdicts(result) == {Verdict.GRADER_FAULT}
    assert {test.staff for question in result.questions for test in question.tests} == {"it was killed"}
