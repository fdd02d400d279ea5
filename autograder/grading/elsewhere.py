"""Work given to an executor of someone else's, a few pieces ahead; what it drops ends the run instead of being lost."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from typing import Any, TypeVar

from autograder.errors import AutograderError, GraderFault
from autograder.grading.crew import Lost

Result = TypeVar("Result")

# Enough to keep a few hundred processes busy, and little for whoever keeps it until its turn comes.
_AHEAD = 1024


def elsewhere(
    executor: Executor, task: Callable[..., Result], work: Iterable[tuple[Any, ...]], ahead: int = _AHEAD
) -> Iterator[tuple[int, Result | Lost]]:
    """Do the same with each piece of work on an executor; answers in the order in which they come.

    Args:
        executor: Any; it says itself how many pieces it works on at one time.
        task: A function of a module.
        work: The arguments of each call.
        ahead: How many pieces the executor is given before it has answered.

    Yields:
        The number of a piece and its answer, or what is known where the executor could not do it.

    Raises:
        AutograderError: What the task raised.
        GraderFault: If the executor gave up on a piece that it had taken.
    """
    pieces = enumerate(work)
    given: dict[Future[Result], int] = {}
    try:
        for number, piece in itertools.islice(pieces, ahead):
            given[executor.submit(task, *piece)] = number
        while given:
            for future in wait(given, return_when=FIRST_COMPLETED).done:
                number = given.pop(future)
                for following, piece in itertools.islice(pieces, 1):
                    given[executor.submit(task, *piece)] = following
                answer = _answer(future)
                yield number, answer
    finally:
        for future in given:
            future.cancel()


def _answer(future: Future[Result]) -> Result | Lost:
    try:
        return future.result()
    except AutograderError:
        raise
    except CancelledError as error:
        raise GraderFault(
            "Expected an answer to every submission, but the cluster dropped one: is its scheduler still there? "
            "What was graded is kept; run the same command again to go on."
        ) from error
    except Exception:  # noqa: BLE001 - it could not be done there; the others can
        return Lost(traceback.format_exc())
