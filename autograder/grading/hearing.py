"""Asking one question all at once: its calls are sent together, and its tests judge what comes back."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence

from autograder.diagnosis.attempt import Attempt
from autograder.grading.asking import OUTPUT_SHOWN, Asked, skip_rest
from autograder.grading.hidden import HiddenTests
from autograder.grading.retold import Block, Known, Retold
from autograder.grading.script import Script, Scripted
from autograder.grading.serving import ServingWorker
from autograder.model import DeclaredTest, TestResult, Verdict
from autograder.sandbox.protocol import Heard, OwnSession, SentCall, Stopped

# What one question may reply to be kept until it is judged; who replies more is asked call by call.
_MOST_BYTES = 1 << 23
# Nothing that an earlier question has left behind makes an answer say that it is not implemented.
_GO_ON = {Verdict.PASSED, Verdict.NOT_IMPLEMENTED}


class AskAgain(Exception):
    """Asked all at once, a question has no verdict: it is to be asked call by call."""


def ask_at_once(
    question: str,
    tests: HiddenTests,
    worker: ServingWorker,
    replacements: Mapping[str, str],
    script: Script,
    *,
    device: str,
    forbidden: Sequence[str] = (),
    to_the_end: bool = False,
) -> Asked:
    """Ask one question. In a session that others were asked in, a failure ends it: it will be asked anew.

    Args:
        question: Its id.
        tests: The notebook's hidden tests.
        worker: The loaded notebook.
        replacements: Function name to source that takes the place of the notebook's.
        script: The calls of its tests.
        device: Where tensors are put.
        forbidden: Dotted names that its answer must not use.
        to_the_end: Whether a failure does not end it.

    Raises:
        AskAgain: If a call did not come back, or another one is to be made than was sent.
    """
    session = worker.ask(replacements=replacements, forbidden=forbidden)

    def is_enough(result: TestResult) -> bool:
        return worker.shared and not to_the_end and result.verdict not in _GO_ON

    try:
        session.send(all_calls(question, tests, script))
        return hear_out(question, tests, session, script, device=device, is_enough=is_enough)
    finally:
        session.close()


def all_calls(question: str, tests: HiddenTests, script: Script) -> list[SentCall]:
    """The calls of a question, in the order of its tests."""
    return [call.sent for test in tests.of(question) for call in script[test.id]]


def hear_out(
    question: str,
    tests: HiddenTests,
    session: OwnSession,
    script: Script,
    *,
    device: str,
    is_enough: Callable[[TestResult], bool] = lambda result: False,
) -> Asked:
    """Hear what is replied to the calls of a question, which were sent, and have its tests judge it.

    Args:
        question: Its id.
        tests: The notebook's hidden tests.
        session: To which the calls were sent.
        script: The calls.
        device: Where tensors are put.
        is_enough: Looks at each result; true means that the rest is not worth waiting for.

    Raises:
        AskAgain: If a call did not come back, or another one is to be made than was sent, or too much is replied.
    """
    declared = tests.of(question)
    started = time.monotonic()
    found: list[tuple[Block, Known]] = []
    size = 0
    for test in declared:
        block = Block(test, script[test.id], _hear(session, script[test.id]))
        size += block.size
        if size > _MOST_BYTES:
            raise AskAgain
        found.append((block, _judge(block, tests, device)))
        if is_enough(found[-1][1].result):
            break
    return Asked(
        results=_with_skipped(declared, [known for _, known in found]),
        recall=functools.partial(_recall, tuple(found), device),
        output="".join(known.output for _, known in found)[:OUTPUT_SHOWN],
        spent_s=time.monotonic() - started,
    )


def _recall(found: Sequence[tuple[Block, Known]], device: str) -> Attempt:
    """What was replied to each test, as far as it went."""
    return {block.test.id: block.case(known, device) for block, known in found}


def _hear(session: OwnSession, calls: Sequence[Scripted]) -> tuple[Heard, ...]:
    replies = []
    for _ in calls:
        reply = session.hear()
        if isinstance(reply, Stopped):
            raise AskAgain
        replies.append(reply)
    return tuple(replies)


def _judge(block: Block, tests: HiddenTests, device: str) -> Known:
    """What a test says to its replies: known, if it has said so before."""
    known = tests.verdicts.get(block)
    if known is None:
        retold = Retold(block, device)
        (result,) = tests.run([block.test], lambda: retold, lambda result: "")
        if retold.strayed:
            raise AskAgain
        known = Known(result, retold.made, retold.output[:OUTPUT_SHOWN])
        if result.verdict is not Verdict.GRADER_FAULT:
            # A fault of ours may have a cause that passes: the next one who replies so is judged anew.
            tests.verdicts.put(block, known)
    return known


def _with_skipped(declared: Sequence[DeclaredTest], found: Sequence[Known]) -> tuple[TestResult, ...]:
    """The results, in which those are skipped that would not have been asked for, call by call."""
    results: list[TestResult] = []
    reason = ""
    for test, entry in zip(declared, found, strict=False):
        results.append(TestResult(test=test, verdict=Verdict.SKIPPED, message=reason) if reason else entry.result)
        reason = reason or skip_rest([result.verdict for result in results])
    unasked = "Skipped: the question is asked again."
    rest = declared[len(found) :]
    return (*results, *(TestResult(test=test, verdict=Verdict.SKIPPED, message=unasked) for test in rest))
