"""What a class is asked: the calls of each question, as our own right answer was asked them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.diagnosis.attempt import Case
from autograder.grading.asking import ask
from autograder.grading.hidden import HiddenTests
from autograder.grading.script import Script, Scripted, scripted
from autograder.model import Verdict
from autograder.sandbox.protocol import CellReport, Reply, Session, Worker

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
    """Ask a question and note the calls of each of its tests; None if not all pass, or they are too long to keep."""
    noted = _Noted(right)
    asked = ask(question, tests, noted, {}, enough=noted.turn)
    size = sum(call.sent.size for calls in noted.script.values() for call in calls)
    return noted.script if asked.is_all(Verdict.PASSED) and size <= _MOST_BYTES else None


class _Noted:
    """A worker whose sessions note the calls."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._calls: list[Scripted] = []
        self.script: dict[str, tuple[Scripted, ...]] = {}

    @property
    def reports(self) -> tuple[CellReport, ...]:
        return self._worker.reports

    def ask(self, *, replacements: Mapping[str, str] | None = None, forbidden: Sequence[str] = ()) -> Session:
        return _NotedSession(self._worker.ask(replacements=replacements, forbidden=forbidden), self._calls)

    def turn(self, test: str, _case: Case) -> bool:
        """Take what was noted since the last test for the calls of this one."""
        self.script[test] = tuple(self._calls)
        self._calls.clear()
        return False

    def close(self) -> None:
        """The notebook is another's."""


class _NotedSession:
    def __init__(self, session: Session, calls: list[Scripted]) -> None:
        self._session = session
        self._calls = calls

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
        return self._session.call(name, args, kwargs, return_arguments=return_arguments, count=count)

    @property
    def output(self) -> str:
        return self._session.output

    def close(self) -> None:
        self._session.close()
