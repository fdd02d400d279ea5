"""The same command as an ordinary user, where root starts it: a spare uid, and no right that root had.

Where the interpreter lies below a folder that only root may enter (a home), that folder is covered by an empty one in
which nothing but the interpreter shows, in a mount namespace that ends with the command.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

# Nobody's: no account has it, so none of its processes or files is anyone else's.
SPARE_UID = 64_789


class NotPossible(Exception):
    """This machine doesn't let us be someone else."""


def as_ordinary_user(arguments: list[str]) -> list[str]:
    """The command that runs Python with these arguments under the spare uid.

    Raises:
        NotPossible: If a program for it is missing.
    """
    for program in ("setpriv", "unshare"):
        if shutil.which(program) is None:
            raise NotPossible(f"there is no `{program}` here")
    drop = ["setpriv", f"--reuid={SPARE_UID}", f"--regid={SPARE_UID}", "--clear-groups", "--bounding-set=-all"]
    drop += ["--no-new-privs", "env", "HOME=/nonexistent", "XDG_CACHE_HOME=/nonexistent", "PYTHONDONTWRITEBYTECODE=1"]
    command = shlex.join([*drop, sys.executable, *arguments])
    steps = [step for path in _needed() for step in _uncover(path)]
    return ["unshare", "--mount", "sh", "-ec", "\n".join([*steps, f"exec {command}"])]


def _needed() -> list[Path]:
    return [Path(path) for path in dict.fromkeys((sys.base_prefix, os.path.realpath(sys.prefix)))]


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
