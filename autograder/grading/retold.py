"""Hidden tests run on replies that are here already, and verdicts known from equal replies.

A test sees nothing of a student but replies, so equal replies to the same calls have the same verdict: it is looked up.
"""

from __future__ import annotations

import functools
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagnosis.attempt import Case, Recorder
from autograder.grading.script import Scripted, scripted
from autograder.model import DeclaredTest, TestResult, Verdict
from autograder.sandbox.forms import WireError
from autograder.sandbox.protocol import Heard, Reply, Stopped

# So many different ways to reply to one test are remembered; a class has a few.
_MOST = 256
_STRAYED = Stopped(verdict=Verdict.STUDENT_ERROR, message="Another call was sent: the question is asked again.")


@dataclass(frozen=True)
class Block:
    """The calls of one hidden test, and what was replied.

    Attributes:
        test: Which.
        calls: As they were sent.
        replies: As they came.
    """

    test: DeclaredTest
    calls: tuple[Scripted, ...]
    replies: tuple[Heard, ...]

    @property
    def size(self) -> int:
        """Bytes that the replies take to keep."""
        return sum(reply.size for reply in self.replies)

    @functools.cached_property
    def digest(self) -> bytes:
        """What tells different replies apart."""
        digest = hashlib.blake2b(digest_size=16)
        for reply in self.replies:
            digest.update(b"%d %d " % (len(reply.end), len(reply.blob)))
            digest.update(reply.start)
            digest.update(reply.end)
            digest.update(reply.blob)
        return digest.digest()

    def case(self, known: Known, device: str) -> Case:
        """What its test saw."""
        recorder = Recorder()
        for call, heard in zip(self.calls[: known.made], self.replies, strict=False):
            recorder.note(call.message.name, call.arguments, call.reply(heard, device)[0])
        return recorder.finish(self.test.kind, failed=known.result.verdict is not Verdict.PASSED)


@dataclass(frozen=True, slots=True)
class Known:
    """What came of one test.

    Attributes:
        result: Its result.
        made: How many calls it made.
        output: What was printed in these.
    """

    result: TestResult
    made: int
    output: str


class Verdicts:
    """What came of tests, by what was replied to them."""

    def __init__(self) -> None:
        self._known: dict[str, OrderedDict[bytes, Known]] = {}

    def get(self, block: Block) -> Known | None:
        """What came of equal replies."""
        known = self._known.get(block.test.id)
        if known is None:
            return None
        digest = block.digest
        if digest not in known:
            return None
        known.move_to_end(digest)
        return known[digest]

    def put(self, block: Block, found: Known) -> None:
        """Take note of what came of these replies."""
        known = self._known.setdefault(block.test.id, OrderedDict())
        known[block.digest] = found
        if len(known) > _MOST:
            known.popitem(last=False)


class Retold:
    """A session that is over: each call is compared with what was sent, and answered with what was heard.

    Args:
        block: What was sent and heard.
        device: Where tensors were put.

    Attributes:
        made: How many calls were made.
        strayed: Whether another call was made than was sent, or a reply is none.
        output: What was printed in the calls that were made.
    """

    def __init__(self, block: Block, device: str) -> None:
        self._block = block
        self._device = device
        self.made = 0
        self.strayed = False
        self.output = ""

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        """Answer a call."""
        call = scripted(name, args, kwargs, return_arguments=return_arguments, count=count)
        place, self.made = self.made, self.made + 1
        calls = self._block.calls
        if self.strayed or place >= len(calls) or call.sent != calls[place].sent:
            self.strayed = True
            return _STRAYED
        try:
            reply, printed = call.reply(self._block.replies[place], self._device)
        except WireError:
            self.strayed = True
            return _STRAYED
        self.output += printed
        return reply

    def close(self) -> None:
        """Nothing is open."""
