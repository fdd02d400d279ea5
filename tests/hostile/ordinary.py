"""The same command as somebody else: as an ordinary user, or as root where every user may read the interpreter.

Where the interpreter lies below a folder that only root may enter (a home), that folder is covered by an empty one in
which nothing but the interpreter shows, in a mount namespace that ends with the command.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

# No account has it, so none of its processes or files is anyone else's.
SPARE_UID = 64_789


class NotPossible(Exception):
    """This machine doesn't let us be someone else."""


def as_ordinary_user(arguments: list[str]) -> list[str]:
    """The command that runs Python with these arguments under a spare uid, without any right that root had.

    Raises:
        NotPossible: If a program for it is missing.
    """
    _demand("setpriv")
    drop = ["setpriv", f"--reuid={SPARE_UID}", f"--regid={SPARE_UID}", "--clear-groups", "--bounding-set=-all"]
    return _uncovered([*drop, "--no-new-privs", "env", "HOME=/nonexistent", sys.executable, *arguments])


def as_root(arguments: list[str]) -> list[str]:
    """The command that runs Python with these arguments as root, who can then give workers a uid of their own.

    Raises:
        NotPossible: If a program for it is missing.
    """
    return _uncovered([sys.executable, *arguments])


def _uncovered(command: list[str]) -> list[str]:
    _demand("unshare")
    needed = dict.fromkeys((sys.base_prefix, os.path.realpath(sys.prefix)))
    steps = [step for path in needed for step in _uncover(Path(path))]
    return ["unshare", "--mount", "sh", "-ec", "\n".join([*steps, f"exec {shlex.join(command)}"])]


def _uncover(path: Path) -> list[str]:
    """Commands that make a folder reachable: its first closed parent gives way to an empty folder with a bind of it."""
    closed = next((parent for parent in reversed(path.parents) if not parent.stat().st_mode & 0o001), None)
    if closed is None:
        return []
    kept = "/mnt"
    return [
        f"mount --bind {shlex.quote(str(path))} {kept}",
        f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(closed))}",
        f"mkdir -p {shlex.quote(str(path))}",
        f"mount --move {kept} {shlex.quote(str(path))}",
    ]


def _demand(program: str) -> None:
    if shutil.which(program) is None:
        raise NotPossible(f"there is no `{program}` here")
