"""What one answer replied to each hidden test: a transcript, kept only while grading."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.model import TestKind
from autograder.sandbox.protocol import Record, Reply, Returned

# What one case may keep. Hidden tests ask small questions; an answer that is far larger is not recognised by it.
MAX_CALLS = 256
MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a student's function and what came back.

    Attributes:
        name: Of the function.
        reply: What came back.
        sent_bytes: Size of the arguments.
    """

    name: str
    reply: Reply
    sent_bytes: int = 0


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

    def calls_of(self, functions: Collection[str]) -> tuple[Call, ...]:
        """The kept calls of some functions."""
        return tuple(call for call in self.calls or () if call.name in functions)


Attempt = Mapping[str, Case]
"""One answer to one question: id of the hidden test to what happened there."""


class Recorder:
    """Gathers the calls of one case, as many as may be kept."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._bytes = 0

    def note(self, name: str, arguments: Any, reply: Reply) -> None:
        """Keep one reply, if there is room."""
        self._bytes += _size(reply)
        if self._bytes <= MAX_BYTES and len(self._calls) <= MAX_CALLS:
            self._calls.append(Call(name, reply, _bytes(arguments)))

    def finish(self, kind: TestKind, *, failed: bool) -> Case:
        """The case so far; the next one begins."""
        whole = self._bytes <= MAX_BYTES and len(self._calls) <= MAX_CALLS
        case = Case(failed, kind, tuple(self._calls) if whole else None)
        self._calls, self._bytes = [], 0
        return case


def _size(reply: Reply) -> int:
    return _bytes((reply.value, reply.arguments)) if isinstance(reply, Returned) else 0


def _bytes(value: Any) -> int:
    match value:
        case np.ndarray():
            return value.nbytes
        case str():
            return len(value)
        case Record():
            return sum(_bytes(entry) for _, entry in value.fields)
        case list() | tuple():
            return 8 * len(value) + sum(map(_bytes, value))
        case dict():
            return sum(_bytes(key) + _bytes(entry) for key, entry in value.items())
    return int(getattr(value, "nbytes", 8))
