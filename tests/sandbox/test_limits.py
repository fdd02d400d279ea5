"""Each limit, hit by a real process: it costs that question, and the next one is answered."""

from __future__ import annotations

import dataclasses
import time

import pytest

from autograder.model import Verdict
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.processes import children, descendants
from autograder.sandbox.protocol import Raised, Reply, Returned, Stopped
from tests.sandbox.conftest import Load
from tests.sandbox.notebooks import LIMITS, code

NEXT = "\ndef g(): return 'next'"


def stops(load: Load, source: str) -> Stopped:
    """Call f, which must be stopped; then g in a new session, which must answer."""
    worker = load(source + NEXT)
    reply = worker.ask().call("f", [], {})
    assert isinstance(reply, Stopped), reply
    assert worker.ask().call("g", [], {}) == Returned(value="next")
    return reply


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(1000)",
        "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "import re; re.match('(a+)+b', 'a' * 64)",
        """
    import signal
    for number in range(1, 60):
        try: signal.signal(number, lambda *a: None)
        except (OSError, ValueError): pass
    while True:
        try:
            while True: pass
        except BaseException: pass""",
    ],
    ids=["endless loop", "sleep", "deadlock", "endless regular expression", "swallows exceptions and signals"],
)
def test_time(load: Load, body: str) -> None:
    """A call that does not come back is cut after its time, whatever it catches."""
    started = time.monotonic()
    stopped = stops(load, f"def f():\n    {body.strip()}")
    assert stopped.verdict is Verdict.TIMEOUT
    assert "1 s" in stopped.message
    assert time.monotonic() - started < 6 * LIMITS.call_wall_s


def test_time_of_a_question(load: Load) -> None:
    """Calls that are each in time share the time of their question."""
    session = load("import time\ndef f(): time.sleep(0.7)").ask()
    replies: list[Reply] = []
    while len(replies) < 10 and not isinstance(reply := session.call("f", [], {}), Stopped):
        replies.append(reply)
    assert len(replies) == 4
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.TIMEOUT
    assert "together" in reply.message


def test_a_stopped_session_stays_stopped(load: Load) -> None:
    """Further calls of the session repeat why it was stopped, at once."""
    session = load("def f():\n    while True: pass").ask()
    first = session.call("f", [], {})
    started = time.monotonic()
    assert session.call("f", [], {}) == first
    assert time.monotonic() - started < 0.1


def test_memory_in_one_go_is_an_exception(load: Load) -> None:
    """One array beyond the limit raises MemoryError, as it would anywhere, and the session goes on."""
    session = load("import numpy as np\ndef f(): return np.ones(10**9)\ndef g(): return 1").ask()
    reply = session.call("f", [], {})
    assert isinstance(reply, Raised)
    assert "MemoryError" in reply.types
    assert session.call("g", [], {}) == Returned(value=1)


def test_memory_that_grows(load: Load) -> None:
    """A list that grows without end is stopped, or raises MemoryError."""
    worker = load("def f():\n    x = []\n    while True: x.append(bytes(10**6))" + NEXT)
    reply = worker.ask().call("f", [], {})
    if isinstance(reply, Raised):
        assert "MemoryError" in reply.types
    else:
        assert isinstance(reply, Stopped)
        assert reply.verdict is Verdict.MEMORY
    assert worker.ask().call("g", [], {}) == Returned(value="next")


def test_memory_of_several_processes(sandbox: ForkserverSandbox) -> None:
    """Processes that each stay under the limit are stopped for what they hold together."""
    source = """
import os, time
def f():
    for _ in range(4):
        if os.fork() == 0:
            block = bytearray(os.urandom(1000)) * 200_000
            time.sleep(100)
    time.sleep(100)
"""
    # A busy machine takes its time to hand out that much memory.
    patient = dataclasses.replace(LIMITS, call_wall_s=20.0, question_wall_s=20.0)
    with open_sandbox(kind="numpy", limits=patient, level=sandbox.level) as opened:
        worker = opened.load([code(source + NEXT)])
        stopped = worker.ask().call("f", [], {})
        assert isinstance(stopped, Stopped)
        assert stopped.verdict is Verdict.MEMORY
        assert "256 MB" in stopped.message
        assert worker.ask().call("g", [], {}) == Returned(value="next")


