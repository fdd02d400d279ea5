"""Inputs for hidden tests of torch notebooks: random tensors on the CPU in shapes that hide no mistake.

All lengths of a tensor should differ, numbers are drawn so that nothing is symmetric, monotone or equal by accident,
and everything is float64 unless a test says otherwise.
"""

from __future__ import annotations

import numpy as np
import torch


def normal(
    rng: np.random.Generator, *shape: int, scale: float = 1.0, shift: float = 0.0, dtype: torch.dtype = torch.float64
) -> torch.Tensor:
    """Normal numbers with this standard deviation around `shift`."""
    return torch.from_numpy(shift + scale * rng.normal(size=shape)).to(dtype)


def whole(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Whole numbers from -9 to 9: sums and products of them are exact in any order, so equal calls agree exactly."""
    return torch.from_numpy(rng.integers(-9, 10, size=shape)).to(dtype)


def distinct(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Numbers around 0 that are all different, neighbours 1/256 apart, and exact in float32: no maximum is a tie.

    They are neither 0 nor so far apart that "nearly equal" could pass for "equal".
    """
    count = int(np.prod(shape))
    ranks = rng.permutation(count).reshape(shape)
    return torch.from_numpy((2 * ranks - count) / 512.0 + 1 / 1024).to(dtype)


def scattered(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers as every second entry of a larger tensor, along all axes; not contiguous."""
    around = torch.full([2 * length + 1 for length in tensor.shape], 77.0).to(tensor.dtype)
    view = around[(slice(1, None, 2),) * tensor.ndim]
    view.copy_(tensor)
    return view


def turned(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers with the axes in reverse order in memory; not contiguous for more than one long axis."""
    order = tuple(reversed(range(tensor.ndim)))
    return tensor.permute(order).contiguous().permute(order)
