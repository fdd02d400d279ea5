"""A control group for a forkserver and all of its workers: the kernel caps what they hold in memory together.

The forkserver joins it at its start and every worker is born into it, so a submission costs nothing here. The cap is
wide: `watch` stops a submission at its limit and says so, and the kernel only catches what grows too quickly for that.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "autograder-"
# Of version 2, and of version 1.
_LIMITS = ("memory.max", "memory.limit_in_bytes")
_REMOVE_S = 1.0
_STALE_S = 60.0


def make() -> Path | None:
    """A fresh group with a limit on memory, or None where there is none to be had."""
    for parent in _parents():
        with contextlib.suppress(OSError):
            _sweep(parent)
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            if _limit_file(folder) is not None:
                return folder
            folder.rmdir()
    return None


def join(folder: Path) -> int | None:
    """Put this process, with all children to come, into a group.

    Returns:
        Descriptor for `limit`, or None if it can't be joined.
    """
    path = _limit_file(folder)
    try:
        (folder / "cgroup.procs").write_text(str(os.getpid()))
        return None if path is None else os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return None


def limit(descriptor: int, most_bytes: int) -> None:
    """Let the kernel end processes of the group, largest first, rather than have them hold more than that.

    Raises:
        OSError: If the kernel refuses.
    """
    os.write(descriptor, str(most_bytes).encode())


def remove(folder: Path) -> None:
    """Remove a group whose processes are ending."""
    give_up = time.monotonic() + _REMOVE_S
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > give_up:
                return
            time.sleep(0.005)


def room() -> int | None:
    """Bytes that our own group may still take, as in a container with a limit; None where nothing says."""
    # Inside a container a hierarchy may begin with our group, whatever its name outside.
    places = [folder / part for folder, ours in _mounted() for part in (ours.lstrip("/"), "")]
    return min((left for place in places if (left := _left(place)) is not None), default=None)


def _left(group: Path) -> int | None:
    """Bytes that a group may still take; what it holds of files can be had back."""
    for limit_name, held_name, files_name in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        with contextlib.suppress(OSError, ValueError):
            # Without a limit version 2 says "max", which is no number, and version 1 the largest that it knows.
            most = int((group / limit_name).read_text())
            stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            return most - int((group / held_name).read_text()) + int(stat.get(files_name, 0))
    return None


def _limit_file(folder: Path) -> Path | None:
    """Where the cap is written, if the group counts memory."""
    return next((folder / name for name in _LIMITS if (folder / name).is_file()), None)


def _parents() -> Iterator[Path]:
    """Groups that may take another one: ours; and that above it, as version 2 has groups below or processes, not both.

    Whether a group lends its children a limit on memory is not ours to change.
    """
    for folder, ours in _mounted():
        for path in (ours, os.path.dirname(ours)):  # noqa: PTH120 - a name within the hierarchy
            place = folder / path.lstrip("/")
            if place.is_dir() and os.access(place, os.W_OK):
                yield place


def _mounted() -> Iterator[tuple[Path, str]]:
    """Mount point and our own group of every hierarchy that can count memory."""
    ours = {}
    try:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            ours[controllers] = path
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in mounts:
        _, folder, kind, options, *_ = line.split()
        if kind == "cgroup" and "memory" in options.split(","):
            yield Path(folder), next((path for names, path in ours.items() if "memory" in names.split(",")), "/")
        elif kind == "cgroup2":
            yield Path(folder), ours.get("", "/")


def _sweep(folder: Path) -> None:
    """Remove what graders that were killed have left; the kernel keeps groups that are in use."""
    for entry in folder.glob(_PREFIX + "*"):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > _STALE_S:
                entry.rmdir()
