"""Right answers in other styles: learning a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import pair


def looped_learn(images, targets, size, *, lr, steps):
    k_h, k_w = pair(size)
    w = np.zeros((k_h, k_w))
    h_out, w_out = targets.shape[1:]
    for _ in range(steps):
        out = np.zeros(targets.shape)
        for u, v in np.ndindex(k_h, k_w):
            out += w[u, v] * images[:, u : u + h_out, v : v + w_out]
        residual = 2 * (out - targets) / targets.size
        dw = np.zeros_like(w)
        for u, v in np.ndindex(k_h, k_w):
            dw[u, v] = np.sum(residual * images[:, u : u + h_out, v : v + w_out])
        w -= lr * dw
    return w


def normal_learn(images, targets, size, *, lr, steps):
    k = pair(size)
    rows = sliding_window_view(images, k, axis=(1, 2)).reshape(-1, k[0] * k[1])
    gram, right = rows.T @ rows, rows.T @ targets.ravel()
    w = np.zeros(k[0] * k[1], rows.dtype)
    for _ in range(steps):
        w = w - 2 * lr / targets.size * (gram @ w - right)
    return w.reshape(k).astype(np.result_type(images, targets))


def windowed_learn(images, targets, size, *, lr, steps):
    k = pair(size)
    kernel = np.zeros(k, dtype=np.result_type(images, targets))
    for _ in range(steps):
        grad = np.zeros(k)
        for image, target in zip(images, targets, strict=True):
            for (i, j), wanted in np.ndenumerate(target):
                window = image[i : i + k[0], j : j + k[1]]
                grad += 2 * ((window * kernel).sum() - wanted) * window
        kernel = kernel - lr * (grad / targets.size).astype(kernel.dtype)
    return kernel


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "learning, tap by tap": {"learn_kernel": looped_learn},
    "learning, normal equations": {"learn_kernel": normal_learn},
    "learning, plain loops": {"learn_kernel": windowed_learn},
}
