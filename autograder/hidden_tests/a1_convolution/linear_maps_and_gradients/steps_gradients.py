"""Right answers about gradients, taken apart into steps: backward by loops, gradients as convolutions, transposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import (
    add_into,
    by_product,
    cut,
    window_at,
    zeros_around,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, same, spread


def backward(
    *,
    turn: Step = same,
    strides: Step = same,
    paddings: Step = same,
    window: Step = window_at,
    pad: Step = zeros_around,
    room: Step = lambda padded, dout, w, s: padded.shape,
    from_x: Step = lambda padded, x: padded,
    places: Step = lambda size: np.ndindex(*size),
    gradient: Step = lambda dout, i, j: dout[:, :, i, j],
    dw: Step = lambda g, seen: np.einsum("nf,nchw->fchw", g, seen),
    put_dw: Step = add_into,
    dx: Step = lambda g, w: np.einsum("nf,fchw->nchw", g, w),
    put_dx: Step = add_into,
    crop: Step = cut,
    db: Step = lambda dout: dout.sum((0, 2, 3)),
    inner: Step = np.result_type,
    dtype: Step = np.result_type,
    finish: Step = lambda dx, dw, db: (dx, dw, db),
) -> Step:
    """Build conv2d_backward: a loop over the positions."""

    def conv2d_backward(
        dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...]:
        s, p, k = strides(spread(stride)), paddings(spread(padding)), w.shape[2:]
        padded = pad(x, p)
        source, taps = from_x(padded, x), turn(w)
        d_padded = np.zeros(room(padded, dout, w, s), inner(dout, x))
        d_w = np.zeros(w.shape, np.result_type(dout, x))
        for i, j in places(dout.shape[2:]):
            where, g = window((i, j), s, k), gradient(dout, i, j)
            put_dw(d_w, ..., dw(g, source[where]))
            put_dx(d_padded, where, dx(g, taps))
        d_x = crop(d_padded, p, x.shape[2:]).astype(dtype(dout, w), copy=False)
        return finish(d_x, d_w.astype(dtype(dout, x), copy=False), db(dout))

    return conv2d_backward


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
    "conv2d_backward": backward(),
    "conv2d_dx_as_conv": dx_by_conv(),
    "conv2d_dw_as_conv": dw_by_conv(),
    "conv_transpose2d": spreading(),
}
