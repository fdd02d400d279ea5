"""Right answers about gradients once more: a loop over the taps of the filter, all positions at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed, inner
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, pair, unchanged


def seen_by(u: int, v: int, s: Any, out: Any) -> tuple[Any, ...]:
    """Index of the pixels that tap (u, v) meets at all positions."""
    return (..., slice(u, u + s[0] * (out[0] - 1) + 1, s[0]), slice(v, v + s[1] * (out[1] - 1) + 1, s[1]))


def add(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """Adds up."""
    target[where] += values


def overwrite(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """Does not."""
    target[where] = values


def by_taps(
    *,
    taps: Step = unchanged,
    filters: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    source: Step = framed,
    room: Step = lambda x, p, dout, k, s: [n + 2 * m for n, m in zip(x.shape[2:], p, strict=True)],
    dw: Step = lambda dout, seen: np.tensordot(dout, seen, ((0, 2, 3), (0, 2, 3))),
    dx: Step = lambda dout, tap: np.einsum("nfij,fc->ncij", dout, tap),
    put: Step = add,
    crop: Step = inner,
    db: Step = lambda dout: np.einsum("nfij->f", dout),
    room_dtype: Step = np.result_type,
    dtype: Step = np.result_type,
    finish: Step = lambda dx, dw, db: (dx, dw, db),
) -> Step:
    """Build conv2d_backward."""

    def conv2d_backward(
        dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...]:
        s, p, k, out = strides(pair(stride)), paddings(pair(padding)), w.shape[2:], dout.shape[2:]
        padded, weights = source(x, p), filters(w)
        d_padded = np.zeros((*x.shape[:2], *room(x, p, dout, k, s)), room_dtype(dout, x))
        d_w = np.zeros(w.shape, np.result_type(dout, x))
        for u, v in taps(list(np.ndindex(*k))):
            where = seen_by(u, v, s, out)
            d_w[:, :, u, v] = dw(dout, padded[where])
            put(d_padded, where, dx(dout, weights[:, :, u, v]))
        d_x = crop(d_padded, p, x.shape[2:]).astype(dtype(dout, w), copy=False)
        return finish(d_x, d_w.astype(dtype(dout, x), copy=False), db(dout))

    return conv2d_backward


def backwards(order: Iterable[Any]) -> list[Any]:
    """The last one first."""
    return list(order)[::-1]


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
    "conv2d_backward": by_taps(),
    "conv2d_dx_as_conv": images_from(),
    "conv2d_dw_as_conv": filters_from(),
    "conv_transpose2d": printing(),
}
