"""What a call takes: instructions and elements, the same every time, and nothing of ours among them."""

from __future__ import annotations

import gc
import sys
import threading
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from autograder.model import Verdict
from autograder.sandbox import messages
from autograder.sandbox.counting import counted
from autograder.sandbox.protocol import Count, Returned, Session, Stopped
from autograder.testing import StudentFunction
from tests.sandbox.conftest import Load

LOOP = "def f(x):\n    total = 0\n    for entry in x:\n        total += entry\n    return total"
WHOLE = "def f(x):\n    return x.sum()"


def count_of(session: Session, *args: Any) -> Count:
    reply = session.call("f", args, {}, count=True)
    assert isinstance(reply, Returned), reply
    assert reply.count is not None
    return reply.count


def steps(function: Any, *args: Any) -> int:
    return counted(function, args, {})[1].steps


def passes(function: Any, *args: Any) -> int:
    return counted(function, args, {})[1].passes


# Over the wire


def test_a_loop_grows_with_its_input(load: Load) -> None:
    """A loop takes as many more instructions as there are more elements; a whole-array operation does not."""
    loop, whole = load(LOOP).ask(), load(WHOLE).ask()
    short, middle, long = (count_of(loop, np.ones(n)).steps for n in (10, 20, 40))
    assert long - middle == 2 * (middle - short) > 0
    count_of(whole, np.ones(10))
    assert count_of(whole, np.ones(10)).steps == count_of(whole, np.ones(10_000)).steps > 0


def test_equal_calls_have_equal_counts(load: Load) -> None:
    """The tenth call counts what the first did, though the interpreter has grown faster meanwhile."""
    session = load(LOOP).ask()
    x = np.ones(50)
    assert len({count_of(session, x).steps for _ in range(10)}) == 1


def test_calls_without_a_count_have_none(load: Load) -> None:
    """Who asks for no count gets none, before and after a counted call."""
    session = load(LOOP).ask()
    for _ in range(2):
        reply = session.call("f", ([1, 2],), {})
        assert isinstance(reply, Returned)
        assert reply.count is None
        assert count_of(session, [1, 2]).passes == 0


def test_value_and_count_for_a_hidden_test(load: Load) -> None:
    """`student.f.counted(...)` gives both, by position and by keyword."""
    session = load("def f(x, *, times=1): return times * x").ask()
    value, count = StudentFunction(lambda: session, "f").counted(3, times=2)
    assert value == 6
    assert count.steps > 0


def test_a_counted_call_may_take_longer(load: Load) -> None:
    """What is well within the time of a call is not cut because it is counted; what never ends is."""
    session = load("import time\ndef f(s):\n    time.sleep(s)").ask()
    # Limits of these tests: a call may take 1 s, a question 3 s.
    assert isinstance(session.call("f", (1.4,), {}, count=True), Returned)
    endless = load("def f(s):\n    while True: pass").ask()
    reply = endless.call("f", (0,), {}, count=True)
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.TIMEOUT


@pytest.mark.parametrize("asked", [True, False])
def test_a_count_comes_where_it_is_asked_for(load: Load, asked: bool) -> None:
    """A process that leaves a count out, or adds one, has sent no answer."""
    source = """
    import sys
    messages = sys.modules["autograder.sandbox.messages"]
    def f(asked):
        done = messages.Done
        def forged(count=None, **fields):
            return done(count=None if asked else messages.Counts(1, 1), **fields)
        messages.Done = forged
    """
    reply = load(source).ask().call("f", (asked,), {}, count=asked)
    assert isinstance(reply, Stopped)
    assert "is no answer" in reply.message


@pytest.mark.parametrize("forged", [[-1, 0], [0, -1], [1.5, 0], [1], [1, 2, 3], ["1", 0]])
def test_a_count_is_two_whole_numbers(forged: list[Any]) -> None:
    """What is no pair of numbers from zero on is refused."""
    done = messages.Done(id=1, value=None, arguments=None, output="", count=messages.Counts(1, 2))
    fields = msgspec.to_builtins(done)
    good = msgspec.msgpack.encode(fields)
    assert messages.from_session.decode(good) == done
    with pytest.raises(msgspec.ValidationError):
        messages.from_session.decode(msgspec.msgpack.encode(fields | {"count": forged}))


