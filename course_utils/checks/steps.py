"""Whether a function loops in Python over what grows: counted steps on two sizes of input, no clock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from course_utils.checks.failure import CheckFailed
from course_utils.compare import Rung

# Steps that may come and go with the size for other reasons: NumPy has branches of its own, written in Python.
SLACK = 30


def count_steps(function: Callable[..., Any], *args: Any, **options: Any) -> int:
    """Lines and calls of Python code that run during a call, those of libraries included.

    Every round of a loop is at least one of them, a comprehension's or generator's, too. What runs inside of compiled
    code counts nothing. The tracer that was there before, a debugger's, say, is back afterwards.

    Args:
        function: The function.
        args: Its positional arguments.
        options: Its keyword arguments.
    """
    steps = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal steps
        steps += event in {"call", "line"}
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*args, **options)
    finally:
        sys.settrace(before)
    return steps


def demand_no_growth(
    name: str, function: Callable[..., Any], small: tuple[Any, ...], larger: Mapping[str, tuple[Any, ...]], advice: str
) -> int:
    """Demand that a function takes about as many Python steps for large inputs as for small ones.

    Args:
        name: Name of the function.
        function: The student's function, which has passed its other checks.
        small: Arguments of a small call.
        larger: Arguments of calls in which one thing has grown by 50 or more, by the name of what has grown.
        advice: What to do about it.

    Returns:
        How many checks passed.

    Raises:
        CheckFailed: If the steps grow.
    """
    base = _steady_steps(function, small)
    for what, args in larger.items():
        steps = _steady_steps(function, args)
        if steps > base + SLACK:
            message = (
                f"{name}: the results are right, but with more {what} Python takes {steps:,} steps instead of "
                f"{base:,}: there is a Python loop over {what}, here or in a function that is called.\n{advice}"
            )
            raise CheckFailed(message, Rung.VALUES)
    return len(larger)


def _steady_steps(function: Callable[..., Any], args: tuple[Any, ...]) -> int:
    """Steps of a second call: NumPy plans a sum of products once for every shape, and remembers the plan."""
    function(*args)
    return count_steps(function, *args)
