"""One question is measured, through the real worker and wire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.diagnosis.material import load_material
from autograder.errors import GraderFault
from autograder.grading import engine
from autograder.grading.engine import spread
from autograder.grading.hidden import HiddenTests
from autograder.hidden_tests.a1_convolution.sliding_windows.library import SOURCES
from autograder.measure.question import Task, measure_question
from tests.diagnosis.answers import handed_in, plan_for, sliding_windows

RIGHT = SOURCES["conv_output_size"] + "\n\n" + SOURCES["same_padding"]


@pytest.fixture
def task(real_course):
    notebook = sliding_windows(real_course)
    question = next(entry for entry in notebook.questions if entry.id == "conv_output_size")
    solution = handed_in(notebook, {"conv_output_size": RIGHT})
    plan = plan_for(real_course, notebook, b"measured")
    return Task(plan=plan, question=question, solution=solution, seeds=1, bugs=12)


def test_measured(task):
    """All listed mistakes are caught, each by a case that is named; bugs fail, and none is wrongly called."""
    measured = measure_question(task)
    assert measured.question == "conv_output_size"
    assert len(measured.mistakes) >= 10
    assert measured.missed == ()
    assert {mistake for mistake, _ in measured.smallest} == set(measured.mistakes)
    assert all("[" in test or test.startswith("test_") for _, test in measured.smallest)
    assert set(measured.visibly) <= set(measured.mistakes)
    assert measured.unrelated_bugs >= 6
    assert measured.accused == ()
    assert measured.refused == ()


def test_what_does_not_run_is_refused(task, real_course, monkeypatch):
    """A module that fails in the worker is named; nothing is measured without it."""
    whole = load_material(task.plan.notebook)
    broken = replace(whole.cells[-2], source="import nowhere_to_be_found")
    cells = (*whole.cells[:-2], broken, whole.cells[-1])
    monkeypatch.setattr(engine, "load_material", lambda notebook: replace(whole, cells=cells))
    with pytest.raises(GraderFault, match=r"listed-\d+ failed: .*nowhere_to_be_found"):
        measure_question(replace(task, plan=plan_for(real_course, task.plan.notebook, b"broken")))


def test_right_answers_are_asked_with_every_seed(task, monkeypatch):
    """Each seed brings other inputs, the same ones every time."""
    drawn = []

    def noted(self, secret):
        drawn.append(secret)
        draw_anew(self, secret)

    draw_anew = HiddenTests.draw_anew
    monkeypatch.setattr(HiddenTests, "draw_anew", noted)
    for _ in range(2):
        measured = measure_question(replace(task, seeds=4, bugs=0))
        assert measured.refused == ()
    # One more than seeds: the inputs that judge names.
    assert len(set(drawn)) == 5
    assert drawn[:5] == drawn[5:]


def test_work_is_spread_in_order():
    """Results come in the order of the work, in this process or in others."""
    assert spread(abs, [-3, 2, -1], jobs=1) == (3, 2, 1)
    assert spread(abs, [-3, 2, -1], jobs=2) == (3, 2, 1)
    assert spread(abs, []) == ()
