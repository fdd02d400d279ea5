"""The decoder of the wire under frames that nobody packed: it accepts or refuses, and takes no more than was sent."""

from __future__ import annotations

import gc
import os
import select
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.model import Limits, Verdict
from autograder.sandbox import messages, unpack, wire
from autograder.sandbox.client import ForkserverSession
from autograder.sandbox.forms import MAX_ITEMS, Array, List, WireError
from autograder.sandbox.group import Group, Line, Overuse
from autograder.sandbox.pack import Packer
from autograder.sandbox.protocol import Missing, Raised, Reply, Returned, Stopped
from autograder.sandbox.unpack import Unpacker
from tests.sandbox import fuzz
from tests.sandbox.frames import READERS, Frame, Mutator, good_frames

# A reply whose value comes next, and what stands behind the value.
HEAD = b"\x85\xa4type\xa4Done\xa2id\x01\xa5value"
TAIL = b"\xa9arguments\xc0\xa6output\xa0"
EMPTY_LIST = b"\x92\x03\x90"


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is counted."""
    # What is imported or cached by the first frames is no frame's memory.
    for frame in good_frames():
        fuzz.read(frame.reader, frame.data)
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_good_frames_are_accepted() -> None:
    """What the fuzzer starts from is read without a complaint, and every message of every reader is among it."""
    seen: set[type] = set()
    for frame in good_frames():
        assert fuzz.read(frame.reader, frame.data) == (1, 0)
        seen.add(type(READERS[frame.reader].decode(frame.body)))
    assert seen == {kind for kind in messages.Message.__subclasses__() if kind.__struct_config__.tag}


def test_ten_thousand_frames(traced: None) -> None:
    """Mutated frames end in a message or a WireError, each within memory that its length bounds."""
    mutator = Mutator(0)
    counts = np.array([0, 0])
    for number in range(10_000):
        reader, data = mutator.draw(number)
        try:
            counts += fuzz.measured(reader, data)
        except Exception as error:  # noqa: BLE001 - whatever it raises is what we look for
            pytest.fail(f"frame {number} of seed 0, {reader}: {error!r}: {data[:400].hex()}")
    assert counts.min() > 1000


def test_a_frame_is_drawn_again() -> None:
    """Seed and number give the same frame, so what was found once can be looked at; other numbers give others."""
    first, again = Mutator(3), Mutator(3)
    drawn = [first.draw(number) for number in range(200)]
    assert drawn == [again.draw(number) for number in range(200)]
    assert len({data for _, data in drawn}) > 150


@pytest.mark.parametrize(
    ("name", "broken"), [("_dtype", np.dtype), ("_sound", lambda data, dtype: data.view(dtype))], ids=["dtype", "text"]
)
def test_the_fuzzer_bites(monkeypatch: pytest.MonkeyPatch, capsys: Any, name: str, broken: Any) -> None:
    """With a check taken out of the decoder, the fuzzer finds what then gets through, and says how to draw it again."""
    monkeypatch.setattr(unpack, name, broken)
    assert fuzz.main(8000, 0) == 1
    assert "of seed 0, " in capsys.readouterr().out


def test_the_fuzzer_reports(capsys: Any) -> None:
    """It says how many frames it read in a second, and what came of them."""
    assert fuzz.main(500, 7) == 0
    out = capsys.readouterr().out
    assert "500 frames of seed 7" in out
    assert " per second" in out
    assert ", 0 defects" in out


# Replies that are well-formed messages but forged values: these shrink to the smallest that breaks.

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=20),
    st.sampled_from(["<f8", "|O", "<U3", "<M8[s]", "float32", "C", "F", "strided", "ff", "-"]),
    st.lists(st.integers(-1, 2**31 + 1), max_size=4),
)
forms = st.recursive(
    anything,
    lambda inner: st.one_of(
        st.tuples(st.integers(0, 13), inner).map(list),
        st.tuples(st.integers(0, 13), inner, inner).map(list),
        st.tuples(st.just(6), inner, inner, inner, inner).map(list),
        st.tuples(st.just(8), inner, inner, inner, inner).map(list),
        st.tuples(st.integers(3, 4), st.lists(inner, max_size=4)).map(list),
        st.tuples(st.just(5), st.dictionaries(st.text(max_size=3), inner, max_size=3)).map(list),
    ),
    max_leaves=12,
)
arrays = st.tuples(
    st.just(6),
    st.sampled_from(["<f8", ">i2", "|b1", "<U2", "|S3", "<c16", "<M8[D]", "<f16", "|O"]),
    st.lists(st.sampled_from([0, 1, 2, 3, 2**31]), max_size=5),
    st.sampled_from(["C", "F", "strided"]),
    st.booleans(),
).map(list)


@given(st.one_of(forms, arrays), st.binary(max_size=64))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_forged_replies(form: Any, blob: bytes) -> None:
    """Whatever stands where a value belongs, with whatever bytes behind it, is a value or a WireError."""
    body = HEAD + msgspec.msgpack.encode(form) + TAIL
    fuzz.read("from session", Frame("from session", body, blob).data)


# Bounds


def long_list(item: bytes, count: int) -> bytes:
    """A reply that is a list of so many equal items."""
    return HEAD + b"\x92\x03\xdd" + count.to_bytes(4, "big") + item * count + TAIL


@pytest.mark.parametrize("item", [b"\xc0", b"\x00", b"\xa0", EMPTY_LIST, b"\x92\x05\x80", b"\x93\x0a\x00\xa0"])
def test_items_are_counted(item: bytes) -> None:
    """A reply of more items than a packer would send is refused; without that, reading it takes longer than a call."""
    message = wire.decode(messages.from_session, long_list(item, MAX_ITEMS))
    with pytest.raises(WireError, match="items"):
        Unpacker(memoryview(b"")).unpack(message.value)


def test_as_many_items_as_are_sent_arrive() -> None:
    """Both sides count alike: the longest list that a packer lets through is read."""
    packed = Packer().pack([0] * (MAX_ITEMS - 1))
    assert len(Unpacker(memoryview(b"")).unpack(packed)) == MAX_ITEMS - 1


@pytest.mark.parametrize("item", [EMPTY_LIST, b"\x92\x05\x80", b"\x94\x09\xa0\x90\x90", b"\x93\x02\x00\x00", b"\xc0"])
def test_memory_of_a_long_message(traced: None, item: bytes) -> None:
    """What unfolds most still takes no more than a fixed number of bytes for each that was sent."""
    fuzz.measured("from session", Frame("from session", long_list(item, 20_000)).data)


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_memory_of_a_large_blob(traced: None, layout: Any) -> None:
    """An array is held a few times over while it is laid out, and twice at most in the end."""
    blob = bytearray(8_000_000)
    before, _ = tracemalloc.get_traced_memory()
    array = Unpacker(memoryview(blob)).unpack(Array("<f8", [1000, 1000], layout, True))
    now, peak = tracemalloc.get_traced_memory()
    assert array.shape == (1000, 1000)
    assert now - before <= 2.1 * len(blob)
    assert peak - before <= 4.1 * len(blob)


@pytest.mark.parametrize("end", [TAIL, b"\xc1"], ids=["a message", "no message"])
def test_the_collector_goes_on(end: bytes) -> None:
    """The garbage collector rests while a long message is read, and not after it, whatever came of it."""
    assert gc.isenabled()
    body = long_list(EMPTY_LIST, 50_000).removesuffix(TAIL) + end
    if end == TAIL:
        assert wire.decode(messages.from_session, body).output == ""
    else:
        with pytest.raises(WireError):
            wire.decode(messages.from_session, body)
    assert gc.isenabled()
    gc.disable()
    try:
        wire.decode(messages.from_session, long_list(EMPTY_LIST, 50_000))
        assert not gc.isenabled()
    finally:
        gc.enable()


# A process that says more than it was asked


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a stream; ours doesn't block."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def open_files() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def test_descriptors_that_nobody_asked_for_are_dropped(ends: tuple[socket.socket, socket.socket]) -> None:
    """A frame that brings open files along is read, and none of them stays open on our side."""
    ours, theirs = ends
    frame = next(frame for frame in good_frames() if frame.reader == "from session").data
    read_end, write_end = os.pipe()
    try:
        before = open_files()
        for start in range(0, len(frame), 5):
            socket.send_fds(theirs, [frame[start : start + 5]], [read_end, write_end] * 20)
        received = wire.Channel(ours).receive(messages.from_session, time.monotonic() + 10)
        assert received is not None
        assert open_files() == before
    finally:
        os.close(read_end)
        os.close(write_end)


@pytest.fixture
def group(ends: tuple[socket.socket, socket.socket]) -> Group:
    """A group of which nothing is there but its control channel."""
    bare = object.__new__(Group)
    bare._limits, bare._count, bare._left, bare._ended, bare.alive = Limits(), 2, set(), {}, False
    bare.device, bare._forks = "cpu", True
    bare._looked = time.monotonic() + 3600
    bare._control = wire.Channel(ends[0], bare._look)
    return bare


def test_endless_small_frames_end_with_the_deadline(group: Group, ends: tuple[socket.socket, socket.socket]) -> None:
    """A worker that reports the same end again and again doesn't keep us from the deadline of a call."""
    _, theirs = ends
    frame = wire.encode(messages.SessionEnded(session=1, status=0))

    def flood() -> None:
        try:
            while True:
                theirs.sendall(frame * 100)
        except OSError:
            pass

    writer = threading.Thread(target=flood)
    writer.start()
    silent, other = socket.socketpair()
    poll = select.poll()
    poll.register(silent, select.POLLIN)
    poll.register(group._control, select.POLLIN)
    try:
        with silent, other, pytest.raises(wire.DeadlinePassed):
            group.reply(Line(2, wire.Channel(silent), poll), time.monotonic() + 0.3)
        assert group._ended == {1: 0}
    finally:
        theirs.shutdown(socket.SHUT_RDWR)
        writer.join()


