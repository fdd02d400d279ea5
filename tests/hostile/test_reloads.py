"""A notebook that has to be loaded again and again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.model import Verdict
from autograder.sandbox import loading
from autograder.sandbox.client import ForkserverSandbox
from autograder.sandbox.loading import Loader
from autograder.sandbox.protocol import Stopped
from tests.sandbox.conftest import sandbox  # noqa: F401 - a fixture
from tests.sandbox.notebooks import LIMITS, code


def test_all_loads_together_take_no_longer_than_they_may(
    sandbox: ForkserverSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the time for loading is spent, the answer is why, and no other process is started for it."""
    monkeypatch.setattr(loading, "_ALL_LOADS", 1)
    loader = Loader([code("import time; time.sleep(0.3)")], replace(LIMITS, load_wall_s=2.0))
    started = []

    def spawn():
        started.append(1)
        return sandbox._spawn()

    loads = []
    for _ in range(40):
        loads.append(loader.load(spawn))
        if isinstance(loads[-1], Stopped):
            break
        loads[-1].kill()
    assert isinstance(loads[-1], Stopped)
    assert loads[-1].verdict is Verdict.TIMEOUT
    assert "so often" in loads[-1].message
    assert len(started) == len(loads) - 1 >= 1
