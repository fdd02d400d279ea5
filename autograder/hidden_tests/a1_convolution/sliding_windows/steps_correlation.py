"""Right answers about correlation in one and in two dimensions, taken apart into steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[..., Any]


def same(value: Any) -> Any:
    """The step that does nothing."""
    return value


def sliding1d(
    *,
    turn: Step = same,
    signal: Step = same,
    length: Step = lambda x, w: len(x) - len(w) + 1,
    dtype: Step = np.result_type,
    scale: Step = lambda w: 1,
    check: bool = True,
) -> Step:
    """Build correlate1d, or with `turn=np.flip` convolve1d."""

    def slide(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if check and len(w) > len(x):
            raise ValueError("the filter is longer than the input")
        out = np.zeros(max(length(x, w), 0), dtype=dtype(x, w))
        moving, taps = signal(x), turn(w)
        for i in range(len(out)):
            window = moving[i : i + len(w)]
            out[i] = (window * taps[: len(window)]).sum() / scale(w) if scale(w) != 1 else window @ taps[: len(window)]
        return out

    return slide


BORDERS = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}


def border(modes: dict[str, str], around: Step = lambda p: ((p, p), (p, p))) -> Step:
    """Build the padding step of correlate2d from NumPy's names of the modes."""
    return lambda image, padding, mode: np.pad(image, around(padding), mode=modes[mode])


def sliding2d(
    *,
    turn: Step = same,
    pad: Step = border(BORDERS),  # noqa: B008 - a step is a constant
    kernel_size: Step = np.shape,
    out_size: Step = lambda padded, k: (padded.shape[0] - k[0] + 1, padded.shape[1] - k[1] + 1),
    visited: Step = same,
    dtype: Step = np.result_type,
    check_mode: bool = True,
    check_fit: bool = True,
) -> Step:
    """Build correlate2d."""

    def correlate2d(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0, mode: str = "zeros") -> np.ndarray:
        if mode not in BORDERS:
            if check_mode:
                raise ValueError(f"unknown mode {mode!r}")
            mode = "zeros"
        taps = turn(kernel)
        k = kernel_size(taps)
        padded = pad(image, padding, mode)
        size = out_size(padded, k)
        if min(size) < 1 and check_fit:
            raise ValueError("the kernel does not fit")
        out = np.zeros([max(n, 0) for n in size], dtype=dtype(image, kernel))
        for i, j in np.ndindex(*(visited(n) for n in out.shape)):
            out[i, j] = (padded[i : i + k[0], j : j + k[1]] * taps).sum()
        return out

    return correlate2d
