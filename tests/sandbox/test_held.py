"""Frames that are held back: together, in order, and never while somebody waits for them."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

import pytest

from autograder.sandbox import messages, wire


@pytest.fixture
def ends() -> Iterator[tuple[wire.Channel, wire.Channel]]:
    """A worker's end and the grader's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield wire.Channel(ours), wire.Channel(theirs)


def done(number: int) -> messages.Done:
    return messages.Done(id=number, value=None, arguments=None, output="", count=None)


def has_come(channel: wire.Channel) -> bool:
    return bool(select.select([channel], [], [], 0)[0])


def numbers(channel: wire.Channel, count: int) -> list[tuple[int, bytes]]:
    found = []
    for _ in range(count):
        received = channel.receive(messages.from_session, time.monotonic() + 5)
        assert received is not None
        message, blob = received
        assert isinstance(message, messages.Done)
        found.append((message.id, bytes(blob)))
    return found


def test_frames_are_held_while_there_is_more_to_read(ends) -> None:
    """While there is something to read they are held, and where there is nothing any more nobody waits."""
    worker, grader = ends
    for number in range(3):
        worker.hold(done(number), [memoryview(b"%d" % number)])
    assert not has_come(grader)
    grader.send(messages.Begin(forbidden=[], unlock=0, lock=0))
    assert worker.receive(messages.to_session) is not None
    assert not has_come(grader)
    grader.sock.shutdown(socket.SHUT_WR)
    assert worker.receive(messages.to_session) is None
    assert not has_come(grader)


def test_what_is_asked_for_is_sent(ends, monkeypatch) -> None:
    """Before it waits for the next call, a worker sends all that it holds."""
    worker, grader = ends
    worker.hold(done(1), [memoryview(b"one")])
    worker.hold(done(2))

    def wait(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(worker, "_wait", wait)
    worker.sock.setblocking(False)
    with pytest.raises((TimeoutError, BlockingIOError)):
        worker.receive(messages.to_session)
    assert numbers(grader, 2) == [(1, b"one"), (2, b"")]


@pytest.mark.parametrize("size", [wire._HELD_BYTES // 2 + 1, 2 * wire._HELD_BYTES])
def test_many_bytes_are_not_held(ends, size) -> None:
    """They go when there are enough of them, behind those that were held before."""
    worker, grader = ends
    blob = bytes(size)
    worker.hold(done(1), [memoryview(b"one")])
    worker.hold(done(2), [memoryview(blob)])
    worker.hold(done(3), [memoryview(blob)])
    assert numbers(grader, 3) == [(1, b"one"), (2, blob), (3, blob)]


def test_nothing_is_held_long(ends, monkeypatch) -> None:
    """A frame that comes late takes along the first."""
    worker, grader = ends
    worker.hold(done(1))
    monkeypatch.setattr(wire, "_HELD_S", -1.0)
    worker.hold(done(2))
    assert numbers(grader, 2) == [(1, b""), (2, b"")]


def test_what_is_sent_comes_after_what_is_held(ends) -> None:
    """A message that can't wait does not overtake."""
    worker, grader = ends
    worker.hold(done(1))
    worker.send(done(2))
    assert numbers(grader, 2) == [(1, b""), (2, b"")]
