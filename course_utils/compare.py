"""The comparison ladder: one result against the right one, rung by rung, stopping at the first that fails.

Type, shape, dtype, finite, values: a shape is compared exactly before any value is looked at, so nothing is ever
broadcast, and NaN never passes. What came is turned into plain arrays and numbers first, by type and not by its own
methods, so a class with an `__eq__` of its own decides nothing. A message never holds the right values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils.compare_arrays import as_numpy, compare_arrays, compare_tensors, is_plain_tensor, is_tensor
from course_utils.relation import close
from course_utils.rungs import DtypeRule, Ladder, Mismatch, Rung, wrong_type

__all__ = ["DtypeRule", "Mismatch", "Rung", "compare"]

# Whole numbers with more binary digits than this are not written out in messages.
_SHOWN_BITS = 256


def compare(
    got: Any,
    want: Any,
    *,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    axes: Sequence[str] | Sequence[Sequence[str]] = (),
    what: str = "the result",
    dtype: DtypeRule = "exact",
) -> Mismatch | None:
    """Compare `got` with `want`, climbing type, shape, dtype, finite, values.

    Arrays and tensors of whole numbers and booleans are compared exactly, whatever the tolerances. A wanted int
    takes any whole number but a bool; a wanted float takes any real number but a bool, and an array or tensor without
    axes; a wanted named tuple takes a plain tuple of its length; a wanted array takes subclasses of arrays.

    Args:
        got: What a function returned.
        want: What is right: arrays, tensors, numbers, strings, None, and tuples, lists and dicts of them.
        rtol: Tolerance relative to the right value.
        atol: Absolute tolerance.
        axes: One name per axis of the array ("N", "C_out", "H_out", "W_out"), for the sentence about the place. For a
            tuple of arrays with other axes each, one list of names for each.
        what: Name of the result in messages.
        dtype: "exact" demands the dtype of `want`, "kind" the same kind (whole, real or boolean numbers), "real"
            any real numbers.

    Returns:
        The first rung that fails, or None if all hold.

    Raises:
        TypeError: If `want` is something that the ladder does not know, complex numbers included.
    """
    entries = tuple(tuple(names) for names in axes if not isinstance(names, str))
    shared = tuple(name for name in axes if isinstance(name, str))
    return _climb(got, want, Ladder(what, shared, rtol, atol, dtype, entries))


def _climb(got: Any, want: Any, ladder: Ladder) -> Mismatch | None:  # noqa: PLR0911 - one return per kind of value
    if is_tensor(want):
        return compare_tensors(got, want, ladder)
    if isinstance(want, np.ndarray):
        return compare_arrays(got, want, ladder)
    if want is None:
        return None if got is None else wrong_type(got, "None", ladder)
    if isinstance(want, (bool, np.bool_)):
        return _boolean(got, bool(want), ladder)
    if isinstance(want, (int, np.integer)):
        return _whole(got, int(want), ladder)
    if isinstance(want, (float, np.floating)):
        return _real(got, float(want), ladder)
    if isinstance(want, str):
        return _string(got, want, ladder)
    if isinstance(want, tuple):
        return _sequence(got, want, tuple, ladder)
    if isinstance(want, list):
        return _sequence(got, want, list, ladder)
    if isinstance(want, dict):
        return _dictionary(got, want, ladder)
    raise TypeError(f"compare: expected arrays, numbers, strings or containers of them, got {type(want).__name__}.")


# Scalars


def _boolean(got: Any, want: bool, ladder: Ladder) -> Mismatch | None:
    if not issubclass(type(got), (bool, np.bool_)):
        return wrong_type(got, "True or False", ladder)
    if bool(got) == want:
        return None
    return Mismatch(Rung.VALUES, f"{ladder.what}: expected {want}, got {not want}.")


def _whole(got: Any, want: int, ladder: Ladder) -> Mismatch | None:
    kind = type(got)
    if issubclass(kind, (float, np.floating)):
        message = (
            f"{ladder.what}: expected an int, got the float {_real_number(got)!r}; sizes are whole numbers, use //."
        )
        return Mismatch(Rung.TYPE, message)
    if not _is_whole(kind):
        return wrong_type(got, "an int", ladder)
    number = _whole_number(got)
    if number == want:
        return None
    return Mismatch(
        Rung.VALUES,
        f"{ladder.what}: expected another number, got {_shown(number)}, which is too {_side(number, want)}.",
    )


def _real(got: Any, want: float, ladder: Ladder) -> Mismatch | None:
    if issubclass(type(got), np.ndarray) and np.asarray(got).ndim == 0:
        got = np.asarray(got)[()]
    if is_plain_tensor(got) and got.ndim == 0:
        got = as_numpy(got)[()]
    kind = type(got)
    if _is_whole(kind):
        number = _as_float(_whole_number(got))
    elif issubclass(kind, (float, np.floating)):
        number = _real_number(got)
    else:
        return wrong_type(got, "a number (a float)", ladder)
    if not np.isfinite(number) and number != want:
        return Mismatch(
            Rung.FINITE, f"{ladder.what}: expected a finite number, got {number}. Look for 0/0 and overflow."
        )
    if close(np.float64(number), np.float64(want), ladder.rtol, ladder.atol):
        return None
    return Mismatch(
        Rung.VALUES, f"{ladder.what}: expected another number, got {number:.6g}, which is too {_side(number, want)}."
    )


def _string(got: Any, want: str, ladder: Ladder) -> Mismatch | None:
    if not issubclass(type(got), str):
        return wrong_type(got, "a string", ladder)
    text = str.__str__(got)
    return (
        None if text == want else Mismatch(Rung.VALUES, f"{ladder.what}: expected another string, got {text[:80]!r}.")
    )


def _is_whole(kind: type) -> bool:
    """Whether it is a class of whole numbers; NumPy counts durations among its integers, and we don't."""
    return issubclass(kind, (int, np.integer)) and not issubclass(kind, (bool, np.timedelta64))


