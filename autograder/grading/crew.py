"""Processes side by side, each with one piece of work at a time: the death of one costs that piece only."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")

_LEAVE_S = 10.0


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in place of an answer: twice, the last time alone, the process died.

    Attributes:
        reason: What is known of its end, for staff.
    """

    reason: str


def side_by_side(
    task: Callable[[Work], Result], work: Iterable[Work], jobs: int = 0
) -> Iterator[tuple[int, Result | Lost]]:
    """Do the same with each piece of work, in processes side by side; answers in the order in which they come.

    A process that dies (the system ran out of memory, say) is replaced, and its piece is tried once more when all
    others are done, with no other process beside it. Of the work, one piece at most is taken ahead.

    Args:
        task: A function of a module.
        work: The pieces.
        jobs: How many processes; 0 means one per core.

    Yields:
        The number of a piece and its answer.

    Raises:
        Exception: What the task raised; the processes are ended then.
    """
    pieces = enumerate(work)
    dead: list[tuple[int, Work]] = []
    crew: list[_Helper[Work, Result]] = []
    try:
        for core, first in zip(_places(jobs or cores()), pieces, strict=False):
            crew.append(_Helper(task, core))
            crew[-1].give(first)
        # Taken ahead, and given before an answer is handed on, so that no process waits for what is done with answers.
        following = next(pieces, None)
        while crew:
            ready = wait([helper.connection for helper in crew])
            for helper in [entry for entry in crew if entry.connection in ready]:
                (number, piece), answer = helper.take()
                crew.remove(helper)
                if following is None:
                    helper.leave()
                else:
                    crew.append(_Helper(task, helper.core) if isinstance(answer, Lost) else helper)
                    crew[-1].give(following)
                    following = next(pieces, None)
                if isinstance(answer, Lost):
                    dead.append((number, piece))
                else:
                    yield number, answer
        for again in dead:
            crew.append(_Helper(task, None))
            crew[-1].give(again)
            yield again[0], crew[-1].take()[1]
            crew.pop().leave()
    finally:
        for helper in crew:
            helper.kill()


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def _places(jobs: int) -> list[int | None]:
    """A core for each process, where there are enough of them."""
    free = sorted(os.sched_getaffinity(0))
    return list(free[:jobs]) if jobs <= len(free) else [None] * jobs


class _Helper(Generic[Work, Result]):
    """One process and the piece that it works on."""

    def __init__(self, task: Callable[[Work], Result], core: int | None) -> None:
        self.core = core
        # Spawned, not forked: it must not carry what this process holds open.
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        # Started with next to nothing: what doesn't fit into a pipe would be waited for without end if it dies at once.
        self._process = context.Process(target=_serve, args=(theirs, core), daemon=True)
        with _uninterrupted():
            self._process.start()
        theirs.close()
        self._send(task)
        self._given: tuple[int, Work] | None = None

    def give(self, piece: tuple[int, Work]) -> None:
        """Let it begin with a piece."""
        self._given = piece
        self._send(piece[1])

    def _send(self, message: object) -> None:
        # Where it is dead already, `take` says so.
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def take(self) -> tuple[tuple[int, Work], Result | Lost]:
        """Wait for the answer to its piece.

        Raises:
            Exception: What the task raised.
        """
        assert self._given is not None
        try:
            done, answer = self.connection.recv()
        except (EOFError, OSError):
            self.kill()
            return self._given, Lost(_end(self._process.exitcode))
        if not done:
            raise answer
        return self._given, answer

    def leave(self) -> None:
        """Let it end by itself, and close what it holds open."""
        self.connection.close()
        self._process.join(_LEAVE_S)
        self.kill()

    def kill(self) -> None:
        """End it. May be called twice."""
        self._process.kill()
        self._process.join()
        self.connection.close()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back. A process that is started meanwhile never sees it: it lets go once it ignores it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(status: int | None) -> str:
    """Why a process ended, as far as its status says."""
    if status == -signal.SIGKILL:
        return "the process that graded was killed; most often the system was out of memory"
    return f"the process that graded ended with status {status}"


def _serve(connection: Connection, core: int | None) -> None:
    """What runs in the process: take the task, then take a piece, do it, answer, until the other side hangs up."""
    if core is not None:
        # A grader and its workers take turns: one waits while the other works. On one core that costs a switch, on
        # two it costs waking an idle one, hundreds of times a submission.
        os.sched_setaffinity(0, {core})
    # Ctrl-C reaches every process of a terminal; what happens then is the first one's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        task: Callable[[Any], Any] = connection.recv()
        while True:
            piece = connection.recv()
            try:
                answer = (True, task(piece))
            except Exception as error:  # noqa: BLE001 - it is raised again on the other side
                answer = (False, error)
            connection.send(answer)


def _end_with_parent() -> None:
    """Nobody waits for the answer of a process whose parent is gone."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


def in_order(task: Callable[[Work], Result], work: Sequence[Work], jobs: int = 0) -> tuple[Result | Lost, ...]:
    """Like `side_by_side`, with the answers in the order of the work."""
    return tuple(answer for _, answer in sorted(side_by_side(task, work, jobs), key=lambda entry: entry[0]))
