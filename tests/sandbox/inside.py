"""Goes into a worker's namespaces without Landlock and without the filter, and prints what is there, as JSON."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
from pathlib import Path

from autograder.model import Limits
from autograder.sandbox import walls


def attempt(action: str, *args: object) -> str:
    """The name of the error of a call in os or socket, or "" if it works."""
    module, _, name = action.partition(".")
    try:
        getattr({"os": os, "socket": socket}[module], name)(*args)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


def fill(folder: Path) -> dict[str, object]:
    """How much and how many files go into the folder."""
    written, files = 0, 0
    why = ""
    try:
        with (folder / "big").open("wb", buffering=0) as file:
            while True:
                written += file.write(bytes(1 << 20))
    except OSError as error:
        why = errno.errorcode[error.errno or 0]
    (folder / "big").unlink()
    try:
        while True:
            (folder / f"file{files}").touch()
            files += 1
    except OSError:
        return {"written": written, "why": why, "files": files}


def text(path: str) -> str:
    """What a file holds, if it can be read."""
    try:
        return Path(path).read_text()
    except PermissionError:
        return ""


def names(folder: str) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in Path(folder).iterdir())


def look(home: Path, asked: dict[str, list[str]], port: int) -> dict[str, object]:
    """What a worker finds."""
    return {
        "pid": os.getpid(),
        "uid": os.getuid(),
        "groups": [group for group in os.getgroups() if group != os.getgid()],
        "home": str(home),
        "root": names("/"),
        "proc": names("/proc"),
        "homes": names("/home"),
        "there": [path for path in asked["exist"] if Path(path).exists()],
        "text": "".join(map(text, asked["empty"])),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "connect": attempt("socket.create_connection", ("127.0.0.1", port), 1),
        "kill": attempt("os.kill", int(asked["pid"][0]), 0),
        "writes": [attempt("os.mkdir", path) for path in ("/new", "/usr/new", "/home/new", f"{sys.prefix}/new")],
        "lazy": __import__("wave").__name__,
        "filled": fill(home),
    }


def main() -> None:
    """Arguments: a folder to work in, what to look for as JSON, and a port on which someone listens."""
    root, asked, port = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
    walls.begin("namespaces", root)
    scratch = root / "worker"
    scratch.mkdir()
    wall = walls.prepare("namespaces", Limits(), ("torch",), root=root)
    lodging = walls.lodge(wall, scratch)
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0:
            # Outlives its parent, if the kernel lets it.
            signal.pause()
        print(json.dumps(look(walls.move_in(wall, lodging), asked, port)), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
    sys.exit(0)


if __name__ == "__main__":
    main()
