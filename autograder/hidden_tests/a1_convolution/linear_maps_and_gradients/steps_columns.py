"""Right answers about windows as columns, and back, taken apart into steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, places, same, spread


def zeros_around(x: np.ndarray, p: Sequence[int]) -> np.ndarray:
    """Zeros on all four sides of the images."""
    return np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))


def cut(padded: np.ndarray, p: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """What lies inside the padding."""
    return padded[:, :, p[0] : p[0] + size[0], p[1] : p[1] + size[1]]


def window_at(place: Sequence[int], s: Sequence[int], k: Sequence[int]) -> tuple[slice, ...]:
    """Index of a window in padded images."""
    return (slice(None), slice(None), *(slice(i * a, i * a + b) for i, a, b in zip(place, s, k, strict=True)))


def unfolding(
    *,
    kernel_size: Step = same,
    strides: Step = same,
    paddings: Step = same,
    pad: Step = zeros_around,
    length: Step = places,
    out_size: Step = same,
    order: Step = lambda out: np.ndindex(*out),
    row: Step = lambda window: window.reshape(len(window), -1),
    where: Step = window_at,
    dtype: Step = lambda x: x.dtype,
    finish: Step = same,
) -> Step:
    """Build im2col: window by window."""

    def im2col(x: np.ndarray, kernel: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        k, s, p = kernel_size(spread(kernel)), strides(spread(stride)), paddings(spread(padding))
        out = out_size(tuple(length(x.shape[2 + a], k[a], s[a], p[a]) for a in (0, 1)))
        padded = pad(x, p)
        cols = np.zeros((len(x), x.shape[1] * k[0] * k[1], out[0] * out[1]), dtype(x))
        for number, place in enumerate(order(out)):
            cols[:, :, number] = row(padded[where(place, s, k)])
        return finish(cols)

    return im2col


def add_into(target: np.ndarray, where: Any, block: np.ndarray) -> None:
    """Overlaps add up."""
    target[where] += block


def put_into(target: np.ndarray, where: Any, block: np.ndarray) -> None:
    """The last one wins."""
    target[where] = block


def folding(
    *,
    kernel_size: Step = same,
    strides: Step = same,
    paddings: Step = same,
    length: Step = places,
    out_size: Step = same,
    room: Step = lambda size, p, out, k, s: (size[0] + 2 * p[0], size[1] + 2 * p[1]),
    order: Step = lambda out: np.ndindex(*out),
    block: Step = lambda column, c, k: column.reshape(-1, c, *k),
    put: Step = add_into,
    crop: Step = cut,
    dtype: Step = lambda cols: cols.dtype,
    finish: Step = lambda out, padded: out,
) -> Step:
    """Build col2im: column by column."""

    def col2im(cols: np.ndarray, in_shape: Any, kernel: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        n, c, *size = in_shape
        k, s, p = kernel_size(spread(kernel)), strides(spread(stride)), paddings(spread(padding))
        out = out_size(tuple(length(size[a], k[a], s[a], p[a]) for a in (0, 1)))
        padded = np.zeros((n, c, *room(size, p, out, k, s)), dtype(cols))
        for number, place in enumerate(order(out)):
            put(padded, window_at(place, s, k), block(cols[:, :, number], c, k))
        return finish(crop(padded, p, size), padded)

    return col2im


im2col = unfolding()


col2im = folding()


RIGHT: dict[str, Step] = {
    "im2col": im2col,
    "col2im": col2im,
}
