"""Right answers in other styles: the layer as one product, backwards through it, and two other views of it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_columns import (
    added_at_col2im,
    fancy_im2col,
    padded_by_slices,
    sizes,
    strided_im2col,
    taps_col2im,
    taps_im2col,
    views_im2col,
    windows_col2im,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import pair

Gradients = namedtuple("Gradients", "dx dw db")


def dtype_of(*arrays):
    return np.result_type(*(array for array in arrays if array is not None))


def tensordot_conv(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    out = np.moveaxis(np.tensordot(windows, w, axes=([1, 4, 5], [1, 2, 3])), -1, 1)
    return out if b is None else out + b[None, :, None, None]


def reshaped_conv(x, w, b, *, stride=1, padding=0):
    n, f = x.shape[0], w.shape[0]
    cols = fancy_im2col(x, w.shape[2:], stride=stride, padding=padding)
    h_out, w_out = sizes(x.shape[2:], w.shape[2:], pair(stride), pair(padding))
    flat = cols.transpose(1, 2, 0).reshape(cols.shape[1], -1)
    out = (w.reshape(f, -1) @ flat).reshape(f, h_out, w_out, n).transpose(3, 0, 1, 2)
    return out if b is None else out + b.reshape(1, f, 1, 1)


def added_conv(x, w, b, *, stride=1, padding=0):
    s, p, k = pair(stride), pair(padding), w.shape[2:]
    out = sizes(x.shape[2:], k, s, p)
    padded = padded_by_slices(x, p)
    total = np.zeros((len(x), len(w), *out), dtype_of(x, w, b))
    for u, v in np.ndindex(*k):
        part = padded[:, :, u : u + s[0] * (out[0] - 1) + 1 : s[0], v : v + s[1] * (out[1] - 1) + 1 : s[1]]
        total += np.einsum("nchw,fc->nfhw", part, w[:, :, u, v])
    if b is not None:
        total += b[:, None, None]
    return total


def strided_conv(x, w, b, *, stride=1, padding=0):
    cols = strided_im2col(x, w.shape[2:], stride=stride, padding=padding)
    out = np.matmul(w.reshape(len(w), -1), cols)
    if b is not None:
        out = out + b[:, None]
    return out.reshape(len(x), len(w), *sizes(x.shape[2:], w.shape[2:], pair(stride), pair(padding)))


def fourier_conv(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), p = pair(stride), pair(padding)
    padded = padded_by_slices(x.astype(np.float64), p)
    size = padded.shape[2:]
    sizes(x.shape[2:], w.shape[2:], (1, 1), p)
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.fft2(padded), np.conj(np.fft.fft2(w, size)))
    whole = np.fft.ifft2(spectrum).real[:, :, : size[0] - w.shape[2] + 1, : size[1] - w.shape[3] + 1]
    out = whole[:, :, ::s_h, ::s_w]
    return (out if b is None else out + b[:, None, None]).astype(dtype_of(x, w, b))


def einsum_backward(dout, x, w, *, stride=1, padding=0):
    cols = views_im2col(x, w.shape[2:], stride=stride, padding=padding)
    dy = dout.reshape(*dout.shape[:2], -1)
    dw = np.einsum("nfl,nkl->fk", dy, cols, optimize=True).reshape(w.shape)
    dcols = np.einsum("fk,nfl->nkl", w.reshape(len(w), -1), dy)
    return Gradients(taps_col2im(dcols, x.shape, w.shape[2:], stride=stride, padding=padding), dw, dy.sum((0, 2)))


def imagewise_backward(dout, x, w, *, stride=1, padding=0):
    dtype = np.result_type(dout, x, w)
    dx, dw, db = np.zeros(x.shape, dtype), np.zeros(w.shape, dtype), np.zeros(len(w), dtype)
    for n in range(len(x)):
        cols = fancy_im2col(x[n : n + 1], w.shape[2:], stride=stride, padding=padding)[0]
        dy = dout[n].reshape(len(w), -1)
        dw += (dy @ cols.T).reshape(w.shape)
        db += dy.sum(axis=1)
        dcols = w.reshape(len(w), -1).T @ dy
        dx[n : n + 1] = added_at_col2im(dcols[None], (1, *x.shape[1:]), w.shape[2:], stride=stride, padding=padding)
    return dx, dw, db


def one_product_backward(dout, x, w, *, stride=1, padding=0):
    options = {"stride": stride, "padding": padding}
    cols = np.concatenate(list(taps_im2col(x, w.shape[2:], **options)), axis=1)
    dy = dout.transpose(1, 0, 2, 3).reshape(len(w), -1)
    dcols = np.stack(np.split(w.reshape(len(w), -1).T @ dy, len(x), axis=1))
    dx = windows_col2im(dcols, x.shape, w.shape[2:], **options)
    return dx, (dy @ cols.T).reshape(w.shape), dy @ np.ones(dy.shape[1], dy.dtype)


def eye_kernels(c_in, kernel):
    k_h, k_w = pair(kernel)
    return np.eye(c_in * k_h * k_w).reshape(-1, c_in, k_h, k_w)


def whole_kernels(c_in, kernel):
    k_h, k_w = pair(kernel)
    out = np.zeros((c_in, k_h, k_w, c_in, k_h, k_w), dtype=int)
    c, u, v = np.indices((c_in, k_h, k_w))
    out[c, u, v, c, u, v] = 1
    return out.reshape(c_in * k_h * k_w, c_in, k_h, k_w)


def looped_kernels(c_in, kernel):
    k_h, k_w = pair(kernel)
    filters = []
    for place in product(range(c_in), range(k_h), range(k_w)):
        single = np.zeros((c_in, k_h, k_w), np.float32)
        single[place] = 1
        filters.append(single)
    return np.array(filters)


def summed_shifts(x, w):
    n = len(x) - len(w) + 1
    if n < 1:
        raise ValueError("too long")
    return sum(w[k] * x[k : k + n] for k in range(len(w)))


def rolled_shifts(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    total = np.zeros(len(x), np.result_type(x, w))
    for k, tap in enumerate(w):
        total += tap * np.roll(x, -k)
    return total[: len(x) - len(w) + 1]


def viewed_shifts(x, w):
    return sliding_window_view(x, len(x) - len(w) + 1).T @ w if len(w) <= len(x) else _refuse()


def _refuse():
    raise ValueError("too long")


def einsum_shifts(x, w):
    if w.size > x.size:
        raise ValueError("too long")
    return np.einsum("k,kl->l", w, np.stack([x[k : x.size - w.size + 1 + k] for k in range(w.size)]))


def backwards_shifts(x, w):
    y = None
    for k in reversed(range(len(w))):
        if len(w) > len(x):
            raise ValueError("too long")
        part = w[k] * x[k : len(x) - (len(w) - 1 - k)]
        y = part if y is None else y + part
    return y


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "product, np.tensordot": {"conv2d_im2col": tensordot_conv},
    "product, images last": {"conv2d_im2col": reshaped_conv},
    "product, tap by tap": {"conv2d_im2col": added_conv},
    "product, batched": {"conv2d_im2col": strided_conv},
    "product, Fourier": {"conv2d_im2col": fourier_conv},
    "matrix backward, einsum, named": {"conv2d_matrix_backward": einsum_backward},
    "matrix backward, image by image": {"conv2d_matrix_backward": imagewise_backward},
    "matrix backward, one product": {"conv2d_matrix_backward": one_product_backward},
    "copies, np.eye": {"unfold_kernels": eye_kernels},
    "copies, whole numbers": {"unfold_kernels": whole_kernels},
    "copies, a list, single precision": {"unfold_kernels": looped_kernels},
    "shifts, summed": {"conv1d_by_shifts": summed_shifts},
    "shifts, np.roll and cut": {"conv1d_by_shifts": rolled_shifts},
    "shifts, views": {"conv1d_by_shifts": viewed_shifts},
    "shifts, stacked": {"conv1d_by_shifts": einsum_shifts},
    "shifts, last tap first": {"conv1d_by_shifts": backwards_shifts},
}
