"""Wrong steps that several mistakes share."""

from __future__ import annotations

import numpy as np


def flip(w: np.ndarray) -> np.ndarray:
    """Turn a filter over all its spatial axes."""
    return np.flip(w, tuple(range(2, w.ndim)))


def always_float(*_arrays: np.ndarray) -> type:
    """One dtype for everything."""
    return np.float64


def like_input(x: np.ndarray, *_others: np.ndarray | None) -> np.dtype:
    """The dtype of the first input, whatever the others have."""
    return x.dtype


def demand_divisible(free: int, stride: int) -> None:
    """Refuse a stride that leaves pixels over."""
    if free % stride:
        raise ValueError("the stride does not divide")
