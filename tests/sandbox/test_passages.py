"""Passages: closed for one question, open for the next, in one process; a closed one tells nothing."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator

import numpy as np
import pytest

from autograder.model import Verdict
from autograder.sandbox.client import ForkserverSandbox, ForkserverSession, open_sandbox
from autograder.sandbox.passages import Passage, TableEntry
from autograder.sandbox.protocol import Returned, Stopped
from tests.sandbox.notebooks import LIMITS, code

NAMES = ("numpy.einsum", "numpy.convolve", "numpy.correlate")
KEPT = {
    "name": "np.einsum('i->', x)",
    "alias": "alias('i->', x)",
    "list": "kept[0]('i->', x)",
    "bound": "bound('i->', x)",
    "default": "with_default(x)",
    "closure": "closed(x)",
    "partial": "short(x)",
    "import": "importlib.import_module('numpy').einsum('i->', x)",
    "kernel": "np._core.multiarray.c_einsum('i->', x)",
    "kept while it was allowed": "later[0]('i->', x)",
    "convolve": "np.convolve(x, x)",
    "polynomials": "np.polymul(x, x)",
    "correlate": "np._core.multiarray.correlate2(x, x)",
}
NOTEBOOK = f"""
import ctypes, gc, importlib, sys
from functools import partial
import numpy as np
from numpy import einsum as alias
kept, later, bound = [np.einsum], [], np.einsum.__call__
def with_default(x, f=np.einsum): return f("i->", x)
def make(f): return lambda x: f("i->", x)
closed, short = make(np.einsum), partial(np.einsum, "i->")
def begun():
    later.append(np.einsum)
    return float(np.einsum("i->", np.ones(3)) + np.convolve([1.0], [2.0])[0])
{"".join(f"def way{number}(x): return {way}{chr(10)}" for number, way in enumerate(KEPT.values()))}
def computes():
    '''Objects of these names that still compute, whoever holds them.'''
    gc.unfreeze()
    kinds = ("function", "builtin_function_or_method", "_ArrayFunctionDispatcher")
    found, seen, waiting = [], set(), [*gc.get_objects(), sys._getframe()]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        waiting.extend(gc.get_referents(part))
        if getattr(type(part), "__name__", "") in kinds:
            name = getattr(part, "__name__", "")
            if name in ("convolve", "correlate", "correlate2", "einsum", "c_einsum"):
                for args in (("i->", np.ones(2)), (np.ones(2), np.ones(2)), (np.ones(2), np.ones(2), 2)):
                    try: found.append(part(*args) is not None)
                    except BaseException: pass
    return len(found)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ForkserverSandbox]:
    with open_sandbox(kind="numpy", limits=LIMITS, restricted=NAMES) as opened:
        yield opened


@pytest.fixture
def session(sandbox: ForkserverSandbox) -> Iterator[ForkserverSession]:
    """One that has answered a question which allowed everything."""
    worker = sandbox.load([code(NOTEBOOK)])
    assert worker.reports[0].ok, worker.reports
    session = worker.ask()
    assert session.call("begun", (), {}) == Returned(value=5.0)
    yield session
    worker.close()


@pytest.mark.parametrize("number", range(len(KEPT)), ids=KEPT)
def test_a_closed_passage_is_closed_whoever_kept_it(session: ForkserverSession, number: int) -> None:
    """What was used in a question before is gone in this one, by whatever way it is reached."""
    x = np.ones(3)
    assert isinstance(session.call(f"way{number}", (x,), {}), Returned)
    assert session.begin(NAMES)
    reply = session.call(f"way{number}", (x,), {})
    assert isinstance(reply, Stopped), reply
    assert reply.verdict is Verdict.FORBIDDEN


def test_nothing_tells_where_it_leads(session: ForkserverSession) -> None:
    """Whoever looks through all objects finds what computes while it is allowed, and nothing while it is not."""
    looked = session.call("computes", (), {})
    assert isinstance(looked, Returned)
    assert looked.value > 0
    assert session.begin(NAMES)
    assert session.call("computes", (), {}) == Returned(value=0)
    assert session.begin()
    assert session.call("computes", (), {}) == looked


def test_names_come_and_go(session: ForkserverSession) -> None:
    """Each question has its own list; a name that is on two lists in a row stays gone."""
    for _ in range(3):
        assert session.begin(NAMES[:1])
        assert isinstance(session.call("way10", (np.ones(2),), {}), Returned)
        assert session.begin(NAMES[1:])
        assert session.call("way0", (np.ones(2),), {}) == Returned(value=2.0)
        assert session.begin(NAMES)
    assert isinstance(session.call("way0", (np.ones(2),), {}), Stopped)


def test_a_name_that_was_not_made_ready_needs_another_process(session: ForkserverSession) -> None:
    """What can't be taken away for a while is not asked beside others: modules, and names that nobody told of."""
    assert not session.begin(("statistics",))
    assert not session.begin(("numpy.ones",))


# One passage


def test_a_passage_opens_and_closes() -> None:
    """With the number that closed it it opens again; to close or open it twice changes nothing."""
    original = np.ndarray((1,), dtype=float).sum

    def refused() -> None:
        raise KeyError

    passage = Passage("total", "Adds up.", refused)
    passage.lead_to(original)
    assert not gc.is_tracked(original)
    for lock in (0, 5, 2**64 - 1):
        for _ in range(2):
            passage.close(lock)
            with pytest.raises(KeyError):
                passage.function()
        for _ in range(2):
            passage.open(lock)
            assert passage.function.__closure__[0].cell_contents is original
    assert (passage.function.__name__, passage.function.__doc__) == ("total", "Adds up.")


def test_a_place_in_a_table() -> None:
    """It is empty while it is closed, and has what it had afterwards."""
    table = (ctypes.c_void_p * 3)(11, 12, 13)
    entry = TableEntry(ctypes.addressof(table) + ctypes.sizeof(ctypes.c_void_p))
    entry.close(2**63)
    entry.close(7)
    assert list(table) == [11, None, 13]
    entry.open(2**63)
    entry.open(7)
    assert list(table) == [11, 12, 13]
