"""The grader's side of the sandbox: all clocks run here, and nothing that comes back is believed unchecked."""

from __future__ import annotations

import re
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from autograder.errors import SandboxError
from autograder.model import Cell, Limits, Verdict
from autograder.sandbox import levels, messages, wire
from autograder.sandbox.ahead import frame, heard
from autograder.sandbox.calls import answers, draw_number, pack_call, unpack_reply
from autograder.sandbox.forms import WireError
from autograder.sandbox.group import Group, LeftBehindError, Line, Overuse
from autograder.sandbox.launch import Forkserver
from autograder.sandbox.loading import Loader, cells_to_run
from autograder.sandbox.pack import Packer
from autograder.sandbox.place import PROCESSOR, Place
from autograder.sandbox.protocol import CellReport, Heard, Reply, SentCall, Stopped

# Cells that look like this will import matplotlib. It makes every fork half as dear again, so the others do without
# it; they may import it all the same.
_PLOTS = re.compile(r"(?m)^(?!\s*%).*(matplotlib|pyplot|pylab|\bplt\b|\.plotting\b|\bplotting\s*(\.|as\b|import\b))")
# To count instructions makes them slower: a counted call may take that many times as long.
_COUNTED = 4
# How long calls that were sent ahead may keep silent. Which of them takes so long can't be seen: replies come several
# together. So a longer wait is for who asks one by one.
_PATIENCE_S = 1.0
_NONSENSE = Stopped(
    verdict=Verdict.STUDENT_ERROR,
    message="The process sent something that is no answer: leave its files and sockets alone.",
)


def open_sandbox(
    *,
    kind: str,
    limits: Limits,
    forbidden: tuple[str, ...] = (),
    restricted: tuple[str, ...] = (),
    level: str | None = None,
    place: Place = PROCESSOR,
) -> ForkserverSandbox:
    """Start a forkserver behind a wall.

    Args:
        kind: "numpy" or "torch".
        limits: What student code may use.
        forbidden: Dotted names of functions and modules that are taken out of the workers.
        restricted: Dotted names that single sessions may be asked to do without.
        level: One of config.SANDBOX_LEVELS, or None for the strongest that the machine offers.
        place: Where student code computes.

    Raises:
        SandboxError: If the level can't be had here, or the forkserver doesn't start.
    """
    # Who names a level knows that it is there, or is told by a forkserver that doesn't start.
    capabilities = levels.probe(thorough=False) if level is None else levels.guess()
    return ForkserverSandbox(
        kind=kind,
        limits=limits,
        forbidden=tuple(forbidden),
        restricted=tuple(restricted),
        level=levels.choose(level, capabilities),
        place=place,
    )


class ForkserverSandbox:
    """A forkserver, and the workers that it forks. See `protocol.Sandbox`."""

    def __init__(
        self,
        *,
        kind: str,
        limits: Limits,
        forbidden: tuple[str, ...],
        restricted: tuple[str, ...],
        level: str,
        place: Place = PROCESSOR,
    ) -> None:
        self._kind = kind
        self._limits = limits
        self._forbidden = forbidden
        self._restricted = restricted
        self._level = level
        self._place = place
        self._forkservers = {False: self._start(plots=False)}
        self._workers: list[ForkserverWorker] = []

    @property
    def level(self) -> str:
        """Name of the wall, one of config.SANDBOX_LEVELS."""
        return self._level

    def load(self, cells: Sequence[Cell]) -> ForkserverWorker:
        """Run the cells in a fresh process. A notebook that can't be run gives a worker that says so when asked.

        Raises:
            SandboxError: If no process can be had behind the wall.
        """
        running = cells_to_run(cells)
        spawn = partial(self._spawn, plots=any(_PLOTS.search(cell.source) for cell in running))
        worker = ForkserverWorker(spawn, Loader(running, self._limits), self._limits)
        self._workers = [*(entry for entry in self._workers if not entry.closed), worker]
        return worker

    def close(self) -> None:
        """End the forkserver and all that it started. May be called twice."""
        for worker in self._workers:
            worker.close()
        for forkserver in self._forkservers.values():
            forkserver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, *, plots: bool) -> Forkserver:
        return Forkserver(
            kind=self._kind,
            level=self._level,
            limits=self._limits,
            forbidden=self._forbidden,
            restricted=self._restricted,
            plots=plots,
            place=self._place,
        )

    def _spawn(self, *, plots: bool) -> Group:
        """A worker, forked where what it is likely to import is imported already."""
        forkserver = self._forkservers.get(plots)
        if forkserver is not None:
            try:
                return Group(forkserver, self._limits)
            except SandboxError:
                # Something outside may have ended either process; what fails again is a fault of the machine.
                if forkserver.alive:
                    return Group(forkserver, self._limits)
                forkserver.close()
        self._forkservers[plots] = self._start(plots=plots)
        return Group(self._forkservers[plots], self._limits)


