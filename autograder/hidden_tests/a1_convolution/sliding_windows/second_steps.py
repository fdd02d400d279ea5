"""Wrong steps that several mistakes share on the second base, and names of many."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_layer import contract
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_sizes import starts


def float64(*_arrays: np.ndarray | None) -> type:
    """One dtype for everything."""
    return np.float64


def input_dtype(x: np.ndarray, *_others: np.ndarray | None) -> np.dtype:
    """The dtype of the first input, whatever the others have."""
    return x.dtype


def edge(i: np.ndarray, n: int) -> np.ndarray:
    """Indices that stay on the outermost pixel: -1 is 0."""
    return np.clip(i, 0, n - 1)


def clipped_count(**steps: Any) -> Step:
    """A size that is 0 where the window does not fit."""
    return starts(refuse=lambda *_: False, **steps)


def turned(w: np.ndarray) -> np.ndarray:
    """Turn filters over all their spatial axes."""
    return w[(slice(None), slice(None), *(slice(None, None, -1),) * (w.ndim - 2))]


def only_first(windows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Sum over the first input channel alone."""
    return contract(windows[:, :1], filters[:, :1])
