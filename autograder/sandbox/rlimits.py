"""Limits that every Linux has: memory, processor time, processes, files."""

from __future__ import annotations

import contextlib
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from autograder.model import Limits
from autograder.sandbox.place import PROCESSOR, Place

_OPEN_FILES = 256
# Of all processes of a worker together: what waits in a socket is the kernel's memory, and no process's.
OPEN_FILES_OF_ALL = 4 * _OPEN_FILES
_MANY_FILES = 1 << 16
# Files and folders in a worker's own folder, and how many of the largest files it has room for.
SCRATCH_FILES = 2000
_LARGEST_FILES = 4
# The grader stops a worker that goes beyond, and says so; that much further on the kernel holds it up where it can.
SCRATCH_AHEAD_BYTES = 1 << 27
# NPROC counts every thread of the user on the whole machine, so it can only be a coarse backstop to `watch`.
_PROCESS_SLACK = 4
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one worker as the kernel takes them: resource and value, soft and hard alike."""

    values: tuple[tuple[int, int], ...]


def scratch_bytes(limits: Limits) -> int:
    """What a worker's own folder may hold."""
    return _LARGEST_FILES * limits.file_bytes


def budget(limits: Limits, here: Place = PROCESSOR, *, alone: bool = False) -> Budget:
    """What a worker forked from this process may use, beyond what this process uses now.

    Args:
        limits: What student code may use.
        here: Where it computes. A graphics card's driver reserves addresses without end, and locks some memory.
        alone: Whether the worker has a user, or a user namespace, of its own.
    """
    address_space = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES
    # A backstop for what runs on while no one waits; the grader's clock is what students meet.
    cpu_s = int(max(limits.load_wall_s, limits.question_wall_s) * 4) + 5
    values = [
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        # None is written, and unlike with 0 none is piped to a program of the machine's either: core(5).
        (resource.RLIMIT_CORE, 1),
    ]
    if not here.has_accelerator:
        values += [(resource.RLIMIT_AS, address_space + limits.memory_bytes), (resource.RLIMIT_MEMLOCK, 0)]
    if alone or os.getuid() != 0:
        others = 0 if alone else _own_threads()
        values.append((resource.RLIMIT_NPROC, others + _PROCESS_SLACK * limits.processes))
    return Budget(tuple(values))


def apply(limits: Budget) -> None:
    """Put this process and its children under these limits, for good."""
    for name, value in limits.values:
        hard = resource.getrlimit(name)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # One second between the signal that says why and the one that ends it.
        soft = max(1, most - 1) if name == resource.RLIMIT_CPU else most
        resource.setrlimit(name, (soft, most))


def allow_many_files() -> None:
    """Let this process have as many files open as it may ask for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, _MANY_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def prefer_in_shortage() -> None:
    """If the machine runs out of memory, let it be this process that ends."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _own_threads() -> int:
    """Threads of this user on the whole machine."""
    count = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if folder.stat().st_uid == os.getuid():
                    count += sum(1 for _ in (folder / "task").iterdir())
    return count
