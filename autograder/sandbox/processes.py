"""What /proc says of processes: children, memory, threads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds: bytes of its own, in memory or swapped out, shared copies counted for each; its threads."""

    anonymous_bytes: int
    threads: int


def children(pid: int) -> set[int]:
    """Process ids of the children of all threads of a process; empty if it is gone."""
    found: set[int] = set()
    tasks = f"/proc/{pid}/task"
    try:
        for task in os.listdir(tasks):  # noqa: PTH208 - asked often; a Path for each costs more than the answer
            with open(f"{tasks}/{task}/children", "rb") as file:  # noqa: PTH123 - as above
                found.update(map(int, file.read().split()))
    except (OSError, ValueError):
        return found
    return found


def threads(pid: int) -> int:
    """Number of its threads; 0 if it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 - as above
    except OSError:
        return 0


def open_files(pid: int) -> int:
    """Number of its descriptors; 0 if it is gone."""
    folder = f"/proc/{pid}/fd"
    try:
        # Since Linux 6.2 the size of the folder is that number.
        return os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208 - as above
    except OSError:
        return 0


def descendants(pids: Iterable[int]) -> set[int]:
    """These processes and all that they started, as far as it still hangs together."""
    found: set[int] = set()
    waiting = set(pids)
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting |= children(pid) - found
    return found


def usage(pid: int) -> Usage:
    """Anonymous and shared memory and threads of a process; nothing if it is gone."""
    values = {"RssAnon": 0, "RssShmem": 0, "VmSwap": 0, "Threads": 0}
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return Usage(0, 0)
    for line in lines:
        name, _, rest = line.partition(":")
        if name in values:
            values[name] = int(rest.split()[0])
    return Usage((values["RssAnon"] + values["RssShmem"] + values["VmSwap"]) << 10, values["Threads"])


def proportional_bytes(pid: int) -> int | None:
    """Memory of a process, shared pages divided among those who hold them; None if it can't be read."""
    total = 0
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, rest = line.partition(":")
        if name in {"Pss_Anon", "Pss_Shmem", "SwapPss"}:
            total += int(rest.split()[0]) << 10
    return total
