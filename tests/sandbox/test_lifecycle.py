"""Starting, ending, and what is left behind: nothing."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.errors import SandboxError
from autograder.model import Limits
from autograder.sandbox import levels
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.folders import remove_folder
from autograder.sandbox.processes import descendants
from autograder.sandbox.protocol import Missing, Returned, Sandbox, Stopped
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code


def vanished(path: Path) -> bool:
    """Whether a folder is removed within ten seconds."""
    give_up = time.monotonic() + 10
    while path.exists() and time.monotonic() < give_up:
        time.sleep(0.01)
    return not path.exists()


def gone(pids: set[int], within_s: float = 3.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_closing_leaves_nothing() -> None:
    """After close there is no process, no folder; closing again is nothing; an open worker is closed with it."""
    sandbox: Sandbox = open_sandbox(kind="numpy", limits=LIMITS, forbidden=FORBIDDEN)
    worker = sandbox.load([code("import os\nos.fork()\ndef f(): return os.getcwd()")])
    session = worker.ask()
    reply = session.call("f", [], {})
    assert isinstance(reply, Returned)
    forkserver = sandbox._forkservers[False]  # type: ignore[attr-defined]
    pids = descendants([forkserver.pid])
    assert len(pids) >= 3
    assert forkserver._root.exists()
    sandbox.close()
    sandbox.close()
    assert gone(pids)
    assert not forkserver._root.exists()
    assert isinstance(session.call("f", [], {}), Stopped)
    with pytest.raises(SandboxError, match="closed"):
        worker.ask()


def test_the_forkserver_ends_with_the_grader() -> None:
    """If the grader is killed, its forkserver and all workers end by themselves."""
    program = """
    import sys, time
    from autograder.model import Limits
    from autograder.sandbox.client import open_sandbox
    from autograder.sandbox.processes import descendants
    from tests.sandbox.notebooks import code
    sandbox = open_sandbox(kind="numpy", limits=Limits())
    worker = sandbox.load([code("import os, time\\nif os.fork() == 0: time.sleep(100)")])
    session = worker.ask()
    print(*descendants([sandbox._forkservers[False].pid]), sandbox._forkservers[False]._root, flush=True)
    time.sleep(100)
    """
    grader = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert grader.stdout is not None
    with grader.stdout:
        *pids, root = grader.stdout.readline().split()
    assert len(pids) >= 4
    grader.kill()
    grader.wait()
    assert gone(set(map(int, pids)))
    assert vanished(Path(root))


@pytest.mark.skipif("namespaces" not in levels.probe().levels, reason="no namespaces on this machine")
@pytest.mark.parametrize("forkserver_first", [True, False])
def test_nothing_outlives_grader_and_forkserver_killed_at_once(*, forkserver_first: bool) -> None:
    """With namespaces the kernel itself ends what student code has started, whoever is killed in whichever order."""
    program = """
    import time
    from autograder.model import Limits
    from autograder.sandbox.client import open_sandbox
    from autograder.sandbox.processes import descendants
    from tests.sandbox.notebooks import code
    sandbox = open_sandbox(kind="numpy", limits=Limits(), level="namespaces")
    worker = sandbox.load([code("import os, time\\nfor _ in range(3):\\n    if os.fork() == 0: time.sleep(100)")])
    outer = sandbox._forkservers[False]._process.pid
    print(sandbox._forkservers[False]._root, outer, *descendants([outer]), flush=True)
    time.sleep(100)
    """
    grader = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert grader.stdout is not None
    with grader.stdout:
        root, *numbers = grader.stdout.readline().split()
    outer, *pids = map(int, numbers)
    assert len(pids) >= 5
    for pid in (outer, grader.pid) if forkserver_first else (grader.pid, outer):
        os.kill(pid, signal.SIGKILL)
    grader.wait()
    assert gone(set(pids))
    remove_folder(Path(root))


def test_memory_of_all_is_capped_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a control group can be had, what grows too quickly to be watched is ended, and the next call answers."""
    source = """
    import os, time
    def f():
        pids = []
        for _ in range(10):
            pids.append(os.fork())
            if pids[-1] == 0:
                block = bytearray(150 << 20)
                time.sleep(100)
        return os.waitstatus_to_exitcode(os.wait()[1])
    def g(): return 1
    """
    monkeypatch.setattr("autograder.sandbox.group.overuse", lambda *_: None)
    with open_sandbox(kind="numpy", limits=dataclasses.replace(LIMITS, call_wall_s=20.0)) as sandbox:
        group = sandbox._forkservers[False].memory_group
        if group is None:
            pytest.skip("no control group to be had on this machine")
        worker = sandbox.load([code(source)])
        held = set(map(int, (group / "cgroup.procs").read_text().split()))
        assert {sandbox._forkservers[False].pid, *sandbox._forkservers[False].workers} <= held
        reply = worker.ask().call("f", [], {})
        assert reply == Returned(value=-signal.SIGKILL) or isinstance(reply, Stopped)
        assert worker.ask().call("g", [], {}) == Returned(value=1)
    assert not group.exists()


