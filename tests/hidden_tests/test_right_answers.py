"""Right answers pass every hidden test, in whatever style they are written, whatever the seed."""

from __future__ import annotations

import pytest

from autograder.config import load_course
from autograder.model import Verdict
from autograder.released import load_notebook
from tests.conftest import ROOT
from tests.hidden_tests.graded import CHECKED, GRADED, RELEASED, each_notebook, each_released, for_each
from tests.hidden_tests.harness import run


def not_passed(results):
    return {
        test: (result.verdict, result.message, result.staff)
        for test, result in results.items()
        if result.verdict is not Verdict.PASSED
    }


@for_each("seed", lambda graded: range(20))
def test_the_reference_passes_on_every_seed(collected, graded, seed):
    """No verdict on a right answer hangs on the course's secret."""
    for question in graded.questions:
        assert not_passed(run(collected(graded, seed), graded.right, question)) == {}


@for_each("style,question", lambda graded: graded.styles)
def test_other_styles_pass(collected, graded, style, question):
    """Windows, shifts, hand-made strides, FFT, plain loops, NumPy integers and named tuples are right answers too."""
    for seed in (0, 1):
        functions = graded.right | dict(graded.alternatives[style])
        assert not_passed(run(collected(graded, seed), functions, question)) == {}


@pytest.mark.slow
@for_each("seed", lambda graded: range(2, 20))
def test_other_styles_pass_on_every_seed(collected, graded, seed):
    """No verdict on another style hangs on the course's secret."""
    for style, question in graded.styles:
        functions = graded.right | dict(graded.alternatives[style])
        assert not_passed(run(collected(graded, seed), functions, question)) == {}, style


@each_notebook
def test_styles_are_many(graded):
    """There are at least three for each question, and each function is written in at least three of them."""
    assert len(graded.alternatives) >= 3 * len(graded.questions)
    for names in graded.questions.values():
        for name in names:
            assert sum(name in functions for functions in graded.alternatives.values()) >= 3, name


@for_each("name", lambda graded: graded.sources)
def test_library_versions_pass_and_stand_alone(collected, graded, name):
    """What replaces a student's function is right, and its text needs nothing around it."""
    scope: dict[str, object] = {}
    exec(graded.sources[name], scope)
    (question,) = (question for question, names in graded.questions.items() if name in names)
    assert not_passed(run(collected(graded), graded.right | {name: scope[name]}, question)) == {}


@each_released
def test_library_covers_what_other_questions_use(graded):
    """There is a version of every function that another question builds on, and of no other."""
    notebook = load_notebook(load_course(ROOT), graded.assignment, graded.name)
    used = {name for question in notebook.questions for name in question.uses}
    assert set(graded.sources) == {name for question in used for name in graded.questions[question]}


def test_every_release_is_graded_and_checked():
    """No notebook goes out without all that grades it, and the tests here cover them all."""
    released = {(path.parent.name, path.stem) for path in (ROOT / "assignments").glob("*/*.ipynb")}
    assert {(graded.assignment, graded.name) for graded in RELEASED} == released
    assert set(RELEASED) <= set(CHECKED) <= set(GRADED)


@each_released
def test_questions_are_those_of_the_notebook(graded):
    """The release asks for the same functions."""
    notebook = load_notebook(load_course(ROOT), graded.assignment, graded.name)
    asked = {question.id: question.functions for question in notebook.questions if not question.manual}
    assert asked == dict(graded.questions)
