"""Right answers in other styles: numerical gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def iterated_gradient(f, x, dout, *, h=1e-5):
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=[["readwrite"]])
    while not it.finished:
        index = it.multi_index
        old = x[index]
        x[index] = old + h
        above = np.array(f(x))
        x[index] = old - h
        below = np.array(f(x))
        x[index] = old
        grad[index] = np.sum((above - below) * dout) / (2 * h)
        it.iternext()
    return grad


def flat_gradient(f, x, dout, *, h=1e-5):
    def loss(numbers):
        return float(np.sum(f(np.array(numbers).reshape(x.shape)) * dout))

    numbers = x.flatten().tolist()
    grad = []
    for k, number in enumerate(numbers):
        before, after = numbers[:k], numbers[k + 1 :]
        grad.append((loss([*before, number + h, *after]) - loss([*before, number - h, *after])) / (2 * h))
    return np.array(grad).reshape(x.shape)


def stacked_gradient(f, x, dout, *, h=1e-5):
    units = h * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [(np.vdot(f(x + unit), dout) - np.vdot(f(x - unit), dout)) / (2 * h) for unit in units]
    return np.reshape(slopes, x.shape)


def copied_gradient(f, x, dout, *, h=1e-5):
    x = x.copy()
    grad = np.zeros_like(x)
    flat, slopes = x.reshape(-1, copy=False) if x.flags.c_contiguous else x.ravel("K"), grad.reshape(-1)
    if not x.flags.c_contiguous:
        return stacked_gradient(f, x, dout, h=h)
    for k in range(flat.size):
        old = flat[k]
        flat[k] = old + h
        above = (f(x) * dout).sum()
        flat[k] = old - h
        slopes[k] = (above - (f(x) * dout).sum()) / (2 * h)
        flat[k] = old
    return grad


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "slopes, np.nditer in place": {"numerical_gradient": iterated_gradient},
    "slopes, lists": {"numerical_gradient": flat_gradient},
    "slopes, unit arrays": {"numerical_gradient": stacked_gradient},
    "slopes, own copy in place": {"numerical_gradient": copied_gradient},
}
