"""Looks after what no limit of the kernel counts: a worker's processes together, and its scratch folder.

RLIMIT_AS holds for each process alone, and root is exempt from RLIMIT_NPROC, so the grader looks every 50 ms while it
waits. The cheap sum counts pages that processes share once for each of them; only when it is too high is the exact
one read.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from autograder.model import Limits, Verdict
from autograder.sandbox import processes, rlimits
from autograder.sandbox.protocol import Stopped

# Room for what a process under its own limit holds twice: the template's pages and a session's.
_GROUP_FACTOR = 1.25


def overuse(pid: int, scratch: Path, base_bytes: int, limits: Limits) -> Stopped | None:
    """What a worker and all that it started use beyond its limits, or None.

    Args:
        pid: The worker.
        scratch: Its folder.
        base_bytes: Memory of the forkserver, which every process shares.
        limits: What it may use.
    """
    pids = processes.descendants([pid])
    usages = {entry: processes.usage(entry) for entry in pids}
    if sum(usage.threads for usage in usages.values()) > limits.processes:
        message = f"It started more than {limits.processes} processes or threads at a time."
        return Stopped(verdict=Verdict.STUDENT_ERROR, message=message)
    if sum(map(processes.open_files, pids)) > rlimits.OPEN_FILES_OF_ALL:
        message = f"It had more than {rlimits.OPEN_FILES_OF_ALL} files, pipes and sockets open at a time."
        return Stopped(verdict=Verdict.STUDENT_ERROR, message=message)
    template = max(usages[pid].anonymous_bytes, base_bytes)
    most = limits.memory_bytes * _GROUP_FACTOR
    own = template - base_bytes + sum(max(0, use.anonymous_bytes - template) for use in usages.values())
    if own > most and _exact(pids, base_bytes) > most:
        return Stopped(verdict=Verdict.MEMORY, message=say_memory(limits))
    if _is_full(scratch, pids, rlimits.scratch_bytes(limits)):
        return Stopped(verdict=Verdict.STUDENT_ERROR, message="It wrote more files than it may into its folder.")
    return None


def say_memory(limits: Limits) -> str:
    """The sentence for a student whose code took too much memory."""
    return (
        f"It needed more than {limits.memory_bytes >> 20} MB of memory: is there an array or a list that grows without "
        "end?"
    )


def _exact(pids: set[int], base_bytes: int) -> float:
    parts = [processes.proportional_bytes(pid) for pid in pids]
    # Without the right to read it, the cheap sum has to do.
    return float("inf") if None in parts else sum(part for part in parts if part is not None) - base_bytes


def _is_full(scratch: Path, pids: set[int], most_bytes: int) -> bool:
    """Whether a worker's folder holds too many files or too many bytes."""
    if scratch.parts[:2] == ("/", "proc"):
        return _is_full_disk(scratch, most_bytes)
    return _is_full_folder(scratch, most_bytes - _removed_bytes(pids))


def _is_full_disk(scratch: Path, most_bytes: int) -> bool:
    """The same where it is a file system of its own."""
    try:
        found = os.statvfs(scratch)
    except OSError:
        return False
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    return found.f_files - found.f_ffree > rlimits.SCRATCH_FILES or used > most_bytes


def _is_full_folder(scratch: Path, most_bytes: int) -> bool:
    """The same where the disk is shared; links are not followed."""
    files = used = 0
    waiting = [str(scratch)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    info = entry.stat(follow_symlinks=False)
                    used += info.st_blocks * 512
                    if stat.S_ISDIR(info.st_mode):
                        waiting.append(entry.path)
                    if files > rlimits.SCRATCH_FILES or used > most_bytes:
                        return True
        except OSError:
            continue
    return used > most_bytes


def _removed_bytes(pids: set[int]) -> int:
    """Bytes of files that have no name any more and are still open somewhere, each counted once."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    # Not by the text of the link, which leads nowhere, but the file behind it.
                    info = descriptor.stat()
                    if stat.S_ISREG(info.st_mode) and not info.st_nlink:
                        found[info.st_dev, info.st_ino] = info.st_blocks * 512
    return sum(found.values())
