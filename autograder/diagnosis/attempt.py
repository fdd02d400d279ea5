"""What one answer replied to each hidden test: a transcript, kept only while grading."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.model import TestKind
from autograder.sandbox.protocol import Given, Record, Reply, Returned

# What one case may keep. Hidden tests ask small questions; an answer that is far larger is not recognised by it.
MAX_CALLS = 256
MAX_BYTES = 1 << 20
_DOUBLE = 8


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a student's function and what came back.

    Attributes:
        name: Of the function.
        reply: What came back.
        arguments: What was sent.
    """

    name: str
    reply: Reply
    arguments: Any = ()

    @property
    def sent_bytes(self) -> int:
        """Size of the arguments."""
        return _weigh(self.arguments)[0]

    @property
    def digits(self) -> int:
        """Bytes of the coarsest floating-point number among the arguments; 8 if there is none."""
        return _weigh(self.arguments)[1]


@dataclass(frozen=True, slots=True)
class Case:
    """One hidden test of an attempt.

    Attributes:
        failed: Whether it came to a verdict other than PASSED.
        kind: What the test looks at.
        calls: In order; None if they were too many or too large to keep.
    """

    failed: bool
    kind: TestKind
    calls: tuple[Call, ...] | None

    @property
    def counted(self) -> bool:
        """Whether it looked at what a call took, so that equal replies may come to different verdicts."""
        return any(isinstance(call.reply, Returned) and call.reply.count is not None for call in self.calls or ())

    def calls_of(self, functions: Collection[str]) -> tuple[Call, ...]:
        """The kept calls of some functions."""
        return tuple(call for call in self.calls or () if call.name in functions)


Attempt = Mapping[str, Case]
"""One answer to one question: id of the hidden test to what happened there."""

View = Callable[[Any], Any]
"""What a returned value amounts to, where many different ones are right."""


def viewed(attempt: Attempt, views: Mapping[str, View]) -> Attempt:
    """An attempt in which some functions' results are replaced by what they amount to.

    Args:
        attempt: As recorded.
        views: Name of a function to its view.
    """
    if not views:
        return attempt
    return {
        test: case if case.calls is None else replace(case, calls=viewed_calls(case.calls, views))
        for test, case in attempt.items()
    }


def viewed_calls(calls: Sequence[Call], views: Mapping[str, View]) -> tuple[Call, ...]:
    """The same of single calls."""
    return tuple(_viewed(call, views) for call in calls)


def _viewed(call: Call, views: Mapping[str, View]) -> Call:
    if call.name not in views or not isinstance(call.reply, Returned):
        return call
    return replace(call, reply=replace(call.reply, value=views[call.name](call.reply.value)))


class Recorder:
    """Gathers the calls of one case, as many as may be kept."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._bytes = 0

    def note(self, name: str, arguments: Any, reply: Reply) -> None:
        """Keep one reply, if there is room."""
        if isinstance(reply, Returned):
            self._bytes += _bytes(reply.value) + _bytes(reply.arguments)
        if self._bytes <= MAX_BYTES and len(self._calls) <= MAX_CALLS:
            self._calls.append(Call(name, reply, arguments))

    def finish(self, kind: TestKind, *, failed: bool) -> Case:
        """The case so far; the next one begins."""
        whole = self._bytes <= MAX_BYTES and len(self._calls) <= MAX_CALLS
        case = Case(failed, kind, tuple(self._calls) if whole else None)
        self._calls, self._bytes = [], 0
        return case


def _bytes(value: Any) -> int:
    # Nearly every reply is one of these, and nearly no reply is ever looked at again.
    kind = type(value)
    if kind is np.ndarray:
        return int(value.nbytes)
    return 8 if value is None or kind is int or kind is float else _weigh(value)[0]


def _weigh(value: Any) -> tuple[int, int]:
    """Bytes of a value and all in it, and bytes of the coarsest floating-point number among them."""
    weight, coarsest = 0, _DOUBLE
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        match entry:
            case np.ndarray() | np.generic():
                weight += entry.nbytes
                if entry.dtype.kind == "f":
                    coarsest = min(coarsest, entry.dtype.itemsize)
            case int() | float() | None:
                weight += 8
            case list() | tuple():
                weight += 8 * len(entry)
                waiting.extend(entry)
            case dict():
                waiting.extend(entry.keys())
                waiting.extend(entry.values())
            case str():
                weight += len(entry)
            case Given():
                waiting.extend((entry.text, *entry.names.values()))
            case Record():
                waiting.extend([field for _, field in entry.fields])
            case _:
                weight += int(getattr(entry, "nbytes", 8))
                # A tensor; torch need not be loaded to say so.
                if getattr(entry, "is_floating_point", bool)():
                    coarsest = min(coarsest, int(entry.itemsize))
    return weight, coarsest
