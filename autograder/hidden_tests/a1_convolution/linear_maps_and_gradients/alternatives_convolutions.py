"""Right answers in other styles: gradients as convolutions, and the transposed convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_columns import (
    padded_by_slices,
    taps_col2im,
    views_im2col,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import pair
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_products import (
    added_conv,
    einsum_backward,
    fourier_conv,
    tensordot_conv,
)


def kron_dx(dout, w, in_size, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = pair(stride), pair(padding), w.shape[2:]
    comb = np.zeros((s_h, s_w), dout.dtype)
    comb[0, 0] = 1
    wide = padded_by_slices(np.kron(dout, comb), (k_h - 1, k_w - 1))
    full = tensordot_conv(wide, w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3), None)
    h, width = in_size
    out = np.zeros((len(dout), w.shape[1], max(full.shape[2], h + p_h), max(full.shape[3], width + p_w)), full.dtype)
    out[:, :, : full.shape[2], : full.shape[3]] = full
    return out[:, :, p_h : p_h + h, p_w : p_w + width]


def inserted_dx(dout, w, in_size, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = pair(stride), pair(padding), w.shape[2:]
    h, width = in_size
    spaced = np.zeros((*dout.shape[:2], h + 2 * p_h + k_h - 1, width + 2 * p_w + k_w - 1), dout.dtype)
    rows = k_h - 1 + s_h * np.arange(dout.shape[2])
    columns = k_w - 1 + s_w * np.arange(dout.shape[3])
    spaced[:, :, rows[:, None], columns] = dout
    whole = added_conv(spaced, np.flip(w, (2, 3)).swapaxes(0, 1), None)
    return whole[:, :, p_h : p_h + h, p_w : p_w + width]


def fourier_dx(dout, w, in_size, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (h, width) = pair(stride), pair(padding), in_size
    size = h + 2 * p_h, width + 2 * p_w
    spaced = np.zeros((*dout.shape[:2], *size))
    spaced[:, :, : s_h * dout.shape[2] : s_h, : s_w * dout.shape[3] : s_w] = dout
    product = np.einsum("nfhw,fchw->nchw", np.fft.rfft2(spaced), np.fft.rfft2(w, size))
    dx = np.fft.irfft2(product, size)[:, :, p_h : p_h + h, p_w : p_w + width]
    return dx.astype(np.result_type(dout, w))


def scattered_dx(dout, w, in_size, *, stride=1, padding=0):
    dcols = np.einsum("fk,nfl->nkl", w.reshape(len(w), -1), dout.reshape(*dout.shape[:2], -1))
    return taps_col2im(dcols, (len(dout), w.shape[1], *in_size), w.shape[2:], stride=stride, padding=padding)


def dilated_dw(dout, x, kernel, *, stride=1, padding=0):
    k, s, p = pair(kernel), pair(stride), pair(padding)
    spaced = np.zeros((*dout.shape[:2], *((n - 1) * a + 1 for n, a in zip(dout.shape[2:], s, strict=True))), dout.dtype)
    spaced[:, :, :: s[0], :: s[1]] = dout
    x = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
    x = x[:, :, : spaced.shape[2] + k[0] - 1, : spaced.shape[3] + k[1] - 1]
    return tensordot_conv(x.transpose(1, 0, 2, 3), spaced.transpose(1, 0, 2, 3), None).transpose(1, 0, 2, 3)


def tapwise_dw(dout, x, kernel, *, stride=1, padding=0):
    (k_h, k_w), (s_h, s_w), p = pair(kernel), pair(stride), pair(padding)
    x = padded_by_slices(x, p)
    rows, columns = s_h * np.arange(dout.shape[2]), s_w * np.arange(dout.shape[3])
    parts = [
        [np.einsum("nfij,ncij->fc", dout, x[:, :, rows[:, None] + u, columns + v]) for v in range(k_w)]
        for u in range(k_h)
    ]
    return np.moveaxis(np.array(parts), (0, 1), (2, 3))


def column_dw(dout, x, kernel, *, stride=1, padding=0):
    cols = views_im2col(x, kernel, stride=stride, padding=padding)
    flat = dout.reshape(*dout.shape[:2], -1)
    return sum(a @ c.T for a, c in zip(flat, cols, strict=True)).reshape(dout.shape[1], x.shape[1], *pair(kernel))


def fourier_dw(dout, x, kernel, *, stride=1, padding=0):
    s, k = pair(stride), pair(kernel)
    spaced = np.kron(dout, np.pad(np.ones((1, 1)), ((0, s[0] - 1), (0, s[1] - 1))))
    spaced = spaced[:, :, : spaced.shape[2] - s[0] + 1, : spaced.shape[3] - s[1] + 1]
    whole = fourier_conv(x.swapaxes(0, 1), spaced.swapaxes(0, 1), None, padding=padding)
    return whole.swapaxes(0, 1)[:, :, : k[0], : k[1]].astype(np.result_type(dout, x))


def cropped(out, p):
    if out.shape[2] <= 2 * p[0] or out.shape[3] <= 2 * p[1]:
        raise ValueError("nothing is left")
    return out[:, :, p[0] : out.shape[2] - p[0], p[1] : out.shape[3] - p[1]]


def nested_transposed(x, w, *, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = pair(stride), w.shape[2:]
    n, c, h, width = x.shape
    out = np.zeros((n, w.shape[1], (h - 1) * s_h + k_h, (width - 1) * s_w + k_w), np.result_type(x, w))
    for image, channel, i, j in np.ndindex(n, c, h, width):
        out[image, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w] += x[image, channel, i, j] * w[channel]
    return cropped(out, pair(padding))


def inserted_transposed(x, w, *, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = pair(stride), w.shape[2:]
    spaced = np.zeros((*x.shape[:2], (x.shape[2] - 1) * s_h + 1, (x.shape[3] - 1) * s_w + 1), x.dtype)
    spaced[:, :, ::s_h, ::s_w] = x
    turned = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    return cropped(added_conv(spaced, turned, None, padding=(k_h - 1, k_w - 1)), pair(padding))


def folded_transposed(x, w, *, stride=1, padding=0):
    s, p = pair(stride), pair(padding)
    size = [(n - 1) * a - 2 * m + k for n, a, m, k in zip(x.shape[2:], s, p, w.shape[2:], strict=True)]
    if min(size) < 1:
        raise ValueError(size)
    cols = w.reshape(len(w), -1).T @ x.reshape(*x.shape[:2], -1)
    return taps_col2im(cols, (len(x), w.shape[1], *size), w.shape[2:], stride=stride, padding=padding)


def backward_transposed(x, w, *, stride=1, padding=0):
    s, p = pair(stride), pair(padding)
    size = [(n - 1) * a - 2 * m + k for n, a, m, k in zip(x.shape[2:], s, p, w.shape[2:], strict=True)]
    if any(n < 1 for n in size):
        raise ValueError("nothing is left")
    images = np.zeros((len(x), w.shape[1], *size), np.result_type(x, w))
    return einsum_backward(x, images, w, stride=stride, padding=padding).dx


def einsum_transposed(x, w, *, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = pair(stride), w.shape[2:]
    prints = np.einsum("ncij,cfuv->nfijuv", x, w)
    out = np.zeros((len(x), w.shape[1], (x.shape[2] - 1) * s_h + k_h, (x.shape[3] - 1) * s_w + k_w), prints.dtype)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            out[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w] += prints[:, :, i, j]
    return cropped(out, pair(padding))


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "gradients, np.kron and dilated filters": {"conv2d_dx_as_conv": kron_dx, "conv2d_dw_as_conv": dilated_dw},
    "gradients, gaps by index, tap by tap": {"conv2d_dx_as_conv": inserted_dx, "conv2d_dw_as_conv": tapwise_dw},
    "gradients, Fourier": {"conv2d_dx_as_conv": fourier_dx, "conv2d_dw_as_conv": fourier_dw},
    "gradients, in columns": {"conv2d_dx_as_conv": scattered_dx, "conv2d_dw_as_conv": column_dw},
    "transposed, plain loops": {"conv_transpose2d": nested_transposed},
    "transposed, gaps and a convolution": {"conv_transpose2d": inserted_transposed},
    "transposed, in columns": {"conv_transpose2d": folded_transposed},
    "transposed, a backward pass": {"conv_transpose2d": backward_transposed},
    "transposed, all prints at once": {"conv_transpose2d": einsum_transposed},
}
