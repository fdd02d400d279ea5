"""Runs a program as another user, or as root, where Python and the project can be read by all.

Only root can: in mounts of its own, so nothing changes for anyone else. Folders on the way that are closed to others,
such as root's home, are covered by an open one that holds just what is needed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from autograder.sandbox import kernel, mounts, spare

_BIND, _REC = 1 << 12, 1 << 14
PROJECT = Path(__file__).parents[2]


def main() -> None:
    """First argument: a user id; the others: the program and its arguments."""
    place = Path(tempfile.mkdtemp(prefix="elsewhere-"))
    place.chmod(0o755)
    pid = os.fork()
    if pid == 0:
        _go(int(sys.argv[1]), sys.argv[2:], place)
    status = os.waitpid(pid, 0)[1]
    # Nothing is mounted there in our eyes.
    shutil.rmtree(place)
    sys.exit(os.waitstatus_to_exitcode(status))


def _go(uid: int, program: list[str], place: Path) -> NoReturn:
    kernel.unshare(kernel.CLONE_NEWNS)
    mounts.make_private()
    needed = {Path(entry).resolve() for entry in (sys.base_prefix, sys.prefix, PROJECT)}
    for closed in {folder for path in needed if (folder := _closed_above(path))}:
        kept = place / f"kept{str(closed).replace('/', '-')}"
        kept.mkdir()
        _open(closed, kept, sorted(path for path in needed if path.is_relative_to(closed)))
    home = place / "home"
    home.mkdir()
    os.chown(home, uid, uid)
    os.chdir(PROJECT)
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    if uid:
        spare.become(uid)
    os.execve(program[0], program, environment)


def _closed_above(path: Path) -> Path | None:
    """The first folder on the way that others may not enter."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)


def _open(closed: Path, kept: Path, paths: list[Path]) -> None:
    mounts.mount(str(closed), kept, None, _BIND | _REC)
    mounts.mount("open", closed, "tmpfs", 0, "mode=755")
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
        mounts.mount(str(kept / path.relative_to(closed)), path, None, _BIND | _REC)


if __name__ == "__main__":
    main()
