"""Calls that are sent before they are made: the same replies, and nothing that passes for a call that was not made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autograder.model import Verdict
from autograder.sandbox import messages, wire
from autograder.sandbox.ahead import Ahead, SentCall, as_sent, draw_number
from autograder.sandbox.client import ForkserverSession
from autograder.sandbox.pack import Packer
from autograder.sandbox.protocol import Missing, Raised, Reply, Returned, Stopped
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
def spoil(x): x += 1
def fail(x): raise ValueError(x)
def leave(): os._exit(0)
def hang():
    while True: pass
import numpy as np
"""
Made = tuple[str, tuple[Any, ...], dict[str, Any]]


def sent(name: str = "f", *args: Any, count: bool = False, **kwargs: Any) -> SentCall:
    packer = Packer()
    packed = [packer.pack(entry) for entry in args]
    named = {key: packer.pack(entry) for key, entry in kwargs.items()}
    call = messages.Call(id=draw_number(), name=name, args=packed, kwargs=named, return_arguments=False, count=count)
    return as_sent(call, packer.blobs)


def make(session: ForkserverSession, calls: Sequence[Made]) -> list[Reply]:
    return [session.call(name, args, kwargs) for name, args, kwargs in calls]


def noted(load: Load, calls: Sequence[Made]) -> Ahead:
    """The calls as a first answer is asked them."""
    ahead = Ahead()
    session = load(NOTEBOOK).ask(ahead=ahead)
    make(session, calls)
    assert ahead.is_whole
    return ahead


def again(load: Load, known: Ahead, calls: Sequence[Made]) -> tuple[Ahead, list[Reply], ForkserverSession]:
    """The same or other calls, where those were sent ahead."""
    ahead = Ahead(calls=tuple(known.made))
    session = load(NOTEBOOK).ask(ahead=ahead)
    return ahead, make(session, calls), session


def shown(replies: Sequence[Reply]) -> list[str]:
    return [repr(reply) for reply in replies]


CALLS: list[Made] = [
    ("add", (np.arange(3.0),), {"y": 2}),
    ("grow", ("a",), {}),
    ("fail", (3,), {}),
    ("nothing", (), {}),
    ("apply", (given("lambda x: x + w", w=np.ones(2)), np.zeros(2)), {}),
    ("grow", ("b",), {}),
]


def test_replies_are_those_of_calls_one_by_one(load: Load) -> None:
    """Values, errors, missing functions, what is left behind and what is printed, in the order of the calls."""
    session = load(NOTEBOOK).ask()
    one_by_one = make(session, CALLS)
    assert {type(reply) for reply in one_by_one} == {Returned, Raised, Missing}
    ahead, replies, other = again(load, noted(load, CALLS), CALLS)
    assert shown(replies) == shown(one_by_one)
    assert other.output == session.output == "grown to 1\ngrown to 2\n"
    assert ahead.is_whole


def test_more_than_fits_on_the_way(load: Load) -> None:
    """Long calls and long replies don't wait for each other for ever, whichever is longer."""
    x = np.arange(200_000.0)
    calls: list[Made] = [*[("add", (x,), {})] * 3, *[("wide", (400_000,), {})] * 3, *[("add", (x,), {})] * 2]
    ahead, replies, _ = again(load, noted(load, calls), calls)
    assert [type(reply) for reply in replies] == [Returned] * 8
    last = replies[-1]
    assert isinstance(last, Returned)
    assert np.array_equal(last.value, x + 1)
    assert ahead.is_whole


def test_many_small_calls(load: Load) -> None:
    """Replies that come together are read one by one."""
    calls: list[Made] = [("add", (number,), {}) for number in range(2000)]
    ahead, replies, _ = again(load, noted(load, calls), calls)
    assert [reply.value for reply in replies if isinstance(reply, Returned)] == list(range(1, 2001))
    assert ahead.is_whole


