"""Right answers in other styles: 1x1 convolutions, layers over one and three axes, groups and holes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_layer import (
    im2col_conv2d,
    shifted_conv,
    strided_conv2d,
    windows_conv,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_shared import dtype_of, pair


def einsum_conv1x1(x, w, b):
    out = np.einsum("nchw,fc->nfhw", x, w.squeeze((2, 3)))
    return out if b is None else out + b[None, :, None, None]


def batched_conv1x1(x, w, b):
    n, _, height, width = x.shape
    out = np.matmul(w[:, :, 0, 0], x.reshape(n, x.shape[1], -1)).reshape(n, -1, height, width)
    return out if b is None else np.add(out, b.reshape(1, -1, 1, 1))


def conv1d_by_conv2d(x, w, b, *, stride=1, padding=0):
    return shifted_conv(x[:, :, None], w[:, :, None], b, stride=(1, stride), padding=(0, padding))[:, :, 0]


def conv3d_by_conv2d(x, w, b, *, stride=1, padding=0):
    (s_d, *s), (p_d, *p) = pair(stride, 3), pair(padding, 3)
    x = np.pad(x, ((0, 0), (0, 0), (p_d, p_d), (0, 0), (0, 0)))
    places = (x.shape[2] - w.shape[2]) // s_d + 1
    if places < 1:
        raise ValueError("does not fit")
    slices = []
    for place in range(places):
        block = x[:, :, place * s_d : place * s_d + w.shape[2]]
        flat = block.reshape(len(x), -1, *x.shape[3:]), w.reshape(len(w), -1, *w.shape[3:])
        slices.append(strided_conv2d(*flat, b, stride=tuple(s), padding=tuple(p)))
    return np.stack(slices, axis=2)


def conv1x1_by_conv2d(x, w, b):
    return windows_conv(x, w, b)


def rowwise_conv1x1(x, w, b):
    n, c, height, width = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(n * height * width, c)
    out = rows @ w[..., 0, 0].T
    if b is not None:
        out = out + b
    return out.reshape(n, height, width, len(w)).transpose(0, 3, 1, 2)


def conv1x1_channel_by_channel(x, w, b):
    out = np.zeros((len(x), len(w), *x.shape[2:]), dtype_of(x, w, b))
    for f in range(len(w)):
        for c in range(x.shape[1]):
            out[:, f] += x[:, c] * w[f, c, 0, 0]
        if b is not None:
            out[:, f] += b[f]
    return out


def looped_conv1d(x, w, b, *, stride=1, padding=0):
    (stride,), (padding,) = pair(stride, 1), pair(padding, 1)
    padded = np.concatenate([np.zeros_like(x, shape=(*x.shape[:2], padding)), x,
                             np.zeros_like(x, shape=(*x.shape[:2], padding))], axis=2)  # fmt: skip
    starts = range(0, padded.shape[2] - w.shape[2] + 1, stride)
    if len(starts) == 0:
        raise ValueError("does not fit")
    out = np.stack([np.einsum("nck,fck->nf", padded[:, :, i : i + w.shape[2]], w) for i in starts], axis=-1)
    return out if b is None else out + b[:, None]


def einsum_conv3d(x, w, b, *, stride=1, padding=0):
    s, p = pair(stride, 3), pair(padding, 3)
    windows = sliding_window_view(np.pad(x, [(0, 0)] * 2 + [(n, n) for n in p]), w.shape[2:], axis=(2, 3, 4))
    windows = windows[:, :, :: s[0], :: s[1], :: s[2]]
    out = np.einsum("ncdhwijk,fcijk->nfdhw", windows, w)
    return out if b is None else out + b[:, None, None, None]


def conv3d_as_sum_over_depth(x, w, b, *, stride=1, padding=0):
    """A sum of flat convolutions, one per slice of the filter."""
    s, p = pair(stride, 3), pair(padding, 3)
    padded = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (0, 0), (0, 0)))
    places = (padded.shape[2] - w.shape[2]) // s[0] + 1
    if places < 1:
        raise ValueError("does not fit")
    layers = []
    for place in range(places):
        slices = [
            im2col_conv2d(padded[:, :, place * s[0] + k], w[:, :, k], None, stride=s[1:], padding=p[1:])
            for k in range(w.shape[2])
        ]
        layers.append(functools.reduce(np.add, slices))
    out = np.stack(layers, axis=2)
    return out if b is None else out + np.asarray(b).reshape(-1, 1, 1, 1)


def hollow_filters(w, dilation):
    """Filters with zeros between their taps."""
    d = pair(dilation, w.ndim - 2)
    size = [(k - 1) * step + 1 for k, step in zip(w.shape[2:], d, strict=True)]
    out = np.zeros((*w.shape[:2], *size), w.dtype)
    out[(..., *(slice(None, None, step) for step in d))] = w
    return out


def hollow_grouped(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    if x.shape[1] % groups or len(w) % groups:
        raise ValueError("groups")
    w = hollow_filters(w, dilation)
    parts = [None] * groups if b is None else np.split(b, groups)
    return np.concatenate(
        [
            im2col_conv2d(*three, stride=stride, padding=padding)
            for three in zip(np.split(x, groups, axis=1), np.split(w, groups), parts, strict=True)
        ],
        axis=1,
    )


def block_diagonal_grouped(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    """One dense layer, whose filters are zero outside their group."""
    if w.shape[1] * groups != x.shape[1] or len(w) % groups:
        raise ValueError("groups")
    dense = np.zeros((len(w), x.shape[1], *w.shape[2:]), w.dtype)
    for f, weights in enumerate(w):
        first = f // (len(w) // groups) * w.shape[1]
        dense[f, first : first + w.shape[1]] = weights
    return windows_conv(x, dense, b, stride=stride, padding=padding, dilation=dilation)


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "1x1, einsum": {"conv1x1_as_matmul": einsum_conv1x1},
    "1x1, batched product": {"conv1x1_as_matmul": batched_conv1x1},
    "1x1, as a layer": {"conv1x1_as_matmul": conv1x1_by_conv2d},
    "1x1, row per pixel": {"conv1x1_as_matmul": rowwise_conv1x1},
    "1x1, channel by channel": {"conv1x1_as_matmul": conv1x1_channel_by_channel},
    "other axes, by way of two": {"conv1d_forward": conv1d_by_conv2d, "conv3d_forward": conv3d_by_conv2d},
    "other axes, einsum": {"conv1d_forward": looped_conv1d, "conv3d_forward": einsum_conv3d},
    "other axes, sum over depth": {"conv3d_forward": conv3d_as_sum_over_depth},
    "groups, hollow filters": {"conv2d_grouped": hollow_grouped},
    "groups, block-diagonal filters": {"conv2d_grouped": block_diagonal_grouped},
}
