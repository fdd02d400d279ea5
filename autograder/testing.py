"""What a hidden test imports: `question`, `given`, `expect`, `expect_error`, `expect_pure`.

A hidden test is an ordinary pytest function. The fixture `student` stands for the notebook, `rng` is a generator
drawn from the course's secret (the same for a whole class), and `once` keeps an oracle's result for the class:

    @question("conv2d_forward", weight=2)
    @pytest.mark.parametrize("stride", [1, (2, 3)], ids=["stride 1", "another stride per axis"])
    def test_strides(student, rng, once, stride):
        '''The window moves by the stride of its axis.'''
        x, w, b = rng.normal(size=(2, 3, 9, 7)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
        want = once(lambda: slow_conv2d(x, w, b, stride=stride))
        expect(student.conv2d_forward(x, w, b, stride=stride), want, axes=CONV_AXES)

The first line of the docstring and the ids of the cases are read by students: they name the *kind* of case, never
the numbers. The test's name and ids make the test's id, so they stay put once a term has begun.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from autograder.errors import GraderFault
from autograder.model import ErrorMap, TestKind, Verdict
from autograder.sandbox.protocol import Count, Given, Missing, Raised, Record, Reply, Returned, Session, Stopped
from course_utils.compare import DtypeRule, Mismatch, Rung, compare
from course_utils.heat import heat_of
from course_utils.where import Where


class Judged(Exception):
    """A hidden test has come to a verdict other than PASSED."""

    def __init__(
        self, verdict: Verdict, message: str, *, rung: str | None = None, error_map: ErrorMap | None = None
    ) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.message = message
        self.rung = rung
        self.error_map = error_map


def question(
    name: str, *, kind: str = "values", weight: float = 1.0
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Tie a hidden test to a question.

    Args:
        name: Id of the question.
        kind: "values", "shape", "error" or "purity". All but "values" count only once a values test of the
            same question passes.
        weight: Share of the question's points, relative to its other tests; each parametrised case has it whole.
    """
    return pytest.mark.question(name=name, kind=TestKind(kind), weight=float(weight))


def expect(
    got: Any,
    want: Any,
    *,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    axes: Sequence[str] = (),
    what: str = "the result",
    dtype: DtypeRule = "exact",
) -> None:
    """Take one result up the comparison ladder: type, shape, dtype, finite, values.

    Args:
        got: What the student's function returned.
        want: What is right; its type and shape are demanded exactly.
        rtol: Relative tolerance; state its reason where it is not the default.
        atol: Absolute tolerance.
        axes: Names of the axes ("N", "C_out", ...), used to say where the error lies.
        what: Name of the result in messages.
        dtype: "exact" demands the dtype of `want`; "kind" any of its kind, "real" any real one, where the contract
            leaves it open.

    Raises:
        Judged: If a rung fails.
    """
    mismatch: Mismatch | None = compare(_plain(got), want, rtol=rtol, atol=atol, axes=axes, what=what, dtype=dtype)
    if mismatch is not None:
        picture = _error_map(mismatch.where)
        raise Judged(Verdict.FAILED, mismatch.message, rung=mismatch.rung.value, error_map=picture)


def expect_error(call: Callable[[], Any], error: type[Exception], *, when: str) -> None:
    """Demand that a call raises.

    Args:
        call: Calls the student's function, e.g. `lambda: student.conv_output_size(2, 3)`.
        error: The class to be raised; a subclass will do.
        when: The situation in words: "the window does not fit".

    Raises:
        Judged: If nothing or something else is raised.
    """
    try:
        call()
    except StudentRaised as raised:
        if error.__name__ in raised.reply.types:
            return
        if raised.verdict is Verdict.NOT_IMPLEMENTED:
            raise
        got = f"{raised.reply.types[0]}: {raised.reply.message}"
        raise Judged(Verdict.FAILED, f"When {when}: expected a {error.__name__}, got {got}.", rung="ran") from None
    raise Judged(Verdict.FAILED, f"When {when}: expected a {error.__name__}, but nothing was raised.", rung="ran")


def expect_pure(function: StudentFunction, *args: Any, **kwargs: Any) -> None:
    """Demand that a call leaves its inputs as they were, and that an equal call gives an equal result.

    Raises:
        Judged: If an input changed, or the second result differs.
    """
    first, after = function.with_arguments(*args, **kwargs)
    for index, before in enumerate(args):
        # What comes back is the worker's word: an argument that is left out counts as changed.
        if index >= len(after) or not _unchanged(after[index], before):
            message = f"{function.name} changed its input number {index + 1}: work on a copy."
            raise Judged(Verdict.FAILED, message, rung=Rung.UNCHANGED.value)
    second = function(*args, **kwargs)
    try:
        same = compare(_plain(second), _plain(first), rtol=0, atol=0) is None
    except TypeError:
        # What a student returned stands where a right answer is expected: it may be anything.
        message = f"{function.name}: expected a result of arrays and numbers, got something else."
        raise Judged(Verdict.FAILED, message, rung=Rung.TYPE.value) from None
    if not same:
        message = f"Two equal calls of {function.name} gave different results: something is remembered between calls."
        raise Judged(Verdict.FAILED, message, rung=Rung.REPEATABLE.value)


