"""Calls that are sent together: the same replies as one by one, and nothing that passes for a reply that is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autograder.model import Verdict
from autograder.sandbox import messages, wire
from autograder.sandbox.ahead import as_sent, frame, heard, read
from autograder.sandbox.calls import MARK, draw_number, pack_call
from autograder.sandbox.client import ForkserverSession
from autograder.sandbox.forms import WireError
from autograder.sandbox.protocol import Heard, Missing, Raised, Reply, Returned, SentCall, Stopped
from autograder.testing import given
from tests.sandbox.conftest import Load

NOTEBOOK = """
import os, time
state = []
def add(x, y=1): return x + y
def grow(x):
    state.append(x)
    print("grown to", len(state))
    return len(state)
def wide(n): return np.zeros(n)
def apply(f, x): return f(x)
def fail(x): raise ValueError(x)
def leave(): os._exit(0)
def hang():
    while True: pass
def flood():
    while True: print("x" * 1000)
import numpy as np
"""
Made = tuple[str, tuple[Any, ...], dict[str, Any]]
CALLS: list[Made] = [
    ("add", (np.arange(3.0),), {"y": 2}),
    ("grow", ("a",), {}),
    ("fail", (3,), {}),
    ("nothing", (), {}),
    ("apply", (given("lambda x: x + w", w=np.ones(2)), np.zeros(2)), {}),
    ("grow", ("b",), {}),
]


def packed(name: str = "f", *args: Any, count: bool = False, **kwargs: Any) -> tuple[messages.Call, SentCall]:
    call, packer = pack_call(name, args, kwargs, return_arguments=False, count=count, number=MARK)
    return call, as_sent(call, packer.blobs)


def sent(name: str = "f", *args: Any, count: bool = False, **kwargs: Any) -> SentCall:
    return packed(name, *args, count=count, **kwargs)[1]


def together(session: ForkserverSession, calls: Sequence[Made]) -> tuple[list[Reply], str]:
    """All replies to calls that are sent at once, and what was printed."""
    both = [packed(name, *args, **kwargs) for name, args, kwargs in calls]
    session.send([call for _, call in both])
    replies: list[Reply] = []
    printed = ""
    for message, _ in both:
        found = session.hear()
        if isinstance(found, Stopped):
            replies.append(found)
        else:
            reply, text = read(found, message, "")
            replies.append(reply)
            printed += text
    return replies, printed


def test_replies_are_those_of_calls_one_by_one(load: Load) -> None:
    """Values, errors, missing functions, what is left behind and what is printed, in the order of the calls."""
    session = load(NOTEBOOK).ask()
    one_by_one = [session.call(name, args, kwargs) for name, args, kwargs in CALLS]
    assert {type(reply) for reply in one_by_one} == {Returned, Raised, Missing}
    replies, printed = together(load(NOTEBOOK).ask(), CALLS)
    assert [repr(reply) for reply in replies] == [repr(reply) for reply in one_by_one]
    assert printed == session.output == "grown to 1\ngrown to 2\n"


def test_equal_replies_look_alike(load: Load) -> None:
    """Whoever replies the same, in whichever process, replies the same bytes; nothing tells calls apart."""
    calls = [sent("add", np.arange(3.0)), sent("fail", 1), sent("nothing")]
    found = []
    for _ in range(2):
        session = load(NOTEBOOK).ask()
        session.send(calls)
        found.append([session.hear() for _ in calls])
    assert found[0] == found[1]
    assert all(isinstance(reply, Heard) for reply in found[0])
    assert len(set(map(repr, found[0]))) == 3


def test_more_than_fits_on_the_way(load: Load) -> None:
    """Long calls and long replies don't wait for each other for ever, whichever is longer."""
    x = np.arange(200_000.0)
    calls: list[Made] = [*[("add", (x,), {})] * 3, *[("wide", (400_000,), {})] * 3, *[("add", (x,), {})] * 2]
    replies, _ = together(load(NOTEBOOK).ask(), calls)
    assert [type(reply) for reply in replies] == [Returned] * 8
    last = replies[-1]
    assert isinstance(last, Returned)
    assert np.array_equal(last.value, x + 1)


def test_many_small_calls(load: Load) -> None:
    """Replies that come together are read one by one."""
    calls: list[Made] = [("add", (number,), {}) for number in range(2000)]
    replies, _ = together(load(NOTEBOOK).ask(), calls)
    assert [reply.value for reply in replies if isinstance(reply, Returned)] == list(range(1, 2001))


def test_the_next_question_in_the_same_process(load: Load) -> None:
    """It begins when the last reply was heard, and not before; it may be asked in either way."""
    session = load(NOTEBOOK).ask()
    together(session, CALLS[:2])
    assert session.begin()
    # What the answer keeps in its notebook is there for the next question.
    replies, printed = together(session, CALLS[1:2])
    assert replies == [Returned(value=2)]
    assert printed == "grown to 2\n"
    assert session.begin()
    assert session.call("add", (5,), {}) == Returned(value=6)
    session.send([sent("add", 1)])
    assert not session.begin()


