"""Asks the same questions behind every wall that there is, and prints how they ended, as JSON by level."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from autograder.sandbox import levels
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.protocol import Missing, Raised, Reply, Returned
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code

SOURCE = """
import ctypes, os, socket, subprocess, sys, threading, time
import numpy as np
open("note", "w").write("from a cell")
def total(x): return x.sum()
def uid_is_root(): return os.getuid() == 0
def reads(p):
    try: return len(os.listdir(p) if os.path.isdir(p) else open(p).read())
    except OSError: return "closed"
def writes(p):
    try: open(p, "w").close()
    except OSError: return "closed"
    os.remove(p)
    return "open"
def note(): return open("note").read()
def lazy():
    import wave, sqlite3, xml.dom.minidom
    return wave.__name__
def endless():
    while True: pass
def memory(): return np.ones(10**9)
def prints():
    while True: print("x" * 1000)
def leaves(): os._exit(3)
def aborts(): os.abort()
def crashes(): ctypes.string_at(0)
def connects():
    try: socket.socket()
    except OSError: return "closed"
def starts():
    try: subprocess.run([sys.executable])
    except OSError: return "closed"
def many():
    while True: os.fork()
def disk():
    for n in range(1000):
        with open(f"part{n}", "wb") as file: file.write(bytes(10**6))
def convolves(): return np.convolve([1.0], [1.0])
def threads():
    found = []
    thread = threading.Thread(target=found.append, args=(1,))
    thread.start(); thread.join()
    return found
def stays():
    if os.fork() == 0: time.sleep(100)
    return 1
"""
CALLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("total", (np.arange(4.0),)),
    ("no_such_function", ()),
    *(("reads", (path,)) for path in ("/etc/passwd", "/root", "/proc", "/tmp", "/", __file__, "/dev/shm")),
    *(("writes", (path,)) for path in ("note2", "/tmp/note2", "/dev/shm/note2", "../note2")),
    *((name, ()) for name in ("note", "lazy", "connects", "starts", "convolves", "threads", "stays")),
    *((name, ()) for name in ("endless", "memory", "prints", "leaves", "aborts", "crashes", "many", "disk")),
)
TOO_MANY = {"stopped STUDENT_ERROR", "stopped TIMEOUT"}


def outcome(reply: Reply) -> str:
    """What a student would be told, in a word or two."""
    match reply:
        case Returned(value=value):
            return f"returned {value}"
        case Raised(types=types):
            return f"raised {types[0]}"
        case Missing(name=name):
            return f"no {name}"
    return f"stopped {reply.verdict.name}"


def ask(sandbox: ForkserverSandbox) -> list[str]:
    """Each call in a question of its own."""
    worker = sandbox.load([code(SOURCE)])
    outcomes = [f"{report.ok} {report.message}" for report in worker.reports]
    for name, args in CALLS:
        session = worker.ask()
        said = outcome(session.call(name, args, {}))
        # A busy machine may not get to count the processes before the time is up.
        outcomes.append(f"{name}{args}: {'stopped' if name == 'many' and said in TOO_MANY else said}")
        session.close()
    if sandbox.level in {"uid", "namespaces"}:
        assert worker.ask().call("uid_is_root", (), {}) == Returned(value=False)
    return outcomes


def main() -> None:
    """Print what was found."""
    found = {}
    for level in levels.probe().levels:
        if level != "rlimits":
            with open_sandbox(kind="numpy", limits=LIMITS, forbidden=FORBIDDEN, level=level) as sandbox:
                found[level] = ask(sandbox)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
