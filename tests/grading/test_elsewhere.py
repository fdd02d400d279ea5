"""An executor of someone else's: every piece answered once, a bounded number given ahead, nothing dropped unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from autograder.errors import CourseError, GraderFault
from autograder.grading.crew import Lost
from autograder.grading.elsewhere import elsewhere


class Scripted(Executor):
    """Ends each piece as it is told, and leaves the others waiting.

    Args:
        ends: Number of a piece to what happens to its future.
    """

    def __init__(self, ends: Mapping[int, Callable[[Future[object]], object]]) -> None:
        self.ends = ends
        self.given: list[Future[object]] = []

    def submit(self, fn, /, *args, **kwargs):
        future: Future[object] = Future()
        self.ends.get(len(self.given), lambda _: None)(future)
        self.given.append(future)
        return future


def drop(future: Future[object]) -> None:
    future.cancel()
    future.set_running_or_notify_cancel()


def test_every_piece_is_answered_once():
    """Threads finish in any order; each piece has its own answer."""
    with ThreadPoolExecutor(4) as pool:
        answers = dict(elsewhere(pool, pow, ((number, 2) for number in range(50)), ahead=7))
    assert answers == {number: number**2 for number in range(50)}


def test_no_work():
    """Nothing to do is nothing done."""
    assert list(elsewhere(Scripted({}), pow, ())) == []


def test_a_bounded_number_is_given_ahead():
    """A large class is not piled up in the executor: one goes in where one came out; leaving takes back the rest."""
    executor = Scripted({1: lambda future: future.set_result("answer")})
    taken: list[int] = []
    work = ((taken.append(number) or number, 2) for number in range(10))
    answers = elsewhere(executor, pow, work, ahead=3)
    assert next(answers) == (1, "answer")
    assert taken == [0, 1, 2, 3]
    answers.close()
    assert [future.cancelled() for future in executor.given] == [True, False, True, True]


def test_what_went_wrong_there():
    """Our deliberate errors end the run; any other costs the piece, with what is known for staff."""
    ends = {
        0: lambda future: future.set_exception(MemoryError("no room")),
        1: lambda future: future.set_exception(CourseError("a wall that is too weak")),
    }
    answers = elsewhere(Scripted(ends), pow, [(1, 2), (3, 4)], ahead=1)
    number, lost = next(answers)
    assert number == 0
    assert isinstance(lost, Lost)
    assert "MemoryError: no room" in lost.reason
    with pytest.raises(CourseError, match="too weak"):
        next(answers)


def test_what_the_executor_drops():
    """A scheduler that goes away cancels what it had; that is no student's fault and ends the run."""
    with pytest.raises(GraderFault, match="run the same command again"):
        next(elsewhere(Scripted({0: drop}), pow, [(1, 2)]))
