"""Is a gradient right? Compares what a backward function says with differences of the forward function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.gradcheck.answer import ask
from course_utils.gradcheck.report import Entry, GradientReport, InputReport
from course_utils.gradcheck.search import Found, by_directions, every_entry
from course_utils.gradcheck.slopes import Judge, Verdict
from course_utils.gradcheck.values import Array, Input, as_array, read_inputs

__all__ = ["Entry", "GradientReport", "InputReport", "check_gradients"]


def check_gradients(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Mapping[str, Any] | Sequence[Any],
    *,
    dout: Any = None,
    fast: bool = False,
    step: float = 1e-5,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    seed: int = 0,
) -> GradientReport:
    """Compare gradients with central differences in float64.

    An entry is right if it differs from the difference by at most atol + rtol * its size, and what rounding does. Where
    the function has a kink, as ReLU at 0 and a maximum of equal numbers, each slope between those on both sides is
    right: such entries are set aside and counted.

        print(check_gradients(
            lambda x, w, b: conv2d_forward(x, w, b, stride=2),
            lambda dout, x, w, b: conv2d_backward(dout, x, w, stride=2),
            {"x": x, "w": w, "b": b},
        ))

    Args:
        forward: Takes the inputs, returns one array or tensor.
        backward: Takes dout and the inputs, returns the gradient of each input in order, None for one that has none;
            a single gradient may come by itself. It is called twice, and must neither change its arguments nor remember
            anything.
        inputs: float64 arrays or tensors, of any layout; by name, or in order.
        dout: Gradient of the loss with respect to the output; by default random numbers, as ones hide mistakes.
        fast: Ask along random directions, and look for wrong entries by bisection only where there are some: a few
            evaluations instead of two for each entry.
        step: Of the differences, times the spread of an input's numbers.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        seed: For dout and the directions.

    Returns:
        A report that can be printed, asserted and drawn.

    Raises:
        TypeError: If inputs or the output are neither arrays nor tensors.
        ValueError: If they are not float64 or not finite, or if forward is random.
    """
    given = read_inputs(inputs, forward)
    judge = Judge(forward, given, step=step, rtol=rtol, atol=atol)
    rng = np.random.default_rng(seed)
    upstream = _upstream(dout, judge.out, rng)
    judge.dout = upstream
    answer = ask(backward, given, upstream)
    reports = []
    for number, (entry, gradient) in enumerate(zip(given, answer.gradients, strict=True)):
        if gradient is None:
            continue
        if gradient.values is None:
            found = Found()
        elif fast:
            found = by_directions(judge, number, gradient.values, rng)
        else:
            found = every_entry(judge, number, gradient.values)
        reports.append(_report(entry, found, gradient.problem))
    return GradientReport(tuple(reports), answer.problem, fast, judge.evaluations)


def _upstream(dout: Any, out: Array, rng: np.random.Generator) -> Array:
    if dout is None:
        return rng.normal(size=out.shape)
    array = as_array(dout)
    if array is None or array.shape != out.shape:
        got = type(dout).__name__ if array is None else f"shape {array.shape}"
        raise ValueError(
            f"dout: expected the shape of the output, {out.shape}, got {got}. Leave it out for a random one."
        )
    return array.astype(np.float64)


def _report(entry: Input, found: Found, problem: str) -> InputReport:
    errors = np.full(entry.values.size, np.nan)
    for place, judgement in found.entries.items():
        if judgement.verdict is not Verdict.KINK:
            errors[place] = judgement.error
    wrong = found.having(Verdict.WRONG)
    worst = None
    if wrong:
        place = max(wrong, key=lambda place: found.entries[place].error)
        index = tuple(int(part) for part in np.unravel_index(place, entry.values.shape))
        worst = Entry(index, found.entries[place].analytic, found.entries[place].numeric)
    elif found.whole is not None and not problem:
        problem = (
            f"WRONG by {found.whole.error:.2g} along a random direction, though by little in each entry: fast=False "
            "compares them one by one"
        )
    return InputReport(
        name=entry.name,
        shape=entry.values.shape,
        wrong=len(wrong),
        kinks=len(found.having(Verdict.KINK)),
        undecided=found.undecided,
        worst=worst,
        problem=problem,
        errors=errors.reshape(entry.values.shape),
    )