def _shown(number: int) -> str:
    """The number as text; Python refuses to write out one of thousands of digits."""
    return str(number) if number.bit_length() <= _SHOWN_BITS else f"a number of {number.bit_length()} binary digits"


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _whole_number(got: Any) -> int:
    """The number in an int or a NumPy integer, read by the slot of the base class and not by an overridden one."""
    return int.__int__(got) if issubclass(type(got), int) else int(_numpy_base(type(got)).__int__(got))


def _real_number(got: Any) -> float:
    return float.__float__(got) if issubclass(type(got), float) else float(_numpy_base(type(got)).__float__(got))


def _numpy_base(kind: type) -> Any:
    known = set(np.sctypeDict.values())
    return next(base for base in kind.__mro__ if base in known)


def _side(got: float, want: float) -> str:
    return "large" if got > want else "small"


# Containers


def _sequence(got: Any, want: Any, kind: type, ladder: Ladder) -> Mismatch | None:
    name = "a tuple" if kind is tuple else "a list"
    if not issubclass(type(got), kind):
        return wrong_type(got, f"{name} of {len(want)} entries", ladder)
    entries = list(kind.__iter__(got))  # type: ignore[attr-defined]
    fields: tuple[str, ...] = getattr(want, "_fields", ())
    if len(entries) != len(want):
        listed = f" ({', '.join(fields)})" if fields else ""
        message = f"{ladder.what}: expected {len(want)} entries{listed}, got {len(entries)}."
        return Mismatch(Rung.SHAPE, message)
    for index, (entry, right) in enumerate(zip(entries, want, strict=True)):
        label = fields[index] if fields else f"entry {index}"
        own = replace(ladder, axes=ladder.entries[index], entries=()) if ladder.entries else ladder
        failed = _climb(entry, right, _inside(own, label, right))
        if failed is not None:
            return failed
    return None


def _dictionary(got: Any, want: dict[Any, Any], ladder: Ladder) -> Mismatch | None:
    if not issubclass(type(got), dict):
        return wrong_type(got, "a dict", ladder)
    # Keys of other types could have an __eq__ of their own.
    entries = {key: value for key, value in dict.items(got) if type(key) in (str, int)}
    for missing in (key for key in want if key not in entries):
        return Mismatch(Rung.SHAPE, f"{ladder.what}: expected the key {missing!r}, which is missing.")
    if dict.__len__(got) != len(want):
        extra = sorted(repr(key) for key in entries if key not in want) or ["a key that is neither string nor int"]
        return Mismatch(Rung.SHAPE, f"{ladder.what}: got keys that were not expected: {', '.join(extra)[:200]}.")
    for key, right in want.items():
        failed = _climb(entries[key], right, _inside(ladder, repr(key), right))
        if failed is not None:
            return failed
    return None


def _inside(ladder: Ladder, label: str, right: Any) -> Ladder:
    """The ladder for an entry; names of axes go along if they fit its number of axes."""
    axes = ladder.axes if getattr(right, "ndim", None) == len(ladder.axes) else ()
    return replace(ladder, what=f"{label} of {ladder.what}", axes=axes)