def given(text: str, /, **names: Any) -> Given:
    """An argument that is made where the student's code runs: a function, or anything else that can't travel.

    The student's process evaluates the text as often as it is sent, in a namespace of its own, with `np`, `math`, in
    torch notebooks `torch` and `device` (where the tensors are), and the names:

        student.numerical_gradient(given("lambda x: np.tanh(x @ w)", w=w), x, dout)
        student.equivariance_gap(given('''
            def blur(x):
                return (x + np.roll(x, 1, axis=3)) / 2
            blur
        '''), x, (1, 2))

    Students may see it, as they may see any input: it holds nothing that is expected of them.

    Args:
        text: Statements, then an expression, which is the argument; it may be indented as a whole.
        names: What the text refers to: numbers, text, arrays, tensors, containers, other given things.

    Raises:
        GraderFault: If the text is no Python, or doesn't end with an expression.
    """
    plain = textwrap.dedent(text).strip()
    try:
        body = ast.parse(plain).body
    except SyntaxError as error:
        raise GraderFault(f"given: expected Python, got {plain[:80]!r}: {error}.") from error
    if not body or not isinstance(body[-1], ast.Expr):
        raise GraderFault(f"given: expected a text that ends with an expression, got {plain[-80:]!r}.")
    return Given(plain, names)


class StudentRaised(Judged):
    """The student's function raised; a test that waits for an error catches this."""

    def __init__(self, name: str, reply: Raised) -> None:
        kind = reply.types[0]
        if "NotImplementedError" in reply.types:
            verdict, message = Verdict.NOT_IMPLEMENTED, f"{name} is not implemented yet."
        else:
            verdict = Verdict.MEMORY if "MemoryError" in reply.types else Verdict.STUDENT_ERROR
            where = f", in the line `{reply.line.strip()}`" if reply.line.strip() else ""
            message = f"{name} raised {kind}: {reply.message}{where}."
        super().__init__(verdict, message, rung=Rung.RAN.value)
        self.reply = reply


class StudentFunction:
    """One function of the student's notebook, called over the wire."""

    def __init__(self, session: Callable[[], Session], name: str) -> None:
        self._session = session
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it and return its result.

        Raises:
            Judged: If it is missing, raises, or hits a limit.
        """
        return self._judge(self._session().call(self.name, args, kwargs)).value

    def with_arguments(self, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """Call it and return its result and its positional arguments as they were after the call."""
        reply = self._judge(self._session().call(self.name, args, kwargs, return_arguments=True))
        return reply.value, reply.arguments or ()

    def counted(self, *args: Any, **kwargs: Any) -> tuple[Any, Count]:
        """Call it and return its result, and what the call took.

        Counts of one student's calls can be compared with each other, or with a bound that has a reason. The first
        call of a function may import or prepare something: call it once before.
        """
        reply = self._judge(self._session().call(self.name, args, kwargs, count=True))
        if reply.count is None:
            raise GraderFault(f"{self.name}: expected a count, because one was asked for, got none.")
        return reply.value, reply.count

    def _judge(self, reply: Reply) -> Returned:
        match reply:
            case Returned(misplaced=""):
                return reply
            case Returned(misplaced=device):
                message = (
                    f"{self.name}: expected a tensor on the device of the inputs, got one on the {device}. Make new "
                    "tensors there: x.new_zeros(3), torch.zeros_like(x), torch.arange(3, device=x.device)."
                )
                raise Judged(Verdict.FAILED, message, rung=Rung.DTYPE.value)
            case Raised():
                raise StudentRaised(self.name, reply)
            case Stopped(verdict=verdict, message=message):
                raise Judged(verdict, message, rung=Rung.RAN.value)
            case Missing(found=""):
                message = f"There is no function named {self.name}: keep the name that the notebook gives."
                raise Judged(Verdict.NOT_IMPLEMENTED, message, rung=Rung.DEFINED.value)
            case Missing(found=found):
                message = f"{self.name}: expected a function, got {found}. Give the other thing another name."
                raise Judged(Verdict.FAILED, message, rung=Rung.CALLABLE.value)


class Student:
    """Stands for the notebook in hidden tests: `student.conv2d_forward(x, w, b)`."""

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session

    def __getattr__(self, name: str) -> StudentFunction:
        return StudentFunction(self._session, name)


def _unchanged(after: Any, before: Any) -> bool:
    """Whether an argument is as it was sent. What was made of a text can't be compared: it stayed where it was made."""
    match before:
        case Given():
            return True
        case list() | tuple():
            alike = type(after) is type(before) and len(after) == len(before)
            return alike and all(map(_unchanged, after, before))
        case dict():
            alike = type(after) is dict and after.keys() == before.keys()
            return alike and all(_unchanged(after[key], entry) for key, entry in before.items())
    return compare(after, before, rtol=0, atol=0) is None


def _plain(value: Any) -> Any:
    """Turn a Record into the plain tuple of its values, which is what the ladder compares."""
    if isinstance(value, Record):
        return tuple(_plain(entry) for _, entry in value.fields)
    return value


def _error_map(where: Where | None) -> ErrorMap | None:
    picture = None if where is None else heat_of(where)
    if picture is None:
        return None
    return ErrorMap(rows=picture.rows, row_axis=picture.row_axis, column_axis=picture.column_axis)
