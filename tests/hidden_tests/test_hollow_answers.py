"""Answers without content earn nothing: not by values, and not by shapes, errors or purity either."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.grading.score import score
from autograder.model import Question, Verdict
from autograder.testing import Judged, Student, expect_pure
from tests.hidden_tests.graded import each_notebook, for_each
from tests.hidden_tests.harness import InProcess, run


def stub(*_args, **_kwargs):
    raise NotImplementedError("Replace this line with your code.")


def always_raises(*_args, **_kwargs):
    raise ValueError("no")


def shaped_like_the_right_one(fill):
    """Answer with the right types and shapes, all numbers being `fill`."""

    def build(graded, name):
        def hollow(*args, **kwargs):
            return emptied(graded.right[name](*args, **kwargs))

        return hollow

    def emptied(value):
        if isinstance(value, tuple):
            return tuple(emptied(entry) for entry in value)
        if isinstance(value, torch.Tensor):
            return torch.full_like(value, fill)
        if isinstance(value, float):
            return float(fill)
        return np.full_like(value, fill) if isinstance(value, np.ndarray) else int(fill)

    return build


def not_a_number(*args, **_kwargs):
    """NaN in the shape of the first input, and of its kind."""
    if args and isinstance(args[0], torch.Tensor):
        return torch.full_like(args[0], torch.nan)
    return np.full(np.shape(args[0]) if args and isinstance(args[0], np.ndarray) else 1, np.nan)


OF_THE_LECTURE = {
    "conv_counts": (760, 768_000, 10_240),
    "receptive_field": (11, 2, 0),
    "correlate1d": np.array([1, -2, 2, 0]),
    "convolve1d": np.array([-1, 2, -2, 0]),
    "count_weights": (3, 12, 24),
}
HOLLOW = {
    "None": lambda graded, name: lambda *args, **kwargs: None,
    "the first input": lambda graded, name: lambda *args, **kwargs: args[0] if args else None,
    "the second input": lambda graded, name: lambda *args, **kwargs: args[1] if len(args) > 1 else None,
    "always raises": lambda graded, name: always_raises,
    "zeros": shaped_like_the_right_one(0),
    "ones": shaped_like_the_right_one(1),
    "random numbers": shaped_like_the_right_one(np.pi),
    "NaN": lambda graded, name: not_a_number,
    "a string": lambda graded, name: lambda *args, **kwargs: "0",
    "the numbers of the lecture": lambda graded, name: lambda *args, **kwargs: OF_THE_LECTURE.get(name, 3),
} | {f"always {n}": lambda graded, name, n=n: lambda *args, **kwargs: n for n in range(13)}


def points(hidden, functions, question):
    """Share of a question's points."""
    declared = Question(id=question, title="", points=1.0)
    return score(declared, list(run(hidden, functions, question).values())).points


@for_each("question", lambda graded: graded.questions)
def test_hollow_answers_earn_nothing(collected, graded, question):
    """No points, for several seeds."""
    for kind, build in HOLLOW.items():
        functions = {name: build(graded, name) for name in graded.questions[question]}
        for seed in range(3):
            assert points(collected(graded, seed), functions, question) == 0, kind


@for_each("question", lambda graded: graded.questions)
def test_hollow_answers_are_never_our_fault(collected, graded, question):
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
        torch.zeros(2),
        (torch.zeros(2), None),
        (torch.zeros(2),) * 3,
        torch.zeros(2, dtype=torch.complex64),
    ]
    for value in odd:
        functions = {name: lambda *args, value=value, **kwargs: value for name in graded.questions[question]}
        results = run(collected(graded), functions, question).values()
        assert [result.staff for result in results if result.verdict is Verdict.GRADER_FAULT] == []
        assert not any(result.verdict is Verdict.PASSED and result.test.kind == "values" for result in results)


@pytest.mark.parametrize("value", [object(), 1j, np.array([1j]), {1}], ids=["object", "complex", "array", "set"])
def test_odd_results_of_equal_calls_are_judged(value):
    """A function that turns odd where equal calls are compared fails; it does not become our fault."""
    function = Student(lambda: InProcess({"f": lambda x: value})).f
    with pytest.raises(Judged) as judged:
        expect_pure(function, 1.0)
    assert judged.value.verdict is Verdict.FAILED


@for_each("question", lambda graded: graded.questions)
def test_the_stub_is_not_implemented(collected, graded, question):
    """Every hidden test of an untouched question says so."""
    results = run(collected(graded), dict.fromkeys(graded.questions[question], stub), question)
    assert {result.verdict for result in results.values()} == {Verdict.NOT_IMPLEMENTED}


@for_each("question", lambda graded: [question for question, names in graded.questions.items() if len(names) > 1])
def test_a_part_of_a_question_earns_its_share(collected, graded, question):
    """Every single one of several functions earns something, and all but one never all."""
    names = graded.questions[question]
    for name in names:
        alone = {other: graded.right[name] if other == name else stub for other in names}
        others = {other: stub if other == name else graded.right[other] for other in names}
        assert 0.4 / len(names) <= points(collected(graded), alone, question) <= 0.8, name
        assert points(collected(graded), others, question) <= 1 - 0.4 / len(names), name


@each_notebook
def test_the_whole_answer_earns_all_points(collected, graded):
    """Full points for the reference."""
    found = {question: points(collected(graded), graded.right, question) for question in graded.questions}
    assert found == dict.fromkeys(graded.questions, 1.0)