def test_two_ends_at_once(group: Group, ends: tuple[socket.socket, socket.socket]) -> None:
    """An end that arrives in one piece with another is heard at once, though the session's socket is held open."""
    ends[1].sendall(b"".join(wire.encode(messages.SessionEnded(session=number, status=0)) for number in (1, 2)))
    silent, other = socket.socketpair()
    poll = select.poll()
    poll.register(silent, select.POLLIN)
    poll.register(group._control, select.POLLIN)
    with silent, other:
        reply = group.reply(Line(2, wire.Channel(silent), poll), time.monotonic() + 2)
    assert isinstance(reply, Stopped)
    assert "ended the whole process" in reply.message


def test_overuse_while_an_end_is_awaited(group: Group) -> None:
    """A session that hung up and goes on using more than it may is stopped for that, and raises nothing."""
    why = Stopped(verdict=Verdict.MEMORY, message="It used too much memory.")

    def look() -> None:
        raise Overuse(why)

    group._control = wire.Channel(group._control.sock, look)
    assert group.cause_of_death(1) is why


def test_deep_lists_are_refused_by_their_levels() -> None:
    """Levels are counted where values are built, so no form can be nested past them by another."""
    value: Any = 1
    for _ in range(40):
        value = List([value])
    with pytest.raises(WireError, match="levels"):
        Unpacker(memoryview(b"")).unpack(value)


