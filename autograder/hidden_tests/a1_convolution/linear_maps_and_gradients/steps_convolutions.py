"""Right answers about gradients as convolutions, and the transposed convolution, taken apart into steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import (
    add_into,
    cut,
    window_at,
    zeros_around,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, same, spread
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_products import by_product


def dilated(dout: np.ndarray, s: Sequence[int], size: Sequence[int], k: Sequence[int], p: Sequence[int]) -> np.ndarray:
    """Zeros between the entries of dout, and behind them where pixels are left over."""
    room = [n + 2 * a - b + 1 for n, a, b in zip(size, p, k, strict=True)]
    out = np.zeros((*dout.shape[:2], *room), dout.dtype)
    out[:, :, :: s[0], :: s[1]][:, :, : dout.shape[2], : dout.shape[3]] = dout
    return out


def surrounded(array: np.ndarray, margin: Sequence[int]) -> np.ndarray:
    """Zeros around images, or less of them where a margin is negative."""
    array = np.pad(array, ((0, 0), (0, 0), *((max(m, 0),) * 2 for m in margin)))
    return array[(..., *(slice(-m, m) if m < 0 else slice(None) for m in margin))]


layer = by_product()


def dx_by_conv(
    *,
    strides: Step = same,
    paddings: Step = same,
    dilate: Step = dilated,
    margin: Step = lambda k, p: (k[0] - 1 - p[0], k[1] - 1 - p[1]),
    surround: Step = surrounded,
    turn: Step = lambda w: w[:, :, ::-1, ::-1],
    channels: Step = lambda w: w.swapaxes(0, 1),
    dtype: Step = np.result_type,
    finish: Step = lambda dx, size: dx,
) -> Step:
    """Build conv2d_dx_as_conv: dilate, pad, flip, convolve."""

    def conv2d_dx_as_conv(
        dout: np.ndarray, w: np.ndarray, in_size: Any, *, stride: Any = 1, padding: Any = 0
    ) -> np.ndarray:
        s, p, k = strides(spread(stride)), paddings(spread(padding)), w.shape[2:]
        spaced = surround(dilate(dout, s, in_size, k, p), margin(k, p))
        return finish(layer(spaced, channels(turn(w)), None).astype(dtype(dout, w), copy=False), in_size)

    return conv2d_dx_as_conv


def between(dout: np.ndarray, s: Sequence[int]) -> np.ndarray:
    """Zeros between the entries of dout."""
    out = np.zeros((*dout.shape[:2], *((n - 1) * a + 1 for n, a in zip(dout.shape[2:], s, strict=True))), dout.dtype)
    out[:, :, :: s[0], :: s[1]] = dout
    return out


def dw_by_conv(
    *,
    strides: Step = same,
    paddings: Step = same,
    pad: Step = zeros_around,
    dilate: Step = between,
    turn: Step = same,
    convolve: Step = lambda padded, spaced: layer(padded.swapaxes(0, 1), spaced.swapaxes(0, 1), None),
    back: Step = lambda dw: dw.swapaxes(0, 1),
    crop: Step = lambda dw, k: dw[:, :, : k[0], : k[1]],
    dtype: Step = np.result_type,
    finish: Step = lambda dw, dout: dw,
) -> Step:
    """Build conv2d_dw_as_conv: the images slide under the dilated gradient."""

    def conv2d_dw_as_conv(
        dout: np.ndarray, x: np.ndarray, kernel: Any, *, stride: Any = 1, padding: Any = 0
    ) -> np.ndarray:
        s, p = strides(spread(stride)), paddings(spread(padding))
        whole = back(convolve(pad(x, p), turn(dilate(dout, s))))
        return finish(crop(whole, spread(kernel)).astype(dtype(dout, x), copy=False), dout)

    return conv2d_dw_as_conv


def spreading(
    *,
    turn: Step = same,
    strides: Step = same,
    paddings: Step = same,
    length: Step = lambda n, k, s: (n - 1) * s + k,
    window: Step = window_at,
    places: Step = lambda size: np.ndindex(*size),
    put: Step = add_into,
    block: Step = lambda pixel, w: np.einsum("nc,cfhw->nfhw", pixel, w),
    filters: Step = lambda w: w.shape[1],
    crop: Step = cut,
    check: bool = True,
    inner: Step = np.result_type,
    dtype: Step = np.result_type,
) -> Step:
    """Build conv_transpose2d: each pixel leaves its print."""

    def conv_transpose2d(x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        s, p, k = strides(spread(stride)), paddings(spread(padding)), w.shape[2:]
        size = [length(x.shape[2 + a], k[a], s[a]) for a in (0, 1)]
        kept = [n - 2 * a for n, a in zip(size, p, strict=True)]
        if check and min(kept) < 1:
            raise ValueError("the padding takes everything away")
        out = np.zeros((len(x), filters(w), *size), inner(x, w))
        for i, j in places(x.shape[2:]):
            put(out, window((i, j), s, k), block(x[:, :, i, j], turn(w)))
        return crop(out, p, kept).astype(dtype(x, w), copy=False)

    return conv_transpose2d


RIGHT: dict[str, Step] = {
    "conv2d_dx_as_conv": dx_by_conv(),
    "conv2d_dw_as_conv": dw_by_conv(),
    "conv_transpose2d": spreading(),
}
