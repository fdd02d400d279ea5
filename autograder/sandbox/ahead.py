"""Calls that are sent before they are made: a class is asked the same, so what a right answer was asked is known.

A worker then computes while the grader compares, and nobody waits for each single reply. Each call is compared, byte by
byte, with the one that was sent in its place when it is made; if it is another, the question is asked again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.sandbox import messages, wire

# Every number of a call takes as many bytes in a message as this one, which stands for those that are drawn later.
_MARK = 1 << 62
_ENCODED = b"\xcf" + _MARK.to_bytes(8, "big")
# Whoever asks more than this asks each call when it is made.
_MOST_BYTES = 1 << 23


@dataclass(frozen=True, slots=True)
class SentCall:
    """A call as it travels, but for its number.

    Attributes:
        start: Of the message, up to its number.
        end: What comes behind the number.
        blob: Bytes of its arrays.
    """

    start: bytes
    end: bytes
    blob: bytes

    def frame(self, number: int) -> bytes:
        """The bytes to send."""
        body = self.start + number.to_bytes(8, "big") + self.end
        return wire.lead(len(body), len(self.blob)) + body + self.blob


def draw_number() -> int:
    """A number that can't be guessed: no reply can be written before its call is sent."""
    return secrets.randbits(62) | _MARK


def as_sent(call: messages.Call, blobs: Sequence[memoryview]) -> SentCall:
    """What a call looks like on its way; equal calls look alike."""
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    body = wire.encode_body(messages.Call(**{**fields, "id": _MARK}))
    # The number is the first field, and nothing before it is of a student's making.
    place = body.index(_ENCODED) + 1
    return SentCall(body[:place], body[place + 8 :], b"".join(blobs))


@dataclass(slots=True)
class Ahead:
    """The calls of one question: known and sent ahead, or noted while they are made.

    Attributes:
        calls: To be sent ahead; None if they are not known.
        made: Those that were made, noted if they were not known.
        differs: Whether another call was made than was sent.
    """

    calls: tuple[SentCall, ...] | None = None
    made: list[SentCall] = field(default_factory=list)
    differs: bool = False
    _sessions: int = 0
    _used: int = 0
    _bytes: int = 0

    def begin(self) -> tuple[SentCall, ...]:
        """The calls to send in a session: none if another session has made some of them."""
        self._sessions += 1
        return (self.calls or ()) if self._sessions == 1 else ()

    def make(self, call: SentCall, sent: SentCall | None) -> bool:
        """Take note of a call. Whether it is the one that was sent, if any was to be sent.

        Args:
            call: As it is made.
            sent: As it was sent in its place; None if there is none.
        """
        if self.calls is None:
            self._bytes += len(call.end) + len(call.blob)
            if self._bytes <= _MOST_BYTES:
                self.made.append(call)
            return True
        self._used += 1
        self.differs = self.differs or call != sent
        return not self.differs

    def spoil(self) -> None:
        """What was asked in this way is asked again in another."""
        self._sessions = 2

    @property
    def is_whole(self) -> bool:
        """Whether one session has made all calls and no others; or, if they were not known, whether they are now."""
        known = self._bytes <= _MOST_BYTES if self.calls is None else self._used == len(self.calls)
        return known and self._sessions == 1 and not self.differs
