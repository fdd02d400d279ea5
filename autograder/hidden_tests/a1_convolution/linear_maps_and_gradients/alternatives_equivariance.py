"""Right answers in other styles: shifts, and layers in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


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


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "shifts, np.roll, NumPy number; composed tap by tap": {
        "equivariance_gap": rolled_gap,
        "compose_kernels": tapped_compose,
    },
    "shifts, zeros; composed by Fourier": {"equivariance_gap": zeros_gap, "compose_kernels": fourier_compose},
    "shifts, place by place, 0-d array; composed by padding": {
        "equivariance_gap": looped_gap,
        "compose_kernels": padded_compose,
    },
}