def test_a_frame_too_many_ends_a_session(load: Load) -> None:
    """Whoever has sent more than was asked for is asked nothing else in that process."""
    session = load(NOTEBOOK).ask()
    together(session, CALLS[:2])
    session._arrived.append((b"\x01", b""))
    assert not session.begin()


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("leave", Verdict.STUDENT_ERROR), ("hang", Verdict.TIMEOUT), ("flood", Verdict.STUDENT_ERROR)],
)
def test_an_end_in_the_middle(load: Load, name: str, verdict: Verdict) -> None:
    """From some call on there is no reply, and never another: the question is asked again, call by call."""
    session = load(NOTEBOOK).ask()
    replies, _ = together(session, [("add", (1,), {}), (name, (), {}), ("add", (2,), {})])
    assert replies[0] in (Returned(value=2), replies[1])
    assert isinstance(replies[1], Stopped)
    assert replies[1].verdict is verdict
    assert replies[2] == replies[1]
    assert session.closed
    assert isinstance(session.call("add", (1,), {}), Stopped)


def test_equal_calls_look_alike() -> None:
    """Kind, layout and bytes make a call; its number doesn't, which is another one each time."""
    x = np.arange(6.0).reshape(2, 3)
    assert sent("f", x, k=[1]) == sent("f", x.copy(), k=[1])
    others = [x.T, np.asfortranarray(x), x.astype(np.float32), x + 1, x.tolist(), (x,), x[:1]]
    assert all(sent("f", other, k=[1]) != sent("f", x, k=[1]) for other in others)
    assert sent("f", 0.0) != sent("f", -0.0)
    assert sent("f", float("nan")) == sent("f", float("nan"))
    assert sent("f", 1, count=True) != sent("f", 1)


def test_a_frame_is_the_call_with_its_number() -> None:
    """What is sent with others reads like what is sent alone."""
    for number in (draw_number(), 1 << 62, (1 << 63) - 1):
        data = frame(sent("f", np.ones(3), 2, k="v"), number)
        message_bytes, blob_bytes = wire.lengths(data[:8])
        call = wire.decode(messages.to_session, data[8 : 8 + message_bytes])
        assert isinstance(call, messages.Call)
        assert (call.id, call.name, call.kwargs, blob_bytes) == (number, "f", {"k": "v"}, 24)
        assert len(data) == 8 + message_bytes + blob_bytes


NUMBER = draw_number()
DONE = messages.Done(id=NUMBER, value=1, arguments=None, output="")


def test_a_reply_without_its_number() -> None:
    """The same reply to another number looks alike, and is read as what it is."""
    other = draw_number()
    found = heard(wire.encode_body(DONE), b"", NUMBER)
    again = heard(wire.encode_body(messages.Done(id=other, value=1, arguments=None, output="")), b"", other)
    assert found == again
    assert read(found, packed()[0], "") == (Returned(value=1), "")
    assert found != heard(wire.encode_body(DONE), b"x", NUMBER)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x81\xa4type\xa4Done",
        wire.encode_body(messages.Done(id=NUMBER ^ 1, value=1, arguments=None, output="")),
        wire.encode_body(messages.Done(id=7, value=NUMBER, arguments=None, output="")),
        wire.encode_body(messages.Started(problem="")),
        wire.encode_body(messages.Halted(id=NUMBER, verdict="MEMORY", message="", output="")),
        wire.encode_body(DONE)[: len("\x86\xa4type\xa4Done\xa2id\xcf") + 4],
    ],
    ids=["nothing", "no number", "another number", "the number elsewhere", "no reply", "a limit", "cut"],
)
def test_what_is_no_reply(body: bytes) -> None:
    """The number must stand where an undisturbed worker writes it, or the question is asked in the other way."""
    with pytest.raises(WireError):
        heard(body, b"", NUMBER)


@pytest.mark.parametrize("end", [b"", b"\xa5value\x01", wire.encode_body(DONE)[-30:] + b"\x00"])
def test_what_can_not_be_read(end: bytes) -> None:
    """What stands behind the number is looked at by whoever reads the reply."""
    start = heard(wire.encode_body(DONE), b"", NUMBER).start
    with pytest.raises(WireError):
        read(Heard(start, end, b""), packed()[0], "")


def test_a_count_that_was_not_wanted() -> None:
    """And one that was wanted and is missing: neither is the reply to this call."""
    counted = messages.Done(id=NUMBER, value=1, arguments=None, output="", count=messages.Counts(1, 1))
    for message, call in ((DONE, packed(count=True)[0]), (counted, packed()[0])):
        with pytest.raises(WireError):
            read(heard(wire.encode_body(message), b"", NUMBER), call, "")
