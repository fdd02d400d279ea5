"""The rungs of the ladder for arrays and tensors: shape, dtype, finite, values, each exactly and before the next."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.relation import close, relation
from course_utils.rungs import DtypeRule, Ladder, Mismatch, Rung, shape_text, wrong_type
from course_utils.where import locate

KINDS = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "real numbers"}


def compare_arrays(got: Any, want: NDArray[Any], ladder: Ladder) -> Mismatch | None:
    """Compare with an array, by the rules of course_utils.compare.

    Raises:
        TypeError: If `want` does not hold real numbers or booleans; the same holds for tensors.
    """
    if not issubclass(type(got), np.ndarray) and not (want.ndim == 0 and issubclass(type(got), np.generic)):
        return wrong_type(got, f"a NumPy array of shape {shape_text(want.shape)}", ladder)
    return _values(np.asarray(got), np.asarray(want), ladder)


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor; torch is asked only if something has imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_plain_tensor(value: Any) -> bool:
    """Whether a value is a tensor of torch's own classes; others may answer every question about themselves."""
    torch = sys.modules.get("torch")
    return torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter)


def compare_tensors(got: Any, want: Any, ladder: Ladder) -> Mismatch | None:
    """Compare with a tensor, whose kind of device counts as part of its dtype; gradients are not looked at."""
    if not is_plain_tensor(got):
        return wrong_type(got, f"a torch tensor of shape {shape_text(want.shape)}", ladder)
    if tuple(got.shape) != tuple(want.shape):
        known = relation(as_numpy(got), as_numpy(want), ladder.rtol, ladder.atol)
        return _wrong_shape(tuple(got.shape), tuple(want.shape), ladder, known)
    got_kind, want_kind = _kind_of(got), _kind_of(want)
    if got.dtype != want.dtype and not _dtype_will_do(got_kind, want_kind, ladder.dtype):
        message = f"{ladder.what}: expected dtype {want.dtype}, got {got.dtype}. The dtype follows from the inputs."
        return Mismatch(Rung.DTYPE, message)
    if got.device.type != want.device.type:
        message = f"{ladder.what}: expected a tensor on {want.device.type}, got one on {got.device.type}."
        return Mismatch(Rung.DTYPE, message + " Make new tensors on the device of the inputs.")
    left, right = as_numpy(got), as_numpy(want)
    return _values(left, right, replace(ladder, dtype="real"))


def _kind_of(tensor: Any) -> str:
    """NumPy's letter for the kind of a tensor's dtype."""
    if tensor.is_floating_point():
        return "f"
    if tensor.is_complex():
        return "c"
    return "b" if str(tensor.dtype) == "torch.bool" else "i"


def as_numpy(tensor: Any) -> NDArray[Any]:
    """The numbers of a tensor, in double precision if they are real."""
    plain = tensor.detach().cpu()
    wide = plain.double() if plain.is_floating_point() else plain
    array: NDArray[Any] = np.asarray(wide.resolve_conj().resolve_neg().numpy())
    return array


def _values(got: NDArray[Any], want: NDArray[Any], ladder: Ladder) -> Mismatch | None:
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
        message = f"{ladder.what}: expected finite values, got {int(bad.sum())} of {got.size} that are {named}."
        place = "" if where.kind == "spread" else f" {_capital(where.sentence)}."
        return Mismatch(Rung.FINITE, f"{message}{place} Look for 0/0, overflow, and entries never written.", where)
    wrong = ~close(got, want, ladder.rtol, ladder.atol)
    if not wrong.any():
        return None
    where = locate(wrong, axes)
    parts = [f"{ladder.what}: the shape is right, the values are not. {_capital(where.sentence)}."]
    if got.dtype.kind != "b":
        parts.append(_worst(got, want, wrong))
    known = relation(got, want, ladder.rtol, ladder.atol, axes)
    if known:
        parts.append(f"Look: {known}.")
    return Mismatch(Rung.VALUES, " ".join(parts), where)


def _worst(got: NDArray[Any], want: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    """The place and the size of the largest error, the size in parts of the largest right value."""
    with np.errstate(all="ignore"):
        error = np.where(wrong, np.abs(got.astype(np.float64) - want.astype(np.float64)), 0.0)
        scale = float(np.abs(want[np.isfinite(want)].astype(np.float64)).max(initial=0.0))
    place = [int(index) for index in np.unravel_index(int(error.argmax()), error.shape)]
    at = f", at index {place[0] if len(place) == 1 else shape_text(place)}," if place else ""
    if scale == 0:
        return f"The largest error{at} is where zeros are expected."
    return f"The largest error{at} is {_share(float(error.max()) / scale)} the largest value."


def _share(ratio: float) -> str:
    if ratio < 0.001:
        return f"{ratio:.0e} of"
    if ratio < 0.995:
        return f"{100 * ratio:.2g} % of"
    return "as large as" if ratio < 1.05 else f"{ratio:.2g} times"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _wrong_dtype(got: np.dtype[Any], want: np.dtype[Any], ladder: Ladder) -> Mismatch | None:
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


def _wrong_shape(got: tuple[int, ...], want: tuple[int, ...], ladder: Ladder, known: str = "") -> Mismatch:
    message = f"{ladder.what}: expected shape {shape_text(want)}, got {shape_text(got)}."
    names = ladder.axes if len(ladder.axes) == len(want) else tuple(f"axis {axis}" for axis in range(len(want)))
    if len(got) != len(want):
        hint = f"That is {len(got)} {'axis' if len(got) == 1 else 'axes'} instead of {len(want)}."
    elif known:
        hint = f"Look: {known}."
    elif sorted(got) == sorted(want):
        hint = "These are the right lengths in another order of axes."
    else:
        wrong = [_off(name, left - right) for name, left, right in zip(names, got, want, strict=True) if left != right]
        hint = f"{_capital(' and '.join(wrong))}."
    return Mismatch(Rung.SHAPE, f"{message} {hint}")


def _off(name: str, by: int) -> str:
    return f"{name} is {abs(by)} too {'large' if by > 0 else 'small'}"
