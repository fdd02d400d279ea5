"""A contender's process with all that it starts: work in, CPU seconds and memory out. Linux."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_SAMPLE_S = 0.5
# One thread each: more would burn CPU seconds on matrices of a few numbers.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One piece of work.

    Attributes:
        wall_s: From the order to the answer.
        cpu_s: CPU seconds, user and system, of the process and of everything that it started.
        own_cpu_s: The process's own share of them.
        answer: What it said.
    """

    wall_s: float
    cpu_s: float
    own_cpu_s: float
    answer: Mapping[str, Any]


class Contender:
    """A process that works on demand. Its peak memory is watched until it is closed.

    Args:
        name: One of those that `contenders` knows.
        place: The benchmark's folder.
        environment: Variables beyond ours.
    """

    def __init__(self, name: str, place: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = place / f"{name.replace(' ', '-')}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "benchmarks.contenders", name, str(place)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **_THREADS, **environment},
                cwd=Path(__file__).parents[1],
            )
        self.peak_bytes = 0
        self.peak_bytes_of_others = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def measure(self, work: object) -> Measured:
        """Hand over work and wait.

        Raises:
            RuntimeError: If the process ends instead of answering.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before, started = self._cpu_s(), time.monotonic()
        own_before = _own_ticks(self._process.pid)
        self._process.stdin.write(json.dumps(work) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        wall_s = time.monotonic() - started
        if not line:
            raise RuntimeError(f"{self.name}: expected an answer, but it ended:\n{self.log.read_text()[-3000:]}")
        return Measured(
            wall_s=wall_s,
            cpu_s=self._cpu_s() - before,
            own_cpu_s=(_own_ticks(self._process.pid) - own_before) * _TICK_S,
            answer=json.loads(line),
        )

    def close(self) -> None:
        """Let it end."""
        self._sample()
        self._done.set()
        self._watch.join()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _look(self) -> None:
        while not self._done.wait(_SAMPLE_S):
            self._sample()

    def _sample(self) -> None:
        own = self._process.pid
        self.peak_bytes = max(self.peak_bytes, _peak_bytes(own))
        for pid in _tree(own):
            if pid != own:
                self.peak_bytes_of_others = max(self.peak_bytes_of_others, _peak_bytes(pid))

    def _cpu_s(self) -> float:
        """What the living have used, with what they know of the dead: each is waited for by its parent."""
        return sum(_cpu_ticks(pid) for pid in _tree(self._process.pid)) * _TICK_S


def _tree(root: int) -> Iterator[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting.extend(children.get(pid, ()))


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the third on; none if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _own_ticks(pid: int) -> int:
    """Of a process alone, without those that it has waited for."""
    fields = _stat(pid)
    return sum(map(int, fields[11:13])) if fields else 0


def _cpu_ticks(pid: int) -> int:
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) if fields else 0


def _peak_bytes(pid: int) -> int:
    """Largest resident set that a process has had; shared pages count in full."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