def test_a_killed_forkserver_is_started_again() -> None:
    """A sandbox whose forkserver was killed from outside loads the next notebook all the same."""
    with open_sandbox(kind="numpy", limits=LIMITS) as sandbox:
        first = sandbox.load([code("import time\ndef f(): return 1\ndef g(): time.sleep(100)")])
        session = first.ask()
        pids = descendants([sandbox._forkservers[False].pid])
        os.kill(sandbox._forkservers[False].pid, signal.SIGKILL)
        assert isinstance(session.call("g", [], {}), Stopped)
        assert gone(pids - {sandbox._forkservers[False].pid})
        assert first.ask().call("f", [], {}) == Returned(value=1)
        assert sandbox.load([code("def f(): return 2")]).ask().call("f", [], {}) == Returned(value=2)


def test_cells_that_together_take_too_long() -> None:
    """Beyond the time of loading, cells give their definitions only; where even those take long, nothing."""
    limits = Limits(cell_wall_s=0.6, load_wall_s=0.8, call_wall_s=1.0, question_wall_s=2.0)
    last = code("def f(): return 1", id="last")
    with open_sandbox(kind="numpy", limits=limits) as sandbox:
        worker = sandbox.load([*(code("import time\ntime.sleep(0.5)", id=f"slow-{n}") for n in range(6)), last])
        assert len(worker.reports) == 7
        assert worker.reports[0].ok
        assert not worker.reports[-1].ok
        assert worker.reports[-1].reduced
        assert "together" in worker.reports[-1].message
        assert worker.ask().call("f", [], {}) == Returned(value=1)
        slow = "import time\nclass Slow:\n    time.sleep(0.5)"
        worker = sandbox.load([*(code(slow, id=f"slow-{n}") for n in range(6)), last])
        assert not worker.reports[-1].reduced
        assert worker.ask().call("f", [], {}) == Missing(name="f")


def test_an_order_that_cannot_be_met_names_the_reason() -> None:
    """A forbidden name that does not exist stops the start, with the forkserver's own words."""
    with pytest.raises(SandboxError, match=r"numpy\.no_such_function"):
        open_sandbox(kind="numpy", limits=LIMITS, forbidden=("numpy.no_such_function",))


