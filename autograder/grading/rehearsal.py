"""What a class is asked: the calls of each question, as our own right answer was asked them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.diagnosis.attempt import Case
from autograder.grading.asking import ask
from autograder.grading.hidden import HiddenTests
from autograder.grading.script import Script, Scripted, scripted
from autograder.grading.telling import tells_ahead
from autograder.model import Verdict
from autograder.sandbox.protocol import CellReport, Reply, Returned, Session, Worker

# Whoever asks more than this asks each call when it is made.
_MOST_BYTES = 1 << 23


class Rehearsals:
    """The scripts of one notebook's questions, each found when it is first wanted.

    A script is the same whichever student comes first, so that no verdict depends on the order of a class.

    Args:
        right: Gives a loaded notebook that answers everything right; None where there is none, and so no script.
    """

    def __init__(self, right: Callable[[], Worker] | None) -> None:
        self._right = right

    def script(self, question: str, tests: HiddenTests) -> Script | None:
        """The calls of a question, or None if they can't be known.

        Args:
            question: Its id.
            tests: The hidden tests, which keep it for as long as they have the same inputs.
        """
        if question not in tests.scripts:
            tests.scripts[question] = None if self._right is None else rehearse(question, tests, self._right())
        return tests.scripts[question]


def rehearse(question: str, tests: HiddenTests, right: Worker) -> Script | None:
    """Ask a question and note the calls of each of its tests.

    None if they can't be sent together: not all tests pass, they are too long to keep, or later ones would tell what
    earlier ones are expected to return.
    """
    noted = _Noted(right)
    asked = ask(question, tests, noted, {}, enough=noted.turn)
    size = sum(call.sent.size for calls in noted.script.values() for call in calls)
    if not asked.is_all(Verdict.PASSED) or size > _MOST_BYTES or tells_ahead(noted.made):
        return None
    return noted.script


class _Noted:
    """A worker whose sessions note the calls."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._calls: list[Scripted] = []
        self.script: dict[str, tuple[Scripted, ...]] = {}
        self.made: list[tuple[Any, Any]] = []

    @property
    def reports(self) -> tuple[CellReport, ...]:
        return self._worker.reports

    def ask(self, *, replacements: Mapping[str, str] | None = None, forbidden: Sequence[str] = ()) -> Session:
        session = self._worker.ask(replacements=replacements, forbidden=forbidden)
        return _NotedSession(session, self._calls, self.made)

    def turn(self, test: str, _case: Case) -> bool:
        """Take what was noted since the last test for the calls of this one."""
        self.script[test] = tuple(self._calls)
        self._calls.clear()
        return False

    def close(self) -> None:
        """The notebook is another's."""


class _NotedSession:
    def __init__(self, session: Session, calls: list[Scripted], made: list[tuple[Any, Any]]) -> None:
        self._session = session
        self._calls = calls
        self._made = made

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        self._calls.append(scripted(name, args, kwargs, return_arguments=return_arguments, count=count))
        reply = self._session.call(name, args, kwargs, return_arguments=return_arguments, count=count)
        self._made.append(((args, dict(kwargs)), reply.value if isinstance(reply, Returned) else None))
        return reply

    @property
    def output(self) -> str:
        return self._session.output

    def close(self) -> None:
        self._session.close()
