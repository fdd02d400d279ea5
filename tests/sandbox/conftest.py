"""Sandboxes and workers, shared as far as the tests leave them as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.model import Cell
from autograder.sandbox import walls
from autograder.sandbox.client import ForkserverSandbox, ForkserverWorker, open_sandbox
from autograder.sandbox.protocol import Reply
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code

Load = Callable[..., ForkserverWorker]
Ask = Callable[..., Reply]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[ForkserverSandbox]:
    """The strongest sandbox that this machine offers, for a NumPy notebook."""
    if not walls.probe().levels:
        pytest.skip("no Linux: there is no sandbox")
    with open_sandbox(kind="numpy", limits=LIMITS, forbidden=FORBIDDEN) as opened:
        yield opened


@pytest.fixture
def walled(sandbox: ForkserverSandbox) -> ForkserverSandbox:
    """The same, where it has Landlock."""
    if sandbox.level == "rlimits":
        pytest.skip("no Landlock on this machine")
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
