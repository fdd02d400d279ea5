"""Every question can be asked all at once: its calls are those of a right answer, and none tells what is expected."""

from __future__ import annotations

from autograder.config import load_course
from autograder.grading.engine import close_graders, open_grader
from autograder.grading.plan import plan_grading
from autograder.released import load_notebook
from tests.conftest import ROOT
from tests.hidden_tests.graded import each_released


@each_released
def test_all_questions_have_a_script(graded):
    """One that has none is asked call by call, which takes longer; see `autograder/grading/rehearsal.py`."""
    course = load_course(ROOT)
    notebook = load_notebook(course, graded.assignment, graded.name)
    grader = open_grader(plan_grading(course, notebook, b"scripts", minimum="rlimits"))
    automatic = [question.id for question in notebook.questions if not question.manual]
    try:
        assert [name for name in automatic if grader.rehearsals.script(name, grader.tests) is None] == []
    finally:
        close_graders()
