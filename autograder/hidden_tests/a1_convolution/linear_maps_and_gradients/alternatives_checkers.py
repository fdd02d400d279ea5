"""Right answers in other styles: checkers, two layers in one, and gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import pair


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


def rolled_gap(layer, x, shift):
    out = layer(x)
    moved_out = layer(np.roll(x, shift, axis=(2, 3)))
    steps = [round(n / m) for n, m in zip(x.shape[2:], out.shape[2:], strict=True)]
    expected = np.roll(out, (shift[0] // steps[0], shift[1] // steps[1]), axis=(2, 3))
    a, b = out.shape[2] // 4, out.shape[3] // 4
    gap = np.abs(moved_out - expected)[:, :, a : out.shape[2] - a, b : out.shape[3] - b]
    return gap.max()


def moved_with_zeros(images, down, right):
    out = np.zeros_like(images)
    h, w = images.shape[2:]
    out[:, :, max(down, 0) : h + min(down, 0), max(right, 0) : w + min(right, 0)] = images[
        :, :, max(-down, 0) : h - max(down, 0), max(-right, 0) : w - max(right, 0)
    ]
    return out


def zeros_gap(layer, x, shift):
    down, right = shift
    out, other = layer(x), layer(moved_with_zeros(x, down, right))
    h_out, w_out = out.shape[-2:]
    step_h, step_w = int(x.shape[2] / h_out + 0.5), int(x.shape[3] / w_out + 0.5)
    difference = other - moved_with_zeros(out, down // step_h, right // step_w)
    middle = difference[..., h_out // 4 : h_out - h_out // 4, w_out // 4 : w_out - w_out // 4]
    return float(max(middle.max(), -middle.min()))


def looped_gap(layer, x, shift):
    out, other = layer(x), layer(np.roll(np.roll(x, shift[0], 2), shift[1], 3))
    h, w = out.shape[2:]
    down, right = shift[0] // round(x.shape[2] / h), shift[1] // round(x.shape[3] / w)
    worst = 0.0
    for i in range(h // 4, h - h // 4):
        for j in range(w // 4, w - w // 4):
            worst = max(worst, np.abs(other[:, :, i, j] - out[:, :, i - down, j - right]).max())
    return np.array(worst)


def tapped_compose(w1, w2):
    c2, c1, k2h, k2w = w2.shape
    if c1 != w1.shape[0]:
        raise ValueError("channels")
    out = np.zeros((c2, w1.shape[1], w1.shape[2] + k2h - 1, w1.shape[3] + k2w - 1), np.result_type(w1, w2))
    for o, m, i in np.ndindex(c2, c1, w1.shape[1]):
        for u, v in np.ndindex(k2h, k2w):
            out[o, i, u : u + w1.shape[2], v : v + w1.shape[3]] += w2[o, m, u, v] * w1[m, i]
    return out


def fourier_compose(w1, w2):
    if len(w1) != w2.shape[1]:
        raise ValueError("channels")
    size = w1.shape[2] + w2.shape[2] - 1, w1.shape[3] + w2.shape[3] - 1
    spectrum = np.einsum("mihw,omhw->oihw", np.fft.fft2(w1, size), np.fft.fft2(w2, size))
    out, dtype = np.fft.ifft2(spectrum).real, np.result_type(w1, w2)
    return (np.rint(out) if dtype.kind in "iu" else out).astype(dtype)


def padded_compose(w1, w2):
    if len(w1) != w2.shape[1]:
        raise ValueError("channels")
    (a, b), (c, d) = w1.shape[2:], w2.shape[2:]
    wide = np.pad(w2, ((0, 0), (0, 0), (a - 1, a - 1), (b - 1, b - 1)))
    windows = sliding_window_view(wide, (a, b), axis=(2, 3))
    assert windows.shape[2:4] == (a + c - 1, b + d - 1)
    return np.einsum("omijuv,mpuv->opij", windows, w1[:, :, ::-1, ::-1])


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
    "slopes, np.nditer in place": {"numerical_gradient": iterated_gradient},
    "slopes, lists": {"numerical_gradient": flat_gradient},
    "slopes, unit arrays": {"numerical_gradient": stacked_gradient},
    "slopes, own copy in place": {"numerical_gradient": copied_gradient},
    "shifts, np.roll, NumPy number; composed tap by tap": {
        "equivariance_gap": rolled_gap,
        "compose_kernels": tapped_compose,
    },
    "shifts, zeros; composed by Fourier": {"equivariance_gap": zeros_gap, "compose_kernels": fourier_compose},
    "shifts, place by place, 0-d array; composed by padding": {
        "equivariance_gap": looped_gap,
        "compose_kernels": padded_compose,
    },
    "learning, tap by tap": {"learn_kernel": looped_learn},
    "learning, normal equations": {"learn_kernel": normal_learn},
    "learning, plain loops": {"learn_kernel": windowed_learn},
}
