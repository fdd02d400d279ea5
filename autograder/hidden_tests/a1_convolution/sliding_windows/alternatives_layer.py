"""Right answers in other styles: the convolution layer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_correlation import tensordot_correlate2d
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_shared import dtype_of, pair, rounded


def windows_conv(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    axes = w.ndim - 2
    s, p, d = pair(stride, axes), pair(padding, axes), pair(dilation, axes)
    spans = [step * (k - 1) + 1 for step, k in zip(d, w.shape[2:], strict=True)]
    if x.shape[1] != w.shape[1] * groups:
        raise ValueError(groups)
    padded = np.pad(x, [(0, 0), (0, 0), *((n, n) for n in p)])
    windows = sliding_window_view(padded, spans, axis=tuple(range(2, 2 + axes)))
    steps = (slice(None), slice(None), *(slice(None, None, n) for n in (*s, *d)))
    windows = windows[steps]
    parts = [
        np.tensordot(blocks, filters, axes=([1, *range(2 + axes, 2 + 2 * axes)], [*range(1, 2 + axes)]))
        for blocks, filters in zip(np.split(windows, groups, 1), np.split(w, groups), strict=True)
    ]
    out = np.moveaxis(np.concatenate(parts, axis=-1), -1, 1)
    return out if b is None else out + np.expand_dims(b, tuple(range(1, 1 + axes)))


def shifted_conv(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    axes = w.ndim - 2
    s, p, d = pair(stride, axes), pair(padding, axes), pair(dilation, axes)
    dtype = dtype_of(x, w, b)
    padded = np.zeros((*x.shape[:2], *(n + 2 * q for n, q in zip(x.shape[2:], p, strict=True))), dtype)
    padded[(..., *(slice(q, q + n) for n, q in zip(x.shape[2:], p, strict=True)))] = x
    size = [
        (n - step * (k - 1) - 1) // jump + 1
        for n, step, k, jump in zip(padded.shape[2:], d, w.shape[2:], s, strict=True)
    ]
    if min(size) <= 0 or x.shape[1] % groups:
        raise ValueError("does not fit")
    out = np.zeros((len(x), len(w), *size), dtype)
    each_in, each_out = w.shape[1], len(w) // groups
    for taps in product(*map(range, w.shape[2:])):
        where = tuple(
            slice(t * step, t * step + jump * (n - 1) + 1, jump)
            for t, step, jump, n in zip(taps, d, s, size, strict=True)
        )
        for f in range(len(w)):
            first = f // each_out * each_in
            for c in range(each_in):
                out[:, f] += padded[(slice(None), first + c, *where)] * w[(f, c, *taps)]
    if b is not None:
        for f, value in enumerate(b):
            out[:, f] += value
    return out


def strided_conv2d(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    n, c, height, width = padded.shape
    f, _, k_h, k_w = w.shape
    if k_h > height or k_w > width:
        raise ValueError("does not fit")
    h_out, w_out = (height - k_h) // s_h + 1, (width - k_w) // s_w + 1
    at = padded.strides
    columns = as_strided(padded, (n, h_out, w_out, c, k_h, k_w), (at[0], s_h * at[2], s_w * at[3], *at[1:]))
    out = columns.reshape(n * h_out * w_out, -1) @ w.reshape(f, -1).T
    if b is not None:
        out = out + b
    return out.reshape(n, h_out, w_out, f).transpose(0, 3, 1, 2)


def fourier_conv2d(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    size = padded.shape[2:]
    if w.shape[2] > size[0] or w.shape[3] > size[1]:
        raise ValueError("does not fit")
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.fft2(padded), np.conj(np.fft.fft2(w, size)))
    out = np.fft.ifft2(spectrum).real[:, :, : size[0] - w.shape[2] + 1 : s_h, : size[1] - w.shape[3] + 1 : s_w]
    return rounded(out if b is None else out + b[:, None, None], x, w, b)


def looped_conv2d(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    _, channels, height, width = x.shape
    h_out, w_out = (height + 2 * p_h - w.shape[2]) // s_h + 1, (width + 2 * p_w - w.shape[3]) // s_w + 1
    if h_out < 1 or w_out < 1:
        raise ValueError("does not fit")
    out = np.zeros((len(x), len(w), h_out, w_out), dtype=dtype_of(x, w, b))
    for n, f, i, j in np.ndindex(*out.shape):
        total = 0.0 if b is None else b[f]
        for c, k, m in np.ndindex(channels, *w.shape[2:]):
            row, column = i * s_h + k - p_h, j * s_w + m - p_w
            if 0 <= row < height and 0 <= column < width:
                total += x[n, c, row, column] * w[f, c, k, m]
        out[n, f, i, j] = total
    return out


def im2col_conv2d(x, w, b, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    n, c, height, width = x.shape
    f, _, k_h, k_w = w.shape
    h_out, w_out = (height + 2 * p_h - k_h) // s_h + 1, (width + 2 * p_w - k_w) // s_w + 1
    if min(h_out, w_out) < 1:
        raise ValueError("does not fit")
    padded = np.pad(x, ((0,), (0,), (p_h,), (p_w,)))
    rows = s_h * np.arange(h_out)[:, None, None, None] + np.arange(k_h)[:, None]
    columns = s_w * np.arange(w_out)[:, None, None] + np.arange(k_w)
    patches = padded[:, :, rows, columns].transpose(1, 4, 5, 0, 2, 3).reshape(c * k_h * k_w, -1)
    out = (w.reshape(f, -1) @ patches).reshape(f, n, h_out, w_out).swapaxes(0, 1)
    return out if b is None else out + b[None, :, None, None]


def einsum_conv2d(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    out = np.einsum("ncijkl,fckl->nfij", windows, w, optimize=True)
    return out if b is None else out + np.reshape(b, (-1, 1, 1))


def double_precision_conv2d(x, w, b, *, stride=1, padding=0):
    wide = [None if a is None else a.astype(np.float64) for a in (x, w, b)]
    return rounded(einsum_conv2d(*wide, stride=stride, padding=padding), x, w, b)


def channelwise_conv2d(x, w, b, *, stride=1, padding=0):
    """One channel at a time, the last first."""
    total = 0
    for c in reversed(range(x.shape[1])):
        total = total + einsum_conv2d(x[:, c : c + 1], w[:, c : c + 1], None, stride=stride, padding=padding)
    return total if b is None else total + b[:, np.newaxis, np.newaxis]


def imagewise_conv2d(x, w, b, **options):
    return np.concatenate([strided_conv2d(image[None], w, b, **options) for image in x])


def correlating_conv2d(x, w, b, *, stride=1, padding=0):
    """Sums of the notebook's own correlations, thinned out afterwards."""
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    maps = [
        [sum(tensordot_correlate2d(a, k) for a, k in zip(image, kernels, strict=True)) for kernels in w]
        for image in padded
    ]
    out = np.array(maps)[:, :, ::s_h, ::s_w]
    if b is not None:
        out = out + b.reshape(1, len(b), 1, 1)
    return out


