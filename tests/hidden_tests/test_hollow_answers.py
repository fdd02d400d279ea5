"""Answers without content earn nothing: not by values, and not by shapes, errors or purity either."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.grading.score import score
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.model import Question, Verdict
from autograder.testing import Judged, Student, expect_pure
from tests.hidden_tests.harness import POINTS, QUESTIONS, InProcess, run


def stub(*_args, **_kwargs):
    raise NotImplementedError("Replace this line with your code.")


def always_raises(*_args, **_kwargs):
    raise ValueError("no")


def shaped_like_the_right_one(fill):
    """Answer with the right types and shapes, all numbers being `fill`."""

    def build(name):
        def hollow(*args, **kwargs):
            return emptied(RIGHT[name](*args, **kwargs))

        return hollow

    def emptied(value):
        if isinstance(value, tuple):
            return tuple(emptied(entry) for entry in value)
        return np.full_like(value, fill) if isinstance(value, np.ndarray) else int(fill)

    return build


HOLLOW = {
    "None": lambda name: lambda *args, **kwargs: None,
    "the first input": lambda name: lambda *args, **kwargs: args[0] if args else None,
    "the second input": lambda name: lambda *args, **kwargs: args[1] if len(args) > 1 else None,
    "always raises": lambda name: always_raises,
    "zeros": shaped_like_the_right_one(0),
    "ones": shaped_like_the_right_one(1),
    "random numbers": shaped_like_the_right_one(np.pi),
    "NaN": lambda name: lambda *args, **kwargs: np.full(np.shape(args[0]) if args else 1, np.nan),
    "a string": lambda name: lambda *args, **kwargs: "0",
    "the numbers of the lecture": lambda name: (
        lambda *args, **kwargs: {
            "conv_counts": (760, 768_000, 10_240),
            "receptive_field": (11, 2, 0),
            "correlate1d": np.array([1, -2, 2, 0]),
            "convolve1d": np.array([-1, 2, -2, 0]),
        }.get(name, 3)
    ),
} | {f"always {number}": lambda name, number=number: lambda *args, **kwargs: number for number in range(13)}


def points(hidden, functions, question):
    declared = Question(id=question, title="", points=POINTS[question])
    return score(declared, list(run(hidden, functions, question).values())).points


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kind", HOLLOW)
def test_hollow_answers_earn_nothing(hidden_by_seed, kind, question):
    """No points, for several seeds."""
    functions = {name: HOLLOW[kind](name) for name in QUESTIONS[question]}
    for seed in range(3):
        assert points(hidden_by_seed(seed), functions, question) == 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_hollow_answers_are_never_our_fault(hidden, question):
    """Whatever comes back, it is judged: a fault of ours would leave points pending."""
    odd = [
        complex(1, 2),
        {"a": 1},
        [[1, 2], [3]],
        {1, 2},
        (1,),
        np.array(["a"]),
        np.array([None]),
        object(),
        b"0",
        (1, 2, 3, 4),
        (np.zeros(2),) * 2,
        (np.zeros(2),) * 3,
        (np.zeros(2),) * 4,
        ([[1], [2, 3]],) * 4,
    ]
    for value in odd:
        functions = {name: lambda *args, value=value, **kwargs: value for name in QUESTIONS[question]}
        results = run(hidden, functions, question).values()
        assert [result.staff for result in results if result.verdict is Verdict.GRADER_FAULT] == []
        assert not any(result.verdict is Verdict.PASSED and result.test.kind == "values" for result in results)


@pytest.mark.parametrize("value", [object(), 1j, np.array([1j]), {1}], ids=["object", "complex", "array", "set"])
def test_odd_results_of_equal_calls_are_judged(value):
    """A function that turns odd where equal calls are compared fails; it does not become our fault."""
    function = Student(lambda: InProcess({"f": lambda x: value})).f
    with pytest.raises(Judged) as judged:
        expect_pure(function, 1.0)
    assert judged.value.verdict is Verdict.FAILED


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_stub_is_not_implemented(hidden, question):
    """Every hidden test of an untouched question says so."""
    results = run(hidden, dict.fromkeys(QUESTIONS[question], stub), question)
    assert {result.verdict for result in results.values()} == {Verdict.NOT_IMPLEMENTED}


@pytest.mark.parametrize("question", [question for question, names in QUESTIONS.items() if len(names) == 2])
@pytest.mark.parametrize("done", [0, 1])
def test_half_a_pair_earns_its_share(hidden, question, done):
    """One of two functions earns between a quarter and three quarters of the points."""
    functions = {name: RIGHT[name] if index == done else stub for index, name in enumerate(QUESTIONS[question])}
    assert 0.2 <= points(hidden, functions, question) / POINTS[question] <= 0.8


def test_the_whole_answer_earns_all_points(hidden):
    """Full points for the reference."""
    assert {question: points(hidden, RIGHT, question) for question in QUESTIONS} == POINTS
