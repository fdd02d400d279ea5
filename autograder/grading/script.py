"""What a hidden test asks, known before it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.sandbox import messages
from autograder.sandbox.ahead import as_sent, read
from autograder.sandbox.calls import MARK, pack_call
from autograder.sandbox.protocol import Heard, Reply, SentCall


@dataclass(frozen=True, slots=True)
class Scripted:
    """A call that is known before it is made.

    Attributes:
        sent: As it travels.
        message: As it is written there, but for its number.
        arguments: As the test gave them.
        has_tensors: Whether there are tensors among them.
    """

    sent: SentCall
    message: messages.Call
    arguments: Any
    has_tensors: bool

    def reply(self, heard: Heard, device: str) -> tuple[Reply, str]:
        """What was replied to it, and what was printed meanwhile.

        Args:
            heard: As it came.
            device: Where tensors were put.

        Raises:
            WireError: If it is no reply to this call.
        """
        return read(heard, self.message, device if self.has_tensors else "")


Script = Mapping[str, tuple[Scripted, ...]]
"""Id of a hidden test to the calls that it makes of a right answer."""


def scripted(
    name: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, return_arguments: bool, count: bool
) -> Scripted:
    """A call as it will be sent.

    Raises:
        GraderFault: If an argument has no form on the wire.
    """
    call, packer = pack_call(name, args, kwargs, return_arguments=return_arguments, count=count, number=MARK)
    return Scripted(as_sent(call, packer.blobs), call, (args, dict(kwargs)), packer.has_tensors)
