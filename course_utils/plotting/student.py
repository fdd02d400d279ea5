"""Calling a student's function for a picture: a note instead of a traceback when it can't be drawn."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from course_utils.checks.failure import folded, told
from course_utils.checks.material import material, on_cpu, snapshot
from course_utils.compare_arrays import is_tensor
from course_utils.device import chosen_device

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Function = Callable[..., Any]
P = ParamSpec("P")


class NotDrawn(Exception):
    """A picture can't be drawn with what the student's function does; the message says why and what to do."""


def ask(function: Function, *args: Any, shape: tuple[int, ...] | None = None, **options: Any) -> Any:
    """Call a student's function on copies of the arguments.

    Args:
        function: The student's function.
        args: Its positional arguments; arrays and tensors are copied, so that no cell can spoil the pictures of a later
            one.
        shape: Shape that the picture needs, or None for any result.
        options: Its keyword arguments.

    Returns:
        What it returned; as a float64 array if a shape is asked for.

    Raises:
        NotDrawn: If it is not written yet, raises, or returns something of another shape.
    """
    name = getattr(function, "__name__", "the function")
    given = [snapshot(value) if isinstance(value, np.ndarray) or is_tensor(value) else value for value in args]
    try:
        result = function(*given, **options)
    except NotImplementedError as error:
        raise NotDrawn(_waiting(_missing(error, function, name))) from None
    # A picture ends here, whatever the student's code raises.
    except Exception as error:
        raise NotDrawn(_trouble(name, f"raised {told(error)}")) from error
    if shape is None:
        return result
    return as_numbers(result, shape, name)


def as_tensor(values: Any) -> Any:
    """Numbers as a float64 tensor on the device that the notebook has chosen."""
    return material(np.asarray(values, dtype=np.float64), device=chosen_device())


def as_numbers(result: Any, shape: tuple[int, ...], name: str) -> Any:
    """The result, an array or a tensor, as a float64 array of the shape that the picture needs.

    Raises:
        NotDrawn: If it is anything else.
    """
    if is_tensor(result):
        result = np.asarray(on_cpu(result))
    if not isinstance(result, np.ndarray) or result.dtype.kind not in "biuf":
        raise NotDrawn(_trouble(name, f"returned {type(result).__name__}, the picture needs an array of numbers"))
    if result.shape != shape:
        raise NotDrawn(_trouble(name, f"returned the shape {result.shape}, the picture needs {shape}"))
    return result.astype(np.float64)


def as_finite(numbers: Any, name: str) -> Any:
    """The numbers, for a picture in which each has a place on an axis.

    Raises:
        NotDrawn: If some are infinite or none at all.
    """
    if not np.isfinite(numbers).all():
        raise NotDrawn(_trouble(name, "returned numbers that are not finite"))
    return numbers


def as_parts(result: Any, count: int, name: str) -> tuple[Any, ...]:
    """The result as a tuple with so many parts.

    Raises:
        NotDrawn: If it is anything else.
    """
    if not isinstance(result, tuple) or len(result) != count:
        raise NotDrawn(_trouble(name, f"returned {type(result).__name__}, the picture needs a tuple of {count}"))
    return result


def kindly(picture: Callable[P, Figure]) -> Callable[P, Figure | None]:
    """Let a picture print a note, and return None, when it can't be drawn."""

    @functools.wraps(picture)
    def draw(*args: P.args, **kwargs: P.kwargs) -> Figure | None:
        try:
            return picture(*args, **kwargs)
        except NotDrawn as note:
            print(folded(str(note)))
            return None

    return draw


@contextmanager
def when_ready() -> Iterator[None]:
    """Run the lines below `with`; if a function in them is not written yet or fails, print a note and go on.

    So that "Run all" comes to the end of the notebook, and shows what all the other functions do.
    """
    try:
        yield
    except NotImplementedError as error:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        note = f"Nothing to see yet: {frame.f_code.co_name} is not written. Write it above, then run this cell again."
        print(folded(note))
    except Exception as error:  # noqa: BLE001 - what a cell would show ends here, whatever the student's code raises
        print(folded(f"Nothing to see: {told(error)}{_line(error)}. Run the checks above, then this cell again."))


def _line(error: Exception) -> str:
    """The last line of the notebook in which an error came up, as the end of a sentence."""
    notebook = [
        frame
        for (walked, _), frame in zip(
            traceback.walk_tb(error.__traceback__), traceback.extract_tb(error.__traceback__), strict=True
        )
        if walked.f_globals.get("__name__") == "__main__" and frame.line
    ]
    return f", in the line `{notebook[-1].line}`" if notebook else ""


def _missing(error: NotImplementedError, function: Function, name: str) -> str:
    """The function that is not written: the one that was called, or one that it calls."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return name if frame.f_code is getattr(function, "__code__", None) else frame.f_code.co_name


def _waiting(name: str) -> str:
    return f"No picture yet: {name} is not written. Write it above, then run this cell again."


def _trouble(name: str, what: str) -> str:
    return f"No picture: {name} {what}. Run its check above, then this cell again."
