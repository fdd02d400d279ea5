"""Right answers about gradients as convolutions, and the transposed convolution, once more on whole arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed, inner
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import add, seen_by
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, pair, unchanged


def spaced(dout: np.ndarray, s: Any, more: Sequence[int] = (0, 0)) -> np.ndarray:
    """Zeros between gradients, and some behind."""
    comb = [np.arange(n) * a for n, a in zip(dout.shape[2:], s, strict=True)]
    out = np.zeros((*dout.shape[:2], comb[0][-1] + 1 + more[0], comb[1][-1] + 1 + more[1]), dout.dtype)
    out[:, :, comb[0][:, None], comb[1]] = dout
    return out


def rest(size: Any, k: Any, s: Any, p: Any, out: Any) -> list[int]:
    """Pixels that no window has seen."""
    return [n + 2 * m - a - b * (o - 1) for n, a, b, m, o in zip(size, k, s, p, out, strict=True)]


def with_margin(array: np.ndarray, margin: Any) -> np.ndarray:
    """A frame of zeros, or a smaller picture."""
    wide = framed(array, [max(m, 0) for m in margin])
    return inner(
        wide, [max(-m, 0) for m in margin], [n - 2 * max(-m, 0) for n, m in zip(wide.shape[2:], margin, strict=True)]
    )


def slide(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """A layer without stride and padding."""
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.moveaxis(np.tensordot(windows, w, ((1, 4, 5), (1, 2, 3))), 3, 1)


def images_from(
    *,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    space: Step = spaced,
    behind: Step = rest,
    margin: Step = lambda k, p: [a - 1 - m for a, m in zip(k, p, strict=True)],
    frame: Step = with_margin,
    turn: Step = lambda w: np.rot90(w, 2, (2, 3)),
    channels: Step = lambda w: np.moveaxis(w, 0, 1),
    dtype: Step = np.result_type,
) -> Step:
    """Build conv2d_dx_as_conv."""

    def conv2d_dx_as_conv(
        dout: np.ndarray, w: np.ndarray, in_size: Any, *, stride: Any = 1, padding: Any = 0
    ) -> np.ndarray:
        s, p, k = strides(pair(stride)), paddings(pair(padding)), w.shape[2:]
        wide = frame(space(dout, s, behind(in_size, k, s, p, dout.shape[2:])), margin(k, p))
        return slide(wide, channels(turn(w))).astype(dtype(dout, w), copy=False)

    return conv2d_dx_as_conv


def filters_from(
    *,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    frame: Step = framed,
    space: Step = spaced,
    turn: Step = unchanged,
    used: Step = unchanged,
    product: str = "ncijuv,nfij->fcuv",
    crop: Step = lambda dw, k: dw[..., : k[0], : k[1]],
    finish: Step = lambda dw, n: dw,
    dtype: Step = np.result_type,
) -> Step:
    """Build conv2d_dw_as_conv: windows as large as the spaced gradients."""

    def conv2d_dw_as_conv(
        dout: np.ndarray, x: np.ndarray, kernel: Any, *, stride: Any = 1, padding: Any = 0
    ) -> np.ndarray:
        s, p = strides(pair(stride)), paddings(pair(padding))
        wide, above = used(frame(x, p)), used(turn(space(dout, s)))
        windows = sliding_window_view(wide, above.shape[2:], axis=(2, 3)).transpose(0, 1, 4, 5, 2, 3)
        found = crop(np.einsum(product, windows, above), pair(kernel))
        return finish(found, len(dout)).astype(dtype(dout, x), copy=False)

    return conv2d_dw_as_conv


def printing(
    *,
    filters: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    taps: Step = unchanged,
    length: Step = lambda n, k, s: (n - 1) * s + k,
    apart: Step = unchanged,
    product: str = "ncij,cf->nfij",
    put: Step = add,
    crop: Step = inner,
    refuse: bool = True,
    room_dtype: Step = np.result_type,
    dtype: Step = np.result_type,
) -> Step:
    """Build conv_transpose2d: for each tap, all pixels at a time."""

    def conv_transpose2d(x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        s, p, k = strides(pair(stride)), paddings(pair(padding)), w.shape[2:]
        size = [length(*how) for how in zip(x.shape[2:], k, s, strict=True)]
        left = [n - 2 * m for n, m in zip(size, p, strict=True)]
        if refuse and any(n <= 0 for n in left):
            raise ValueError("nothing is left")
        weights = filters(w)
        out: Any = None
        for u, v in taps(list(np.ndindex(*k))):
            part = np.einsum(product, x, weights[:, :, u, v])
            out = np.zeros((*part.shape[:2], *size), room_dtype(x, w)) if out is None else out
            put(out, seen_by(u, v, apart(s), x.shape[2:]), part)
        return crop(out, p, left).astype(dtype(x, w), copy=False)

    return conv_transpose2d


RIGHT_AGAIN: dict[str, Step] = {
    "conv2d_dx_as_conv": images_from(),
    "conv2d_dw_as_conv": filters_from(),
    "conv_transpose2d": printing(),
}
