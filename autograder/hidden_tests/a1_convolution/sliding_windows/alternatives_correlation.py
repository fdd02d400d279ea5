"""Right answers in other styles: correlation in one and in two dimensions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_shared import rounded


def windows_correlate1d(x, w):
    return np.einsum("lk,k->l", sliding_window_view(x, len(w)), w)


def windows_convolve1d(x, w):
    return windows_correlate1d(x, w=w[::-1])


def windows_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    names = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in names:
        raise ValueError(mode)
    return np.einsum("hwij,ij->hw", sliding_window_view(np.pad(image, padding, mode=names[mode]), kernel.shape), kernel)


def shifted_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    dtype = np.result_type(image, kernel)
    height, width = image.shape
    rows, columns = np.arange(-padding, height + padding), np.arange(-padding, width + padding)
    if mode == "zeros":
        padded = np.zeros((len(rows), len(columns)), dtype)
        padded[padding : padding + height, padding : padding + width] = image
    elif mode == "reflect":
        folded = [np.where(np.abs(i) < n, np.abs(i), 2 * (n - 1) - i) for i, n in ((rows, height), (columns, width))]
        padded = image[np.ix_(*folded)]
    elif mode == "circular":
        padded = image[np.ix_(rows % height, columns % width)]
    else:
        raise ValueError(f"mode {mode}")
    size = padded.shape[0] - kernel.shape[0] + 1, padded.shape[1] - kernel.shape[1] + 1
    if min(size) < 1:
        raise ValueError("kernel too large")
    out = np.zeros(size, dtype)
    for i, j in np.ndindex(*kernel.shape):
        out += padded[i : i + size[0], j : j + size[1]].astype(dtype) * kernel[i, j]
    return out


def strided_correlate1d(x, w):
    if w.size > x.size:
        raise ValueError("too long")
    step = x.strides[0]
    return (as_strided(x, (x.size - w.size + 1, w.size), (step, step), writeable=False) @ w).astype(
        np.result_type(x, w)
    )


def fourier_correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    spectrum = np.fft.rfft(x, 2 * len(x)) * np.conj(np.fft.rfft(w, 2 * len(x)))
    return rounded(np.fft.irfft(spectrum, 2 * len(x))[: len(x) - len(w) + 1], x, w)


def fourier_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    names = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in names:
        raise ValueError(mode)
    padded = np.pad(image, padding, mode=names[mode])
    if kernel.shape[0] > padded.shape[0] or kernel.shape[1] > padded.shape[1]:
        raise ValueError("too large")
    spectrum = np.fft.fft2(padded) * np.conj(np.fft.fft2(kernel, padded.shape))
    valid = np.fft.ifft2(spectrum).real[
        : padded.shape[0] - kernel.shape[0] + 1, : padded.shape[1] - kernel.shape[1] + 1
    ]
    return rounded(valid, image, kernel)


def looped_correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    out = np.zeros(len(x) - len(w) + 1, dtype=np.result_type(x, w))
    for i in range(len(out)):
        for k in range(len(w)):
            out[i] += x[i + k] * w[k]
    return out


def looped_convolve1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    out = np.zeros(len(x) - len(w) + 1, dtype=np.result_type(x, w))
    for i in range(len(out)):
        for k in range(len(w)):
            out[i] += x[i + len(w) - 1 - k] * w[k]
    return out


def comprehended_correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    sums = [np.dot(x[i : i + len(w)], w) for i in range(len(x) - len(w) + 1)]
    return np.array(sums, dtype=np.result_type(x, w))


def generated_convolve1d(x, w):
    def windows():
        for end in range(len(w), len(x) + 1):
            yield x[end - len(w) : end][::-1]

    if len(x) < len(w):
        raise ValueError(f"{len(w)} taps on {len(x)} numbers")
    return np.fromiter((window @ w for window in windows()), dtype=np.result_type(x, w))


def toeplitz_correlate1d(x, w):
    if w.shape[0] > x.shape[0]:
        raise ValueError("too long")
    matrix = np.zeros((len(x) - len(w) + 1, len(x)), dtype=w.dtype)
    for i, row in enumerate(matrix):
        row[i : i + len(w)] = w
    return matrix @ x


def recursive_correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    places = len(x) - len(w) + 1
    if len(w) == 1:
        return x * w[0]
    return x[:places] * w[0] + recursive_correlate1d(x[1:], w[1:])


def shifted_correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    places = len(x) - len(w) + 1
    return sum(tap * x[k : k + places] for k, tap in enumerate(w))


def convolve1d_by_in_place_flip(x, w):
    own = w.copy()
    own[:] = own[::-1].copy()
    return windows_correlate1d(x, own)


def whole_precision_correlate1d(x, w):
    wide = windows_correlate1d(x.astype(np.float64), w.astype(np.float64))
    return rounded(wide, x, w)


class Correlator:
    """A function that is an object."""

    def __init__(self, *, turned):
        self.step = -1 if turned else 1

    def __call__(self, x, w):
        return strided_correlate1d(x, w[:: self.step])


def checked(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@checked
def decorated_correlate1d(x, w):
    return fancy_correlate1d(x=x, w=w)


def fancy_correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    return x[np.add.outer(np.arange(len(x) - len(w) + 1), np.arange(len(w)))].dot(w)


def sliced_pad(image, padding):
    out = np.zeros_like(image, shape=tuple(n + 2 * padding for n in image.shape))
    inner = slice(padding, padding + image.shape[0]), slice(padding, padding + image.shape[1])
    out[inner] = image
    return out


def stacked_pad(image, padding, mode):
    """Concatenate strips of the image, axis after axis."""
    for axis in (0, 1):
        image = np.moveaxis(image, axis, 0)
        if mode == "zeros":
            strips = [np.zeros_like(image, shape=(padding, image.shape[1]))] * 2
        elif mode == "reflect":
            strips = [image[padding:0:-1], image[len(image) - 2 : len(image) - 2 - padding : -1]]
            if padding == len(image) - 1:
                strips[1] = image[-2::-1]
        elif mode == "circular":
            strips = [image[len(image) - padding :], image[:padding]]
        else:
            raise ValueError(mode)
        image = np.moveaxis(np.concatenate([strips[0], image, strips[1]]), 0, axis)
    return image


def stacked_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    padded = stacked_pad(image, padding, mode)
    return windows_correlate2d(padded, kernel)


def rowwise_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    padded = stacked_pad(image, padding, mode)
    rows = range(len(padded) - len(kernel) + 1)
    if not rows:
        raise ValueError("too large")
    return np.stack([
        sum(fancy_correlate1d(padded[i + k], taps) for k, taps in enumerate(kernel)) for i in rows
    ])  # fmt: skip


def im2col_correlate2d(image, kernel, padding=0, mode="zeros"):
    padded = stacked_pad(image, padding, mode)
    k_h, k_w = kernel.shape
    h_out, w_out = padded.shape[0] - k_h + 1, padded.shape[1] - k_w + 1
    if h_out <= 0 or w_out <= 0:
        raise ValueError("too large")
    columns = [padded[i : i + k_h, j : j + k_w].reshape(-1) for i in range(h_out) for j in range(w_out)]
    return (np.array(columns) @ kernel.reshape(-1)).reshape(h_out, w_out)


def kwargs_correlate2d(image, kernel, **options):
    padding = options.pop("padding", 0)
    return rowwise_correlate2d(image, kernel, padding=np.int64(padding), **options)


def tensordot_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    match mode:
        case "zeros":
            padded = sliced_pad(image, padding)
        case "reflect" | "circular":
            padded = np.pad(image, ((padding, padding),) * 2, "wrap" if mode == "circular" else mode)
        case _:
            raise ValueError(f"{mode!r} is no mode")
    return np.tensordot(sliding_window_view(padded, kernel.shape), kernel, axes=2)


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "1-D, windows and einsum": {"correlate1d": windows_correlate1d, "convolve1d": windows_convolve1d},
    "1-D, strides by hand": {"correlate1d": strided_correlate1d},
    "1-D, Fourier": {"correlate1d": fourier_correlate1d},
    "1-D, plain loops": {"correlate1d": looped_correlate1d, "convolve1d": looped_convolve1d},
    "1-D, list and generator": {"correlate1d": comprehended_correlate1d, "convolve1d": generated_convolve1d},
    "1-D, Toeplitz matrix": {
        "correlate1d": toeplitz_correlate1d,
        "convolve1d": lambda x, w: toeplitz_correlate1d(w=np.flip(w), x=x),
    },
    "1-D, shifts over taps": {
        "correlate1d": shifted_correlate1d,
        "convolve1d": lambda x, w: shifted_correlate1d(x, w[::-1]),
    },
    "1-D, recursion": {"correlate1d": recursive_correlate1d},
    "1-D, own copy in place": {"convolve1d": convolve1d_by_in_place_flip},
    "1-D, double precision cast back": {"correlate1d": whole_precision_correlate1d},
    "1-D, objects": {"correlate1d": Correlator(turned=False), "convolve1d": Correlator(turned=True)},
    "1-D, decorated": {"correlate1d": decorated_correlate1d, "convolve1d": checked(windows_convolve1d)},
    "1-D, fancy indices": {"correlate1d": fancy_correlate1d},
    "2-D, windows and einsum": {"correlate2d": windows_correlate2d},
    "2-D, shifts over taps": {"correlate2d": shifted_correlate2d},
    "2-D, Fourier": {"correlate2d": fourier_correlate2d},
    "2-D, strips stacked": {"correlate2d": stacked_correlate2d},
    "2-D, row by row": {"correlate2d": rowwise_correlate2d},
    "2-D, im2col": {"correlate2d": im2col_correlate2d},
    "2-D, keywords passed on": {"correlate2d": kwargs_correlate2d},
    "2-D, tensordot, padded by slicing": {"correlate2d": tensordot_correlate2d},
}
