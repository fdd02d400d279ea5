"""Asking one question of one loaded notebook: sessions for the calls, and what was replied."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagnosis.attempt import Attempt, Case, Recorder
from autograder.grading.hidden import HiddenTests
from autograder.model import TestResult, Verdict
from autograder.sandbox.protocol import Reply, Session, Stopped, Worker

OUTPUT_SHOWN = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking one question.

    Attributes:
        results: One per declared test of the question.
        recall: Tells what was replied to each test that ran.
        output: What the student's code printed, shortened.
        spent_s: What the calls took together.
    """

    results: tuple[TestResult, ...]
    recall: Callable[[], Attempt]
    output: str
    spent_s: float = 0.0

    @property
    def attempt(self) -> Attempt:
        """What was replied to each test that ran."""
        return self.recall()

    def is_all(self, verdict: Verdict) -> bool:
        """Whether every test came to that verdict."""
        return all(result.verdict is verdict for result in self.results)


def ask(
    question: str,
    tests: HiddenTests,
    worker: Worker,
    replacements: Mapping[str, str],
    *,
    before: Callable[[Session], None] = lambda session: None,
    enough: Callable[[str, Case], bool] = lambda test, case: False,
    forbidden: Sequence[str] = (),
    budget_s: float = math.inf,
) -> Asked:
    """Ask one question; once more from the start if a process ended in a way that the answer need not have caused.

    A session has a limit of its own; an answer that ends its process in every call gets a new session for the next.

    Args:
        question: Its id.
        tests: The notebook's hidden tests.
        worker: The loaded notebook.
        replacements: Function name to source that takes the place of the notebook's.
        before: Prepares each session.
        enough: Looks at each case as it comes; true means that the rest is not worth asking.
        forbidden: Dotted names that its answer must not use.
        budget_s: What all calls may take together, in all sessions; the one that goes beyond it is the last.
    """
    asker = _Asker(worker, replacements, forbidden, Recorder(), before)
    asked = _ask(question, tests, asker, enough, budget_s, again=lambda: asker.unexplained)
    if not asker.unexplained:
        return asked
    asker = _Asker(worker, replacements, forbidden, Recorder(), before)
    return _ask(question, tests, asker, enough, budget_s - asked.spent_s, again=lambda: False)


def _ask(
    question: str,
    tests: HiddenTests,
    asker: _Asker,
    enough: Callable[[str, Case], bool],
    budget_s: float,
    *,
    again: Callable[[], bool],
) -> Asked:
    declared = tests.of(question)
    cases: dict[str, Case] = {}
    seen: list[Verdict] = []

    def after(result: TestResult) -> str:
        case = asker.recorder.finish(result.test.kind, failed=result.verdict is not Verdict.PASSED)
        cases[result.test.id] = case
        seen.append(result.verdict)
        if again():
            return "Skipped: the question is asked again."
        if asker.spent_s >= budget_s:
            return "Skipped: earlier checks of this question took all of its time."
        return skip_rest(seen) or ("Skipped: enough is known." if enough(result.test.id, case) else "")

    try:
        results = tests.run(declared, asker.session, after)
    finally:
        asker.close()
    return Asked(results=results, recall=lambda: cases, output=asker.output, spent_s=asker.spent_s)


class _Asker:
    """Hands out the session of one question, and starts another after one was stopped."""

    def __init__(
        self,
        worker: Worker,
        replacements: Mapping[str, str],
        forbidden: Sequence[str],
        recorder: Recorder,
        before: Callable[[Session], None],
    ) -> None:
        self._worker = worker
        self._replacements = replacements
        self._forbidden = forbidden
        self._before = before
        self._session: _Watched | None = None
        self.recorder = recorder
        self.unexplained = False
        self.spent_s = 0.0
        self.output = ""

    def session(self) -> Session:
        """The session in which the next call is made."""
        if self._session is None or self._session.stopped:
            self.close()
            session = self._worker.ask(replacements=self._replacements, forbidden=self._forbidden)
            self._before(session)
            self._session = _Watched(session, self)
        return self._session

    def note(self, reply: Reply, took_s: float) -> None:
        """Take note of a call."""
        self.spent_s += took_s
        if isinstance(reply, Stopped):
            self.unexplained = self.unexplained or reply.unexplained

    def close(self) -> None:
        """End the session and keep what it printed."""
        if self._session is not None:
            self.output = (self.output + self._session.output)[:OUTPUT_SHOWN]
            self._session.close()
            self._session = None


class _Watched:
    """A session that remembers whether it was stopped, and has its replies noted."""

    def __init__(self, session: Session, asker: _Asker) -> None:
        self._session = session
        self._asker = asker
        self.stopped = False

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        started = time.monotonic()
        reply = self._session.call(name, args, kwargs, return_arguments=return_arguments, count=count)
        self._asker.note(reply, time.monotonic() - started)
        self.stopped = self.stopped or isinstance(reply, Stopped)
        self._asker.recorder.note(name, (args, dict(kwargs)), reply)
        return reply

    @property
    def output(self) -> str:
        return self._session.output

    def close(self) -> None:
        self._session.close()


def skip_rest(seen: Sequence[Verdict]) -> str:
    """Why the rest of a question is not worth its cost; empty if it is.

    One call without an end is enough. Memory may be short in one large case only, so that takes two.
    """
    if Verdict.TIMEOUT in seen:
        return "Skipped: an earlier check of this question ran out of time."
    if seen.count(Verdict.MEMORY) > 1:
        return "Skipped: earlier checks of this question ran out of memory."
    return ""