def test_torch_notebooks() -> None:
    """Tensors travel both ways, gradients can be computed behind the walls, torch's functions can be taken away."""
    source = """
    import torch
    import torch.nn.functional as F
    def f(x): return (x * 2).sum(), x.shape[0]
    def g(x):
        layer = torch.nn.Linear(3, 1)
        optimizer = torch.optim.Adam(layer.parameters())
        loss = layer(x).sum(); loss.backward(); optimizer.step()
        return layer.weight.grad
    def h(x): return F.conv2d(x, x)
    def drawn(): return torch.rand(2)
    """
    limits = Limits(call_wall_s=10.0)
    with open_sandbox(kind="torch", limits=limits, forbidden=("torch.nn.functional.conv2d",)) as sandbox:
        worker = sandbox.load([code(source)])
        assert worker.reports[0].ok, worker.reports[0].message
        session = worker.ask()
        x = torch.ones(2, 3, dtype=torch.float64)
        reply = session.call("f", [x], {})
        assert isinstance(reply, Returned)
        assert torch.equal(reply.value[0], torch.tensor(12.0, dtype=torch.float64))
        reply = session.call("g", [np.ones((2, 3), np.float32)], {})
        assert not isinstance(reply, Returned)
        reply = session.call("g", [torch.ones(2, 3)], {})
        assert isinstance(reply, Returned), reply
        assert reply.value.shape == (1, 3)
        first = session.call("drawn", [], {})
        assert isinstance(session.call("h", [torch.ones(1, 1, 2, 2)], {}), Stopped)
        again = worker.ask()
        again.call("g", [torch.ones(2, 3)], {})
        assert isinstance(first, Returned)
        assert first.value.shape == (2,)


def test_folders_that_cannot_be_entered_are_removed(tmp_path: Path) -> None:
    """A scratch folder goes, whatever modes and links student code left in it, and no link is followed."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    scratch = tmp_path / "scratch"
    (scratch / "closed" / "inner").mkdir(parents=True)
    (scratch / "link").symlink_to(outside)
    (scratch / "closed" / "inner").chmod(0)
    (scratch / "closed").chmod(0)
    remove_folder(scratch)
    assert not scratch.exists()
    assert outside.stat().st_mode & 0o777 == 0o500


def test_a_fork_of_the_grader_takes_nothing_down() -> None:
    """A process that the grader forks may end in any way: the sandbox stays with its owner."""
    with open_sandbox(kind="numpy", limits=LIMITS) as sandbox:
        folder = sandbox._forkservers[False]._root
        pid = os.fork()
        if pid == 0:
            try:
                sandbox._forkservers[False].close()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        assert folder.exists()
        assert sandbox.load([code("def f(): return 1")]).ask().call("f", [], {}) == Returned(value=1)


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("import matplotlib.pyplot as p", {False, True}),
        ("from course_utils import plotting as drawing\nfrom matplotlib import pyplot as p", {False, True}),
        ("import importlib\np = importlib.import_module('matplot' + 'lib.py' + 'plot')", {False}),
        ("%matplotlib inline\nimport importlib\np = importlib.import_module('matplot' + 'lib.py' + 'plot')", {False}),
    ],
    ids=["seen", "by another name", "not seen", "a magic"],
)
def test_pictures_can_be_drawn_where_matplotlib_was_imported_or_not(source: str, kinds: set[bool]) -> None:
    """A cell that imports matplotlib is forked where that is done already; one that hides it imports it by itself."""
    draw = "\ndef f():\n    figure, axes = p.subplots()\n    figure.canvas.draw()\n    return len(figure.axes)"
    # Importing it, and listing the machine's fonts, takes seconds.
    limits = dataclasses.replace(LIMITS, cell_wall_s=60.0, load_wall_s=60.0, call_wall_s=30.0, question_wall_s=30.0)
    with open_sandbox(kind="numpy", limits=limits) as sandbox:
        assert sandbox.load([code(source + draw)]).ask().call("f", [], {}) == Returned(value=1)
        assert set(sandbox._forkservers) == kinds


@pytest.mark.parametrize("level", [level for level in levels.probe().levels if level != "rlimits"])
def test_several_sandboxes_side_by_side(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever numbers the descriptors of the grader have, the walls of each sandbox stand."""
    monkeypatch.setattr("autograder.sandbox.cgroup.make", lambda: None)
    with (
        open_sandbox(kind="numpy", limits=LIMITS, level=level) as first,
        open_sandbox(kind="numpy", limits=LIMITS, level=level) as second,
    ):
        for sandbox in (first, second):
            reply = sandbox.load([code("import wave\ndef f(): return 1")]).ask().call("f", [], {})
            assert reply == Returned(value=1)
