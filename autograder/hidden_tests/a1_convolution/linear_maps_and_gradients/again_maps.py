"""Right answers about matrices once more, on whole arrays: tables of indices, and one assignment.

As in the steps, each function builds an answer, a right one without arguments, and the names of the arguments are the
decisions in which students go wrong. Nothing is shared between the two: where a mistake is made on both, it is made
twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[..., Any]


def unchanged(value: Any) -> Any:
    """The step that does nothing."""
    return value


def pair(value: Any) -> tuple[Any, Any]:
    """A setting for both axes."""
    return tuple(np.broadcast_to(value, 2).tolist())


def count(size: int, kernel: int, stride: int, padding: int) -> int:
    """Starts of windows that lie inside, or an error where there is none."""
    starts = range(-padding, size + padding - kernel + 1, stride)
    if not starts:
        raise ValueError("no window fits")
    return len(starts)


def corners(number: int, stride: int, padding: int) -> np.ndarray:
    """Where windows begin."""
    return stride * np.arange(number) - padding


def banded(
    *,
    turn: Step = unchanged,
    number: Step = count,
    first: Step = corners,
    width: Step = lambda size, padding: size,
    place: Step = lambda columns, width: (columns, (columns >= 0) & (columns < width)),
    dtype: Step = lambda w: w.dtype,
    finish: Step = unchanged,
) -> Step:
    """Build toeplitz1d: where each tap of each row belongs, and one assignment."""

    def toeplitz1d(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
        rows = number(size, w.size, stride, padding)
        across = width(size, padding)
        columns, kept = place(first(rows, stride, padding)[:, None] + np.arange(w.size), across)
        matrix = np.zeros((rows, across), dtype=dtype(w))
        row = np.broadcast_to(np.arange(rows)[:, None], columns.shape)
        matrix[row[kept], columns[kept]] = np.broadcast_to(turn(w), columns.shape)[kept]
        return finish(matrix)

    return toeplitz1d


def numbered(rows: np.ndarray, columns: np.ndarray, size: Any) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of pixels, row by row, and which of them exist."""
    exist = (rows >= 0) & (rows < size[0]) & (columns >= 0) & (columns < size[1])
    return rows * size[1] + columns, exist


def tabled(
    *,
    turn: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    number: Step = count,
    output: Step = unchanged,
    image: Step = lambda size, p: size,
    first: Step = corners,
    pixels: Step = numbered,
    arrange: Step = unchanged,
    dtype: Step = lambda kernel: kernel.dtype,
    finish: Step = unchanged,
) -> Step:
    """Build conv_matrix2d: a table of the pixels that each tap of each window meets."""

    def conv_matrix2d(kernel: np.ndarray, in_size: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        s, p = strides(pair(stride)), paddings(pair(padding))
        out = output([number(n, k, *how) for n, k, *how in zip(in_size, kernel.shape, s, p, strict=True)])
        size = image(tuple(in_size), p)
        down, right = (
            first(n, *how)[:, None] + np.arange(k) for n, k, *how in zip(out, kernel.shape, s, p, strict=True)
        )
        table, exist = pixels(down[:, None, :, None], right[None, :, None, :], size)
        table, exist = (arrange(part).reshape(out[0] * out[1], kernel.size) for part in (table, exist))
        matrix = np.zeros((len(table), size[0] * size[1]), dtype=dtype(kernel))
        row = np.broadcast_to(np.arange(len(table))[:, None], table.shape)
        matrix[row[exist], table[exist]] = np.broadcast_to(turn(kernel).ravel(), table.shape)[exist]
        return finish(matrix)

    return conv_matrix2d


def windowed(
    *,
    weights: Step = unchanged,
    starts: Step = lambda positions, k: np.arange(positions),
    refuse: Step = lambda x, w: x.size != sum(w.shape) - 1,
    dtype: Step = np.result_type,
) -> Step:
    """Build locally_connected1d: all windows at once."""

    def locally_connected1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if refuse(x, w):
            raise ValueError("weights and positions don't go together")
        further = np.concatenate([x, np.zeros(w.shape[1] + 1, x.dtype)])
        windows = further[starts(*w.shape)[:, None] + np.arange(w.shape[1])]
        return np.einsum("ik,ik->i", windows, weights(w)).astype(dtype(x, w), copy=False)

    return locally_connected1d


def listed(
    *,
    starts: Step = lambda size, kernel: range(size - kernel + 1),
    refuse: bool = True,
    conv: Step = lambda kernel, starts, size: kernel,
    local: Step = lambda kernel, starts, size: sum(kernel for _ in starts),
    full: Step = lambda kernel, starts, size: sum(size for _ in starts),
    finish: Step = unchanged,
) -> Step:
    """Build count_weights: by going through the positions."""

    def count_weights(size: int, kernel: int) -> Any:
        if refuse and not range(kernel, size + 1):
            raise ValueError("no window fits")
        positions = starts(size, kernel)
        return finish(tuple(rule(kernel, positions, size) for rule in (conv, local, full)))

    return count_weights


RIGHT_AGAIN: dict[str, Step] = {
    "toeplitz1d": banded(),
    "conv_matrix2d": tabled(),
    "locally_connected1d": windowed(),
    "count_weights": listed(),
}
