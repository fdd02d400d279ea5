"""Runs a program as another user, or as root, where Python and the project can be read by all.

Only root can: in mounts of its own, so nothing changes for anyone else. Folders on the way that are closed to others,
such as root's home, are covered by an open one that holds just what is needed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from autograder.sandbox import kernel, mounts, spare

_BIND, _REC = 1 << 12, 1 << 14
PROJECT = Path(__file__).parents[2]


def main() -> None:
    """First argument: a user id; the others: the program and its arguments."""
    uid = int(sys.argv[1])
    kernel.unshare(kernel.CLONE_NEWNS)
    mounts.make_private()
    needed = {Path(entry).resolve() for entry in (sys.base_prefix, sys.prefix, PROJECT)}
    for closed in {folder for path in needed if (folder := _closed_above(path))}:
        _open(closed, sorted(path for path in needed if path.is_relative_to(closed)))
    home = tempfile.mkdtemp(prefix="elsewhere-")
    os.chown(home, uid, uid)
    Path(home).chmod(0o755)
    os.chdir(PROJECT)
    environment = {**os.environ, "HOME": home, "TMPDIR": home, "PYTHONDONTWRITEBYTECODE": "1"}
    if uid:
        spare.become(uid)
    os.execve(sys.argv[2], sys.argv[2:], environment)


def _closed_above(path: Path) -> Path | None:
    """The first folder on the way that others may not enter."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)


def _open(closed: Path, paths: list[Path]) -> None:
    kept = Path(tempfile.mkdtemp(prefix="kept-"))
    mounts.mount(str(closed), kept, None, _BIND | _REC)
    mounts.mount("open", closed, "tmpfs", 0, "mode=755")
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
        mounts.mount(str(kept / path.relative_to(closed)), path, None, _BIND | _REC)


if __name__ == "__main__":
    main()