def test_fork_bomb(load: Load, sandbox: ForkserverSandbox) -> None:
    """Processes without end are stopped long before the time is up, and none is left."""
    stopped = stops(load, "import os, time\ndef f():\n    while True:\n        os.fork()")
    assert "processes" in stopped.message or stopped.verdict is Verdict.TIMEOUT
    assert leftovers(sandbox) == set()


def test_threads_without_end(load: Load) -> None:
    """Threads count as processes do."""
    source = """import threading, time
def f():
    for _ in range(1000): threading.Thread(target=time.sleep, args=(100,)).start()
    time.sleep(100)"""
    worker = load(source + NEXT)
    reply = worker.ask().call("f", [], {})
    # Where the stacks of threads reach the limit of memory first, Python says so itself.
    assert isinstance(reply, Stopped | Raised)
    assert worker.ask().call("g", [], {}) == Returned(value="next")


@pytest.mark.parametrize(
    "body",
    ["while True: print('x' * 100)", "print('x' * 10**7)", "[print(n) for n in range(10**6)]"],
    ids=["endless", "one long line", "many lines"],
)
def test_output(load: Load, body: str) -> None:
    """Output beyond the limit stops the question, and what was kept is bounded."""
    worker = load(f"def f():\n    try:\n        {body}\n    except BaseException: pass\n" + NEXT)
    session = worker.ask()
    reply = session.call("f", [], {})
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.OUTPUT_LIMIT
    assert len(session.output) <= LIMITS.output_bytes
    assert worker.ask().call("g", [], {}) == Returned(value="next")


def test_prints_in_a_loop(load: Load) -> None:
    """Output beyond the limit is dropped: prints that were left in a loop cost no point."""
    session = load("def f():\n    for n in range(5000): print(n, 'is a number')\n    return 3").ask()
    assert session.call("f", [], {}) == Returned(value=3)
    assert 0 < len(session.output) <= LIMITS.output_bytes


def test_recursion(load: Load) -> None:
    """Endless recursion is an exception; without Python's own limit it ends at ours."""
    session = load("def f(): return f()\ndef g(): return 1").ask()
    reply = session.call("f", [], {})
    assert isinstance(reply, Raised)
    assert reply.types[0] == "RecursionError"
    assert session.call("g", [], {}) == Returned(value=1)
    worker = load("import sys\ndef f():\n    sys.setrecursionlimit(10**9)\n    return h()\ndef h(): return h()" + NEXT)
    assert isinstance(worker.ask().call("f", [], {}), Raised | Stopped)
    assert worker.ask().call("g", [], {}) == Returned(value="next")


@pytest.mark.parametrize(
    "body",
    [
        "import os; os._exit(0)",
        "import os; os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.closerange(0, 100)",
        "import os, threading; threading.Thread(target=os._exit, args=(3,)).start(); threading.Event().wait(100)",
    ],
    ids=["_exit", "abort", "segmentation fault", "closes descriptors", "_exit in a thread"],
)
def test_the_end_of_the_process(load: Load, body: str) -> None:
    """A process that ends itself costs its question, and says how it ended."""
    stopped = stops(load, f"def f():\n    {body}")
    assert stopped.verdict is Verdict.STUDENT_ERROR
    assert stopped.message


def test_a_forked_child_ends_with_its_question(load: Load, sandbox: ForkserverSandbox) -> None:
    """A child that outlives its parent, by fork and whatever it tries to get away, is gone before the next session."""
    source = """
import os, time
def f():
    if os.fork() == 0:
        for escape in (os.setsid, os.setpgrp):
            try: escape()
            except OSError: pass
        if os.fork(): os._exit(0)
        time.sleep(100)
        os._exit(0)
    return "left"
"""
    others = descendants([sandbox._forkservers[False].pid])
    worker = load(source + NEXT)
    session = worker.ask()
    assert session.call("f", [], {}) == Returned(value="left")
    left = descendants([sandbox._forkservers[False].pid]) - others
    session.close()
    assert worker.ask().call("g", [], {}) == Returned(value="next")
    assert left
    assert not left & descendants([sandbox._forkservers[False].pid])
    worker.close()
    assert leftovers(sandbox) == set()