# A session whose process answers whatever it likes


def answered(group: Group, data: bytes, number: int, monkeypatch: pytest.MonkeyPatch) -> Reply:
    """What a call comes back with from a process that has sent this, and reads on, if the call had that number."""
    monkeypatch.setattr("autograder.sandbox.client.draw_number", lambda: number)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    poll = select.poll()
    poll.register(ours, select.POLLIN)
    poll.register(group._control, select.POLLIN)
    monkeypatch.setattr(group, "ask", lambda *_: Line(1, wire.Channel(ours), poll), raising=False)
    with theirs:
        theirs.sendall(wire.encode(messages.Started(problem="")) + data)
        theirs.shutdown(socket.SHUT_WR)
        session = ForkserverSession(group, {}, (), Limits())
        reply = session.call("f", (1.0,), {})
        assert session.closed is isinstance(reply, Stopped)
        session.close()
    return reply


def test_a_call_always_comes_back(
    group: Group, ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a session's process sends, its call ends in a reply, and some of them are answers."""
    ends[1].close()
    mutator, kinds = Mutator(5), set()
    for number in range(3000):
        reader, data = mutator.draw(number)
        if reader == "from session" and len(data) < 50_000:
            kinds.add(type(answered(group, data, 1, monkeypatch)))
    assert kinds == {Returned, Raised, Missing, Stopped}


def test_an_answer_to_another_call(
    group: Group, ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that was written ahead of its call is none: its number can't be known."""
    ends[1].close()
    data = wire.encode(messages.Done(id=1, value=1.5, arguments=None, output=""))
    assert answered(group, data, 1, monkeypatch) == Returned(value=1.5)
    other = answered(group, data, 2, monkeypatch)
    assert isinstance(other, Stopped)
    assert other.verdict is Verdict.STUDENT_ERROR
    assert "is no answer" in other.message
