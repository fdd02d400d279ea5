"""Right answers about convolution layers once more: a view of all windows, one tensor product per group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, common_dtype, unchanged
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_sizes import per_axis, starts


def frame(x: np.ndarray, sides: Iterable[tuple[int, int]]) -> np.ndarray:
    """Write images into larger ones of zeros."""
    pairs = list(sides)
    out = np.zeros((*x.shape[:2], *(n + sum(pair) for n, pair in zip(x.shape[2:], pairs, strict=True))), x.dtype)
    out[(..., *(slice(before, before + n) for n, (before, _) in zip(x.shape[2:], pairs, strict=True)))] = x
    return out


def symmetric(x: np.ndarray, padding: Sequence[int]) -> np.ndarray:
    """Zeros on both sides of each spatial axis."""
    return frame(x, [(p, p) for p in padding])


def view(
    x: np.ndarray, size: Sequence[int], kernel: Sequence[int], jumps: Sequence[int], dilation: Sequence[int]
) -> np.ndarray:
    """Windows at regular places, (N, C, *size, *kernel); behind the image there are zeros."""
    axes = len(size)
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    needed = [max(n - 1, 0) * jump + span for n, jump, span in zip(size, jumps, spans, strict=True)]
    x = frame(x, [(0, max(0, more - n)) for n, more in zip(x.shape[2:], needed, strict=True)])
    windows = sliding_window_view(x, spans, axis=tuple(range(2, 2 + axes)))
    windows = windows[(..., *(slice(None, None, jump) for jump in jumps), *(slice(None, None, d) for d in dilation))]
    return windows[(slice(None), slice(None), *(slice(n) for n in size))]


def block(group: int, channels: int, groups: int) -> np.ndarray:
    """The channels that one group of filters sees."""
    return group * channels + np.arange(channels)


def contract(windows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Sum over channels and window: (N, C, *size, *kernel) with (C_out, C, *kernel) gives (N, C_out, *size)."""
    axes = filters.ndim - 2
    summed = [1, *range(2 + axes, 2 + 2 * axes)], list(range(1, 2 + axes))
    return np.moveaxis(np.tensordot(windows, filters, summed), -1, 1)


def one_each(out: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """Add one number per output channel."""
    return out if b is None else np.moveaxis(np.moveaxis(out, 1, -1) + b, -1, 1)


def window_layer(
    axes: int = 2,
    *,
    turn: Step = unchanged,
    window: Step = unchanged,
    strides: Step = unchanged,
    jumps: Step = unchanged,
    paddings: Step = unchanged,
    pad: Step = symmetric,
    dilations: Step = unchanged,
    count: Step | None = None,
    size: Step = unchanged,
    channels: Step = block,
    combine: Step = contract,
    clear: Step = unchanged,
    bias: Step = one_each,
    dtype: Step = common_dtype,
    prepare: Step = lambda x, w, b: (x, w, b),
    finish: Step = unchanged,
) -> Step:
    """Build a convolution layer over one, two or three axes: a view of all windows, one tensor product per group."""
    places = count or starts()

    def layer(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
        x, w, b = prepare(x, w, b)
        c_out, each = w.shape[:2]
        if c_out % groups or each * groups != x.shape[1]:
            raise ValueError("the groups don't divide the channels")
        filters = turn(w)
        k = window(filters.shape[2:])
        s, p, d = (
            strides(per_axis(stride, axes)),
            paddings(per_axis(padding, axes)),
            dilations(per_axis(dilation, axes)),
        )
        out_size = size([
            places(n, m, stride=i, padding=j, dilation=e) for n, m, i, j, e in zip(x.shape[2:], k, s, p, d, strict=True)
        ])  # fmt: skip
        windows = view(pad(x, p), out_size, k, jumps(s), d)
        parts = [
            combine(windows[:, channels(g, each, groups)], part) for g, part in enumerate(np.split(filters, groups))
        ]
        out = clear(np.concatenate(parts, axis=1).astype(dtype(x, w, b)))
        return finish(bias(out, b).astype(out.dtype, copy=False))

    return layer
