"""One worker as the grader sees it: its control channel, its sessions' ends, and the power to end it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import SandboxError
from autograder.model import Limits, Verdict
from autograder.sandbox import messages, processes, wire
from autograder.sandbox.forms import WireError
from autograder.sandbox.launch import Forkserver
from autograder.sandbox.protocol import Stopped
from autograder.sandbox.watch import overuse, say_memory

_WALLS_S = 10.0
# A graphics card takes its time to begin.
_DEVICE_S = 120.0
_END_REPORT_S = 1.0


class Overuse(Exception):
    """The worker uses more than it may."""

    def __init__(self, stopped: Stopped) -> None:
        super().__init__(stopped.message)
        self.stopped = stopped


class LeftBehindError(Exception):
    """Earlier sessions have left processes behind, which must not see the next one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A session as the grader hears it: its number, its channel, and what tells that something came."""

    number: int
    channel: wire.Channel
    poll: select.poll


class Group:
    """A worker's process group.

    Args:
        forkserver: Forks it.
        limits: What student code may use.

    Raises:
        SandboxError: If the forkserver is gone, or the walls don't stand.
    """

    def __init__(self, forkserver: Forkserver, limits: Limits) -> None:
        self._forkserver = forkserver
        self._limits = limits
        self._spawned = forkserver.spawn()
        self._control = wire.Channel(self._spawned.sock, self._look)
        self._looked = time.monotonic()
        self._ended: dict[int, int] = {}
        self._left: set[int] = set()
        self._hung_up: list[Line] = []
        self._count = 0
        self._forks = forkserver.place.forks
        self.device = forkserver.place.device
        self._base_bytes = forkserver.base_bytes
        self._threads = 1
        self._status: int | None = None
        self.alive = True
        try:
            self._expect_walls()
        except SandboxError:
            self.kill()
            raise

    def load(self, cells: list[messages.CellSource]) -> None:
        """Tell it to run these cells.

        Raises:
            OSError: If it is gone.
        """
        self._control.send(messages.Load(cells=cells), deadline=time.monotonic() + _WALLS_S)

    def next_report(self, deadline: float) -> messages.CellDone | messages.Loaded | None:
        """The next thing it says while it loads, or None if it is gone.

        Raises:
            DeadlinePassed, Overuse, WireError: As their names say.
        """
        try:
            received = self._control.receive(messages.from_worker, deadline)
        except (OSError, wire.CutShortError):
            return None
        match received:
            case None:
                return None
            case (messages.CellDone() | messages.Loaded()) as report, _:
                return report
        raise WireError("Worker: expected the report of a cell, got something else.")

    def ask(self, replacements: Mapping[str, str], forbidden: Sequence[str], lock: int, deadline: float) -> Line:
        """Have a session forked, and those ended on which the grader has hung up.

        Raises:
            DeadlinePassed, OSError: If the worker doesn't listen.
        """
        self._count += 1
        self._threads = processes.threads(self._spawned.pid)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ended = [line.number for line in self._hung_up]
        self._close_hung_up()
        try:
            with theirs:
                message = messages.Ask(
                    session=self._count,
                    replacements=dict(replacements),
                    forbidden=list(forbidden),
                    lock=lock,
                    ended=ended,
                )
                self._control.send(message, fds=[theirs.fileno()], deadline=deadline)
        except BaseException:
            ours.close()
            raise
        poll = select.poll()
        poll.register(ours, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        return Line(self._count, wire.Channel(ours, self._look), poll)

    def reply(self, line: Line, deadline: float) -> tuple[messages.FromSession, memoryview] | Stopped:
        """Wait for what a session says next, or for its end.

        Raises:
            DeadlinePassed, Overuse, WireError: As their names say.
            LeftBehindError: If it was not forked, because others have left processes behind.
        """
        try:
            here = self._await(line, deadline)
            received = line.channel.receive(messages.from_session, deadline) if here else None
        except (OSError, wire.CutShortError):
            received = None
        return received or self.cause_of_death(line.number)

    def frames(self, line: Line, deadline: float) -> list[tuple[bytes, bytes]] | Stopped:
        """Wait for what a session says next, unread: as many frames as are here; or for its end.

        Raises:
            As `reply`.
        """
        try:
            received = line.channel.receive_frames(deadline) if self._await(line, deadline) else []
        except (OSError, wire.CutShortError):
            received = []
        return received or self.cause_of_death(line.number)

    def cause_of_death(self, session: int) -> Stopped:
        """Why a session's process ended without an answer, as far as the worker knows.

        Raises:
            LeftBehindError: If it was never forked, because others have left processes behind.
        """
        try:
            self._await_end(session)
        except Overuse as error:
            self.kill()
            return error.stopped
        except (wire.DeadlinePassed, WireError, OSError):
            # The worker itself is gone, or no longer to be relied on.
            self.kill()
            if not self._forks and self._status is not None:
                # It was the session, and had ended before.
                self._ended[session] = self._status
        return explain_death(self._ended.get(session), self._limits)

    def is_idle(self) -> bool:
        """Whether there is one session and nothing beside it: no other thread or process that could be at work."""
        if not self._forks:
            # Threads that were there when it began are the libraries', or part of the loaded notebook.
            pid = self._spawned.pid
            return self.alive and not processes.children(pid) and processes.threads(pid) <= self._threads
        sessions = processes.children(self._spawned.pid)
        return (
            self.alive
            and len(sessions) == 1
            and all(processes.threads(pid) == 1 and not processes.children(pid) for pid in sessions)
        )

    @property
    def is_used(self) -> bool:
        """Whether the loaded notebook has been a session itself, so that it can't be another one."""
        return self._count > 0 and not self._forks

    def hang_up(self, line: Line) -> None:
        """Nothing more will be asked of a session. Its process ends before the next session begins."""
        if self.alive and line.number not in self._ended:
            self._hung_up.append(line)
        else:
            line.channel.close()

    def kill(self) -> None:
        """End the worker and all that it started. May be called twice."""
        if not self.alive:
            return
        self.alive = False
        self._close_hung_up()
        try:
            self._status = self._forkserver.end(self._spawned)
        except SandboxError:
            # The worker has ended with its forkserver; what it started has not.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._spawned.pid, signal.SIGKILL)

    def _expect_walls(self) -> None:
        try:
            wall_s = _WALLS_S if self._forks else _DEVICE_S
            received = self._control.receive(messages.from_worker, time.monotonic() + wall_s)
        except (wire.DeadlinePassed, Overuse, WireError, OSError) as error:
            raise SandboxError(f"Sandbox: expected a worker behind its walls, got {type(error).__name__}.") from error
        match received:
            case messages.Walled(problem=""), _:
                if not self._forks:
                    # What the device's driver holds is not the student's.
                    held = processes.usage(self._spawned.pid).anonymous_bytes
                    self._base_bytes = max(self._base_bytes, held)
                return
            case messages.Walled(problem=problem), _:
                raise SandboxError(
                    f"Sandbox: the walls of level '{self._forkserver.level}' don't stand: {problem}. "
                    "Run `autograder doctor`, or accept a weaker level."
                )
        raise SandboxError("Sandbox: expected a worker behind its walls, got a process that ended at once.")

    def _look(self) -> None:
        """Look at what the group uses, if the last look was a while ago."""
        now = time.monotonic()
        if now - self._looked < wire.TICK_S:
            return
        found = overuse(self._spawned.pid, self._spawned.scratch, self._base_bytes, self._limits)
        self._looked = time.monotonic()
        if found is not None:
            raise Overuse(found)

    def _await(self, line: Line, deadline: float) -> bool:
        """Wait until a session says something; False if its process has ended."""
        while True:
            events = select.POLLIN | (select.POLLOUT if line.channel.flush() else 0)
            if line.channel.ahead:
                # Of several replies that came together the next one.
                return True
            line.poll.modify(line.channel, events)
            left_s = deadline - time.monotonic()
            found = line.poll.poll(max(0.0, min(left_s, wire.TICK_S)) * 1000 + 1)
            ready = {descriptor for descriptor, event in found if event != select.POLLOUT}
            if line.channel.fileno() in ready:
                return True
            if self._has_ended(line.number):
                return False
            if self._control.fileno() in ready or self._control.ahead:
                self._hear(deadline)
            elif left_s <= 0:
                raise wire.DeadlinePassed
            self._look()

    def _hear(self, deadline: float) -> None:
        """Take note of what the worker says about its sessions."""
        received = self._control.receive(messages.from_worker, deadline)
        match received:
            case messages.SessionEnded(session=session, status=status), _ if 0 < session <= self._count:
                self._ended[session] = status
            case messages.LeftBehind(session=session), _ if 0 < session <= self._count:
                self._left.add(session)
            case None:
                raise BrokenPipeError
            case _:
                raise WireError("Worker: expected the end of a session, got something else.")

    def _await_end(self, session: int) -> None:
        deadline = time.monotonic() + _END_REPORT_S
        while not self._has_ended(session):
            self._hear(deadline)

    def _has_ended(self, session: int) -> bool:
        if session in self._left:
            raise LeftBehindError
        return session in self._ended

    def _close_hung_up(self) -> None:
        for line in self._hung_up:
            line.channel.close()
        self._hung_up = []


def explain_death(status: int | None, limits: Limits) -> Stopped:
    """What a process's wait status means to a student."""
    if status is None:
        message = "The process ended without an answer."
        return Stopped(verdict=Verdict.STUDENT_ERROR, message=message, unexplained=True)
    if status & 0x7F == 0:
        message = "The code ended the whole process: take out calls such as exit() and os._exit()."
        return Stopped(verdict=Verdict.STUDENT_ERROR, message=message)
    number = status & 0x7F
    if number == signal.SIGKILL:
        return Stopped(verdict=Verdict.MEMORY, message=say_memory(limits), unexplained=True)
    if number in {signal.SIGXCPU, signal.SIGALRM}:
        return Stopped(
            verdict=Verdict.TIMEOUT, message="It used up its processor time: is there a loop that never ends?"
        )
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    message = f"The process crashed ({name}): often a recursion that never ends, or an index far outside of an array."
    return Stopped(verdict=Verdict.STUDENT_ERROR, message=message)
