"""Functions as arguments: text that the worker evaluates, and that it can't send."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.errors import GraderFault
from autograder.model import Verdict
from autograder.sandbox import messages, wire
from autograder.sandbox.forms import MAX_SOURCE, Dict, Fields, List, Source, Tuple, WireError
from autograder.sandbox.given import evaluate
from autograder.sandbox.pack import Packer
from autograder.sandbox.protocol import Given, Handle, Raised, Record, Returned, Stopped
from autograder.sandbox.unpack import Unpacker
from autograder.testing import Judged, StudentFunction, expect_pure, given
from tests.sandbox.conftest import Ask, Load

CALLS_IT = "def f(g, *args, **kwargs): return g(*args, **kwargs)"


def value_of(reply: Any) -> Any:
    assert isinstance(reply, Returned), reply
    return reply.value


def test_a_function_is_called_by_the_student(ask: Ask) -> None:
    """An expression with names and libraries is a function in the student's process."""
    w = np.arange(3.0)
    reply = ask(CALLS_IT, given("lambda x, n: np.tanh(x * w) + math.sqrt(n)", w=w), np.ones(3), n=4)
    assert np.array_equal(value_of(reply), np.tanh(w) + 2)


def test_statements_then_an_expression(ask: Ask) -> None:
    """Definitions come first, and may call themselves and each other; the text may be indented as a whole."""
    text = """
        calls = []
        def double(x):
            calls.append(x)
            return step * x
        def count(n):
            return 0 if n == 0 else 1 + count(n - 1)
        (double, count, calls)
    """
    source = "def f(parts): return parts[0](3), parts[1](4), parts[2]"
    assert value_of(ask(source, given(text, step=2))) == (6, 4, [3])


def test_it_is_made_anew_for_each_call(load: Load) -> None:
    """What one call did to it, the next doesn't see."""
    session = load("def f(items): items.append(1); return len(items)").ask()
    items = given("[]")
    assert [value_of(session.call("f", (items,), {})) for _ in range(2)] == [1, 1]


def test_it_travels_in_containers_and_keywords(ask: Ask) -> None:
    """Functions in lists and dicts, by keyword, and as names of other functions."""
    twice = given("lambda x: 2 * x")
    source = "def f(many, *, one): return [g(3) for g in many], one['g'](3)"
    reply = ask(source, [twice, given("lambda x: g(x) + 1", g=twice)], one={"g": twice})
    assert value_of(reply) == ([6, 7], 6)


def test_its_names_are_its_own(ask: Ask) -> None:
    """It sees nothing that the student defines, and leaves nothing behind in the notebook."""
    source = """
    step = 5
    def f(g):
        try:
            return g()
        except NameError:
            return "left" in globals()
    """
    assert value_of(ask(source, given("left = 1\nlambda: step"))) is False


def test_what_it_raises_is_the_calls(ask: Ask) -> None:
    """An error in it, raised through the student's code, names the student's line."""
    reply = ask("def f(g):\n    return g(0)", given("lambda x: 1 // x"))
    assert isinstance(reply, Raised)
    assert reply.types[0] == "ZeroDivisionError"
    assert reply.line == "return g(0)"


def test_it_stays_where_it_was_made(load: Load) -> None:
    """After the call it is a handle, which is no changed argument; its neighbours are compared as always."""
    session = load("def f(g, x): return g(x)\ndef spoils(g, x): x += 1; return g(x)").ask()
    arguments = (given("lambda x: x.sum()"), np.ones(2))
    reply = session.call("f", arguments, {}, return_arguments=True)
    assert isinstance(reply, Returned)
    assert reply.arguments is not None
    assert isinstance(reply.arguments[0], Handle)
    expect_pure(StudentFunction(lambda: session, "f"), *arguments)
    with pytest.raises(Judged, match="changed its input number 2"):
        expect_pure(StudentFunction(lambda: session, "spoils"), *arguments)