class ForkserverWorker:
    """A loaded notebook, started again when it was ended. See `protocol.Worker`."""

    def __init__(self, spawn: Any, loader: Loader, limits: Limits) -> None:
        self._spawn = spawn
        self._loader = loader
        self._limits = limits
        self._group = loader.load(spawn)
        self._sessions: list[ForkserverSession] = []
        self._seen_ours: frozenset[str] = frozenset()
        self.closed = False

    @property
    def reports(self) -> tuple[CellReport, ...]:
        """How each cell ran."""
        return self._loader.reports

    def ask(
        self,
        *,
        replacements: Mapping[str, str] | None = None,
        forbidden: Sequence[str] = (),
    ) -> ForkserverSession:
        """Start a session. Where none can be had, its calls say why.

        Raises:
            SandboxError: If the worker is closed, or no process can be had behind the wall.
        """
        if self.closed:
            raise SandboxError("Sandbox: expected an open worker, got a closed one. Load the notebook again.")
        ours = frozenset(replacements or ())
        if not self._seen_ours <= ours and isinstance(self._group, Group):
            # Code that was run beside our versions may have kept them in its folder, for a question without them.
            self._group.kill()
        self._seen_ours = ours
        session = self._session(replacements or {}, forbidden)
        self._sessions = [*(entry for entry in self._sessions if not entry.closed), session]
        return session

    def _session(self, replacements: Mapping[str, str], forbidden: Sequence[str]) -> ForkserverSession:
        for _ in range(2):
            if isinstance(self._group, Group) and self._group.is_used:
                self._group.kill()
            if isinstance(self._group, Group) and not self._group.alive:
                self._group = self._loader.load(self._spawn)
            try:
                return ForkserverSession(self._group, replacements, forbidden, self._limits)
            except LeftBehindError:
                if isinstance(self._group, Group):
                    self._group.kill()
        return ForkserverSession(_NONSENSE, replacements, forbidden, self._limits)

    def close(self) -> None:
        """End everything that this notebook started. May be called twice."""
        self.closed = True
        if isinstance(self._group, Group):
            self._group.kill()
        for session in self._sessions:
            session.close()


