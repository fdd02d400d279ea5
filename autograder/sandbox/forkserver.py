"""The process from which workers are forked: all imports done, no student code, nothing of the grader in it.

Started by the client as a fresh interpreter with an environment made for it. It serves one grader, over the socket
that it inherits, and ends with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import pkgutil
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from autograder.model import Limits
from autograder.sandbox import cgroup, kernel, messages, namespaces, processes, progress_bar, rlimits, walls, wire
from autograder.sandbox.folders import remove_folder
from autograder.sandbox.forbidden import forbid, restrict
from autograder.sandbox.place import Place

_PARENT_CHECK_S = 1.0
_ENDING_S = 5.0
_ENDING_STEP_S = 0.0005


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the client wants, as JSON in the last argument.

    Attributes:
        socket: Descriptor of our end.
        kind: "numpy" or "torch".
        plots: Whether matplotlib is imported for all workers.
        level: Which wall.
        limits: What student code may use.
        forbidden: Dotted names that are taken out of the workers.
        restricted: Dotted names that single questions may not use.
        place: Where student code computes.
        private: Folders that no worker may read.
        root: Folder of all scratch folders; removed at the end, in case the grader can't.
        memory_group: Control group to join, or "".
    """

    socket: int
    kind: str
    plots: bool
    level: str
    limits: Limits
    forbidden: tuple[str, ...]
    restricted: tuple[str, ...]
    place: Place
    private: tuple[str, ...]
    root: str
    memory_group: str


def main() -> None:
    """Get ready, then fork and end workers until the grader hangs up."""
    order = msgspec.json.decode(sys.argv[-1], type=Order)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    if order.socket != wire.CONTROL:
        # Workers put their own end there: nothing that they inherit from us and need may have that number.
        os.dup2(order.socket, wire.CONTROL, inheritable=False)
        os.close(order.socket)
    root = Path(order.root)
    cap = cgroup.join(Path(order.memory_group)) if order.memory_group else None
    walls.begin(order.level, root)
    with socket.socket(fileno=wire.CONTROL) as sock:
        _import_libraries(order.kind, order.forbidden)
        if order.plots:
            _import_matplotlib()
        _forget_project()
        private = [Path(entry) for entry in order.private]
        wall = walls.prepare(order.level, order.limits, order.forbidden, private, root=root, here=order.place)
        forbid(order.forbidden)
        restrict(order.restricted)
        gc.collect()
        gc.freeze()
        kernel.collapse_memory()
        if cap is not None:
            cgroup.limit(cap, _memory_of_all(order.limits))
            os.close(cap)
        _Forkserver(wire.Channel(sock), wall, order.limits, order.place).serve()
        remove_folder(root)


def _import_libraries(kind: str, forbidden: Sequence[str]) -> None:
    """Import what a notebook may use, and make each do its first, slow step here, once for all workers."""
    import numpy as np  # noqa: PLC0415 - this is the moment for it, not the import of this module

    importlib.import_module("autograder.sandbox.worker")
    # The students' library may be an older one than ours.
    with contextlib.suppress(ImportError):
        _import_course_utils()
    if kind == "torch":
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        # Whoever computes in several threads before a fork hangs behind it as soon as it does so again.
        vars(torch).update(set_num_threads=_keep_threads, set_num_interop_threads=_keep_threads)
        # Its own version first imports a compiler, which takes seconds and part of which may be forbidden.
        vars(torch).update(use_deterministic_algorithms=torch._C._set_deterministic_algorithms)
        importlib.import_module("torch.nn.functional")
        # The first of these asks the system what the processor can do. Behind the walls there is no answer.
        for dtype in (torch.float16, torch.bfloat16, torch.float32):
            square = torch.ones((4, 4), dtype=dtype)
            (square @ square).div(3)
        if "torch.autograd.backward" not in forbidden:
            _train_once(torch)
    progress_bar.stand_in()
    np.ones((4, 4)) @ np.ones((4, 4))
    np.random.default_rng(0).normal(size=3)


def _train_once(torch: Any) -> None:
    """The first step of an optimiser imports a compiler, which takes a second, and memory that each fork has to map."""
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    weight.sum().backward()
    optimizer.step()


def _import_course_utils() -> None:
    """Import what the set-up cells of notebooks import of the students' library: all but what only a task asks for."""
    checks = importlib.import_module("course_utils.checks")
    for module in pkgutil.iter_modules(checks.__path__, "course_utils.checks."):
        importlib.import_module(module.name)
    for name in ("plotting", "data", "layers"):
        importlib.import_module(f"course_utils.{name}")


