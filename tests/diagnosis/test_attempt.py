"""A transcript is bounded: one answer can't fill the grader's memory."""

from __future__ import annotations

import numpy as np
import torch

from autograder.diagnosis.attempt import MAX_BYTES, MAX_CALLS, Call, Case, Recorder, viewed
from autograder.model import TestKind
from autograder.sandbox.protocol import Given, Raised, Returned


def test_calls_belong_to_the_case_in_which_they_were_made() -> None:
    """Each finished case has its own calls, in order, with the size of what was sent."""
    recorder = Recorder()
    recorder.note("f", (np.zeros(3), 1), Returned(value=1))
    recorder.note("g", (), Returned(value=2))
    first = recorder.finish(TestKind.VALUES, failed=True)
    second = recorder.finish(TestKind.SHAPE, failed=False)
    assert first.calls is not None
    assert [(call.name, call.reply.value) for call in first.calls] == [("f", 1), ("g", 2)]  # type: ignore[union-attr]
    assert first.calls[0].sent_bytes > first.calls[1].sent_bytes
    assert first.calls_of({"g"}) == first.calls[1:]
    assert (first.failed, second.failed, second.calls) == (True, False, ())


def test_too_large_replies_are_not_kept() -> None:
    """A case with more bytes than may be kept has no transcript, and the next case has one again."""
    recorder = Recorder()
    recorder.note("f", (), Returned(value=np.zeros(MAX_BYTES // 8 + 1)))
    assert recorder.finish(TestKind.VALUES, failed=True).calls is None
    recorder.note("f", (), Returned(value=np.zeros(3)))
    assert recorder.finish(TestKind.VALUES, failed=True).calls is not None


def test_too_many_calls_are_not_kept() -> None:
    """A case with more calls than may be kept has no transcript."""
    recorder = Recorder()
    for _ in range(MAX_CALLS + 1):
        recorder.note("f", (), Returned(value=0))
    assert recorder.finish(TestKind.VALUES, failed=True).calls is None


def test_digits_of_arguments() -> None:
    """The coarsest floating-point number counts, wherever it is; whole numbers are exact."""
    whole = Returned(value=1)
    assert Call("f", whole, ((np.zeros(2), 1, np.zeros(3, np.int32)), {})).digits == 8
    assert Call("f", whole, ((np.zeros(2),), {"w": [np.zeros(1, np.float32)]})).digits == 4
    assert Call("f", whole, (np.float16(1), np.zeros(1, np.float32))).digits == 2
    assert Call("f", whole, ([torch.zeros(2)], torch.zeros(2, dtype=torch.int16))).digits == 4
    assert Call("f", whole, (torch.zeros(2, dtype=torch.int16), torch.zeros(1).double())).digits == 8


def test_a_function_as_argument_is_weighed_by_its_names() -> None:
    """What a text refers to was sent as well: its bytes count, and its digits."""
    whole = Returned(value=1)
    small, large = (Call("f", whole, (Given("lambda x: x @ w", {"w": np.zeros(n, np.float32)}),)) for n in (1, 100))
    assert large.sent_bytes - small.sent_bytes == 4 * 99
    assert large.digits == 4


def test_a_view_takes_the_place_of_what_was_returned() -> None:
    """Only results of the functions that have a view change; errors, verdicts and lost cases stay."""
    error = Raised(types=("ValueError",), message="")
    calls = (Call("f", Returned(value=3)), Call("g", Returned(value=3)), Call("f", error))
    lost = Case(failed=True, kind=TestKind.VALUES, calls=None)
    seen = viewed({"a": Case(failed=True, kind=TestKind.SHAPE, calls=calls), "b": lost}, {"f": lambda value: value > 2})
    assert [call.reply for call in seen["a"].calls or ()] == [Returned(value=True), Returned(value=3), error]
    assert (seen["a"].failed, seen["a"].kind, seen["b"]) == (True, TestKind.SHAPE, lost)
