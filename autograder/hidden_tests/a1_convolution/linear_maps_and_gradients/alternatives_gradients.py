"""Right answers in other styles: backward by loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_columns import padded_by_slices
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_convolutions import kron_dx
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import nested_matrix, pair
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_products import (
    Gradients,
    einsum_backward,
)


def nested_backward(dout, x, w, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    h, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    dx = np.zeros(padded.shape, np.result_type(dout, w))
    dw = np.zeros(w.shape, np.result_type(dout, x))
    db = np.zeros(len(w), dout.dtype)
    for image, f, i, j in np.ndindex(*dout.shape):
        g = dout[image, f, i, j]
        rows, columns = slice(i * s_h, i * s_h + w.shape[2]), slice(j * s_w, j * s_w + w.shape[3])
        dw[f] += g * padded[image, :, rows, columns]
        dx[image, :, rows, columns] += g * w[f]
        db[f] += g
    return dx[:, :, p_h : p_h + h, p_w : p_w + width], dw, db


def filterwise_backward(dout, x, w, *, stride=1, padding=0):
    s, p = pair(stride), pair(padding)
    padded = padded_by_slices(x, p)
    dxp = np.zeros_like(padded, dtype=np.result_type(dout, x, w))
    dw = np.zeros_like(w, dtype=dxp.dtype)
    for f in range(len(w)):
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                part = (..., slice(i * s[0], i * s[0] + w.shape[2]), slice(j * s[1], j * s[1] + w.shape[3]))
                g = dout[:, f, i, j][:, None, None, None]
                dxp[part] += g * w[f]
                dw[f] += (g * padded[part]).sum(axis=0)
    bottom, right = padded.shape[2] - p[0], padded.shape[3] - p[1]
    return Gradients(dx=dxp[:, :, p[0] : bottom, p[1] : right], dw=dw, db=dout.sum(3).sum(2).sum(0))


def windowed_backward(dout, x, w, *, stride=1, padding=0):
    s, p = pair(stride), pair(padding)
    windows = sliding_window_view(padded_by_slices(x, p), w.shape[2:], axis=(2, 3))[:, :, :: s[0], :: s[1]]
    dw = np.einsum("nfij,ncijuv->fcuv", dout, windows)
    return kron_dx(dout, w, x.shape[2:], stride=stride, padding=padding), dw, np.sum(dout, axis=(0, 2, 3))


def dense_backward(dout, x, w, *, stride=1, padding=0):
    size, flat = x.shape[2:], dout.reshape(*dout.shape[:2], -1)
    dtype = np.result_type(dout, x, w)
    dx, dw = np.zeros(x.shape, dtype), np.zeros(w.shape, dtype)
    for f, c in np.ndindex(*w.shape[:2]):
        matrix = nested_matrix(w[f, c], size, stride=stride, padding=padding)
        dx[:, c] += (flat[:, f] @ matrix).reshape(len(x), *size)
    for u, v in np.ndindex(*w.shape[2:]):
        tap = np.zeros(w.shape[2:])
        tap[u, v] = 1
        picked = x.reshape(*x.shape[:2], -1) @ nested_matrix(tap, size, stride=stride, padding=padding).T
        dw[:, :, u, v] = np.tensordot(flat, picked, axes=((0, 2), (0, 2)))
    return dx, dw, flat.sum(axis=-1).sum(axis=0)


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "backward, plain loops": {"conv2d_backward": nested_backward},
    "backward, filter by filter, named": {"conv2d_backward": filterwise_backward},
    "backward, windows and np.kron": {"conv2d_backward": windowed_backward},
    "backward, dense matrices": {"conv2d_backward": dense_backward},
    "backward, in columns": {"conv2d_backward": einsum_backward},
}
