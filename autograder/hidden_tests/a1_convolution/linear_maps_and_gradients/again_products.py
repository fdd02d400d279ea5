"""Right answers about products with matrices of windows, once more on whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed, gather, scatter
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, count, pair, unchanged


def views(x: np.ndarray, k: Any, s: Any, p: Any) -> np.ndarray:
    """All windows of all images, (N, C, H_out, W_out, K_H, K_W)."""
    for how in zip(x.shape[2:], k, s, p, strict=True):
        count(*how)
    return sliding_window_view(framed(x, p), tuple(k), axis=(2, 3))[:, :, :: s[0], :: s[1]]


def contracted(
    *,
    filters: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    windows: Step = views,
    product: Step = lambda windows, w: np.tensordot(windows, w, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2),
    arrange: Step = unchanged,
    bias: Step = lambda out, b: out if b is None else out + b.reshape(-1, 1, 1),
    dtype: Step = lambda x, w, b: np.result_type(x, w, w if b is None else b),
) -> Step:
    """Build conv2d_im2col: window views, and one product over three axes."""

    def conv2d_im2col(
        x: np.ndarray, w: np.ndarray, b: np.ndarray | None, *, stride: Any = 1, padding: Any = 0
    ) -> np.ndarray:
        seen = windows(x, w.shape[2:], strides(pair(stride)), paddings(pair(padding)))
        return bias(arrange(product(seen, filters(w))), b).astype(dtype(x, w, b), copy=False)

    return conv2d_im2col


def einsums(
    *,
    filters: Step = unchanged,
    padded: Step = lambda x, p: (x, p),
    columns: Step = gather,
    above: Step = lambda dout: dout.reshape(*dout.shape[:2], dout[0, 0].size),
    dw: Step = lambda dy, cols: np.einsum("nfl,nel->fe", dy, cols),
    shape: Step = lambda dw, w: dw.reshape(w.shape),
    back: Step = lambda dcols, x, k, s, p: scatter(dcols, x.shape, k, stride=s, padding=p),
    db: Step = lambda dy: np.einsum("nfl->f", dy),
    finish: Step = lambda dx, dw, db: (dx, dw, db),
) -> Step:
    """Build conv2d_matrix_backward."""

    def conv2d_matrix_backward(
        dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...]:
        k, s, p = w.shape[2:], pair(stride), pair(padding)
        dy = above(dout)
        dcols = np.tensordot(dy, filters(w).reshape(len(w), -1), (1, 0)).swapaxes(1, 2)
        return finish(back(dcols, x, k, s, p), shape(dw(dy, columns(x, k, stride=s, padding=p)), w), db(dy))

    return conv2d_matrix_backward


def eyes(
    *,
    sides: Step = unchanged,
    rows: Step = lambda eye, c_in, k: eye.reshape(-1, c_in, *k),
    finish: Step = lambda filters, c_in, k: filters,
) -> Step:
    """Build unfold_kernels: the identity, cut into filters."""

    def unfold_kernels(c_in: int, kernel: Any) -> np.ndarray:
        k = sides(pair(kernel))
        return finish(rows(np.eye(c_in * k[0] * k[1]), c_in, k), c_in, k)

    return unfold_kernels


def stacked(
    *,
    taps: Step = unchanged,
    number: Step = lambda x, w: x.size - w.size + 1,
    row: Step = lambda x, k, n: x[k:][:n],
    refuse: bool = True,
    product: Step = np.result_type,
    dtype: Step = np.result_type,
) -> Step:
    """Build conv1d_by_shifts: the shifted signals as a matrix."""

    def conv1d_by_shifts(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if refuse and w.size > x.size:
            raise ValueError("no window fits")
        n = max(number(x, w), 0)
        rows = np.array([row(x, k, n) for k in range(w.size)]).reshape(w.size, n)
        return np.matmul(taps(w), rows, dtype=product(x, w)).astype(dtype(x, w), copy=False)

    return conv1d_by_shifts


RIGHT_AGAIN: dict[str, Step] = {
    "conv2d_im2col": contracted(),
    "conv2d_matrix_backward": einsums(),
    "unfold_kernels": eyes(),
    "conv1d_by_shifts": stacked(),
}
