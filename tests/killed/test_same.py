"""The same submissions get the same verdicts: whoever comes first, however many graders there are, behind any wall."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType

import pytest

import autograder.hidden_tests
from autograder.grading import engine
from autograder.grading import plan as planning
from autograder.grading.engine import close_graders, grade_class
from autograder.grading.rehearsal import Rehearsals
from autograder.intake.collect import collect
from autograder.model import NotebookResult
from autograder.released import load_notebooks
from autograder.sandbox.levels import probe
from autograder.sandbox.place import Place
from tests.killed.course import ASSIGNMENT, left_behind
from tests.killed.runs import log


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2", "3", "5"])
def test_any_number_of_processes(demo, zygote, undisturbed, jobs):
    """All that is left behind is the same, in a new run and in one that grades anew."""
    for more in ((), ("--fresh",)):
        assert zygote.grade(demo, "--jobs", jobs, *more) == 0, log(demo)
        assert left_behind(demo.course) == undisturbed.left


def _by_student(results: Iterable[NotebookResult]) -> dict[str, NotebookResult]:
    return {result.submission.student: replace(result, sandbox_level="") for result in results}


def test_any_order_behind_any_wall(handed_in, monkeypatch):
    """Verdicts, points, messages and printed text, of right, wrong and hostile answers."""
    monkeypatch.setattr(planning, "hidden_tests_folder", lambda: handed_in.hidden_tests)
    monkeypatch.setattr(autograder.hidden_tests, "__path__", [str(handed_in.hidden_tests)])
    # A namespace package of this course is nothing for other tests.
    monkeypatch.setitem(sys.modules, f"autograder.hidden_tests.{ASSIGNMENT}", ModuleType(ASSIGNMENT))
    monkeypatch.setattr(sys.modules[f"autograder.hidden_tests.{ASSIGNMENT}"], "__path__", [], raising=False)
    course = handed_in.course
    notebooks = load_notebooks(course, ASSIGNMENT)
    submissions = list(collect(course.submitted, ASSIGNMENT, notebooks))
    rng = random.Random(1)
    found = {}
    for level in probe().levels:
        plans = {
            notebook.name: planning.plan_grading(course, notebook, b"secret", level=level, minimum="rlimits")
            for notebook in notebooks
        }
        rng.shuffle(submissions)
        results = list(grade_class(plans, submissions, jobs=1))
        close_graders()
        assert [result.submission for result in results] == submissions
        assert {result.sandbox_level for result in results} == {level}
        found[level] = _by_student(results)
    # Each call when its turn comes, though all of them are known.
    monkeypatch.setattr(Rehearsals, "script", lambda self, question, tests: None)
    found["live"] = _by_student(grade_class(plans, submissions, jobs=1))
    close_graders()
    # As where a device survives no fork: the notebook is loaded again instead.
    monkeypatch.setattr(engine, "place_for", lambda device: Place(device=device, forks=False))
    found["in place"] = _by_student(grade_class(plans, submissions, jobs=1))
    close_graders()
    expected = found[probe().levels[0]]
    assert len(expected) == 9
    for level, graded in found.items():
        assert graded == expected, level
