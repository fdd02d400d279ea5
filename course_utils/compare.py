"""The comparison ladder: one result against the right one, rung by rung, stopping at the first that fails.

Type, shape, dtype, finite, values: a shape is compared exactly before any value is looked at, so nothing is ever
broadcast, and NaN never passes. What came is turned into plain arrays and numbers first, by type and not by its own
methods, so a class with an `__eq__` of its own decides nothing. A message never holds the right values.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from course_utils.relation import close, relation
from course_utils.where import Where, locate

DtypeRule = Literal["exact", "kind", "real"]
KINDS = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "real numbers"}


class Rung(str, Enum):
    """The rungs, in the order in which they are climbed."""

    DEFINED = "defined"
    CALLABLE = "callable"
    RAN = "ran"
    TYPE = "type"
    SHAPE = "shape"
    DTYPE = "dtype"
    FINITE = "finite"
    VALUES = "values"
    UNCHANGED = "unchanged"
    REPEATABLE = "repeatable"


@dataclass(frozen=True)
class Mismatch:
    """The first rung that failed.

    Attributes:
        rung: Which one.
        message: What was checked, expected and got, in a sentence or two; never the expected array.
        where: For an array that is wrong in places: the places.
    """

    rung: Rung
    message: str
    where: Where | None = field(default=None, compare=False)


@dataclass(frozen=True)
class _Ladder:
    """What holds for a whole comparison; `what` and `axes` change on the way into tuples and dicts."""

    what: str
    axes: tuple[str, ...]
    rtol: float
    atol: float
    dtype: DtypeRule


def compare(
    got: Any,
    want: Any,
    *,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    axes: Sequence[str] = (),
    what: str = "the result",
    dtype: DtypeRule = "exact",
) -> Mismatch | None:
    """Compare `got` with `want`, climbing type, shape, dtype, finite, values.

    Arrays and tensors of whole numbers and booleans are compared exactly, whatever the tolerances. A wanted int
    takes any whole number but a bool; a wanted float takes any real number but a bool, and an array without axes;
    a wanted named tuple takes a plain tuple of its length; a wanted array takes subclasses of arrays.

    Args:
        got: What a function returned.
        want: What is right: arrays, tensors, numbers, strings, None, and tuples, lists and dicts of them.
        rtol: Tolerance relative to the right value.
        atol: Absolute tolerance.
        axes: One name per axis of the array ("N", "C_out", "H_out", "W_out"), for the sentence about the place.
        what: Name of the result in messages.
        dtype: "exact" demands the dtype of `want`, "kind" the same kind (whole, real or boolean numbers), "real"
            any real numbers.

    Returns:
        The first rung that fails, or None if all hold.

    Raises:
        TypeError: If `want` is something that the ladder does not know, complex numbers included.
    """
    return _climb(got, want, _Ladder(what, tuple(axes), rtol, atol, dtype))


def _climb(got: Any, want: Any, ladder: _Ladder) -> Mismatch | None:  # noqa: PLR0911 - one return per kind of value
    if _is_tensor(want):
        return _tensor(got, want, ladder)
    if isinstance(want, np.ndarray):
        return _array(got, want, ladder)
    if want is None:
        return None if got is None else _wrong_type(got, "None", ladder)
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


def _boolean(got: Any, want: bool, ladder: _Ladder) -> Mismatch | None:
    if not issubclass(type(got), (bool, np.bool_)):
        return _wrong_type(got, "True or False", ladder)
    if bool(got) == want:
        return None
    return Mismatch(Rung.VALUES, f"{ladder.what}: expected {want}, got {not want}.")


def _whole(got: Any, want: int, ladder: _Ladder) -> Mismatch | None:
    kind = type(got)
    if issubclass(kind, (float, np.floating)):
        message = (
            f"{ladder.what}: expected an int, got the float {_real_number(got)!r}; sizes are whole numbers, use //."
        )
        return Mismatch(Rung.TYPE, message)
    if issubclass(kind, bool) or not issubclass(kind, (int, np.integer)):
        return _wrong_type(got, "an int", ladder)
    number = _whole_number(got)
    if number == want:
        return None
    return Mismatch(
        Rung.VALUES, f"{ladder.what}: expected another number, got {number}, which is too {_side(number, want)}."
    )


def _real(got: Any, want: float, ladder: _Ladder) -> Mismatch | None:
    if issubclass(type(got), np.ndarray) and np.asarray(got).ndim == 0:
        got = np.asarray(got)[()]
    kind = type(got)
    if issubclass(kind, (int, np.integer)) and not issubclass(kind, bool):
        number = float(_whole_number(got))
    elif issubclass(kind, (float, np.floating)):
        number = _real_number(got)
    else:
        return _wrong_type(got, "a number (a float)", ladder)
    if not np.isfinite(number) and number != want:
        return Mismatch(
            Rung.FINITE, f"{ladder.what}: expected a finite number, got {number}. Look for 0/0 and overflow."
        )
    if close(np.float64(number), np.float64(want), ladder.rtol, ladder.atol):
        return None
    return Mismatch(
        Rung.VALUES, f"{ladder.what}: expected another number, got {number:.6g}, which is too {_side(number, want)}."
    )


def _string(got: Any, want: str, ladder: _Ladder) -> Mismatch | None:
    if not issubclass(type(got), str):
        return _wrong_type(got, "a string", ladder)
    text = str.__str__(got)
    return (
        None if text == want else Mismatch(Rung.VALUES, f"{ladder.what}: expected another string, got {text[:80]!r}.")
    )


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


def _sequence(got: Any, want: Any, kind: type, ladder: _Ladder) -> Mismatch | None:
    name = "a tuple" if kind is tuple else "a list"
    if not issubclass(type(got), kind):
        return _wrong_type(got, f"{name} of {len(want)} entries", ladder)
    entries = list(kind.__iter__(got))  # type: ignore[attr-defined]
    fields: tuple[str, ...] = getattr(want, "_fields", ())
    if len(entries) != len(want):
        listed = f" ({', '.join(fields)})" if fields else ""
        message = f"{ladder.what}: expected {len(want)} entries{listed}, got {len(entries)}."
        return Mismatch(Rung.SHAPE, message)
    for index, (entry, right) in enumerate(zip(entries, want, strict=True)):
        label = fields[index] if fields else f"entry {index}"
        failed = _climb(entry, right, _inside(ladder, label, right))
        if failed is not None:
            return failed
    return None


def _dictionary(got: Any, want: dict[Any, Any], ladder: _Ladder) -> Mismatch | None:
    if not issubclass(type(got), dict):
        return _wrong_type(got, "a dict", ladder)
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


def _inside(ladder: _Ladder, label: str, right: Any) -> _Ladder:
    """The ladder for an entry; names of axes go along if they fit its number of axes."""
    axes = ladder.axes if getattr(right, "ndim", None) == len(ladder.axes) else ()
    return replace(ladder, what=f"{label} of {ladder.what}", axes=axes)


# Arrays and tensors


def _array(got: Any, want: NDArray[Any], ladder: _Ladder) -> Mismatch | None:
    if not issubclass(type(got), np.ndarray) and not (want.ndim == 0 and issubclass(type(got), np.generic)):
        return _wrong_type(got, f"a NumPy array of shape {_tuple(want.shape)}", ladder)
    return _values(np.asarray(got), np.asarray(want), ladder)


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _tensor(got: Any, want: Any, ladder: _Ladder) -> Mismatch | None:
    torch = sys.modules["torch"]
    # A subclass may answer every question about itself as it likes.
    if type(got) not in (torch.Tensor, torch.nn.Parameter):
        return _wrong_type(got, f"a torch tensor of shape {_tuple(want.shape)}", ladder)
    if tuple(got.shape) != tuple(want.shape):
        return _wrong_shape(tuple(got.shape), tuple(want.shape), ladder)
    got_kind, want_kind = _kind_of(got), _kind_of(want)
    if got.dtype != want.dtype and not _dtype_will_do(got_kind, want_kind, ladder.dtype):
        message = f"{ladder.what}: expected dtype {want.dtype}, got {got.dtype}. The dtype follows from the inputs."
        return Mismatch(Rung.DTYPE, message)
    if got.device.type != want.device.type:
        message = f"{ladder.what}: expected a tensor on {want.device.type}, got one on {got.device.type}."
        return Mismatch(Rung.DTYPE, message + " Make new tensors on the device of the inputs.")
    left, right = _as_numpy(got), _as_numpy(want)
    return _values(left, right, replace(ladder, dtype="real"))


def _kind_of(tensor: Any) -> str:
    """NumPy's letter for the kind of a tensor's dtype."""
    if tensor.is_floating_point():
        return "f"
    if tensor.is_complex():
        return "c"
    return "b" if str(tensor.dtype) == "torch.bool" else "i"


def _as_numpy(tensor: Any) -> NDArray[Any]:
    plain = tensor.detach().cpu()
    wide = plain.double() if plain.is_floating_point() else plain
    array: NDArray[Any] = np.asarray(wide.resolve_conj().resolve_neg().numpy())
    return array


def _values(got: NDArray[Any], want: NDArray[Any], ladder: _Ladder) -> Mismatch | None:
    if want.dtype.kind not in "biuf":
        raise TypeError(f"compare: expected real numbers to compare with, got an array of {want.dtype}.")
    if got.shape != want.shape:
        return _wrong_shape(got.shape, want.shape, ladder, relation(got, want, ladder.rtol, ladder.atol))
    failed = _wrong_dtype(got.dtype, want.dtype, ladder)
    if failed is not None:
        return failed
    axes = ladder.axes if len(ladder.axes) == got.ndim else ()
    bad = ~np.isfinite(got) & (got != want)
    if bad.any():
        where = locate(bad, axes)
        named = "NaN" if np.isnan(got[bad]).all() else "NaN or infinite"
        message = f"{ladder.what}: expected finite values, got {int(bad.sum())} of {got.size} that are {named}: "
        return Mismatch(Rung.FINITE, message + f"{where.sentence}. Look for 0/0, overflow and np.empty.", where)
    wrong = ~close(got, want, ladder.rtol, ladder.atol)
    if not wrong.any():
        return None
    where = locate(wrong, axes)
    parts = [f"{ladder.what}: the shape is right, the values are not: {where.sentence}.", _worst(got, want, wrong)]
    known = relation(got, want, ladder.rtol, ladder.atol)
    if known:
        parts.append(f"Look: {known}.")
    return Mismatch(Rung.VALUES, " ".join(parts), where)


def _worst(got: NDArray[Any], want: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    """The place and the size of the largest error, the size in parts of the largest right value."""
    if got.dtype.kind == "b":
        return ""
    with np.errstate(all="ignore"):
        error = np.where(wrong, np.abs(got.astype(np.float64) - want.astype(np.float64)), 0.0)
        scale = float(np.abs(want[np.isfinite(want)].astype(np.float64)).max(initial=0.0))
    place = tuple(int(index) for index in np.unravel_index(int(error.argmax()), error.shape))
    size = f"{float(error.max()) / scale:.1g} times the largest value" if scale > 0 else "where zeros are expected"
    at = f" at index {_tuple(place)}" if place else ""
    return f"The largest error{at} is {size}." if scale > 0 else f"The largest error is{at}, {size}."


def _wrong_dtype(got: np.dtype[Any], want: np.dtype[Any], ladder: _Ladder) -> Mismatch | None:
    left, right = got.newbyteorder("="), want.newbyteorder("=")
    if left == right or _dtype_will_do(left.kind, right.kind, ladder.dtype):
        return None
    wanted = str(right) if ladder.dtype == "exact" else KINDS[right.kind]
    hints = {
        "c": "Complex numbers come from an FFT or a root: keep the real part.",
        "O": "An array of Python objects comes from rows of unequal length.",
    }
    hint = hints.get(left.kind, "The dtype follows from the inputs: np.result_type says which.")
    return Mismatch(Rung.DTYPE, f"{ladder.what}: expected dtype {wanted}, got {left}. {hint}")


def _dtype_will_do(got: str, want: str, rule: DtypeRule) -> bool:
    """Whether another dtype is good enough, by NumPy's letters for the kinds of dtype."""
    if rule == "exact":
        return False
    return KINDS.get(got) == KINDS[want] or (rule == "real" and got in "iuf" and want in "iuf")


