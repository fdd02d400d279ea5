"""A notebook that has to be loaded again and again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.model import Verdict
from autograder.sandbox import loading
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.group import Group
from autograder.sandbox.loading import Loader
from autograder.sandbox.protocol import Stopped
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code


def test_all_loads_together_take_no_longer_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time for loading is spent, the answer is why, and no other process is started for it."""
    monkeypatch.setattr(loading, "_ALL_LOADS", 1)
    loader = Loader([code("import time; time.sleep(0.3)")], replace(LIMITS, load_wall_s=2.0))
    spawned: list[Group] = []
    loads: list[Group | Stopped] = []
    with open_sandbox(kind="numpy", limits=LIMITS, forbidden=FORBIDDEN) as sandbox:

        def spawn() -> Group:
            spawned.append(sandbox._spawn(plots=False))
            return spawned[-1]

        while len(loads) < 40 and not (loads and isinstance(loads[-1], Stopped)):
            loads.append(loader.load(spawn))
            for group in spawned:
                group.kill()
    last = loads[-1]
    assert isinstance(last, Stopped)
    assert last.verdict is Verdict.TIMEOUT
    assert "so often" in last.message
    assert len(spawned) == len(loads) - 1 >= 1
