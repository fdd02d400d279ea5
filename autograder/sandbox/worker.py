"""The process in which a student's notebook lives: goes behind the walls, runs the cells, forks for each question.

Started only by the forkserver's fork. Everything here shares a process with student code, so nothing here is
secret and nothing it says is believed: it is written to serve honest code well, not to hold dishonest code back.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass
from typing import NoReturn

from autograder.model import Limits
from autograder.sandbox import kernel, messages, place, walls, wire
from autograder.sandbox.notebook import NotebookRunner
from autograder.sandbox.output import OUTPUT_PATIENCE, Output, OutputLimitError
from autograder.sandbox.overwritten import Functions
from autograder.sandbox.session import serve_session

_CONTROL = wire.CONTROL
# How long a session may take to end once its socket is closed.
_ENDING_S = 1.0
_TEXT_LENGTH = 1000
# Student code can replace these in their module; this process must be able to end all the same.
_exit = os._exit
_fork = os.fork
_wait = os.waitpid


def serve_notebook(
    sock: socket.socket, wall: walls.Wall, lodging: walls.Lodging, limits: Limits, here: place.Place
) -> NoReturn:
    """Be the worker, in a process just forked: walls first, then cells, then questions until the grader hangs up.

    Args:
        sock: The grader's end is on the other side.
        wall: Prepared by the forkserver.
        lodging: Where it is to live.
        limits: What student code may use.
        here: Where it computes.
    """
    try:
        # What a session leaves behind is seen here, before the next one begins.
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        control = wire.Channel(_settle(sock))
        problem = _enter(wall, lodging) or _begin(here)
        control.send(messages.Walled(problem=problem))
        if not problem:
            _Worker(control, limits, here).serve()
    finally:
        _exit(0)


def _settle(sock: socket.socket) -> socket.socket:
    """Keep only the control socket."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    if sock.fileno() != _CONTROL:
        os.dup2(sock.fileno(), _CONTROL, inheritable=False)
        sock.close()
        sock = socket.socket(fileno=_CONTROL)
    return sock


def _enter(wall: walls.Wall, lodging: walls.Lodging) -> str:
    """Go behind the walls, and close every way back. What went wrong, or ""."""
    last = os.open(os.devnull, os.O_RDONLY)
    try:
        scratch = walls.move_in(wall, lodging)
        walls.enter(wall, scratch)
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    highest = max((last, *(grant.descriptor for grant in wall.grants)))
    os.closerange(_CONTROL + 1, highest + 64)
    os.environ.update(HOME=str(scratch), TMPDIR=str(scratch), MPLCONFIGDIR=str(scratch))
    tempfile.tempdir = None
    return ""


def _begin(here: place.Place) -> str:
    """Have the device ready. What went wrong, or ""."""
    try:
        place.begin(here)
    except (RuntimeError, AssertionError) as error:
        return f"the device '{here.device}' does not start behind it: {error}"[:_TEXT_LENGTH]
    return ""


@dataclass(frozen=True, slots=True)
class _Running:
    """A session's process: its id, and the descriptor that tells its end."""

    pid: int
    process: int


class _Worker:
    """The template: the loaded notebook, from which a session is forked for each question."""

    def __init__(self, control: wire.Channel, limits: Limits, here: place.Place) -> None:
        self._control = control
        self._limits = limits
        self._place = here
        self._notebook = NotebookRunner()
        self._sessions: dict[int, _Running] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._dropping = False
        self._crowded = False
        self._pid = os.getpid()

    def serve(self) -> None:
        """Do what the grader asks for, and tell it when a session's process has ended."""
        control = self._control.fileno()
        while True:
            # The ends first: what is asked may end a session, and give its descriptor's number to another.
            for descriptor, _ in sorted(self._poll.poll(), key=lambda event: event[0] == control):
                if descriptor != control:
                    self._report_end(descriptor)
                    continue
                received = self._control.receive_with_descriptor(messages.to_worker)
                match received:
                    case None:
                        return
                    case messages.Load(cells=cells), _:
                        self._load(cells)
                    case messages.Ask() as ask, int(fd):
                        if self._place.forks:
                            self._ask(ask, fd)
                        else:
                            self._serve_here(ask, fd)

    def _load(self, cells: list[messages.CellSource]) -> None:
        sys.stdout = sys.stderr = Output(self._limits.output_bytes, self._overflow)
        functions = Functions()
        for index, cell in enumerate(cells):
            done = self._notebook.run(index, cell, self._limits.cell_wall_s)
            if os.getpid() != self._pid:
                # A child that the student's code forked and let run on: the notebook has one process.
                _exit(0)
            functions.note(self._notebook.namespace)
            self._control.send(done)
            _close_figures()
        functions.give_back(self._notebook.namespace, (cell.source for cell in cells))
        self._dropping = True
        for number in (signal.SIGALRM, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN if number == signal.SIGPIPE else signal.SIG_DFL)
        gc.collect()
        # Shared with every session: the collector must not touch these pages again.
        gc.freeze()
        # What the cells themselves have started is part of the loaded notebook, and there for every question.
        self._crowded = _has_children()
        self._control.send(messages.Loaded())

    def _overflow(self) -> None:
        """Stop the first cell that prints too much; what later cells print is dropped."""
        if not self._dropping:
            self._dropping = True
            raise OutputLimitError(f"printed more than {OUTPUT_PATIENCE * self._limits.output_bytes} bytes")

    def _serve_here(self, ask: messages.Ask, fd: int) -> None:
        """Be the session. The grader asks once, and loads the notebook again for the next one."""
        with socket.socket(fileno=fd) as sock:
            serve_session(wire.Channel(sock), self._notebook, ask, self._limits.output_bytes, self._place.device)

    def _ask(self, ask: messages.Ask, fd: int) -> None:
        ended = all(self._end(number) for number in ask.ended)
        if not ended or (not self._sessions and not self._crowded and _has_children()):
            # Said before the socket is closed, which the grader could take for a death.
            self._control.send(messages.LeftBehind(session=ask.session))
            os.close(fd)
            return
        pid = _fork()
        if pid == 0:
            try:
                self._control.close()
                for running in self._sessions.values():
                    os.close(running.process)
                with socket.socket(fileno=fd) as sock:
                    serve_session(wire.Channel(sock), self._notebook, ask, self._limits.output_bytes)
            finally:
                _exit(0)
        os.close(fd)
        process = os.pidfd_open(pid)
        self._sessions[ask.session] = _Running(pid, process)
        self._poll.register(process, select.POLLIN)

    def _end(self, number: int) -> bool:
        """Wait for a session on which the grader has hung up. False if it goes on all the same."""
        if number not in self._sessions:
            return True
        poll = select.poll()
        poll.register(self._sessions[number].process, select.POLLIN)
        ended = bool(poll.poll(_ENDING_S * 1000))
        if ended:
            self._reap(number)
        return ended

    def _report_end(self, process: int) -> None:
        """Tell that a session's process has ended by itself."""
        number = next(number for number, running in self._sessions.items() if running.process == process)
        self._control.send(messages.SessionEnded(session=number, status=self._reap(number)))

    def _reap(self, number: int) -> int:
        running = self._sessions.pop(number)
        self._poll.unregister(running.process)
        os.close(running.process)
        _, status = _wait(running.pid, 0)
        return status


def _has_children() -> bool:
    """Whether there is any process that this one started or has inherited."""
    try:
        while _wait(-1, os.WNOHANG) != (0, 0):
            continue
    except ChildProcessError:
        return False
    return True


def _close_figures() -> None:
    """As the notebook's own backend does after each cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and pyplot.get_fignums():
        pyplot.close("all")
