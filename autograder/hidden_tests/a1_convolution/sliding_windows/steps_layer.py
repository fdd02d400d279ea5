"""Right answers about convolution layers over any number of axes, taken apart into steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import Step, same
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_sizes import spread, window_count


def zeros_around(x: np.ndarray, padding: Sequence[int]) -> np.ndarray:
    """Pad the spatial axes on both sides."""
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))


def result_dtype(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> Any:
    """The contract's dtype."""
    return np.result_type(*(array for array in (x, w, b) if array is not None))


def take_group(window: np.ndarray, group: int, channels: int) -> np.ndarray:
    """The channels that one group of filters sees."""
    return window[:, group * channels : (group + 1) * channels]


def weigh(window: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Sum over channels and window: (N, C, ...) with (C_out, C, ...) gives (N, C_out)."""
    return window.reshape(len(window), -1) @ w.reshape(len(w), -1).T


def bias_per_filter(out: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """Add one number per output channel."""
    return out if b is None else out + b.reshape(-1, *(1,) * (out.ndim - 2))


def conv_layer(
    axes: int = 2,
    *,
    turn: Step = same,
    kernel_size: Step = same,
    strides: Step = same,
    paddings: Step = same,
    pad: Step = zeros_around,
    dilations: Step = same,
    length: Step | None = None,
    out_size: Step = same,
    start: Step = lambda place, strides: tuple(i * s for i, s in zip(place, strides, strict=True)),
    visited: Step = same,
    group: Step = take_group,
    combine: Step = weigh,
    bias: Step = bias_per_filter,
    dtype: Step = result_dtype,
    prepare: Step = lambda x, w, b: (x, w, b),
    finish: Step = lambda out, x, w: out,
) -> Step:
    """Build a convolution layer over one, two or three axes."""
    lengths = length or window_count()

    def layer(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
        x, w, b = prepare(x, w, b)
        taps = turn(w)
        kernel = kernel_size(taps.shape[2:])
        s, p = strides(spread(stride, axes)), paddings(spread(padding, axes))
        d = dilations(spread(dilation, axes))
        size = out_size(
            tuple(
                lengths(x.shape[2 + axis], kernel[axis], stride=s[axis], padding=p[axis], dilation=d[axis])
                for axis in range(axes)
            )
        )
        padded = pad(x, p)
        c_out, channels = w.shape[:2]
        if c_out % groups or channels * groups != x.shape[1]:
            raise ValueError("the groups don't divide the channels")
        shared = c_out // groups
        out = np.zeros((len(x), c_out, *size), dtype=dtype(x, w, b))
        for place in np.ndindex(*(visited(n) for n in size)):
            corner = start(place, s)
            spans = [slice(i, i + step * (k - 1) + 1, step) for i, k, step in zip(corner, kernel, d, strict=True)]
            window = padded[(slice(None), slice(None), *spans)]
            for g in range(groups):
                filters = slice(g * shared, (g + 1) * shared)
                out[(slice(None), filters, *place)] = combine(group(window, g, channels), taps[filters])
        return finish(bias(out, b).astype(out.dtype, copy=False), x, w)

    return layer
