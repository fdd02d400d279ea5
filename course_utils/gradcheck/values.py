"""What goes into a student's function and what comes out: NumPy arrays or tensors outside, float64 arrays inside."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Input:
    """One input of the function that is checked.

    Attributes:
        name: How messages call it.
        values: Its numbers, C order.
        original: As it was given: an array or a tensor, in some layout, on some device.
    """

    name: str
    values: Array
    original: Any

    def rebuilt(self, values: Array) -> Any:
        """Other numbers in the form of the original, in fresh memory."""
        if isinstance(self.original, np.ndarray):
            if self.original.flags.forc:
                return values.copy(order="C" if self.original.flags.c_contiguous else "F")
            return _with_gaps(np.zeros, values)
        tensor = like(self.original, values)
        return tensor if self.original.is_contiguous() else _with_gaps(self.original.new_zeros, tensor)


def read_inputs(inputs: Mapping[str, Any] | Sequence[Any], forward: Callable[..., Any]) -> tuple[Input, ...]:
    """The inputs with their names, from the mapping or from the function's parameters.

    Raises:
        TypeError: If one is neither an array nor a tensor.
        ValueError: If one is not float64, or not finite.
    """
    if isinstance(inputs, Mapping):
        named = list(inputs.items())
    else:
        named = list(zip(_names(forward, len(inputs)), inputs, strict=True))
    if not named:
        raise ValueError("inputs: expected at least one, got none. Name them: {'x': x, 'w': w}.")
    return tuple(_read(name, value) for name, value in named)


def like(original: Any, values: Array) -> Any:
    """Numbers as an array, or as a tensor on the device of the original, in fresh memory."""
    if isinstance(original, np.ndarray):
        return values.copy()
    return sys.modules["torch"].from_numpy(values.copy()).to(original.device)


def as_array(value: Any) -> Array | None:
    """Numbers of an array or a tensor, in its dtype; None for anything else."""
    if _is_tensor(value):
        numbers: Array = value.detach().cpu().numpy()
        return numbers
    if isinstance(value, (np.ndarray, np.generic, float)):
        return np.asarray(value)
    return None


def read_output(out: Any) -> Array:
    """What the function gave, as a copy.

    Raises:
        TypeError: If it is neither an array nor a tensor.
        ValueError: If it is not float64.
    """
    array = as_array(out)
    if array is None:
        kind = type(out).__name__
        hint = (
            " Take the one whose gradient is checked: lambda x: layer(x)[0]." if isinstance(out, (tuple, list)) else ""
        )
        raise TypeError(f"forward: expected one array or tensor, got {kind}.{hint or ' Return one.'}")
    if array.dtype != np.float64:
        raise ValueError(
            f"forward: expected float64 for float64 inputs, got {array.dtype}, whose rounding hides the differences "
            "that are measured here. Let the dtype of the output follow that of the inputs."
        )
    return array.copy()


def _read(name: str, value: Any) -> Input:
    if not isinstance(value, np.ndarray) and not _is_tensor(value):
        raise TypeError(
            f"{name}: expected an array or a tensor, got {type(value).__name__}. What has no gradient goes into the "
            "function: lambda x: layer(x, stride=2)."
        )
    numbers = as_array(value)
    assert numbers is not None
    if numbers.dtype != np.float64:
        cast = f"{name}.double()" if _is_tensor(value) else f"{name}.astype(np.float64)"
        raise ValueError(
            f"{name}: expected float64, got {numbers.dtype}. A numerical gradient is a small difference of large "
            f"numbers: of the 7 digits of float32 hardly 3 are left, of the 16 of float64 about 10. Use {cast}."
        )
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name}: expected finite numbers, got nan or inf. Choose others.")
    return Input(name, np.array(numbers, order="C"), value)


def _names(forward: Callable[..., Any], count: int) -> list[str]:
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:count] if len(names) >= count else [f"input {number}" for number in range(count)]


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _with_gaps(zeros: Callable[..., Any], values: Any) -> Any:
    """Numbers in a view of every second entry of a larger array or tensor."""
    view = zeros([2 * length + 1 for length in values.shape])[(slice(1, None, 2),) * values.ndim]
    view[...] = values
    return view
