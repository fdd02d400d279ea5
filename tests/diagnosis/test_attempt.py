"""A transcript is bounded: one answer can't fill the grader's memory."""

from __future__ import annotations

import numpy as np

from autograder.diagnosis.attempt import MAX_BYTES, MAX_CALLS, Recorder
from autograder.model import TestKind
from autograder.sandbox.protocol import Returned


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