@pytest.mark.parametrize("nested", [lambda g, x: [g, x], lambda g, x: (g, x), lambda g, x: {"g": g, "x": x}])
def test_purity_beside_a_function_in_a_container(load: Load, nested: Any) -> None:
    """What stands beside it in a list, tuple or dict is compared, and so is the container."""
    source = """
    def f(part):
        return 0
    def spoils(part):
        (part["x"] if type(part) is dict else part[1])[0] = 7
    def grows(part):
        part.update(y=1) if type(part) is dict else part.append(1)
    """
    session = load(source).ask()
    part = nested(given("len"), np.ones(2))
    expect_pure(StudentFunction(lambda: session, "f"), part)
    with pytest.raises(Judged, match="changed its input number 1"):
        expect_pure(StudentFunction(lambda: session, "spoils"), part)
    if type(part) is not tuple:
        with pytest.raises(Judged, match="changed its input number 1"):
            expect_pure(StudentFunction(lambda: session, "grows"), part)


def test_torch_and_device_where_they_are_loaded() -> None:
    """Torch and the tensors' place are there where torch is loaded: it is, here."""
    w = torch.ones(2)
    made = evaluate(Given("lambda x: torch.relu(x + w).to(device)", {"w": w}))
    assert torch.equal(made(torch.tensor([-3.0, 1.0])), torch.tensor([0.0, 2.0]))


def test_no_torch_where_it_is_not_allowed(ask: Ask) -> None:
    """In a notebook without torch there is none."""
    reply = ask(CALLS_IT, given("lambda: torch.ones(2)"))
    assert isinstance(reply, Raised)
    assert reply.types[0] == "NameError"


@pytest.mark.parametrize("text", ["", "x = 1", "lambda x:", "def f(x): return x", "x = 1; del x"])
def test_a_text_that_gives_nothing_is_our_fault(text: str) -> None:
    """Who writes a hidden test is told before anything is sent."""
    with pytest.raises(GraderFault, match="given: expected"):
        given(text)


def test_a_text_that_is_too_long_is_our_fault(load: Load) -> None:
    """The wire gives a text a bounded room."""
    with pytest.raises(GraderFault, match=str(MAX_SOURCE)):
        load(CALLS_IT).ask().call("f", (given("'" + "x" * MAX_SOURCE + "'"),), {})


@pytest.mark.parametrize(
    "value",
    [
        Source("1", {}),
        List([Source("1", {})]),
        Tuple([Source("1", {})]),
        Dict({"x": Source("1", {})}),
        Fields("Point", ["x"], [Source("1", {})]),
        Source("x", {"x": Source("1", {})}),
    ],
    ids=["plain", "list", "tuple", "dict", "record", "nested"],
)
def test_the_grader_accepts_none(value: Any) -> None:
    """A text that comes back is refused, wherever it stands, and nothing of it is evaluated."""
    done = messages.Done(id=1, value=value, arguments=None, output="")
    message = wire.decode(messages.from_session, wire.encode(done)[8:])
    assert isinstance(message, messages.Done)
    with pytest.raises(WireError, match="got a text"):
        Unpacker(memoryview(b"")).unpack(message.value)


def test_the_worker_sends_none(ask: Ask) -> None:
    """Student code that gets hold of the class and returns it has returned a dataclass like any other."""
    source = """
    import sys
    def f():
        return sys.modules["autograder.sandbox.protocol"].Given("1 + 1", {})
    """
    assert value_of(ask(source)) == Record("Given", (("text", "1 + 1"), ("names", {})))
    assert isinstance(Packer().pack(Given("1", {})), Source)


def test_a_forged_text_ends_the_session(ask: Ask) -> None:
    """Student code that sends one over the wire all the same has sent no answer."""
    source = """
    import sys
    def f():
        forms = sys.modules["autograder.sandbox.forms"]
        sys.modules["autograder.sandbox.session"].Packer.pack = lambda self, value: forms.Source("1 + 1", {})
    """
    reply = ask(source)
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.STUDENT_ERROR
    assert "is no answer" in reply.message
