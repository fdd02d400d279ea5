"""Sandboxes and workers, shared as far as the tests leave them as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.model import Cell
from autograder.sandbox import levels
from autograder.sandbox.client import ForkserverSandbox, ForkserverWorker, open_sandbox
from autograder.sandbox.protocol import Reply
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code

Load = Callable[..., ForkserverWorker]
Ask = Callable[..., Reply]


# What hangs on the wall is tested behind each; what does not, behind the strongest.
AT_EVERY_LEVEL = ("test_walls", "test_limits")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have the shared sandbox at each level that this machine offers, where that can make a difference."""
    if "sandbox" in metafunc.fixturenames:
        offered = levels.probe().levels[::-1]
        every = metafunc.module.__name__.rpartition(".")[2] in AT_EVERY_LEVEL
        metafunc.parametrize("sandbox", offered if every else offered[:1], indirect=True, scope="session")


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Iterator[ForkserverSandbox]:
    """A sandbox for a NumPy notebook."""
    with open_sandbox(kind="numpy", limits=LIMITS, forbidden=FORBIDDEN, level=request.param) as opened:
        yield opened


@pytest.fixture
def walled(sandbox: ForkserverSandbox) -> ForkserverSandbox:
    """The same, where it has Landlock."""
    if sandbox.level == "rlimits":
        pytest.skip("the level rlimits promises no wall around files")
    return sandbox


@pytest.fixture
def load(sandbox: ForkserverSandbox) -> Iterator[Load]:
    """Loads cells, given as cells or as the text of one answer, and closes the workers afterwards."""
    workers = []

    def _load(*cells: Cell | str) -> ForkserverWorker:
        worker = sandbox.load([cell if isinstance(cell, Cell) else code(cell) for cell in cells])
        workers.append(worker)
        return worker

    yield _load
    for worker in workers:
        worker.close()


@pytest.fixture
def ask(load: Load) -> Ask:
    """Loads the text of one answer and calls its function `f` in one go."""

    def _ask(source: str, *args: Any, **kwargs: Any) -> Reply:
        return load(source).ask().call("f", args, kwargs)

    return _ask
