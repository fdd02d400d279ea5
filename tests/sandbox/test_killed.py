"""Processes that something outside ends: said as what it is, and a loaded notebook stays what it was."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from autograder.model import Limits, Verdict
from autograder.sandbox import levels
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.processes import children
from autograder.sandbox.protocol import Returned, Stopped
from tests.sandbox.conftest import Load
from tests.sandbox.notebooks import code

SLOW = "import time\ndef f(): time.sleep(60)\ndef g(): return 3"


def kill_later(find: Callable[[], set[int]], after_s: float = 0.02) -> threading.Thread:
    """Kill the first processes that are found, so long after they are."""

    def strike() -> None:
        while not (pids := find()):
            time.sleep(0.01)
        time.sleep(after_s)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=strike)
    thread.start()
    return thread


def test_a_question_whose_process_is_killed(load: Load) -> None:
    """Its own code may have done so, or something outside: the reply says that it is not known."""
    worker = load(SLOW)
    session = worker.ask()
    template = worker._group._spawned.pid  # type: ignore[union-attr]
    thread = kill_later(lambda: children(template))
    reply = session.call("f", [], {})
    thread.join()
    assert isinstance(reply, Stopped)
    assert reply.unexplained
    assert worker.ask().call("g", [], {}) == Returned(value=3)


def test_a_notebook_whose_process_is_killed(load: Load) -> None:
    """The same where the loaded notebook is gone; the next question finds it loaded again."""
    worker = load(SLOW)
    session = worker.ask()
    os.kill(worker._group._spawned.pid, signal.SIGKILL)  # type: ignore[union-attr]
    reply = session.call("f", [], {})
    assert isinstance(reply, Stopped)
    assert reply.unexplained
    assert worker.ask().call("g", [], {}) == Returned(value=3)


def test_a_notebook_that_is_killed_while_it_is_asked(load: Load) -> None:
    """Nobody listens any more: that is no answer of the student's either."""
    worker = load(SLOW)
    os.kill(worker._group._spawned.pid, signal.SIGKILL)  # type: ignore[union-attr]
    time.sleep(0.1)
    reply = worker.ask().call("g", [], {})
    assert reply == Returned(value=3) or (isinstance(reply, Stopped) and reply.unexplained)
    assert worker.ask().call("g", [], {}) == Returned(value=3)


def test_a_notebook_whose_process_is_killed_while_it_loads() -> None:
    """No cell is to blame for it: all run once more, whole."""
    with open_sandbox(kind="numpy", limits=Limits()) as sandbox:
        forkserver = sandbox._forkservers[False]
        thread = kill_later(lambda: set(forkserver.workers), 0.5)
        worker = sandbox.load([code("import time\ntime.sleep(1)\nx = 3"), code("def g(): return x")])
        thread.join()
        assert all(report.ok for report in worker.reports)
        assert worker.ask().call("g", [], {}) == Returned(value=3)


def test_a_process_that_is_killed_before_it_is_behind_its_walls() -> None:
    """Another one is started in its place."""
    with open_sandbox(kind="numpy", limits=Limits()) as sandbox:
        forkserver = sandbox._forkservers[False]
        thread = kill_later(lambda: set(forkserver.workers), 0.0)
        worker = sandbox.load([code("def g(): return 3")])
        thread.join()
        reply = worker.ask().call("g", [], {})
        assert reply == Returned(value=3) or (isinstance(reply, Stopped) and reply.unexplained)
        assert worker.ask().call("g", [], {}) == Returned(value=3)


def test_a_process_that_ends_itself(load: Load) -> None:
    """An exit is the code's own doing: nothing is asked twice for it."""
    reply = load("import os\ndef f(): os._exit(0)").ask().call("f", [], {})
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.STUDENT_ERROR
    assert not reply.unexplained


@pytest.mark.parametrize(
    ("trials", "refusal"),
    [
        ([("the trial ended with status -9", False), ("", True)], ""),
        ([("the trial did not end", False), ("no user namespaces", True)], "no user namespaces"),
        ([("the trial did not end", False), ("the trial did not end", False)], "the trial did not end"),
        ([("no user namespaces", True)], "no user namespaces"),
    ],
    ids=["killed", "killed, then refused", "killed twice", "refused"],
)
def test_a_trial_of_a_wall_that_was_killed(
    monkeypatch: pytest.MonkeyPatch, trials: list[tuple[str, bool]], refusal: str
) -> None:
    """It says nothing about the machine, so it is tried again; what the machine refuses is not."""
    left = list(trials)
    monkeypatch.setattr(levels, "_try", lambda level: left.pop(0))
    assert levels._refusal("namespaces") == refusal
    assert not left
