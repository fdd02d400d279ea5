"""Listed versions, several to a session: to start a process for each would cost more than to ask it.

Students' answers have a session each. Versions are ours, and none writes where another reads; what one remembers is its
own, so it is asked once in a session and not again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.diagnosis.attempt import Case
from autograder.diagnosis.material import ANY_VERSION, BECOME
from autograder.grading.asking import Asked, ask
from autograder.grading.hearing import AskAgain, all_calls, hear_out
from autograder.grading.hidden import HiddenTests
from autograder.grading.script import Script, scripted
from autograder.sandbox.protocol import (
    CellReport,
    LoadedWorker,
    OwnSession,
    Reply,
    Returned,
    SentCall,
    Session,
    Stopped,
    Worker,
)

# So many share a session, and with it the time that one question may take.
_TOGETHER = 8


class Listed:
    """The notebook in which all listed versions are defined.

    Attributes:
        cut: Whether a session that several versions shared was stopped.

    Args:
        worker: The loaded notebook.
    """

    def __init__(self, worker: LoadedWorker) -> None:
        self.cut = False
        self._worker = worker
        self._session: OwnSession | None = None
        self._keys: set[str] = set()

    def version(self, key: str) -> Worker:
        """One version as a notebook of its own, for one time of asking."""
        return _Version(self, key)

    def ask(
        self,
        key: str,
        question: str,
        tests: HiddenTests,
        script: Script | None,
        *,
        device: str = "cpu",
        enough: Callable[[str, Case], bool] = lambda test, case: False,
    ) -> Asked:
        """Ask a version a question; once more in a session of its own, if one that others shared was cut.

        Args:
            key: Of the version.
            question: Id of the question.
            tests: The notebook's hidden tests.
            script: The calls that they make; then all is asked at once. None if they are not known.
            device: Where tensors are put.
            enough: Looks at each case as it comes; true means that the rest is not worth asking, call by call.
        """
        if script is not None:
            try:
                session = self._hear(key, all_calls(question, tests, script))
                return hear_out(question, tests, session, script, device=device)
            except AskAgain:
                self.restart()
        asked = ask(question, tests, self.version(key), {}, enough=enough)
        if not self.cut:
            return asked
        self.restart()
        return ask(question, tests, self.version(key), {}, enough=enough)

    def begin(self, key: str) -> OwnSession:
        """The session in which a version is asked; of a version that was asked in it before, another."""
        if self._session is None or key in self._keys or len(self._keys) >= _TOGETHER:
            self.close()
            self._session = self._worker.ask()
        self._keys.add(key)
        return self._session

    def _hear(self, key: str, calls: Sequence[SentCall]) -> OwnSession:
        """Send all that a version is asked; the session in which its replies are heard.

        Raises:
            AskAgain: If it can't be had.
        """
        session = self.begin(key)
        become = scripted(BECOME, (key,), {}, return_arguments=False, count=False)
        session.send([become.sent, *calls])
        if isinstance(session.hear(), Stopped):
            raise AskAgain
        return session

    def stopped(self) -> None:
        """Take note that the session is gone."""
        self.cut = self.cut or len(self._keys) > 1
        self.close()

    def restart(self) -> None:
        """Forget that a session was cut; the next version gets another."""
        self.cut = False
        self.close()

    def close(self) -> None:
        """End the session; the next version gets another."""
        if self._session is not None:
            self._session.close()
        self._session = None
        self._keys.clear()


class _Version:
    def __init__(self, listed: Listed, key: str) -> None:
        self._listed = listed
        self._key = key

    @property
    def reports(self) -> tuple[CellReport, ...]:
        return ()

    def ask(
        self,
        *,
        replacements: Mapping[str, str] | None = None,
        forbidden: Sequence[str] = (),
    ) -> Session:
        return _Share(self._listed, self._listed.begin(self._key), self._key)

    def close(self) -> None:
        """Nothing that is its own."""


class _Share:
    """A session in which each call says which version it is for."""

    def __init__(self, listed: Listed, session: Session, key: str) -> None:
        self._listed = listed
        self._session = session
        self._key = key

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        sent = (self._key, name, *args)
        reply = self._session.call(ANY_VERSION, sent, kwargs, return_arguments=return_arguments, count=count)
        if isinstance(reply, Stopped):
            self._listed.stopped()
        if isinstance(reply, Returned) and reply.arguments is not None:
            return replace(reply, arguments=reply.arguments[2:])
        return reply

    @property
    def output(self) -> str:
        return ""

    def close(self) -> None:
        """Others go on in it."""
