"""Right answers in other styles: windows as columns, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import pair


def padded_by_slices(x, p):
    n, c, h, w = x.shape
    out = np.zeros((n, c, h + 2 * p[0], w + 2 * p[1]), x.dtype)
    out[:, :, p[0] : h + p[0], p[1] : w + p[1]] = x
    return out


def sizes(size, k, s, p):
    out = [(n + 2 * c - a) // b + 1 for n, a, b, c in zip(size, k, s, p, strict=True)]
    if min(out) < 1:
        raise ValueError("the window does not fit")
    return out


def views_im2col(x, kernel, *, stride=1, padding=0):
    (k_h, k_w), (s_h, s_w), (p_h, p_w) = pair(kernel), pair(stride), pair(padding)
    padded = np.pad(x, [(0, 0), (0, 0), (p_h, p_h), (p_w, p_w)])
    windows = sliding_window_view(padded, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]
    n, c, h_out, w_out = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * k_h * k_w, h_out * w_out)


def strided_im2col(x, kernel, *, stride=1, padding=0):
    k, s, p = pair(kernel), pair(stride), pair(padding)
    padded = padded_by_slices(x, p)
    out = sizes(x.shape[2:], k, s, p)
    n, c, h, w = padded.strides
    windows = as_strided(padded, (*x.shape[:2], *k, *out), (n, c, h, w, s[0] * h, s[1] * w), writeable=False)
    return windows.reshape(len(x), -1, out[0] * out[1])


def taps_im2col(x, kernel, *, stride=1, padding=0):
    k, s, p = pair(kernel), pair(stride), pair(padding)
    out = sizes(x.shape[2:], k, s, p)
    padded = padded_by_slices(x, p)
    cols = np.empty((*x.shape[:2], *k, *out), x.dtype)
    for u, v in product(range(k[0]), range(k[1])):
        cols[:, :, u, v] = padded[:, :, u : u + s[0] * out[0] : s[0], v : v + s[1] * out[1] : s[1]][
            :, :, : out[0], : out[1]
        ]
    return cols.reshape(len(x), -1, out[0] * out[1])


def fancy_im2col(x, kernel, *, stride=1, padding=0):
    k, s, p = pair(kernel), pair(stride), pair(padding)
    out = sizes(x.shape[2:], k, s, p)
    c = x.shape[1]
    rows = np.tile(np.repeat(np.arange(k[0]), k[1]), c)[:, None] + s[0] * np.repeat(np.arange(out[0]), out[1])
    columns = np.tile(np.arange(k[1]), k[0] * c)[:, None] + s[1] * np.tile(np.arange(out[1]), out[0])
    return np.pad(x, ((0, 0), (0, 0), (p[0],) * 2, (p[1],) * 2))[
        :, np.repeat(np.arange(c), k[0] * k[1])[:, None], rows, columns
    ]


def nested_im2col(x, kernel, *, stride=1, padding=0):
    (k_h, k_w), (s_h, s_w), (p_h, p_w) = pair(kernel), pair(stride), pair(padding)
    n, c, h, w = x.shape
    h_out, w_out = sizes((h, w), (k_h, k_w), (s_h, s_w), (p_h, p_w))
    cols = np.zeros((n, c * k_h * k_w, h_out * w_out), dtype=x.dtype)
    for image, channel, u, v in np.ndindex(n, c, k_h, k_w):
        for i, j in np.ndindex(h_out, w_out):
            row, column = i * s_h + u - p_h, j * s_w + v - p_w
            if 0 <= row < h and 0 <= column < w:
                cols[image, (channel * k_h + u) * k_w + v, i * w_out + j] = x[image, channel, row, column]
    return cols


def added_at_col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    k, s, p = pair(kernel), pair(stride), pair(padding)
    n, c, h, w = in_shape
    out = sizes((h, w), k, s, p)
    u, v, i, j = np.ogrid[: k[0], : k[1], : out[0], : out[1]]
    padded = np.zeros((n, c, h + 2 * p[0], w + 2 * p[1]), cols.dtype)
    np.add.at(padded, (slice(None), slice(None), u + s[0] * i, v + s[1] * j), cols.reshape(n, c, *k, *out))
    return padded[:, :, p[0] : p[0] + h, p[1] : p[1] + w]


def taps_col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    k, s, p = pair(kernel), pair(stride), pair(padding)
    n, c, h, w = in_shape
    out = sizes((h, w), k, s, p)
    six = cols.reshape(n, c, *k, *out)
    padded = np.zeros((n, c, h + 2 * p[0] + s[0], w + 2 * p[1] + s[1]), cols.dtype)
    for u in range(k[0]):
        for v in range(k[1]):
            padded[:, :, u : u + s[0] * out[0] : s[0], v : v + s[1] * out[1] : s[1]] += six[:, :, u, v]
    return padded[:, :, p[0] : p[0] + h, p[1] : p[1] + w]


def windows_col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    (k_h, k_w), (s_h, s_w), (p_h, p_w) = pair(kernel), pair(stride), pair(padding)
    n, c, h, w = in_shape
    image = np.zeros((n, c, h + 2 * p_h, w + 2 * p_w)).astype(cols.dtype)
    column = 0
    for i in range(0, h + 2 * p_h - k_h + 1, s_h):
        for j in range(0, w + 2 * p_w - k_w + 1, s_w):
            image[:, :, i : i + k_h, j : j + k_w] += cols[..., column].reshape(n, c, k_h, k_w)
            column += 1
    if not column:
        raise ValueError("does not fit")
    return image[:, :, p_h : h + p_h, p_w : w + p_w]


def matrix_col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    numbers = np.arange(1, in_shape[2] * in_shape[3] + 1).reshape(1, 1, *in_shape[2:])
    met = views_im2col(numbers, kernel, stride=stride, padding=padding)[0].ravel()
    n, c = in_shape[:2]
    chosen = np.zeros((met.size, numbers.size + 1), cols.dtype)
    chosen[np.arange(met.size), met] = 1
    return (cols.reshape(n, c, met.size) @ chosen[:, 1:]).reshape(in_shape)


def counted_col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    numbers = np.arange(1, in_shape[2] * in_shape[3] + 1).reshape(1, 1, *in_shape[2:])
    met = fancy_im2col(numbers, kernel, stride=stride, padding=padding).ravel()
    flat = cols.reshape(in_shape[0] * in_shape[1], -1)
    sums = [np.bincount(met, row, numbers.size + 1)[1:] for row in flat]
    return np.array(sums).reshape(in_shape).astype(cols.dtype)


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "columns, views and np.add.at": {"im2col": views_im2col, "col2im": added_at_col2im},
    "columns, strides by hand, tap by tap": {"im2col": strided_im2col, "col2im": taps_col2im},
    "columns, tap by tap, window by window": {"im2col": taps_im2col, "col2im": windows_col2im},
    "columns, fancy indices, one matrix": {"im2col": fancy_im2col, "col2im": matrix_col2im},
    "columns, plain loops, np.bincount": {"im2col": nested_im2col, "col2im": counted_col2im},
}