def vectorized_conv2d(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    size = (padded.shape[2] - w.shape[2]) // s_h + 1, (padded.shape[3] - w.shape[3]) // s_w + 1
    if min(size) < 1:
        raise ValueError("does not fit")

    def one(n, f, i, j):
        window = padded[n, :, i * s_h : i * s_h + w.shape[2], j * s_w : j * s_w + w.shape[3]]
        return (window * w[f]).sum() + (0 if b is None else b[f])

    return np.vectorize(one, otypes=[dtype_of(x, w, b)])(*np.indices((len(x), len(w), *size)))


def matrix_conv2d(x, w, b, *, stride=1, padding=0):
    """One large matrix, as long as the image has pixels."""
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    numbers = np.arange(padded[0].size).reshape(padded.shape[1:])
    taken = sliding_window_view(numbers, w.shape[2:], axis=(1, 2))[:, ::s_h, ::s_w]
    taken = taken.transpose(1, 2, 0, 3, 4)
    size = taken.shape[:2]
    matrix = np.zeros((len(w), size[0] * size[1], numbers.size), dtype=w.dtype)
    for place, pixels in enumerate(taken.reshape(-1, w[0].size)):
        matrix[:, place, pixels] = w.reshape(len(w), -1)
    out = (padded.reshape(len(x), -1) @ matrix.reshape(-1, numbers.size).T).reshape(len(x), len(w), *size)
    return out if b is None else out + b[:, None, None]


def conv2d_with_a_bias_channel(x, w, b, *, stride=1, padding=0):
    """The bias is one more weight, whose pixel is always 1."""
    out = im2col_conv2d(x, w, None, stride=stride, padding=padding)
    ones = np.ones_like(out, shape=(len(x), 1, *out.shape[2:]))
    return out if b is None else out + np.einsum("nchw,fc->nfhw", ones, b[:, None])


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "layers, windows and tensordot": {
        "conv2d_forward": windows_conv,
        "conv1d_forward": windows_conv,
        "conv3d_forward": windows_conv,
        "conv2d_grouped": windows_conv,
    },
    "layers, shifts over taps": {
        "conv2d_forward": shifted_conv,
        "conv1d_forward": shifted_conv,
        "conv3d_forward": shifted_conv,
        "conv2d_grouped": shifted_conv,
    },
    "layer, strides by hand": {"conv2d_forward": strided_conv2d},
    "layer, Fourier": {"conv2d_forward": fourier_conv2d},
    "layer, plain loops": {"conv2d_forward": looped_conv2d},
    "layer, im2col": {"conv2d_forward": im2col_conv2d},
    "layer, einsum": {"conv2d_forward": einsum_conv2d},
    "layer, double precision cast back": {"conv2d_forward": double_precision_conv2d},
    "layer, channel by channel": {"conv2d_forward": channelwise_conv2d},
    "layer, image by image": {"conv2d_forward": imagewise_conv2d},
    "layer, correlations": {"conv2d_forward": correlating_conv2d},
    "layer, np.vectorize": {"conv2d_forward": vectorized_conv2d},
    "layer, one large matrix": {"conv2d_forward": matrix_conv2d},
    "layer, bias as a weight": {"conv2d_forward": conv2d_with_a_bias_channel},
    "layer, partial": {"conv2d_forward": functools.partial(windows_conv, dilation=1, groups=1)},
}
