"""Calls that are made once more, of another answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.grading.hidden import HiddenTests
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import sliding1d
from autograder.measure.replay import Made, calls_made, replay, replies_equal
from autograder.model import Verdict
from autograder.sandbox.protocol import Stopped
from autograder.testing import given
from tests.hidden_tests.graded import Graded
from tests.hidden_tests.harness import InProcess

TESTS = Graded("a1_convolution", "sliding_windows").tests


class Notebook:
    """A worker over plain functions; what replaces them is looked up by name. A call of "stop" stops the session."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self.reports = ()
        self.opened = 0
        self._functions = functions

    def ask(self, *, replacements: Mapping[str, str] | None = None, forbidden: Sequence[str] = ()) -> Any:
        self.opened += 1
        return Stopping(dict(self._functions))

    def close(self) -> None:
        """Nothing to end."""


class Stopping(InProcess):
    def call(self, name, args, kwargs, *, return_arguments=False):
        if name == "stop":
            return Stopped(verdict=Verdict.TIMEOUT, message="")
        return super().call(name, args, kwargs, return_arguments=return_arguments)


def test_a_wrong_answer_is_asked_everything():
    """The calls are those of a right answer, and none is left out where the hidden test would have stopped."""
    with HiddenTests(TESTS, b"replayed") as tests:
        made = calls_made("correlate1d", tests, Notebook(RIGHT))
    assert {call.name for call in made} == {"correlate1d", "convolve1d"}
    right, wrong = (
        replay(made, Notebook(RIGHT | {"correlate1d": function}), {})
        for function in (RIGHT["correlate1d"], sliding1d(turn=np.flip))
    )
    assert [call.name for call in wrong] == [call.name for call in made]
    assert replies_equal(right, right, {})
    assert not replies_equal(right, wrong, {})


def test_one_difference_anywhere_counts():
    """A changed argument in the last call, or a missing call, is a difference."""
    with HiddenTests(TESTS, b"replayed") as tests:
        made = calls_made("correlate1d", tests, Notebook(RIGHT))
    last = [number for number, call in enumerate(made) if call.name == "correlate1d"][-1]
    calls = iter(range(len(made)))

    def late(x, w):
        number = next(calls)
        out = RIGHT["correlate1d"](x, w)
        if number == sum(call.name == "correlate1d" for call in made[:last]):
            x[0] += 1
        return out

    right, changed = (replay(made, Notebook(RIGHT | {"correlate1d": one}), {}) for one in (RIGHT["correlate1d"], late))
    assert not replies_equal(right, changed, {})
    assert not replies_equal(right, right[:-1], {})


def test_functions_as_arguments_are_sent_again():
    """A call whose argument is a text is made once more like any other; what stays in the worker is no difference."""
    made = [Made("apply", (given("lambda x: x @ w", w=np.arange(3.0)), np.ones(3)), {})]
    twice, also, thrice = (
        replay(made, Notebook({"apply": lambda g, x, factor=factor: factor * g(x)}), {}) for factor in (2, 2, 3)
    )
    assert twice[0].reply.value == 6.0
    assert replies_equal(twice, also, {})
    assert not replies_equal(twice, thrice, {})


def test_after_a_stop_there_is_a_new_session():
    """A call that is cut costs its own reply only; each session is prepared."""
    with HiddenTests(TESTS, b"replayed") as tests:
        made = calls_made("conv2d_forward", tests, Notebook(RIGHT))[:3]
    stopped = type(made[0])("stop", (), {})
    notebook, prepared = Notebook(RIGHT), []
    calls = replay((made[0], stopped, made[1]), notebook, {}, before=prepared.append)
    assert [isinstance(call.reply, Stopped) for call in calls] == [False, True, False]
    assert notebook.opened == len(prepared) == 2
