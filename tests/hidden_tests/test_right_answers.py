"""Right answers pass every hidden test, in whatever style they are written, whatever the seed."""

from __future__ import annotations

import pytest

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives import ALTERNATIVES
from autograder.hidden_tests.a1_convolution.sliding_windows.library import SOURCES
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.model import Verdict
from tests.hidden_tests.harness import QUESTIONS, run

CASES = [
    (style, question)
    for style, functions in ALTERNATIVES.items()
    for question, names in QUESTIONS.items()
    if set(names) & set(functions)
]


def not_passed(results):
    return {
        test: (result.verdict, result.message, result.staff)
        for test, result in results.items()
        if result.verdict is not Verdict.PASSED
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_reference_passes_on_every_seed(hidden_by_seed, seed):
    """No verdict on a right answer hangs on the course's secret."""
    for question in QUESTIONS:
        assert not_passed(run(hidden_by_seed(seed), RIGHT, question)) == {}


@pytest.mark.parametrize(("style", "question"), CASES, ids=[f"{style} {question}" for style, question in CASES])
def test_other_styles_pass(hidden_by_seed, style, question):
    """Windows, shifts, hand-made strides, FFT, plain loops, NumPy integers and named tuples are right answers too."""
    for seed in (0, 1):
        assert not_passed(run(hidden_by_seed(seed), RIGHT | dict(ALTERNATIVES[style]), question)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 20))
def test_other_styles_pass_on_every_seed(hidden_by_seed, seed):
    """No verdict on another style hangs on the course's secret."""
    for style, question in CASES:
        assert not_passed(run(hidden_by_seed(seed), RIGHT | dict(ALTERNATIVES[style]), question)) == {}, style


def test_styles_are_many():
    """There are at least fifty, and each function is written in at least three of them."""
    assert len(ALTERNATIVES) >= 50
    for names in QUESTIONS.values():
        for name in names:
            assert sum(name in functions for functions in ALTERNATIVES.values()) >= 3, name


@pytest.mark.parametrize("name", SOURCES)
def test_library_versions_pass_and_stand_alone(hidden, name):
    """What replaces a student's function is right, and its text needs nothing around it."""
    scope: dict[str, object] = {}
    exec(SOURCES[name], scope)
    (question,) = (question for question, names in QUESTIONS.items() if name in names)
    assert not_passed(run(hidden, RIGHT | {name: scope[name]}, question)) == {}


def test_library_covers_what_later_questions_use():
    """There is a version of every function that another question builds on."""
    assert set(SOURCES) == {"correlate2d", "conv_output_size", "same_padding", "conv2d_forward"}