# Instructions


def looped(n: int) -> int:
    total = 0
    for number in range(n):
        total += number
    return total


@pytest.mark.parametrize(
    "function",
    [
        looped,
        lambda n: [number * 2 for number in range(n)],
        lambda n: sum(number * 2 for number in range(n)),
        lambda n: list(map(lambda number: number * 2, range(n))),  # noqa: C417 - a frame for each element
        lambda n: n and np.vectorize(lambda number: number * 2, otypes=[float])(np.arange(n)),
        lambda n: n and steps_down(n),
    ],
    ids=["for", "comprehension", "generator", "map", "vectorize", "recursion"],
)
def test_every_frame_counts(function: Any) -> None:
    """Loops of every style take at least an instruction for each element."""
    steps(function, 10)
    assert steps(function, 200) - steps(function, 100) >= 100
    assert steps(function, 200) - steps(function, 100) == steps(function, 300) - steps(function, 200)


def steps_down(n: int) -> int:
    return 0 if n == 0 else 1 + steps_down(n - 1)


def test_threads_count() -> None:
    """A loop that is moved to a thread is a loop."""

    def in_thread(n: int) -> None:
        thread = threading.Thread(target=looped, args=(n,))
        thread.start()
        thread.join()

    assert steps(in_thread, 2000) - steps(in_thread, 1000) >= 1000


def test_what_ran_before_runs_on() -> None:
    """Whoever traced before traces afterwards, the collector is as it was, also after an error."""

    def tracer(_frame: Any, _event: str, _argument: Any) -> None:
        return None

    def fails() -> None:
        assert not gc.isenabled()
        raise KeyError

    before = sys.gettrace()
    try:
        sys.settrace(tracer)
        with pytest.raises(KeyError):
            counted(fails, (), {})
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert threading.gettrace() is None
    assert gc.isenabled()


# Elements


X = torch.ones(6, 4, dtype=torch.float64)


@pytest.mark.parametrize(
    ("function", "elements"),
    [
        (lambda x: x + 1, 24),
        (lambda x: x.sum(), 24),
        (lambda x: x.mean(0) * 2, 24 + 4),
        (lambda x: x - x.mean(0), 24 + 24),
        (lambda x: x[0] + x[1], 4),
        (lambda x: x.T.reshape(2, 12).unsqueeze(0), 24),
        (lambda x: x.view(24)[::2].expand(3, 12), 0),
        (lambda x: x.unbind(0)[2].detach(), 0),
        (lambda x: x.clone().add_(1).mul_(2), 72),
        (lambda x: torch.exp(x, out=torch.empty_like(x)), 24),
        (lambda x: x @ x.T, 36),
        (lambda x: x[:, None, :] * torch.ones(1, 5, 1), 120 + 5),
        (lambda x: torch.cat([x, x]), 48),
        (lambda x: x.numpy() + 1, 0),
        (lambda x: torch.stack(list(x)), 24),
    ],
)
def test_elements_that_are_read_or_written(function: Any, elements: int) -> None:
    """Each operation counts as the larger of its largest input and output; views and empty memory are free."""
    assert passes(function, X) == elements


def test_gradients_count() -> None:
    """What autograd does counts like what is written out."""

    def gradient(x: torch.Tensor) -> torch.Tensor:
        x = x.clone().requires_grad_()
        (x * x).sum().backward()
        assert x.grad is not None
        return x.grad

    assert torch.equal(gradient(X), 2 * X)
    assert passes(gradient, X) >= 24 * 5


def test_steps_do_not_grow_with_what_torch_does_itself() -> None:
    """Our own bookkeeping for an operation is no step: a call of torch is few instructions, as without counting."""

    def many(x: torch.Tensor) -> torch.Tensor:
        for _ in range(100):
            x = x + 1
        return x

    assert steps(many, X) == steps(many, 1) > 0


def test_a_result_is_what_it_is_without_counting() -> None:
    """Counting changes no value, and no error."""
    value, count = counted(lambda x: (x * 2, x.shape), (X,), {})
    assert torch.equal(value[0], 2 * X)
    assert replace(count, steps=0) == Count(steps=0, passes=24)
    with pytest.raises(RuntimeError, match="shapes"):
        counted(lambda x: x @ x, (X,), {})
