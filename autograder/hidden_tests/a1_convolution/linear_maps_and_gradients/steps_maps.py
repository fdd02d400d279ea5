"""Right answers about matrices, taken apart into steps: Toeplitz, the 2-D matrix, weights that are not shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Step = Callable[..., Any]


def same(value: Any) -> Any:
    """The step that does nothing."""
    return value


def spread(value: Any) -> tuple[int, ...]:
    """One number per axis of an image."""
    return (value, value) if np.isscalar(value) else tuple(value)


def both(first: Sequence[int], second: Sequence[int], step: Step) -> tuple[Any, Any]:
    """A step for the rows, the same for the columns."""
    return step(first[0], second[0]), step(first[1], second[1])


def places(size: int, kernel: int, stride: int, padding: int) -> int:
    """Number of positions of a window along one axis."""
    free = size + 2 * padding - kernel
    if free < 0:
        raise ValueError("the window does not fit")
    return free // stride + 1


def shared(taps: np.ndarray, row: int, rows: int) -> np.ndarray:
    """All positions have the same weights."""
    return taps


def toeplitz(
    *,
    turn: Step = same,
    rows: Step = places,
    start: Step = lambda i, stride, padding: i * stride - padding,
    width: Step = lambda size, padding: size,
    column: Step = lambda place, width: place if 0 <= place < width else None,
    dtype: Step = lambda w: w.dtype,
    finish: Step = lambda matrix, stride: matrix,
) -> Step:
    """Build toeplitz1d: row by row, tap by tap."""

    def toeplitz1d(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
        taps = turn(w)
        matrix = np.zeros((rows(size, len(w), stride, padding), width(size, padding)), dtype(w))
        for i in range(len(matrix)):
            for k, tap in enumerate(taps):
                j = column(start(i, stride, padding) + k, matrix.shape[1])
                if j is not None:
                    matrix[i, j] = tap
        return finish(matrix, stride)

    return toeplitz1d


def inside(row: int, column: int, size: Sequence[int]) -> int | None:
    """Number of a pixel in an image that is read row by row; None outside of it."""
    if 0 <= row < size[0] and 0 <= column < size[1]:
        return row * size[1] + column
    return None


def matrix2d(
    *,
    turn: Step = same,
    kernel_size: Step = same,
    strides: Step = same,
    paddings: Step = same,
    rows: Step = places,
    out_size: Step = same,
    image: Step = lambda size, p: tuple(size),
    start: Step = lambda i, s, p: i * s - p,
    pixel: Step = inside,
    order: Step = lambda out: np.ndindex(*out),
    dtype: Step = lambda kernel: kernel.dtype,
    finish: Step = same,
) -> Step:
    """Build conv_matrix2d: output by output, tap by tap."""

    def conv_matrix2d(kernel: np.ndarray, in_size: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        taps, s, p = turn(kernel), strides(spread(stride)), paddings(spread(padding))
        k = kernel_size(taps.shape)
        out = out_size(tuple(rows(in_size[a], k[a], s[a], p[a]) for a in (0, 1)))
        size = image(in_size, p)
        matrix = np.zeros((out[0] * out[1], size[0] * size[1]), dtype(kernel))
        for number, (i, j) in enumerate(order(out)):
            for u, v in np.ndindex(*k):
                place = pixel(start(i, s[0], p[0]) + u, start(j, s[1], p[1]) + v, size)
                if place is not None:
                    matrix[number, place] = taps[u, v]
        return finish(matrix)

    return conv_matrix2d


def local(
    *,
    taps: Step = lambda w, i: w[i],
    window: Step = lambda x, i, k: x[i : i + k],
    check: Step = lambda x, w: len(w) == len(x) - w.shape[1] + 1,
    dtype: Step = np.result_type,
) -> Step:
    """Build locally_connected1d."""

    def locally_connected1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if not check(x, w):
            raise ValueError("there must be a window of weights for each position")
        y = np.zeros(len(w), dtype(x, w))
        for i in range(len(w)):
            seen = window(x, i, w.shape[1])
            y[i] = (seen * taps(w, i)[: len(seen)]).sum()
        return y

    return locally_connected1d


def counted(
    *,
    places: Step = lambda size, kernel: size - kernel + 1,
    check: bool = True,
    shares: Step = lambda size, kernel, places: (kernel, kernel * places, size * places),
) -> Step:
    """Build count_weights."""

    def count_weights(size: int, kernel: int) -> Any:
        if check and kernel > size:
            raise ValueError("the window does not fit")
        return shares(size, kernel, places(size, kernel))

    return count_weights


RIGHT: dict[str, Step] = {
    "toeplitz1d": toeplitz(),
    "conv_matrix2d": matrix2d(),
    "locally_connected1d": local(),
    "count_weights": counted(),
}