def _wrong_shape(got: tuple[int, ...], want: tuple[int, ...], ladder: _Ladder, known: str = "") -> Mismatch:
    message = f"{ladder.what}: expected shape {_tuple(want)}, got {_tuple(got)}."
    if len(got) != len(want):
        hint = f"That is {len(got)} axes instead of {len(want)}."
    elif known:
        hint = f"Look: {known}."
    elif sorted(got) == sorted(want):
        hint = "These are the right lengths in another order of axes."
    else:
        names = ladder.axes if len(ladder.axes) == len(want) else tuple(f"axis {axis}" for axis in range(len(want)))
        wrong = [name for name, left, right in zip(names, got, want, strict=True) if left != right]
        hint = f"Look at {' and '.join(wrong)}."
    return Mismatch(Rung.SHAPE, f"{message} {hint}")


def _wrong_type(got: Any, wanted: str, ladder: _Ladder) -> Mismatch:
    kind = type(got)
    hint = ""
    if got is None:
        found, hint = "None", " Does every path through the function end with `return`?"
    elif issubclass(kind, np.ndarray):
        found = f"an array of shape {_tuple(np.asarray(got).shape)}"
    else:
        found = f"{'an' if kind.__name__[:1] in 'aeiou' else 'a'} {kind.__name__}"
        if "NumPy array" in wanted and issubclass(kind, (list, tuple)):
            hint = " np.array(...) makes an array of numbers."
    return Mismatch(Rung.TYPE, f"{ladder.what}: expected {wanted}, got {found}.{hint}")


def _tuple(values: Sequence[int]) -> str:
    return str(tuple(int(value) for value in values))
