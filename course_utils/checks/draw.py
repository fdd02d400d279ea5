"""Small inputs that look random and are the same everywhere, in every version of every library."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
LAYOUTS = ("plain", "gaps", "turned", "read-only")


def draw(*shape: int, salt: int = 0, largest: int = 9, unit: int = 4, dtype: str = "float64") -> Array:
    """Whole numbers between -largest and largest, divided by `unit`.

    With a power of two as unit, sums of products of a few hundred of them are exact in float32 too, in any order,
    so that no tolerance is needed.

    Args:
        shape: The shape.
        salt: Another salt gives other numbers.
        largest: Bound of the whole numbers.
        unit: What they are divided by; 1 for whole numbers.
        dtype: Of the result.

    Source:
        The mixing function of SplitMix64: Steele, Lea, Flood (2014), doi:10.1145/2714064.2660195.
    """
    whole = (_bits(shape, salt) % np.uint64(2 * largest + 1)).astype(np.int64) - largest
    # Zeros hide mistakes: what is multiplied by them may be anything.
    whole[whole == 0] = largest
    numbers = whole if unit == 1 else whole / unit
    return numbers.reshape(shape).astype(dtype)


def distinct(*shape: int, salt: int = 0, unit: int = 4, dtype: str = "float64") -> Array:
    """Numbers of both signs of which no two are equal and none is 0, so that every maximum is one entry's alone.

    Args:
        shape: The shape.
        salt: Another salt gives another order.
        unit: What the odd whole numbers around 0 are divided by.
        dtype: Of the result.
    """
    ranks = np.argsort(np.argsort(_bits(shape, salt)))
    odd = 2 * (ranks - ranks.size // 2) + 1
    return (odd / unit).reshape(shape).astype(dtype)


def _bits(shape: tuple[int, ...], salt: int) -> NDArray[np.uint64]:
    bits = (np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(1000 * salt + 1)) * np.uint64(
        0x9E3779B97F4A7C15
    )
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = bits ^ (bits >> np.uint64(31))
    return mixed


def lay_out(array: Array, layout: str) -> Array:
    """A fresh copy of an array, in memory laid out in a way that code may not expect.

    Args:
        array: Any shape, at least one axis.
        layout: "plain"; "gaps": a view of every second entry of a larger array; "turned": Fortran order;
            "read-only".
    """
    if layout == "gaps":
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 99, dtype=array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    copy = array.copy(order="F" if layout == "turned" else "C")
    copy.flags.writeable = layout != "read-only"
    return copy
