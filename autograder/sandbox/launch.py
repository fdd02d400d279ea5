"""The grader's handle on a forkserver: start it, have workers forked and ended, take everything down."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

import autograder
from autograder.errors import SandboxError
from autograder.model import Limits
from autograder.sandbox import cgroup, messages, wire
from autograder.sandbox.folders import remove_folder
from autograder.sandbox.forms import WireError
from autograder.sandbox.place import PROCESSOR, Place

T = TypeVar("T")
# To import torch from a slow disk takes minutes; a process that is gone is noticed at once.
_START_S = 300.0
_SPAWN_S = 10.0
_END_S = 10.0
_CLOSE_S = 5.0
_LOG_LENGTH = 2000
# The only thing that the forkserver takes over from the grader's environment.
_INHERITED = ("LD_LIBRARY_PATH",)
# Which cards there are for us.
_CARDS = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Spawned:
    """A worker just forked.

    Attributes:
        pid: Its process id, which is that of its group.
        scratch: Where its folder can be seen while it lives.
        made: Folder that was made for it, to be removed.
        sock: Our end of its socket.
    """

    pid: int
    scratch: Path
    made: Path
    sock: socket.socket


class Forkserver:
    """A running forkserver.

    Raises:
        SandboxError: If it does not start.
    """

    def __init__(
        self,
        *,
        kind: str,
        level: str,
        limits: Limits,
        forbidden: Sequence[str],
        restricted: Sequence[str],
        plots: bool = True,
        place: Place = PROCESSOR,
    ) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self.workers: set[int] = set()
        self._root = Path(tempfile.mkdtemp(prefix="autograder-sandbox-"))
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._channel = wire.Channel(ours)
        self.memory_group = cgroup.make()
        order = {
            "socket": theirs.fileno(),
            "kind": kind,
            "plots": plots,
            "level": level,
            "limits": limits,
            "forbidden": tuple(forbidden),
            "restricted": tuple(restricted),
            "place": place,
            "private": (str(Path.cwd()),),
            "root": str(self._root),
            "memory_group": str(self.memory_group or ""),
        }
        home = self._root / "forkserver"
        home.mkdir()
        _bring_font_list(home)
        with theirs, (self._root / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                [
                    sys.executable,
                    "-P",
                    "-s",
                    "-m",
                    "autograder.sandbox.forkserver",
                    msgspec.json.encode(order).decode(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home,
                env=_environment(home, place),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._finalizer = weakref.finalize(
            self, _take_down, os.getpid(), self._process, ours, self._root, self.memory_group
        )
        try:
            serving = self._expect(messages.Serving, time.monotonic() + _START_S)
        except SandboxError:
            self.close()
            raise
        self.pid = serving.pid
        self.base_bytes = serving.anonymous_bytes
        self.level = serving.level
        self.place = place

    def spawn(self) -> Spawned:
        """Fork a worker, with a folder of its own to write in.

        Raises:
            SandboxError: If the forkserver is gone.
        """
        with self._lock:
            self._count += 1
            scratch = self._root / f"worker-{self._count}"
            scratch.mkdir(mode=0o700)
            ours, theirs = socket.socketpair()
            deadline = time.monotonic() + _SPAWN_S
            try:
                with theirs:
                    self._send(messages.Spawn(scratch=str(scratch)), deadline, fds=[theirs.fileno()])
                    spawned = self._expect(messages.Spawned, deadline)
            except SandboxError:
                ours.close()
                raise
            ours.setblocking(False)
            self.workers.add(spawned.pid)
            return Spawned(spawned.pid, Path(spawned.scratch), scratch, ours)

    def end(self, spawned: Spawned) -> int:
        """End a worker and all that it started, and remove its folder.

        Returns:
            Its wait status.

        Raises:
            SandboxError: If the forkserver is gone; its workers die with it.
        """
        spawned.sock.close()
        with self._lock:
            self.workers.discard(spawned.pid)
            deadline = time.monotonic() + _END_S
            try:
                self._send(messages.End(pid=spawned.pid), deadline)
                return self._expect(messages.Ended, deadline).status
            finally:
                remove_folder(spawned.made)

    @property
    def alive(self) -> bool:
        """Whether it can still fork workers."""
        return self._process.poll() is None and self._channel.fileno() >= 0

    def close(self) -> None:
        """End it and all that it started. May be called twice."""
        self._finalizer()

    def _send(self, message: messages.Message, deadline: float, fds: Sequence[int] = ()) -> None:
        try:
            self._channel.send(message, fds=fds, deadline=deadline)
        except (OSError, ValueError, wire.DeadlinePassed) as error:
            raise self._gone() from error

    def _expect(self, kind: type[T], deadline: float) -> T:
        try:
            received = self._channel.receive(messages.from_forkserver, deadline)
        except (OSError, ValueError, WireError, wire.DeadlinePassed) as error:
            raise self._gone() from error
        if received is None or not isinstance(received[0], kind):
            raise self._gone()
        return received[0]

    def _gone(self) -> SandboxError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        log = ""
        with contextlib.suppress(OSError):
            log = (self._root / "log").read_text("utf-8", "replace").strip()[-_LOG_LENGTH:]
        last = log.splitlines()[-1] if log else "it said nothing"
        status = self._process.poll()
        got = (
            "none in time; is the machine too busy, or short of memory?" if status is None else f"exit status {status}"
        )
        return SandboxError(
            f"Sandbox: expected an answer of the forkserver, got {got} ({last}). "
            "`autograder doctor` says what the machine offers."
        )


def _take_down(
    owner: int, process: subprocess.Popen[bytes], sock: socket.socket, root: Path, memory_group: Path | None
) -> None:
    sock.close()
    if os.getpid() != owner:
        # A fork of the grader ends; the sandbox is not its own.
        return
    try:
        process.wait(_CLOSE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    remove_folder(root)
    if memory_group is not None:
        cgroup.remove(memory_group)


def _environment(home: Path, place: Place) -> dict[str, str]:
    """The whole environment: nothing of the grader's, one thread per library, the same hashes on every run."""
    package = Path(next(iter(autograder.__path__))).resolve().parent
    # The forkserver runs the same files as we do, also where several copies of the project lie about.
    path = {} if "-packages" in package.name else {"PYTHONPATH": str(package)}
    return {
        **path,
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        **(_same_every_time() if place.has_accelerator else {}),
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "MPLCONFIGDIR": str(home),
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "USER": "student",
        "LOGNAME": "student",
    }


def _same_every_time() -> dict[str, str]:
    """What a graphics card needs beside, and what makes its sums come out alike on every run."""
    chosen = {name: os.environ[name] for name in _CARDS if name in os.environ}
    return {**chosen, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


def _bring_font_list(home: Path) -> None:
    """Copy matplotlib's list of fonts, which takes it seconds to make where there are many."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "matplotlib"
    with contextlib.suppress(OSError):
        for path in cache.glob("fontlist-*.json"):
            shutil.copyfile(path, home / path.name)
