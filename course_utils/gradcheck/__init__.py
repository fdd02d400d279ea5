"""Is a gradient right? Compares what a backward function says with differences of the forward function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.gradcheck.report import Entry, GradientReport, InputReport
from course_utils.gradcheck.search import Found, by_directions, every_entry
from course_utils.gradcheck.slopes import Judge, Verdict
from course_utils.gradcheck.values import Array, Input, as_array, like, read_inputs

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
            a single gradient may come by itself.
        inputs: float64 arrays or tensors, of any layout; by name, or in order.
        dout: Gradient of the loss with respect to the output; by default random numbers, as ones hide mistakes.
        fast: Ask along random directions, and look for wrong entries by bisection only where there are some: a few
            evaluations instead of two for each entry, but errors below about rtol times the root of their number stay
            unseen.
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
    gradients = _gradients(backward, given, upstream)
    reports = []
    for number, (entry, gradient) in enumerate(zip(given, gradients, strict=True)):
        if gradient is None:
            continue
        analytic, problem = _readable(gradient, entry)
        if analytic is None:
            found = Found()
        else:
            found = by_directions(judge, number, analytic, rng) if fast else every_entry(judge, number, analytic)
        reports.append(_report(entry, found, problem))
    return GradientReport(tuple(reports), fast, judge.evaluations)


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


def _gradients(backward: Callable[..., Any], inputs: tuple[Input, ...], dout: Array) -> Sequence[Any]:
    got = backward(like(inputs[0].original, dout), *(entry.rebuilt(entry.values) for entry in inputs))
    several = tuple(got) if isinstance(got, (tuple, list)) else (got,)
    if len(several) != len(inputs):
        names = ", ".join(f"d{entry.name}" for entry in inputs)
        raise ValueError(
            f"backward: expected {len(inputs)} gradients ({names}), got {len(several)}. Return them in the order of "
            "the inputs, and None for an input that has none."
        )
    return several


def _readable(gradient: Any, entry: Input) -> tuple[Array | None, str]:
    """A gradient as numbers, or None and why it has none to compare."""
    array = as_array(gradient)
    if array is None:
        return None, f"expected an array or a tensor, got {type(gradient).__name__}"
    if array.shape != entry.values.shape:
        return None, f"expected the shape of {entry.name}, {entry.values.shape}, got {array.shape}"
    if array.dtype != np.float64:
        return None, f"expected float64, got {array.dtype}, which has too few digits to compare"
    if not np.isfinite(array).all():
        index = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
        return None, f"expected finite numbers, got {array.flat[np.argmin(np.isfinite(array))]} at [{index}]"
    return array, ""


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
    elif found.whole is not None:
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
