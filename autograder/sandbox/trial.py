"""Tries a level out: a forkserver and a worker without libraries and without a student. Run by `levels`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.model import Limits
from autograder.sandbox import spare, walls


def main() -> int:
    """Go through all steps of a level, and print what went wrong."""
    level, root = sys.argv[1], Path(sys.argv[2])
    try:
        walls.begin(level, root)
        scratch = root / "worker"
        scratch.mkdir(mode=0o700)
        wall = walls.prepare(level, Limits(), root=root)
        needed = [Path(os.__file__), *map(Path, {sys.prefix, sys.base_prefix})]
        lodging = walls.lodge(wall, scratch)
        pid = os.fork()
        if pid == 0:
            problem = _live(wall, lodging, needed)
            print(problem, end="", flush=True)
            os._exit(bool(problem))
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except OSError as error:
        print(_say(error))
        return 1


def _live(wall: walls.Wall, lodging: walls.Lodging, needed: list[Path]) -> str:
    """Do what a worker does. What went wrong, or ""."""
    try:
        scratch = walls.move_in(wall, lodging)
        closed = spare.unreadable(needed)
        if closed:
            return f"a spare user id can't read {closed[0]}"
        walls.enter(wall, scratch)
        os.closerange(3, 1 << 16)
        (scratch / "note").write_text("x")
    except OSError as error:
        return _say(error)
    return ""


def _say(error: OSError) -> str:
    """An error without its number."""
    return f"{error.strerror}: {error.filename}" if error.filename else f"{error.strerror}"


if __name__ == "__main__":
    sys.exit(main())
