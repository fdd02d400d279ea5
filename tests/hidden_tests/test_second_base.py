"""Mistakes made on the second base are noticed like those on the first, and answer like them."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.sliding_windows.detector import Detector, Scene, all_patches
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes import MISTAKES
from autograder.hidden_tests.a1_convolution.sliding_windows.second import NOT_ON_SECOND, SECOND
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.windows import RIGHT_AGAIN
from autograder.model import Verdict
from autograder.sandbox.protocol import Raised, Record
from tests.hidden_tests.harness import QUESTIONS, InProcess, calls_by_test, run

LISTED = {mistake.id: mistake for mistake in MISTAKES}


def test_every_mistake_is_made_twice():
    """Each listed mistake is written on the second base, or there is a reason why it can't be; in the same function."""
    assert set(SECOND) | set(NOT_ON_SECOND) == set(LISTED)
    assert not set(SECOND) & set(NOT_ON_SECOND)
    for id, functions in SECOND.items():
        assert set(functions) == set(LISTED[id].functions), id


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_second_base_is_right(hidden_by_seed, question):
    """Without a step done otherwise it passes everything."""
    for seed in (0, 1):
        results = run(hidden_by_seed(seed), RIGHT_AGAIN, question)
        assert {r.test.id: r.message for r in results.values() if r.verdict is not Verdict.PASSED} == {}


@pytest.mark.parametrize("id", SECOND)
def test_a_mistake_on_the_second_base_is_noticed(hidden, id):
    """It fails a hidden test of its question, and none of the tests finds fault with the grader."""
    results = run(hidden, RIGHT_AGAIN | dict(SECOND[id]), LISTED[id].question)
    verdicts = {result.verdict for result in results.values()}
    assert Verdict.GRADER_FAULT not in verdicts
    assert verdicts != {Verdict.PASSED}


def plain(value):
    """Named tuples as tuples, NumPy numbers as Python's."""
    if isinstance(value, Record):
        return tuple(plain(entry) for _, entry in value.fields)
    if isinstance(value, tuple | list):
        return type(value)(map(plain, value))
    return value.item() if isinstance(value, np.generic) else value


def alike(first, second, name):
    """Whether two replies are the same up to rounding; detectors are the same if they fire alike."""
    if isinstance(first, Raised) or isinstance(second, Raised):
        return isinstance(first, Raised) and isinstance(second, Raised) and first.types == second.types
    if not same(first.value, second.value, name):
        return False
    return (first.arguments is None) or all(map(same, first.arguments, second.arguments, [""] * 9))


def same(first, second, name):
    first, second = plain(first), plain(second)
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        if (first.shape, first.dtype) != (second.shape, second.dtype):
            return False
        if np.issubdtype(first.dtype, np.inexact):
            rtol = 1e-7 if first.dtype.itemsize > 4 else 1e-3
            scale = np.abs(first[np.isfinite(first)]).max(initial=1.0)
            return bool(np.allclose(first, second, rtol=rtol, atol=rtol * scale, equal_nan=True))
        return np.array_equal(first, second)
    if name == "square_detector":
        return [a.shape for a in first] == [a.shape for a in second] and (
            first[0].ndim != 4 or fires_alike(first, second)
        )
    if isinstance(first, tuple | list):
        return type(first) is type(second) and len(first) == len(second) and all(map(same, first, second, [""] * 99))
    return type(first) is type(second) and (first == second or (first is None and second is None))


def fires_alike(first, second):
    scene = Scene.from_images(np.pad(all_patches()[::7], ((0, 0), (0, 1), (0, 1))))
    return np.array_equal(*(Detector.from_weights(*weights).fires(scene) for weights in (first, second)))


def test_both_bases_answer_alike(hidden):
    """At least 90 % of the mistakes give the same replies on both bases to every call of the hidden tests."""
    calls = calls_by_test(hidden, RIGHT)
    made = {}
    for test in calls.values():
        for name, args, options in test:
            made.setdefault(name, []).append((args, options))
    differing = {}
    for id, functions in SECOND.items():
        for name in functions:
            sessions = InProcess(dict(LISTED[id].functions)), InProcess(dict(functions))
            for number, (args, options) in enumerate(made[name]):
                replies = [session.call(name, args, options, return_arguments=True) for session in sessions]
                if not alike(*replies, name):
                    differing.setdefault(id, []).append((number, [str(reply)[:300] for reply in replies]))
    print(f"{len(SECOND) - len(differing)} of {len(SECOND)} mistakes answer alike; not: {', '.join(differing)}")
    assert len(differing) <= 0.1 * len(SECOND), differing
