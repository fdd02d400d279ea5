"""Every call that hidden tests make of a right answer, made of any other, too: nothing stops at the first failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagnosis.attempt import Call, View, viewed_calls
from autograder.diagnosis.fingerprint import calls_agree
from autograder.grading.hidden import HiddenTests
from autograder.sandbox.protocol import Reply, Session, Stopped, Worker


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made.

    Attributes:
        name: Of the function.
        args: As sent.
        kwargs: As sent.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def calls_made(question: str, tests: HiddenTests, worker: Worker) -> tuple[Made, ...]:
    """The calls that a question's hidden tests make of a right answer, in order."""
    declared = [test for test in tests.declared if test.question == question]
    session = _Noted(worker.ask())
    try:
        tests.run(declared, lambda: session, lambda result: "")
    finally:
        session.close()
    return tuple(session.made)


def replay(
    made: Sequence[Made],
    worker: Worker,
    replacements: Mapping[str, str],
    *,
    before: Callable[[Session], None] = lambda session: None,
) -> tuple[Call, ...]:
    """Make calls once more, of another answer; what it does to its arguments is part of each reply."""
    calls = []
    session: Session | None = None
    try:
        for call in made:
            if session is None:
                session = worker.ask(replacements=replacements)
                before(session)
            reply = session.call(call.name, call.args, call.kwargs, return_arguments=True)
            calls.append(Call(call.name, reply, (call.args, dict(call.kwargs))))
            if isinstance(reply, Stopped):
                session.close()
                session = None
    finally:
        if session is not None:
            session.close()
    return tuple(calls)


def replies_equal(some: Sequence[Call], others: Sequence[Call], views: Mapping[str, View]) -> bool:
    """Whether two answers reply alike to all calls."""
    return len(some) == len(others) and calls_agree(viewed_calls(some, views), viewed_calls(others, views))


class _Noted:
    """A session that notes the calls."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.made: list[Made] = []

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        self.made.append(Made(name, tuple(args), dict(kwargs)))
        return self._session.call(name, args, kwargs, return_arguments=return_arguments, count=count)

    @property
    def output(self) -> str:
        return self._session.output

    def close(self) -> None:
        self._session.close()
