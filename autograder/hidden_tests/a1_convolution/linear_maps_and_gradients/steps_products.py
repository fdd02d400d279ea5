"""Right answers about products with matrices of windows, taken apart into steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import col2im, im2col, zeros_around
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, places, same, spread


def tap_columns(x: np.ndarray, k: Sequence[int], s: Sequence[int], p: Sequence[int]) -> tuple[np.ndarray, Any]:
    """Windows as columns, tap by tap, and the size of the output."""
    out = tuple(places(x.shape[2 + a], k[a], s[a], p[a]) for a in (0, 1))
    padded = zeros_around(x, p)
    taps = [
        padded[:, :, u : u + s[0] * (out[0] - 1) + 1 : s[0], v : v + s[1] * (out[1] - 1) + 1 : s[1]]
        for u in range(k[0])
        for v in range(k[1])
    ]
    return np.stack(taps, axis=2).reshape(len(x), -1, out[0] * out[1]), out


def per_filter(out: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """One number per output channel."""
    return out if b is None else out + b[:, None, None]


def result_dtype(*arrays: np.ndarray | None) -> Any:
    """The contract's dtype."""
    return np.result_type(*(array for array in arrays if array is not None))


def by_product(
    *,
    rows: Step = lambda w: w.reshape(len(w), -1),
    strides: Step = same,
    paddings: Step = same,
    columns: Step = tap_columns,
    back: Step = lambda out, size: out.reshape(*out.shape[:2], *size),
    bias: Step = per_filter,
    dtype: Step = result_dtype,
) -> Step:
    """Build conv2d_im2col: one product, no loop over pixels."""

    def conv2d_im2col(
        x: np.ndarray, w: np.ndarray, b: np.ndarray | None, *, stride: Any = 1, padding: Any = 0
    ) -> np.ndarray:
        cols, size = columns(x, w.shape[2:], strides(spread(stride)), paddings(spread(padding)))
        return bias(back(rows(w) @ cols, size), b).astype(dtype(x, w, b), copy=False)

    return conv2d_im2col


def by_matrices(
    *,
    options: Step = lambda stride, padding: {"stride": stride, "padding": padding},
    columns: Step = im2col,
    flat: Step = lambda dout: dout.reshape(*dout.shape[:2], -1),
    dw: Step = lambda dy, cols, w: sum(a @ c.T for a, c in zip(dy, cols, strict=True)).reshape(w.shape),
    rows: Step = lambda w: w.reshape(len(w), -1),
    dx: Step = col2im,
    db: Step = lambda dy: dy.sum((0, 2)),
    finish: Step = lambda dx, dw, db: (dx, dw, db),
) -> Step:
    """Build conv2d_matrix_backward."""

    def conv2d_matrix_backward(
        dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...]:
        kernel, how = w.shape[2:], options(spread(stride), spread(padding))
        dy = flat(dout)
        return finish(
            dx(rows(w).T @ dy, x.shape, kernel, **how),
            dw(dy, columns(x, kernel, **how), w),
            db(dy),
        )

    return conv2d_matrix_backward


def copies(
    *,
    kernel_size: Step = same,
    number: Step = lambda c, u, v, c_in, k: (c * k[0] + u) * k[1] + v,
    channels: Step = lambda c: c,
    tap: Step = lambda u, v, k: (u, v),
    value: Step = lambda k: 1.0,
    finish: Step = lambda filters, c_in: filters,
) -> Step:
    """Build unfold_kernels: a single one in each filter."""

    def unfold_kernels(c_in: int, kernel: Any) -> np.ndarray:
        k = kernel_size(spread(kernel))
        filters = np.zeros((c_in * k[0] * k[1], c_in, *k))
        for c, u, v in np.ndindex(c_in, *k):
            filters[(number(c, u, v, c_in, k), channels(c), *tap(u, v, k))] = value(k)
        return finish(filters, c_in)

    return unfold_kernels


def sliding(
    *,
    turn: Step = same,
    length: Step = lambda x, w: len(x) - len(w) + 1,
    shifted: Step = lambda x, k, length: x[k : k + length],
    check: bool = True,
    inner: Step = np.result_type,
    dtype: Step = np.result_type,
) -> Step:
    """Build conv1d_by_shifts: a loop over taps."""

    def conv1d_by_shifts(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if check and len(w) > len(x):
            raise ValueError("the filter is longer than the input")
        n = max(length(x, w), 0)
        y = np.zeros(n, inner(x, w))
        for k, tap in enumerate(turn(w)):
            y += tap * shifted(x, k, n)
        return y.astype(dtype(x, w), copy=False)

    return conv1d_by_shifts


RIGHT: dict[str, Step] = {
    "conv2d_im2col": by_product(),
    "conv2d_matrix_backward": by_matrices(),
    "unfold_kernels": copies(),
    "conv1d_by_shifts": sliding(),
}
