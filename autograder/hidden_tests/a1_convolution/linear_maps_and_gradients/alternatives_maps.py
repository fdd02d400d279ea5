"""Right answers in other styles: matrices, and weights that are not shared."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

Counts = namedtuple("Counts", "conv local full")


def pair(value):
    return (value, value) if isinstance(value, int) else value


def impulses_toeplitz(w, size, *, stride=1, padding=0):
    padded = np.pad(np.eye(size, dtype=w.dtype), ((0, 0), (padding, padding)))
    if len(w) > padded.shape[1]:
        raise ValueError(len(w))
    return (sliding_window_view(padded, len(w), axis=1) @ w)[:, ::stride].T


def diagonals_toeplitz(w, size, *, stride=1, padding=0):
    wide = size + 2 * padding
    rows = wide - len(w) + 1
    if rows <= 0:
        raise ValueError("does not fit")
    full = sum(tap * np.eye(rows, wide, k, dtype=w.dtype) for k, tap in enumerate(w))
    return full[::stride, padding : padding + size]


def rolled_toeplitz(w, size, *, stride=1, padding=0):
    wide = size + 2 * padding
    if wide < w.size:
        raise ValueError("does not fit")
    first = np.concatenate((w, np.zeros(wide - w.size, w.dtype)))
    rows = [np.roll(first, i)[padding : padding + size] for i in range(0, wide - w.size + 1, stride)]
    return np.vstack(rows)


def strided_toeplitz(w, size, *, stride=1, padding=0):
    out = (size + 2 * padding - len(w)) // stride + 1
    if size + 2 * padding < len(w):
        raise ValueError("does not fit")
    band = np.zeros((out - 1) * stride + size + 2 * padding, w.dtype)
    start = (out - 1) * stride
    band[start : start + len(w)] = w
    step = band.itemsize
    matrix = as_strided(band[start:], (out, size + 2 * padding), (-stride * step, step), writeable=False)
    return matrix[:, padding : padding + size].copy()


def looped_toeplitz(w, size, stride=1, padding=0):
    rows = []
    position = -padding
    while position + len(w) <= size + padding:
        row = [w.dtype.type(0)] * size
        for k in range(len(w)):
            if 0 <= position + k < size:
                row[position + k] = w[k]
        rows.append(row)
        position += stride
    if not rows:
        raise ValueError("no position")
    return np.array(rows, dtype=w.dtype)


def kronecker_matrix(kernel, in_size, *, stride=1, padding=0):
    (h, w), (s_h, s_w), (p_h, p_w) = in_size, pair(stride), pair(padding)
    rows = (h + 2 * p_h - kernel.shape[0]) // s_h + 1
    if h + 2 * p_h < kernel.shape[0]:
        raise ValueError("too high")
    total = 0
    for u, taps in enumerate(kernel):
        moved = np.eye(rows * s_h, h + 2 * p_h, k=u, dtype=kernel.dtype)[::s_h, p_h : p_h + h]
        total = total + np.kron(moved, diagonals_toeplitz(taps, w, stride=s_w, padding=p_w))
    return total


def impulses_matrix(kernel, in_size, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    columns = []
    for pixel in range(in_size[0] * in_size[1]):
        image = np.zeros(in_size, kernel.dtype)
        image[divmod(pixel, in_size[1])] = 1
        windows = sliding_window_view(np.pad(image, ((p_h, p_h), (p_w, p_w))), kernel.shape)
        columns.append(np.einsum("ijuv,uv->ij", windows[::s_h, ::s_w], kernel).ravel())
    return np.stack(columns, axis=1)


def numbered_matrix(kernel, in_size, *, stride=1, padding=0):
    (h, w), (s_h, s_w), (p_h, p_w) = in_size, pair(stride), pair(padding)
    numbers = np.pad(np.arange(1, h * w + 1).reshape(h, w), ((p_h, p_h), (p_w, p_w)))
    met = sliding_window_view(numbers, kernel.shape)[::s_h, ::s_w].reshape(-1, kernel.size)
    out = np.zeros((len(met), h * w + 1), kernel.dtype)
    np.put_along_axis(out, met, np.broadcast_to(kernel.ravel(), met.shape), axis=1)
    return out[:, 1:]


def nested_matrix(kernel, in_size, *, stride=1, padding=0):
    (h, w), (s_h, s_w), (p_h, p_w), (k_h, k_w) = in_size, pair(stride), pair(padding), kernel.shape
    if k_h > h + 2 * p_h or k_w > w + 2 * p_w:
        raise ValueError("does not fit")
    h_out, w_out = 1 + (h + 2 * p_h - k_h) // s_h, 1 + (w + 2 * p_w - k_w) // s_w
    out = np.zeros((h_out, w_out, h + 2 * p_h, w + 2 * p_w), dtype=kernel.dtype)
    for i in range(h_out):
        for j in range(w_out):
            out[i, j, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w] = kernel
    return out[:, :, p_h : p_h + h, p_w : p_w + w].reshape(h_out * w_out, h * w)


def views_local(x, w):
    if w.shape[0] != x.shape[0] - w.shape[1] + 1:
        raise ValueError(w.shape)
    return (sliding_window_view(x, w.shape[1]) * w).sum(axis=-1)


def matrix_local(x, w):
    size, (rows, taps) = len(x), w.shape
    if rows + taps != size + 1:
        raise ValueError("shapes")
    matrix = np.zeros((rows, size), w.dtype)
    index = np.arange(rows)[:, None]
    matrix[index, index + np.arange(taps)] = w
    return matrix @ x


def listed_local(x, w):
    if len(w) != len(x) - len(w[0]) + 1:
        raise ValueError("shapes")
    return np.array([np.dot(row, x[i : i + len(row)]) for i, row in enumerate(w)], dtype=np.result_type(x, w))


def shifted_local(x, w):
    n = len(x) - w.shape[1] + 1
    if n != len(w):
        raise ValueError(n)
    return sum(w[:, k] * x[k : k + n] for k in range(w.shape[1]))


def named_count(size, kernel):
    if kernel > size:
        raise ValueError(kernel)
    out = size - kernel + 1
    return Counts(conv=kernel, local=out * kernel, full=out * size)


def numpy_count(size, kernel):
    out = np.arange(size)[: max(size - kernel + 1, 0)].size
    if out == 0:
        raise ValueError(kernel)
    return np.int64(kernel), np.prod([out, kernel]), np.multiply(out, size)


def stacked_count(size, kernel):
    starts = range(size)[: size - kernel + 1] if kernel <= size else None
    if starts is None:
        raise ValueError(kernel)
    return tuple(int(n) for n in (kernel, len(starts) * kernel, len(starts) * size))


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "Toeplitz, impulses": {"toeplitz1d": impulses_toeplitz},
    "Toeplitz, diagonals": {"toeplitz1d": diagonals_toeplitz},
    "Toeplitz, rolled rows": {"toeplitz1d": rolled_toeplitz},
    "Toeplitz, strides by hand": {"toeplitz1d": strided_toeplitz},
    "Toeplitz, lists": {"toeplitz1d": looped_toeplitz},
    "matrix, Kronecker products": {"conv_matrix2d": kronecker_matrix},
    "matrix, impulses": {"conv_matrix2d": impulses_matrix},
    "matrix, numbered pixels": {"conv_matrix2d": numbered_matrix},
    "matrix, four axes": {"conv_matrix2d": nested_matrix},
    "local, window views": {"locally_connected1d": views_local, "count_weights": named_count},
    "local, one matrix": {"locally_connected1d": matrix_local, "count_weights": numpy_count},
    "local, a list": {"locally_connected1d": listed_local, "count_weights": stacked_count},
    "local, shifts": {"locally_connected1d": shifted_local},
}
