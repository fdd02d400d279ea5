"""A file system of its own: what Python needs to read, a few devices, and nothing else of the machine.

Source: mount(2), mount_setattr(2), pivot_root(2).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox import kernel
from autograder.sandbox.reading import Reading

# Where the worker's own folder lies; the same for all, as each has its own file system.
HOME = Path("/home/student")
PROC = Path("/proc")

_NOSUID, _NODEV, _NOEXEC, _RDONLY = 2, 4, 8, 1
_BIND, _REC, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_HERE, _RECURSIVE = -100, 0x8000


def make_private() -> None:
    """Let no mount from here be seen outside, and none from outside come in."""
    mount(None, Path("/"), None, _REC | _PRIVATE)


def change_root(reading: Reading, place: Path, devices: Sequence[str]) -> None:
    """Make a new root folder with read-only views of what may be read, and forget the old one.

    Args:
        reading: What is shown, and what within it is covered.
        place: An empty folder to build it in.
        devices: Device files, and folders of them, that are there as well.

    Raises:
        OSError: If the kernel refuses.
    """
    mount("root", place, "tmpfs", _NOSUID | _NODEV, "mode=755,size=1m")
    empty = place / ".empty"
    empty.touch(mode=0)
    for link, text in reading.links:
        (place / link.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
        (place / link.relative_to("/")).symlink_to(text)
    for path in sorted((*reading.roots, *reading.masked)):
        target = place / path.relative_to("/")
        if path in reading.masked:
            if target.is_dir():
                mount("masked", target, "tmpfs", _NOSUID | _NODEV, "mode=711,size=64k")
            else:
                mount(str(empty), target, None, _BIND)
        else:
            _show(path, target)
    for device in devices:
        (place / device[1:]).parent.mkdir(exist_ok=True)
        (place / device[1:]).mkdir() if Path(device).is_dir() else (place / device[1:]).touch()
    for folder in (HOME, PROC):
        (place / folder.relative_to("/")).mkdir(parents=True)
    _lock(place)
    for device in devices:
        mount(device, place / device[1:], None, _BIND)
    # The machine's own: for the forkserver, which has to look at its workers. They cover it.
    mount(str(PROC), place / PROC.relative_to("/"), None, _BIND | _REC)
    os.chdir(place)
    kernel.syscall(_PIVOT_ROOT[kernel.machine()], b".", b".")
    kernel.call("umount2", b".", ctypes.c_int(_DETACH))
    os.chdir("/")


def furnish(uid: int, gid: int, size_bytes: int, files: int) -> None:
    """Give a worker its own folder, capped in bytes and files, and nothing to see in /proc.

    Raises:
        OSError: If the kernel refuses.
    """
    options = f"mode=700,uid={uid},gid={gid},size={size_bytes},nr_inodes={files}"
    mount("scratch", HOME, "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)
    mount("nothing", PROC, "tmpfs", _NOSUID | _NODEV | _NOEXEC | _RDONLY, "mode=555,size=4k,nr_inodes=2")


def _show(path: Path, target: Path) -> None:
    if path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(path), target, None, _BIND | _REC)


def _lock(place: Path) -> None:
    """Make all that is mounted there read-only, without devices and without programs that change the user."""
    attributes = (ctypes.c_uint64 * 4)(_ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV, 0, 0, 0)
    kernel.syscall(
        _MOUNT_SETATTR,
        ctypes.c_int(_HERE),
        os.fsencode(place),
        ctypes.c_uint(_RECURSIVE),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )


def mount(source: str | None, target: Path, kind: str | None, flags: int, options: str = "") -> None:
    """Mount something, or change a mount.

    Raises:
        OSError: With the kernel's errno, and what was to be mounted where.
    """
    names = (source and os.fsencode(source), os.fsencode(target), kind and os.fsencode(kind))
    try:
        kernel.call("mount", *names, ctypes.c_ulong(flags), options.encode() or None)
    except OSError as error:
        raise OSError(error.errno, f"mounting {source or 'all'} on {target}: {error.strerror}") from error
