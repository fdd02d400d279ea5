"""Calls that are sent before they are made, and the replies as they came.

A class is asked the same, so what a right answer was asked is known. A worker then computes while the grader compares,
and nobody waits for each single reply. Equal calls look alike, byte by byte, and so do equal replies, but for the
number that ties a reply to its call.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.sandbox import messages, wire
from autograder.sandbox.calls import MARK, answers, unpack_reply
from autograder.sandbox.forms import WireError
from autograder.sandbox.protocol import Heard, Reply, SentCall

_ENCODED = b"\xcf" + MARK.to_bytes(8, "big")


def as_sent(call: messages.Call, blobs: Sequence[memoryview]) -> SentCall:
    """What a call of the number MARK looks like on its way; equal calls look alike."""
    body = wire.encode_body(call)
    # The number is the first field, and nothing before it is of a student's making.
    place = body.index(_ENCODED) + 1
    return SentCall(body[:place], body[place + 8 :], b"".join(blobs))


def frame(call: SentCall, number: int) -> bytes:
    """The bytes to send, for a call of that number."""
    body = call.start + number.to_bytes(8, "big") + call.end
    return wire.lead(len(body), len(call.blob)) + body + call.blob


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


def read(reply: Heard, call: messages.Call, device: str) -> tuple[Reply, str]:
    """The reply to a call, and what was printed meanwhile.

    Args:
        reply: As it came.
        call: As it was made.
        device: Where the tensors of the result must have been, or "" if there is nothing to tell.

    Raises:
        WireError: If it is none.
    """
    message = wire.decode(messages.from_session, reply.start + _ENCODED[1:] + reply.end)
    if isinstance(message, messages.Started) or not answers(message, call):
        raise WireError("Reply: expected one to this call, got another.")
    return unpack_reply(call.name, message, memoryview(reply.blob), device), message.output


def _start_of(message: messages.Answer) -> bytes:
    body = wire.encode_body(message)
    return body[: body.index(_ENCODED) + 1]


# Where a limit or a ban cut a call, the process is not asked on: see `client.py`.
_STARTS = (
    _start_of(messages.Done(id=MARK, value=None, arguments=None, output="")),
    _start_of(messages.Threw(id=MARK, types=["E"], message="", line="", output="")),
    _start_of(messages.Absent(id=MARK, found="", output="")),
)
