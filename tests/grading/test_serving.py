"""One process answers question after question, as long as nothing shows that a fresh one would answer otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.grading.serving import ServingWorker
from autograder.model import Limits
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.place import PROCESSOR, Place
from autograder.sandbox.protocol import Returned, Session, Stopped
from tests.grading.fakes import FakeWorker
from tests.sandbox.notebooks import code

LIMITS = Limits(cell_wall_s=5.0, load_wall_s=10.0, call_wall_s=2.0, question_wall_s=4.0, memory_bytes=512 << 20)
NOTEBOOK = """
import os, random, threading, time
import numpy as np
state = []
def token():
    if not state: state.append(os.urandom(8).hex())
    return state[0]
def leave(thing):
    if thing == "thread": threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
    if thing == "process" and os.fork() == 0: time.sleep(100)
    if thing == "grandchild" and os.fork() == 0:
        if os.fork() == 0: time.sleep(100)
        os._exit(0)
def drawn(): return random.random(), float(np.random.normal())
def keep(): return object()
def printed():
    print("hello")
def hang():
    while True: pass
"""


@pytest.fixture(scope="module", params=[PROCESSOR, Place(forks=False)], ids=["forked", "in place"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[ForkserverSandbox]:
    """Both ways to answer questions: in processes forked from the loaded notebook, and in the loaded notebook."""
    with open_sandbox(kind="numpy", limits=LIMITS, place=request.param) as opened:
        yield opened


@pytest.fixture
def worker(sandbox: ForkserverSandbox) -> Iterator[ServingWorker]:
    opened = ServingWorker(sandbox.load([code(NOTEBOOK)]))
    yield opened
    opened.close()


def value(session: Session, name: str, *args: object) -> object:
    reply = session.call(name, args, {})
    assert isinstance(reply, Returned), reply
    return reply.value


def question(worker: ServingWorker, *calls: tuple[str, ...]) -> object:
    """Ask a question of some calls, and then for what only this process knows."""
    worker.next_question()
    session = worker.ask()
    for name, *args in calls:
        session.call(name, args, {})
    token = value(session, "token")
    session.close()
    return token


def test_questions_share_a_process(worker: ServingWorker) -> None:
    """The second question is asked where the first was, and the worker says so."""
    first = question(worker)
    assert not worker.shared
    assert question(worker) == first
    assert worker.shared


def test_a_question_begins_as_if_none_had_been_asked(worker: ServingWorker) -> None:
    """Random numbers, output, handles and time are those of a beginning."""
    seen = []
    for _ in range(2):
        session = worker.ask()
        assert session.output == ""
        seen.append((value(session, "drawn"), value(session, "keep"), value(session, "printed"), session.output))
        session.close()
    assert seen[0] == seen[1]
    assert worker.shared


@pytest.mark.parametrize("thing", ["thread", "process", "grandchild"])
def test_nothing_acts_in_the_next_question(worker: ServingWorker, thing: str) -> None:
    """Where a call leaves a thread or a process behind, the next question gets a process of its own."""
    first = question(worker, ("leave", thing))
    assert question(worker) != first
    assert not worker.shared


def test_a_stopped_session_is_not_used_again(worker: ServingWorker) -> None:
    """After a time-out the next question gets a process of its own."""
    session = worker.ask()
    assert isinstance(session.call("hang", [], {}), Stopped)
    session.close()
    assert question(worker)
    assert not worker.shared


def test_what_a_question_does_not_allow_needs_no_process_of_its_own() -> None:
    """Questions share a process though they forbid different functions; what one forbids, the next may use."""
    source = """
    import os
    import numpy as np
    def token(): return os.getpid()
    def tried():
        found = []
        for use in (lambda: np.einsum("i->", [1.0]), lambda: np.convolve([1.0], [1.0])):
            try: use(); found.append(True)
            except Exception: found.append(False)
        return found
    """
    restricted = ("numpy.einsum", "numpy.convolve")
    with open_sandbox(kind="numpy", limits=LIMITS, restricted=restricted) as sandbox:
        worker = ServingWorker(sandbox.load([code(source)]))
        seen, processes = [], set()
        for forbidden in ((), restricted[:1], restricted, (), restricted[1:], ("statistics",), ()):
            worker.next_question()
            session = worker.ask(forbidden=forbidden)
            seen.append((value(session, "tried"), worker.shared))
            processes.add(value(session, "token"))
            session.close()
        worker.close()
    assert seen == [
        ([True, True], False),
        ([False, True], True),
        ([False, False], True),
        ([True, True], True),
        ([True, False], True),
        # A module can't be given back.
        ([True, True], False),
        ([True, True], False),
    ]
    assert len(processes) == 3


def test_discarding_gives_the_next_question_a_process_of_its_own(worker: ServingWorker) -> None:
    """What was asked in a discarded session is not seen again."""
    first = question(worker)
    worker.discard()
    assert question(worker) != first


def test_replacements_are_left_in_no_session(worker: ServingWorker) -> None:
    """A session with our version of a function serves nothing else, nor does one that was there beside it."""
    first = question(worker)
    replaced = worker.ask(replacements={"token": "def token(): return 'ours'"})
    assert value(replaced, "token") == "ours"
    replaced.close()
    assert question(worker) not in {"ours", first}
    assert not worker.shared


def test_an_idle_session_does_not_survive_replacements() -> None:
    """Whatever an idle session says of itself: beside our versions it is given up."""
    forks = FakeWorker({})
    worker = ServingWorker(forks)
    worker.ask().close()
    worker.ask(replacements={"f": "def f(): ..."}).close()
    worker.ask().close()
    assert [sorted(entry) for entry in forks.asked] == [[], ["f"], []]
