"""Do two answers reply alike? Shape, dtype, kind of error, changed arguments, values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from autograder.diagnosis.attempt import Call
from autograder.sandbox.protocol import Handle, Missing, Raised, Record, Reply, Returned, Stopped

# Two ways to add up the same numbers differ by rounding, which grows with the largest of them; a mistake differs by
# far more than this. Single precision has 7 digits, double 15; where large numbers cancel, as the brightness of a
# picture that is 10,000,000 everywhere, eight of them are left.
_TOLERANCE = {2: 1e-2, 4: 1e-4, 8: 1e-7}
_COARSEST = 1e-7
# What NumPy and torch raise where sizes don't go together: which of these depends on whether one indexes or multiplies.
_MISFITS = {"IndexError", "ValueError", "RuntimeError"}


def calls_agree(some: Sequence[Call], others: Sequence[Call], *, misfits: bool = False) -> bool:
    """Whether two answers replied alike as far as both were asked.

    A hidden test stops where it has seen enough, so that one of two answers may have been asked more.

    Args:
        some: Of one answer.
        others: Of the other.
        misfits: Whether the two ways in which arrays of unequal sizes fail are alike; they are where both answers are
            wrong.
    """
    return all(
        one.name == other.name
        and replies_agree(one.reply, other.reply, digits=min(one.digits, other.digits), misfits=misfits)
        for one, other in zip(some, others, strict=False)
    )


def replies_agree(one: Reply, other: Reply, *, digits: int = 8, misfits: bool = False) -> bool:
    """Whether two replies are alike, rounding and the wording of errors aside.

    Args:
        one: A reply.
        other: Another, to an equal call.
        digits: Bytes of the coarsest floating-point number that was sent: results are as good as that.
        misfits: As for `calls_agree`.
    """
    match one, other:
        case Returned(), Returned():
            return same(one.value, other.value, digits) and same(one.arguments, other.arguments)
        case Raised(), Raised():
            kinds = {one.types[0], other.types[0]}
            return len(kinds) == 1 or (misfits and kinds <= _MISFITS)
        case Missing(), Missing():
            return one.found == other.found
        case Stopped(), Stopped():
            return one.verdict == other.verdict
    return False


def same(one: Any, other: Any, digits: int = 8) -> bool:
    """Whether two decoded values are alike: same structure, shape and dtype, values within rounding.

    Args:
        one: A value.
        other: Another.
        digits: Bytes of the coarsest floating-point number from which they were computed.
    """
    alike = _is_tensor(one) is _is_tensor(other)
    one, other = _plain(one), _plain(other)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return alike and one.shape == other.shape and one.dtype == other.dtype and _close(one, other, digits)
    if isinstance(one, Number) and isinstance(other, Number):
        # A number is a number, whichever class it has: the ladder lets NumPy's scalars pass for Python's.
        left, right = np.asarray(one), np.asarray(other)
        return left.dtype.kind == right.dtype.kind and _close(left, right, digits)
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(a, b, digits) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(entry, other[key], digits) for key, entry in one.items())
    return bool(one == other)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return tuple(entry for _, entry in value.fields)
    if isinstance(value, Handle):
        return value.type
    return _array_of(value.detach()) if _is_tensor(value) else value


def _is_tensor(value: Any) -> bool:
    """Whether a decoded value is a tensor; torch need not be loaded to say so."""
    return hasattr(value, "detach")


def _array_of(tensor: Any) -> Any:
    """A tensor as an array, or as its dtype and numbers where NumPy has no such dtype."""
    try:
        return tensor.numpy()
    except TypeError:
        return str(tensor.dtype), tensor.double().numpy()


def _close(one: np.ndarray, other: np.ndarray, digits: int) -> bool:
    if one.dtype.kind not in "fc" or other.dtype.kind not in "fc":
        return bool(np.array_equal(one, other))
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return False
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return False
    left, right = one[finite], other[finite]
    if not left.size:
        return True
    wide = np.complex128 if "c" in one.dtype.kind + other.dtype.kind else np.float64
    left, right = left.astype(wide), right.astype(wide)
    part = min(one.dtype.itemsize, other.dtype.itemsize) // (2 if one.dtype.kind == "c" else 1)
    scale = max(np.abs(left).max(), np.abs(right).max())
    return bool(np.abs(left - right).max() <= _TOLERANCE.get(min(part, digits), _COARSEST) * scale)
