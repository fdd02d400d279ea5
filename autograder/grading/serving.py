"""One process for many questions: a session that goes from question to question while nothing speaks against it.

Most of what a question costs beside its calls is the fork of a process from the loaded notebook. An honest answer
leaves nothing behind that the next question could see, so the next one is asked in the same process. Whatever fails
there is asked again in a process of its own, and that verdict counts; see `answer.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.sandbox.protocol import CellReport, Heard, LoadedWorker, OwnSession, Reply, SentCall, Stopped


class ServingWorker:
    """A worker whose sessions are used again. See `protocol.Worker`.

    Args:
        worker: Forks the sessions.

    Attributes:
        shared: Whether any session since `next_question` had answered another question before.
    """

    def __init__(self, worker: LoadedWorker) -> None:
        self._worker = worker
        self._idle: OwnSession | None = None
        self.shared = False

    @property
    def reports(self) -> tuple[CellReport, ...]:
        """How each cell ran."""
        return self._worker.reports

    def ask(
        self,
        *,
        replacements: Mapping[str, str] | None = None,
        forbidden: Sequence[str] = (),
    ) -> OwnSession:
        """The session that is idle, if it can begin anew, or a fresh one.

        With functions replaced it is always a fresh one, and nothing else is asked in it: what has lived beside our
        versions answers no other question.
        """
        if replacements:
            self.discard()
            return self._worker.ask(replacements=replacements, forbidden=forbidden)
        session, self._idle = self._idle, None
        if session is not None and session.begin(forbidden):
            self.shared = True
            return _Lent(session, self)
        if session is not None:
            session.close()
        return _Lent(self._worker.ask(forbidden=forbidden), self)

    def next_question(self) -> None:
        """Begin to count anew whether a session has answered other questions: see `shared`."""
        self.shared = False

    def keep(self, session: OwnSession) -> None:
        """Have the next question asked in this session."""
        self.discard()
        self._idle = session

    def discard(self) -> None:
        """Have the next question asked in a fresh session."""
        if self._idle is not None:
            self._idle.close()
            self._idle = None

    def close(self) -> None:
        """End everything that the notebook started."""
        self.discard()
        self._worker.close()


class _Lent:
    """A session that goes back when it is closed, unless it was stopped."""

    def __init__(self, session: OwnSession, owner: ServingWorker) -> None:
        self._session = session
        self._owner = owner
        self._stopped = False

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        reply = self._session.call(name, args, kwargs, return_arguments=return_arguments, count=count)
        self._stopped = self._stopped or isinstance(reply, Stopped)
        return reply

    def send(self, calls: Sequence[SentCall]) -> None:
        self._session.send(calls)

    def hear(self) -> Heard | Stopped:
        heard = self._session.hear()
        self._stopped = self._stopped or isinstance(heard, Stopped)
        return heard

    @property
    def output(self) -> str:
        return self._session.output

    def begin(self, forbidden: Sequence[str] = ()) -> bool:
        return self._session.begin(forbidden)

    def close(self) -> None:
        if self._stopped:
            self._session.close()
        else:
            self._owner.keep(self._session)
