"""Listed versions, several to a session: to start a process for each would cost more than to ask it.

Students' answers have a session each. Versions are ours, and none writes where another reads; what one remembers is its
own, so it is asked once in a session and not again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from autograder.diagnosis.material import ANY_VERSION, BECOME
from autograder.grading.hearing import AskAgain
from autograder.grading.retold import scripted
from autograder.sandbox.ahead import SentCall
from autograder.sandbox.protocol import CellReport, LoadedWorker, OwnSession, Reply, Returned, Session, Stopped, Worker

Answer = TypeVar("Answer")

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

    def asked(self, key: str, asking: Callable[[Worker], Answer]) -> Answer:
        """What comes of asking a version; once more in a session of its own, if one that others shared was cut.

        Args:
            key: Of the version.
            asking: Asks the notebook that it is given.
        """
        answer = asking(self.version(key))
        if not self.cut:
            return answer
        self.restart()
        return asking(self.version(key))

    def begin(self, key: str) -> OwnSession:
        """The session in which a version is asked; of a version that was asked in it before, another."""
        if self._session is None or key in self._keys or len(self._keys) >= _TOGETHER:
            self.close()
            self._session = self._worker.ask()
        self._keys.add(key)
        return self._session

    def hear(self, key: str, calls: Sequence[SentCall]) -> OwnSession:
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