class ForkserverSession:
    """One question's process. See `protocol.Session`.

    Raises:
        LeftBehindError: If earlier sessions have left processes behind: the notebook must be loaded again.
    """

    def __init__(
        self, group: Group | Stopped, replacements: Mapping[str, str], forbidden: Sequence[str], limits: Limits
    ) -> None:
        self._limits = limits
        self._left_s = limits.question_wall_s
        self._wall_s = limits.call_wall_s
        self._lock = 0
        self._waiting: deque[int] = deque()
        self._arrived: deque[tuple[bytes, bytes]] = deque()
        self._output = ""
        self._line: Line | None = None
        self._stopped: Stopped | None = None
        if isinstance(group, Stopped):
            self._stopped = group
        else:
            self._group = group
            self._device = group.device
            self._stopped = self._start(replacements, forbidden)

    @property
    def output(self) -> str:
        """What the student's code has printed in this session, bounded."""
        return self._output

    @property
    def closed(self) -> bool:
        """Whether its process is gone, or going."""
        return self._line is None

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        """Call a student's function.

        Raises:
            GraderFault: If an argument has no form on the wire.
        """
        if self._stopped is not None:
            return self._stopped
        number = draw_number()
        call, packer = pack_call(name, args, kwargs, return_arguments=return_arguments, count=count, number=number)
        self._wall_s = self._limits.call_wall_s * (_COUNTED if count else 1)
        started = time.monotonic()
        try:
            reply = self._exchange(call, packer, started + min(self._wall_s, self._left_s))
        except LeftBehindError:
            # It was said of a session that has begun long since.
            reply = self._cut(_NONSENSE)
        self._left_s -= time.monotonic() - started
        if isinstance(reply, Stopped):
            self._stop(reply)
        return reply

    def send(self, calls: Sequence[SentCall]) -> None:
        """Send calls, to be heard one after the other. No other call is made before the last of them was heard."""
        if self._line is None:
            return
        numbers = [draw_number() for _ in calls]
        self._waiting.extend(numbers)
        self._line.channel.send_later(
            b"".join(frame(call, number) for call, number in zip(calls, numbers, strict=True))
        )
        self._line.channel.flush()

    def hear(self) -> Heard | Stopped:
        """The reply to the next call that was sent; or that there is none, after which the session is over.

        What stands in `Stopped` is a guess: which of several calls has ended the process can't be known.
        """
        if self._stopped is not None:
            return self._stopped
        if not self._arrived:
            started = time.monotonic()
            arrived = self._await_frames(started + min(self._limits.call_wall_s, _PATIENCE_S, self._left_s))
            self._left_s -= time.monotonic() - started
            if isinstance(arrived, Stopped):
                return self._stop(arrived)
            self._arrived.extend(arrived)
        try:
            return heard(*self._arrived.popleft(), self._waiting.popleft())
        except WireError:
            return self._stop(self._cut(_NONSENSE))

    def begin(self, forbidden: Sequence[str] = ()) -> bool:
        """Go on with another question. False if it can't be: what was asked may still be at work there."""
        if self._line is None or self._waiting or self._arrived or not self._group.is_idle():
            return False
        deadline = time.monotonic() + self._limits.call_wall_s
        try:
            begin = messages.Begin(unlock=self._lock, forbidden=list(forbidden), lock=self._new_lock())
            self._line.channel.send(begin, deadline=deadline)
            reply = self._group.reply(self._line, deadline)
        except (OSError, WireError, LeftBehindError, wire.DeadlinePassed, Overuse):
            return False
        self._output = ""
        self._left_s = self._limits.question_wall_s
        return not isinstance(reply, Stopped) and reply[0] == messages.Started(problem="")

    def close(self) -> None:
        """End the process. May be called twice."""
        if self._line is not None:
            self._group.hang_up(self._line)
            self._line = None
        if self._stopped is None:
            self._stopped = Stopped(verdict=Verdict.STUDENT_ERROR, message="This session is closed.")

    def _new_lock(self) -> int:
        """A number that hides, in the session's process, what it must not find."""
        self._lock = secrets.randbits(62)
        return self._lock

    def _start(self, replacements: Mapping[str, str], forbidden: Sequence[str]) -> Stopped | None:
        try:
            self._line = self._group.ask(
                replacements, forbidden, self._new_lock(), time.monotonic() + self._limits.call_wall_s
            )
        except (OSError, wire.DeadlinePassed, Overuse) as error:
            self._group.kill()
            return _why(error, "The loaded notebook does not answer.")
        try:
            message = self._hear(time.monotonic() + self._limits.call_wall_s)
        except LeftBehindError:
            self._line.channel.close()
            raise
        if isinstance(message, Stopped):
            stopped = message
        elif isinstance(message[0], messages.Started) and not message[0].problem:
            return None
        elif isinstance(message[0], messages.Started):
            stopped = Stopped(verdict=Verdict.STUDENT_ERROR, message=message[0].problem)
        else:
            stopped = self._cut(_NONSENSE)
        return self._stop(stopped)

    def _exchange(self, call: messages.Call, packer: Packer, deadline: float) -> Reply:
        assert self._line is not None
        try:
            self._line.channel.send(call, packer.blobs, deadline=deadline)
        except (wire.DeadlinePassed, Overuse) as error:
            return self._cut(_why(error, self._say_timeout()))
        except OSError:
            return self._group.cause_of_death(self._line.number)
        received = self._hear(deadline)
        if isinstance(received, Stopped):
            return received
        message, blob = received
        if isinstance(message, messages.Started) or message.id != call.id or not answers(message, call):
            return self._cut(_NONSENSE)
        self._output = (self._output + message.output)[: self._limits.output_bytes]
        try:
            return unpack_reply(call.name, message, blob, self._device if packer.has_tensors else "")
        except WireError:
            return self._cut(_NONSENSE)

    def _await_frames(self, deadline: float) -> Sequence[tuple[bytes, bytes]] | Stopped:
        """What came of the calls that were sent: as much as is here, but at least one frame."""
        assert self._line is not None
        try:
            return self._group.frames(self._line, deadline)
        except (wire.DeadlinePassed, Overuse) as error:
            return self._cut(_why(error, self._say_timeout()))
        except (WireError, LeftBehindError):
            return self._cut(_NONSENSE)

    def _stop(self, stopped: Stopped) -> Stopped:
        self._stopped = stopped
        self.close()
        return stopped

    def _hear(self, deadline: float) -> tuple[messages.FromSession, memoryview] | Stopped:
        assert self._line is not None
        try:
            return self._group.reply(self._line, deadline)
        except (wire.DeadlinePassed, Overuse) as error:
            return self._cut(_why(error, self._say_timeout()))
        except WireError:
            return self._cut(_NONSENSE)

    def _cut(self, stopped: Stopped) -> Stopped:
        """End the whole group: it hangs, or can't be trusted to answer the next question."""
        self._group.kill()
        return stopped

    def _say_timeout(self) -> str:
        if self._left_s < self._wall_s:
            return f"All calls of this question together took longer than {self._limits.question_wall_s:g} s."
        return f"It took longer than {self._wall_s:g} s: is there a loop that never ends?"


def _why(error: Exception, otherwise: str) -> Stopped:
    if isinstance(error, Overuse):
        return error.stopped
    if isinstance(error, wire.DeadlinePassed):
        return Stopped(verdict=Verdict.TIMEOUT, message=otherwise)
    return Stopped(verdict=Verdict.STUDENT_ERROR, message=otherwise, unexplained=True)
