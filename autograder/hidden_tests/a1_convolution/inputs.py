"""Inputs for hidden tests: random numbers in shapes that hide no mistake.

Lengths differ along all axes of an image and of a filter, strides leave pixels over, and numbers are drawn from a
normal distribution: nothing is symmetric, monotone or equal by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Layer:
    """What a convolution layer is called with."""

    x: np.ndarray
    w: np.ndarray
    b: np.ndarray
    options: dict[str, int | tuple[int, ...]]

    def cast(self, **dtypes: type) -> Layer:
        """The same with other dtypes; whole numbers are drawn wide enough that they survive."""
        return replace(self, **{name: getattr(self, name).astype(dtype) for name, dtype in dtypes.items()})


def layer(
    rng: np.random.Generator,
    kernel: Sequence[int],
    out: Sequence[int],
    *,
    channels: tuple[int, int, int] = (2, 3, 4),
    groups: int = 1,
    exact: bool = False,
    scale: float = 1.0,
    **options: int | tuple[int, ...],
) -> Layer:
    """Draw a layer's inputs.

    Args:
        rng: From the secret.
        kernel: Lengths of the filter.
        out: Least lengths of the output; up to two pixels are added to the last axis.
        channels: N, C_in, C_out.
        groups: Filters see C_in/groups channels; passed on if it isn't 1.
        exact: Leave no pixels over at the ends, and take `out` as it is.
        scale: Standard deviation of x and w.
        options: stride, padding, dilation as in the call, in any order; missing ones are not passed.
    """
    n, c_in, c_out = channels
    axes = len(kernel)
    stride, padding, dilation = (_each(options.get(name, default), axes) for name, default in _DEFAULTS)
    lengths = list(out)
    rests = [0] * axes
    if not exact:
        lengths[-1] += int(rng.integers(3))
        rests = [_rest(rng, *steps) for steps in zip(stride, padding, strict=True)]
    size = _lengths(lengths, rests, kernel, stride, padding, dilation)
    for axis in range(1, 1 if exact else axes):
        while size[axis] in size[:axis]:
            lengths[axis] += 1
            size = _lengths(lengths, rests, kernel, stride, padding, dilation)
    if groups != 1:
        options["groups"] = groups
    x = scale * normal(rng, n, c_in, *size)
    w = scale * normal(rng, c_out, c_in // groups, *kernel)
    return Layer(x, w, scale * normal(rng, c_out), options)


def _rest(rng: np.random.Generator, stride: int, padding: int) -> int:
    """How many pixels are left over: some where there can be, and few enough that all of the padding counts."""
    most = min(stride, padding) if padding > 1 else stride
    return int(rng.integers(1, most)) if most > 1 else 0


_DEFAULTS = (("stride", 1), ("padding", 0), ("dilation", 1))


def _each(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else value


def _lengths(*per_axis: Sequence[int]) -> tuple[int, ...]:
    """Input lengths for the wanted output lengths."""
    return tuple(
        s * (out - 1) + d * (k - 1) + 1 - 2 * p + rest for out, rest, k, s, p, d in zip(*per_axis, strict=True)
    )


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal numbers, float64."""
    return rng.normal(size=shape)


def whole(rng: np.random.Generator, *shape: int, dtype: type = np.float64) -> np.ndarray:
    """Whole numbers from -9 to 9: sums and products of them are exact in any order, so equal calls agree exactly."""
    return rng.integers(-9, 10, size=shape).astype(dtype)


def scattered(array: np.ndarray) -> np.ndarray:
    """The same numbers as every second entry of a larger array, along all axes, last row first; not writeable."""
    around = np.full(tuple(2 * length + 1 for length in array.shape), np.nan)
    view = around.astype(array.dtype)[(slice(-2, None, -2), *(slice(1, None, 2),) * (array.ndim - 1))]
    view[...] = array
    view.flags.writeable = False
    return view


def column_major(array: np.ndarray) -> np.ndarray:
    """The same numbers in Fortran's order, not writeable."""
    view = np.array(array, order="F")
    view.flags.writeable = False
    return view
