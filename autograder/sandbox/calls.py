"""Calls and what becomes of them: from arguments to a message, from a message to a reply. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.errors import GraderFault
from autograder.model import Verdict
from autograder.sandbox import messages
from autograder.sandbox.forms import TooLargeError
from autograder.sandbox.pack import Packer
from autograder.sandbox.protocol import Count, Missing, Raised, Reply, Returned, Stopped
from autograder.sandbox.unpack import Unpacker

# Every number of a call takes as many bytes in a message as this one.
MARK = 1 << 62


def draw_number() -> int:
    """A number that can't be guessed: no reply can be written before its call is sent."""
    return secrets.randbits(62) | MARK


def pack_call(
    name: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, return_arguments: bool, count: bool, number: int
) -> tuple[messages.Call, Packer]:
    """Turn a call into a message; the packer has the bytes of its arrays.

    Raises:
        GraderFault: If an argument has no form on the wire.
    """
    packer = Packer()
    try:
        packed = [packer.pack(entry) for entry in args]
        named = {key: packer.pack(entry) for key, entry in kwargs.items()}
    except (TypeError, TooLargeError) as error:
        raise GraderFault(f"Call of {name}: {error} Hidden tests pass numbers, text, arrays and containers.") from error
    call = messages.Call(
        id=number, name=name, args=packed, kwargs=named, return_arguments=return_arguments, count=count
    )
    return call, packer


def answers(message: messages.Answer, call: messages.Call) -> bool:
    """Whether a message can be what came of a call: counted if that was wanted, and only then."""
    return not isinstance(message, messages.Done) or (message.count is not None) is call.count


def unpack_reply(name: str, message: messages.Answer, blob: memoryview, device: str) -> Reply:
    """Turn a message into a reply.

    Args:
        name: Of the function.
        message: What came.
        blob: The bytes of its arrays.
        device: Where the tensors of the result must have been, or "" if there is nothing to tell.

    Raises:
        WireError: If its values are not as agreed on.
    """
    unpacker = Unpacker(blob)
    reply: Reply
    match message:
        case messages.Done():
            value = unpacker.unpack(message.value)
            elsewhere = sorted(unpacker.devices - {device}) if device else []
            arguments = None
            if message.arguments is not None:
                arguments = tuple(unpacker.unpack(entry) for entry in message.arguments)
            count = None if message.count is None else Count(steps=message.count.steps, passes=message.count.passes)
            reply = Returned(value=value, arguments=arguments, count=count, misplaced=elsewhere[0] if elsewhere else "")
        case messages.Threw():
            reply = Raised(types=tuple(message.types), message=message.message, line=message.line)
        case messages.Absent():
            reply = Missing(name=name, found=message.found)
        case messages.Halted():
            reply = Stopped(verdict=Verdict(message.verdict), message=message.message)
    unpacker.finish()
    return reply