@pytest.mark.parametrize(
    "other",
    [
        ("add", (1.0,), {}),
        ("add", (True,), {}),
        ("add", (2,), {}),
        ("add", (), {"x": 1}),
        ("add", (1,), {"y": 1}),
        ("grow", (1,), {}),
        ("add", (np.int64(1),), {}),
    ],
)
def test_another_call_than_was_sent(load: Load, other: Made) -> None:
    """What is made in another way than it was sent is not answered by what was sent, however alike they are."""
    known = noted(load, [("grow", (1,), {}), ("add", (1,), {})])
    ahead, replies, session = again(load, known, [("grow", (1,), {}), other])
    assert replies[0] == Returned(value=1)
    assert isinstance(replies[1], Stopped)
    assert ahead.differs
    assert not ahead.is_whole
    assert isinstance(session.call("add", (1,), {}), Stopped)


def test_a_call_more_than_was_sent(load: Load) -> None:
    """There is no reply to a call that nobody knew of."""
    known = noted(load, [("add", (1,), {})])
    ahead, replies, _ = again(load, known, [("add", (1,), {}), ("add", (1,), {})])
    assert replies[0] == Returned(value=2)
    assert isinstance(replies[1], Stopped)
    assert ahead.differs


def test_a_call_less_than_was_sent(load: Load) -> None:
    """A question that asks less is not whole, and nothing else is asked in its process."""
    known = noted(load, [("add", (1,), {}), ("add", (2,), {})])
    ahead, _, session = again(load, known, [("add", (1,), {})])
    assert not ahead.is_whole
    assert not ahead.differs
    assert not session.begin()


def test_the_next_question_in_the_same_process(load: Load) -> None:
    """Each question has its own calls sent ahead; the next one may have none."""
    known = noted(load, CALLS[:2])
    first, replies, session = again(load, known, CALLS[:2])
    second = Ahead(calls=tuple(known.made))
    assert session.begin(ahead=second)
    # What the answer keeps in its notebook is there for the next question.
    assert [reply.value for reply in make(session, CALLS[:2])[1:] if isinstance(reply, Returned)] == [2]
    assert first.is_whole
    assert second.is_whole
    assert session.begin()
    assert session.call("add", (5,), {}) == Returned(value=6)
    assert len(replies) == 2


@pytest.mark.parametrize(("name", "verdict"), [("leave", Verdict.STUDENT_ERROR), ("hang", Verdict.TIMEOUT)])
def test_an_end_in_the_middle(load: Load, name: str, verdict: Verdict) -> None:
    """The verdict is that of calls one by one. Answers that were held back are lost with it: all is asked again."""
    calls: list[Made] = [("add", (1,), {}), (name, (), {}), ("add", (2,), {})]
    known = Ahead(made=[sent("add", 1), sent(name), sent("add", 2)])
    ahead, replies, session = again(load, known, calls)
    assert isinstance(replies[1], Stopped)
    assert replies[1].verdict is verdict
    assert replies[0] in (Returned(value=2), replies[1])
    assert replies[2] == replies[1]
    assert not ahead.is_whole
    assert session.closed


def test_a_second_session_of_a_question_sends_nothing_ahead(load: Load) -> None:
    """After an end the question goes on in another session, call by call; what was sent once is not sent again."""
    known = noted(load, CALLS[1:2] * 2)
    ahead, _, session = again(load, known, CALLS[1:2])
    session.close()
    other = load(NOTEBOOK).ask(ahead=ahead)
    assert isinstance(other.call("grow", ("a",), {}), Stopped)
    assert not ahead.is_whole


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
    """What is sent later reads like what is sent at once."""
    for number in (draw_number(), 1 << 62, (1 << 63) - 1):
        data = sent("f", np.ones(3), 2, k="v").frame(number)
        message_bytes, blob_bytes = wire.lengths(data[:8])
        call = wire.decode(messages.to_session, data[8 : 8 + message_bytes])
        assert isinstance(call, messages.Call)
        assert (call.id, call.name, call.kwargs, blob_bytes) == (number, "f", {"k": "v"}, 24)
        assert len(data) == 8 + message_bytes + blob_bytes


def test_too_much_is_not_noted() -> None:
    """A question with very long calls is asked call by call."""
    ahead = Ahead()
    ahead.begin()
    long = sent("f", np.zeros(1 << 19))
    for _ in range(3):
        assert ahead.make(long, None)
    assert not ahead.is_whole
    assert sum(len(call.blob) for call in ahead.made) <= 1 << 23
