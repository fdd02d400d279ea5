"""Calls that are sent before they are made, and the replies as they came.

A class is asked the same, so what a right answer was asked is known. A worker then computes while the grader compares,
and nobody waits for each single reply. Equal calls look alike, byte by byte, and so do equal replies, but for the
number that ties a reply to its call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.sandbox import messages, wire
from autograder.sandbox.calls import MARK, answers, unpack_reply
from autograder.sandbox.forms import WireError
from autograder.sandbox.protocol import Reply

_ENCODED = b"\xcf" + MARK.to_bytes(8, "big")


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

    @property
    def size(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.end) + len(self.blob)

    def frame(self, number: int) -> bytes:
        """The bytes to send."""
        body = self.start + number.to_bytes(8, "big") + self.end
        return wire.lead(len(body), len(self.blob)) + body + self.blob


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply as it came, but for its number. Nothing in it has been looked at.

    Attributes:
        start: Of the message, up to its number; it tells what kind of reply it is.
        end: What comes behind the number.
        blob: Bytes of its arrays.
    """

    start: bytes
    end: bytes
    blob: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.end) + len(self.blob)

    def to(self, call: messages.Call, device: str) -> tuple[Reply, str]:
        """The reply to a call, and what was printed meanwhile.

        Args:
            call: As it was made.
            device: Where the tensors of the result must have been, or "" if there is nothing to tell.

        Raises:
            WireError: If it is none.
        """
        message = wire.decode(messages.from_session, self.start + _ENCODED[1:] + self.end)
        if isinstance(message, messages.Started) or not answers(message, call):
            raise WireError("Reply: expected one to this call, got another.")
        return unpack_reply(call.name, message, memoryview(self.blob), device), message.output


def as_sent(call: messages.Call, blobs: Sequence[memoryview]) -> SentCall:
    """What a call of the number MARK looks like on its way; equal calls look alike."""
    body = wire.encode_body(call)
    # The number is the first field, and nothing before it is of a student's making.
    place = body.index(_ENCODED) + 1
    return SentCall(body[:place], body[place + 8 :], b"".join(blobs))


def heard(body: bytes, blob: bytes, number: int) -> Heard:
    """A reply without the number of its call.

    Raises:
        WireError: If it isn't the reply of an undisturbed worker to the call of that number.
    """
    for start in _STARTS:
        if body.startswith(start):
            place = len(start) + 8
            if body[len(start) : place] == number.to_bytes(8, "big"):
                return Heard(start, body[place:], blob)
    raise WireError("Reply: expected that of the next call, got another.")


def _start_of(message: messages.Answer) -> bytes:
    body = wire.encode_body(message)
    return body[: body.index(_ENCODED) + 1]


# Where a limit or a ban cut a call, the process is not asked on: see `client.py`.
_STARTS = (
    _start_of(messages.Done(id=MARK, value=None, arguments=None, output="")),
    _start_of(messages.Threw(id=MARK, types=["E"], message="", line="", output="")),
    _start_of(messages.Absent(id=MARK, found="", output="")),
)