def _import_matplotlib() -> None:
    """The same for pictures, which most notebooks don't draw while they are graded."""
    from matplotlib import pyplot  # noqa: PLC0415 - as above

    figure, axes = pyplot.subplots()
    axes.imshow([[0.0, 1.0]])
    axes.set_title("$x$ warm-up")
    figure.canvas.draw()
    pyplot.close(figure)
    pyplot.show = _show_nothing


def _forget_project() -> None:
    """Take the folder that the client added off Python's path, and our order with its paths off the command line.

    Students import libraries, not our project.
    """
    added = os.environ.pop("PYTHONPATH", None)
    sys.path[:] = [entry for entry in sys.path if entry != added]
    sys.argv[:] = sys.orig_argv[:] = [""]


def _show_nothing(*_args: object, **_kwargs: object) -> None:
    """What `plt.show()` does when no one is looking."""


def _keep_threads(_count: int) -> None:
    """What `torch.set_num_threads` does: a worker has one thread to compute in."""


def _memory_of_all(limits: Limits) -> int:
    """What we and our workers may hold together: twice what one of them may, files included."""
    files = rlimits.scratch_bytes(limits) + rlimits.SCRATCH_AHEAD_BYTES
    return _usage().anonymous_bytes + 2 * (limits.memory_bytes + files)


def _number() -> int:
    """Our process id in the eyes of the grader, who may see more processes than we do."""
    return int(os.readlink("/proc/self"))  # noqa: PTH115


def _usage() -> processes.Usage:
    return processes.usage(_number())


class _Forkserver:
    def __init__(self, channel: wire.Channel, wall: walls.Wall, limits: Limits, here: Place) -> None:
        self._channel = channel
        self._wall = wall
        self._limits = limits
        self._place = here
        # By the number that the grader knows it by: ours.
        self._workers: dict[int, int] = {}
        self._grader = os.getppid()

    def serve(self) -> None:
        self._channel.send(
            messages.Serving(level=self._wall.level, pid=_number(), anonymous_bytes=_usage().anonymous_bytes)
        )
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        try:
            while os.getppid() == self._grader:
                # Whoever else holds the grader's end open must not keep us alive without it.
                if not poll.poll(_PARENT_CHECK_S * 1000):
                    continue
                match self._channel.receive_with_descriptor(messages.to_forkserver):
                    case None:
                        break
                    case messages.Spawn(scratch=scratch), int(fd):
                        number = self._spawn(Path(scratch), fd)
                        seen = str(walls.seen_from_outside(self._wall, number, Path(scratch)))
                        self._channel.send(messages.Spawned(pid=number, scratch=seen))
                    case messages.End(pid=pid), _:
                        self._channel.send(messages.Ended(pid=pid, status=self._end(pid)))
        finally:
            for number in list(self._workers):
                self._end(number)

    def _spawn(self, scratch: Path, fd: int) -> int:
        # Imported above; by name, so that it may import what is warmed up there.
        from autograder.sandbox.worker import serve_notebook  # noqa: PLC0415

        lodging = walls.lodge(self._wall, scratch)
        pid = os.fork()
        if pid == 0:
            self._channel.close()
            serve_notebook(socket.socket(fileno=fd), self._wall, lodging, self._limits, self._place)
        os.close(fd)
        number = pid if self._wall.room is None else namespaces.pid_outside(pid)
        self._workers[number] = pid
        return number

    def _end(self, number: int) -> int:
        """End a worker and all that it started. Its wait status, which is its own if it had ended by itself."""
        pid = self._workers.pop(number, None)
        if pid is None:
            return 0
        if self._wall.room is None:
            return self._end_group(pid)
        # It is the first of its pid namespace: the kernel ends and buries the others before it.
        os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]

    def _end_group(self, pid: int) -> int:
        """End a worker, its group, and whatever of it has found its way to us as an orphan."""
        status = int(signal.SIGKILL)
        give_up = time.monotonic() + _ENDING_S
        while time.monotonic() < give_up:
            # First the group, while its leader, dead or alive, still holds the number.
            alive = _kill_group(pid)
            strays = processes.children(os.getpid()) - set(self._workers)
            for stray in strays - {pid}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(stray, signal.SIGKILL)
            for child in {pid, *strays}:
                with contextlib.suppress(ChildProcessError):
                    _, ended = os.waitpid(child, 0)
                    status = ended if child == pid else status
            if not alive and not strays:
                break
            time.sleep(_ENDING_STEP_S)
        return status


def _kill_group(group: int) -> bool:
    """Whether there was anything left to kill."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