def test_a_child_that_keeps_the_socket_does_not_keep_the_grader_waiting(load: Load) -> None:
    """The end of a session's process is seen even where another process still holds its end of the wire."""
    source = """
import os, time
def f():
    if os.fork() == 0:
        time.sleep(100)
    os._exit(0)
"""
    started = time.monotonic()
    stopped = stops(load, source)
    assert stopped.verdict is Verdict.STUDENT_ERROR
    assert time.monotonic() - started < LIMITS.call_wall_s


def test_one_submission_does_not_affect_the_next(load: Load) -> None:
    """What one notebook breaks in its process is whole in the next one's."""
    load(
        "import builtins, numpy, sys\nnumpy.sum = None\nbuiltins.len = None\nsys.modules.clear()\n"
        "open('note', 'w').write('x')"
    )
    reply = load("import os, numpy as np\ndef f(): return int(np.sum([1, len([2])])), os.listdir('.')").ask()
    assert reply.call("f", [], {}) == Returned(value=(2, []))


@pytest.mark.parametrize(
    "body",
    [
        "os.write({fd}, b'\\xff' * 100)",
        "os.write({fd}, b'\\x00' * 8)",
        "os.write({fd}, b'nonsense')",
        "[os.write({fd}, b'\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x01') for _ in range(10**6)]",
    ],
    ids=["giant length", "empty frame", "half a header", "endless small frames"],
)
def test_nonsense_on_the_wire(load: Load, body: str) -> None:
    """A process that writes into its own wire gets no answer through, and costs its question only."""
    source = f"""
import os, stat
def f():
    for fd in range(3, 40):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): {body.format(fd="fd")}
        except OSError: pass
    os._exit(0)
"""
    assert stops(load, source).verdict is Verdict.STUDENT_ERROR


def test_a_reply_written_ahead_is_no_answer(load: Load) -> None:
    """A forged reply doesn't carry the call's number, which can't be guessed."""
    source = """
import sys
def f():
    import gc
    from autograder.sandbox import messages, wire
    channel = next(entry for entry in gc.get_objects() if type(entry) is wire.Channel and entry.fileno() >= 0)
    channel.send(messages.Done(id=1, value=42, arguments=None, output=""))
    return 41
"""
    worker = load(source + NEXT)
    session = worker.ask()
    reply = session.call("f", [], {})
    assert isinstance(reply, Stopped)
    assert "no answer" in reply.message
    assert worker.ask().call("g", [], {}) == Returned(value="next")


def test_disk(load: Load) -> None:
    """One file can't grow beyond its limit, and many can't fill the disk."""
    reply = load("def f(): open('big', 'wb').write(bytes(2 * 10**6))").ask().call("f", [], {})
    assert isinstance(reply, Raised | Stopped)
    worker = load(
        """
def f():
    for n in range(10**6):
        with open(f'part{n}', 'wb') as file: file.write(bytes(10**6))
"""
        + NEXT
    )
    reply = worker.ask().call("f", [], {})
    # The grader sees it, or the folder's file system is full first where it has one of its own.
    if isinstance(reply, Raised):
        assert "No space left" in reply.message
    else:
        assert isinstance(reply, Stopped)
        assert "files" in reply.message
    assert worker.ask().call("g", [], {}) == Returned(value="next")


def test_disk_of_removed_files(load: Load) -> None:
    """Files without a name that are still open count as well."""
    stopped = stops(
        load,
        """
import os, time
def f():
    kept = []
    for n in range(100):
        kept.append(open(f'part{n}', 'wb', buffering=0))
        try: kept[-1].write(bytes(10**6))
        except OSError: break
        os.remove(f'part{n}')
    time.sleep(100)
""",
    )
    assert "files" in stopped.message


def leftovers(sandbox: ForkserverSandbox) -> set[int]:
    """Processes below the forkserver that belong to no open worker."""
    forkserver = sandbox._forkservers[False]
    return children(forkserver.pid) - forkserver.workers
