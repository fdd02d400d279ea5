"""How a wrong array is related to the right one: said only after it has been verified number by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.where import word

Array = NDArray[Any]


def close(got: Any, want: Any, rtol: float, atol: float) -> Any:
    """Where two results of one shape agree; whole numbers and booleans exactly, NaN never.

    Args:
        got: Any shape.
        want: The same shape.
        rtol: Tolerance relative to `want`.
        atol: Absolute tolerance.

    Returns:
        Booleans in the same shape.
    """
    equal = np.equal(got, want)
    if want.dtype.kind in "biu" and got.dtype.kind in "biu":
        return equal
    with np.errstate(all="ignore"):
        left, right = got.astype(np.float64), want.astype(np.float64)
        near = np.abs(left - right) <= atol + rtol * np.abs(right)
    return equal | (near & np.isfinite(left))


@np.errstate(all="ignore")  # a wrong answer may hold any numbers, and a factor between them may be too large
def relation(got: Array, want: Array, rtol: float, atol: float, axes: Sequence[str] = ()) -> str:
    """Name a simple relation between a wrong array and the right one.

    Args:
        got: A wrong result.
        want: The right one; the shapes may differ.
        rtol: As for the comparison.
        atol: As for the comparison.
        axes: Names of the axes, as for `where.locate`.

    Returns:
        A clause such as "your numbers are exactly the negative of the right ones", or "" if none holds.
    """
    if got.dtype.kind not in "iuf" or want.dtype.kind not in "iuf" or not np.any(want) or not np.isfinite(got).all():
        return ""
    left, right = got.astype(np.float64), want.astype(np.float64)
    if left.shape != right.shape:
        return _rearranged(left, right, rtol, atol)
    if not left.any():
        return "your numbers are all zero"
    if left.size < 2:
        return ""
    return (
        _scaled(left, right, rtol, atol)
        or _rearranged(left, right, rtol, atol)
        or _rounded(left, want, rtol, atol)
        or _shifted(left, right, rtol, atol, axes)
    )


def _same(left: Array, right: Array, rtol: float, atol: float) -> bool:
    return left.shape == right.shape and bool(close(left, right, rtol, atol).all())


def _scaled(got: Array, want: Array, rtol: float, atol: float) -> str:
    """A sign, or one factor or offset for all values."""
    if _same(-got, want, rtol, atol):
        return "your numbers are exactly the negative of the right ones"
    if _same(np.abs(got), np.abs(want), rtol, atol):
        return "your numbers are right but for the sign of some"
    largest = int(np.abs(want).argmax())
    factor = float(got.flat[largest] / want.flat[largest])
    if factor != 0 and _same(got / factor, want, max(rtol, 1e-12), atol):
        return f"your numbers are {_times(factor)} the right ones"
    offset = float(got.flat[largest] - want.flat[largest])
    if _same(got - offset, want, max(rtol, 1e-12), max(atol, 1e-12 * abs(offset))):
        return "your numbers differ from the right ones by one and the same amount everywhere"
    return ""


def _times(factor: float) -> str:
    for top in range(1, 10):
        for bottom in range(1, 10):
            if abs(factor - top / bottom) < 1e-9 * abs(factor):
                named = {(2, 1): "twice", (1, 2): "half"}
                plain = f"{top} times" if bottom == 1 else f"{top}/{bottom} times"
                return named.get((top, bottom), plain)
    return f"{factor:.4g} times"


def _rearranged(got: Array, want: Array, rtol: float, atol: float) -> str:
    """The last two axes swapped, or turned round."""
    if got.ndim != want.ndim or got.ndim == 0:
        return ""
    if got.ndim > 1 and _same(np.swapaxes(got, -1, -2), want, rtol, atol):
        return "your array equals the right one with its last two axes swapped"
    last = {1: "back to front along the last axis", 2: "upside down along the last axis but one"}
    for axis in range(1, min(got.ndim, 2) + 1):
        if _same(np.flip(got, -axis), want, rtol, atol):
            return f"your array equals the right one turned {last[axis]}"
    if got.ndim > 1 and _same(np.flip(got, (-1, -2)), want, rtol, atol):
        return "your array equals the right one turned by 180 degrees"
    return ""


def _rounded(got: Array, want: Array, rtol: float, atol: float) -> str:
    """Fractions or digits lost on the way."""
    right = want.astype(np.float64)
    if _same(got, np.trunc(right), rtol, atol):
        return "your numbers are the right ones without their fractions: an integer array takes no fractions"
    if want.dtype == np.float64 and rtol < 1e-6 and _same(got, right, 2e-6, 1e-6 * float(np.abs(right).max())):
        return "your numbers are right to about six digits, as if something were stored or computed in float32"
    return ""


def _shifted(got: Array, want: Array, rtol: float, atol: float, axes: Sequence[str]) -> str:
    """One amount for each channel, filter, ... that is off by the same everywhere in it."""
    error = got - want
    slack = max(atol, (rtol + 1e-12) * float(np.abs(want).max()))
    for axis, name in enumerate(axes):
        others = tuple(other for other in range(error.ndim) if other != axis)
        many = error.size > error.shape[axis] > 1
        if many and bool((error.max(axis=others) - error.min(axis=others) <= slack).all()):
            return f"in each {word(name)} all values are off by one and the same amount"
    return ""
