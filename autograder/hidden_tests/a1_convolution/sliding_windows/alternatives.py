"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

import functools
import math
from collections import namedtuple
from collections.abc import Callable, Mapping
from itertools import accumulate, chain, product
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

ConvCounts = namedtuple("ConvCounts", "params macs activations")
ReceptiveField = namedtuple("ReceptiveField", "size jump start")


def pair(value, axes=2):
    return (value,) * axes if np.ndim(value) == 0 else tuple(value)


def dtype_of(*arrays):
    return np.result_type(*(a for a in arrays if a is not None))


def rounded(out, *arrays):
    dtype = dtype_of(*arrays)
    return (np.rint(out) if np.issubdtype(dtype, np.integer) else out).astype(dtype)


# Windows and einsum


def windows_correlate1d(x, w):
    return np.einsum("lk,k->l", sliding_window_view(x, len(w)), w)


def windows_convolve1d(x, w):
    return windows_correlate1d(x, w=w[::-1])


def windows_correlate2d(image, kernel, *, padding=0, mode="zeros"):
    names = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in names:
        raise ValueError(mode)
    return np.einsum("hwij,ij->hw", sliding_window_view(np.pad(image, padding, mode=names[mode]), kernel.shape), kernel)


def windows_match_template(image, template):
    windows = sliding_window_view(image.astype(float), template.shape)
    windows = windows - windows.mean((2, 3), keepdims=True)
    wanted = template.astype(float) - template.mean(dtype=float)
    norms = np.linalg.norm(windows, axis=(2, 3)) * np.linalg.norm(wanted)
    scores = np.divide((windows * wanted).sum((2, 3)), norms, out=np.zeros(norms.shape), where=norms > 1e-12)
    return scores, tuple(np.argwhere(scores == scores.max())[0])


def outer_gaussian_kernel(size, sigma):
    if size % 2 == 0:
        raise ValueError(size)
    row = np.exp(-np.square(np.arange(size) - size // 2) / (2 * sigma**2))
    return np.outer(row, row) / np.outer(row, row).sum()


def separable_sobel_edges(image):
    image = image.astype(np.float64)
    left, right, top, bottom = image[:, :-2], image[:, 2:], image[:-2], image[2:]
    across, down = left - right, top - bottom
    gx = across[:-2] + 2 * across[1:-1] + across[2:]
    gy = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return gx, gy, np.sqrt(gx * gx + gy * gy)


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


def einsum_conv1x1(x, w, b):
    out = np.einsum("nchw,fc->nfhw", x, w.squeeze((2, 3)))
    return out if b is None else out + b[None, :, None, None]


def batched_conv1x1(x, w, b):
    n, _, height, width = x.shape
    out = np.matmul(w[:, :, 0, 0], x.reshape(n, x.shape[1], -1)).reshape(n, -1, height, width)
    return out if b is None else np.add(out, b.reshape(1, -1, 1, 1))


# Padding by slicing, a loop over the taps


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


# Strides by hand


def strided_correlate1d(x, w):
    if w.size > x.size:
        raise ValueError("too long")
    step = x.strides[0]
    return (as_strided(x, (x.size - w.size + 1, w.size), (step, step), writeable=False) @ w).astype(
        np.result_type(x, w)
    )


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


# Fourier


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


def fourier_conv2d(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    size = padded.shape[2:]
    if w.shape[2] > size[0] or w.shape[3] > size[1]:
        raise ValueError("does not fit")
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.fft2(padded), np.conj(np.fft.fft2(w, size)))
    out = np.fft.ifft2(spectrum).real[:, :, : size[0] - w.shape[2] + 1 : s_h, : size[1] - w.shape[3] + 1 : s_w]
    return rounded(out if b is None else out + b[:, None, None], x, w, b)


# Plain loops


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


# Numbers


def counted_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    starts = np.arange(-padding, size + padding - dilation * (kernel - 1), stride)
    if starts.size == 0:
        raise ValueError("does not fit")
    return np.int64(starts.size)


def searched_same_padding(kernel, *, dilation=1):
    for padding in range(dilation * kernel):
        if counted_output_size(1000, kernel, padding=padding, dilation=dilation) == 1000:
            return np.intp(padding)
    raise ValueError("none")


def named_conv_counts(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, groups=1, bias=True):
    axes = zip(*(pair(value) for value in (in_size, kernel, stride, padding, dilation)), strict=True)
    sizes = []
    for size, k, s, p, d in axes:
        room = size + 2 * p - d * (k - 1) - 1
        if room < 0:
            raise ValueError("does not fit")
        sizes.append(room // s + 1)
    k_h, k_w = pair(kernel)
    weights = c_out * (c_in // groups) * k_h * k_w
    return ConvCounts(
        activations=c_out * sizes[0] * sizes[1],
        macs=weights * sizes[0] * sizes[1],
        params=np.int64(weights + (c_out if bias else 0)),
    )


def summed_mlp_params(widths):
    total = 0
    for i in range(1, len(widths)):
        total += (widths[i - 1] + 1) * widths[i]
    return total


def named_receptive_field(layers):
    size, start = 1, 0
    for kernel, stride, padding, dilation in reversed(layers):
        size = (size - 1) * stride + dilation * (kernel - 1) + 1
        start = start * stride - padding
    jump = np.prod([stride for _, stride, _, _ in layers], dtype=np.int64)
    return ReceptiveField(size, jump, start)


def looped_layers_to_see(size, kernel):
    depth, seen = 0, 1
    while seen < size:
        depth, seen = depth + 1, seen + kernel - 1
    return depth


def other_square_detector():
    """A design of its own: a spare channel, other scales, single precision."""
    corner = np.array([[1, 1, 1], [1, -3, -3], [1, -3, -3]], dtype=np.float32)
    w1 = np.stack([corner, corner[:, ::-1], corner[::-1], corner[::-1, ::-1], 0 * corner])[:, None] / 5
    b1 = np.array([-0.9, -0.9, -0.9, -0.9, 3.0], dtype=np.float32)
    w2 = np.zeros((1, 5, 3, 3), dtype=np.float32)
    for channel, place in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        w2[(0, channel, *place)] = 10
    return w1, b1, w2, np.array([-3.5], dtype=np.float32)


def whole_square_detector():
    """Whole numbers."""
    corner = np.array([[1, 1, 1], [1, -5, -5], [1, -5, -5]])
    w1 = np.array([np.rot90(corner, -turns) for turns in range(4)])[:, None]
    w2 = np.zeros((1, 4, 3, 3), dtype=int)
    w2[0, [0, 1, 2, 3], [0, 0, 1, 1], [0, 1, 1, 0]] = 1
    return w1, np.full(4, -4), w2, np.array([-3])


# One axis, once more


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


# Two axes, once more


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


# Template matching, smoothing, edges


def standardised_match_template(image, template):
    """The mean of products of standardised numbers is the same score."""
    windows = sliding_window_view(image, template.shape).astype(np.float64)
    flat = windows.min((2, 3)) == windows.max((2, 3))
    spread = np.where(flat, 1.0, windows.std((2, 3)))
    standard = (windows - windows.mean((2, 3), keepdims=True)) / spread[..., None, None]
    wanted = (template - template.mean(dtype=np.float64)) / template.std(dtype=np.float64)
    scores = np.where(flat, 0.0, (standard * wanted).mean((2, 3)))
    place = np.unravel_index(np.argmax(scores), scores.shape)
    return scores, (int(place[0]), int(place[1]))


def looped_match_template(image, template):
    height, width = image.shape[0] - template.shape[0] + 1, image.shape[1] - template.shape[1] + 1
    if height < 1 or width < 1:
        raise ValueError("does not fit")
    wanted = template.astype(np.float64).ravel()
    wanted -= wanted.mean()
    wanted /= np.sqrt(wanted @ wanted)
    scores, best = np.zeros((height, width)), (0, 0)
    for i in range(height):
        for j in range(width):
            patch = image[i : i + template.shape[0], j : j + template.shape[1]].astype(np.float64).flatten()
            if patch.max() > patch.min():
                patch -= patch.mean()
                scores[i, j] = patch @ wanted / np.sqrt(patch @ patch)
            if scores[i, j] > scores[best]:
                best = (i, j)
    return scores, best


class Match(NamedTuple):
    scores: np.ndarray
    place: tuple[np.int64, np.int64]


def named_match_template(image, template):
    scores, place = standardised_match_template(image, template)
    return Match(place=tuple(np.int64(n) for n in place), scores=scores)


def looped_gaussian_kernel(size, sigma):
    if not size % 2:
        raise ValueError("even")
    kernel = [[math.exp(-((i - size // 2) ** 2 + (j - size // 2) ** 2) / (2 * sigma * sigma))
               for j in range(size)] for i in range(size)]  # fmt: skip
    total = math.fsum(chain.from_iterable(kernel))
    return np.array(kernel) / total


def gaussian_kernel_on_a_grid(size, sigma):
    if size & 1 == 0:
        raise ValueError("even")
    rows, columns = np.mgrid[-(size // 2) : size // 2 + 1, -(size // 2) : size // 2 + 1]
    kernel = np.exp(-(rows**2 + columns**2) / (2.0 * sigma**2))
    kernel /= kernel.sum()
    return kernel


def normal_gaussian_kernel(size, sigma):
    """The density with its factor, normalised all the same."""
    if size % 2 != 1:
        raise ValueError("even")
    line = np.linspace(-(size - 1) / 2, (size - 1) / 2, size)
    row = np.exp(-0.5 * (line / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    row = row / row.sum()
    return row[:, np.newaxis] @ row[np.newaxis, :]


def sobel_edges_by_correlate2d(image):
    kernel = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])
    gx = windows_correlate2d(image.astype(float), kernel)
    gy = windows_correlate2d(image.astype(float), kernel.transpose())
    return gx, gy, np.hypot(gx, gy)


def complex_sobel_edges(image):
    """One correlation with complex taps gives both directions."""
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    both = im2col_correlate2d(image.astype(float), kernel + 1j * kernel.T)
    return both.real.copy(), both.imag.copy(), np.abs(both)


Edges = namedtuple("Edges", "gx gy magnitude")


def named_sobel_edges(image):
    return Edges(*separable_sobel_edges(image))


# Other detectors


def doubled_square_detector():
    """Each corner twice, half as strong."""
    w1, b1, w2, b2 = whole_square_detector()
    return np.repeat(w1, 2, 0), np.repeat(b1, 2), np.repeat(w2, 2, 1) / 2, b2


def shuffled_square_detector():
    w1, b1, w2, b2 = whole_square_detector()
    order = [2, 0, 3, 1]
    return w1[order] * 0.5, b1 * 0.5, w2[:, order] * 2.0, b2.astype(float)


def centred_square_detector():
    """Corners are added up around the middle of the second window, not in its top left."""
    w1 = np.stack([np.rot90([[1, 1, 1], [1, -2, -2], [1, -2, -2]], -turns) for turns in range(4)])[:, None]
    w2 = np.full((1, 4, 3, 3), 0.0)
    w2[0, range(4), (0, 0, 1, 1), (0, 1, 1, 0)] = 0.25
    return w1.astype(float), [-4.5] * np.ones(4), w2, np.array([-0.4])


# Numbers, once more


def looped_conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    """Move a window along until it sticks out."""
    count, end = 0, dilation * (kernel - 1) + 1
    while end <= size + 2 * padding:
        count, end = count + 1, end + stride
    if not count:
        raise ValueError("does not fit")
    return count


def floored_conv_output_size(size, kernel, stride=1, padding=0, dilation=1):
    places = math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1)
    if size + 2 * padding < dilation * (kernel - 1) + 1:
        raise ValueError(f"window {kernel} on {size}")
    return places


def recursive_conv_output_size(size, kernel, **options):
    stride, padding, dilation = (options.get(key, default) for key, default in DEFAULTS.items())
    if padding:
        return recursive_conv_output_size(size + 2 * padding, kernel, stride=stride, dilation=dilation)
    if dilation > 1:
        return recursive_conv_output_size(size, dilation * (kernel - 1) + 1, stride=stride)
    if kernel > size:
        raise ValueError("does not fit")
    return 1 + len(range(kernel, size, stride)[: (size - kernel) // stride])


DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1}


def divmod_same_padding(kernel, *, dilation=1):
    padding, rest = divmod(dilation * (kernel - 1), 2)
    if rest:
        raise ValueError("uneven")
    return padding


def odd_same_padding(kernel, dilation=1):
    span = kernel + (kernel - 1) * (dilation - 1)
    if span % 2 == 0:
        raise ValueError("even")
    return np.int64(span // 2)


def prod_conv_counts(c_in, c_out, kernel, in_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
    n, k, s, p, d = (
        np.broadcast_to(value, 2).astype(np.int64) for value in (in_size, kernel, stride, padding, dilation)
    )
    room = n + 2 * p - d * (k - 1) - 1
    if (room < 0).any():
        raise ValueError("does not fit")
    pixels = np.prod(room // s + 1)
    weights = np.prod([c_out, c_in // groups, *k], dtype=np.int64)
    return weights + c_out * int(bias), weights * pixels, c_out * pixels


def conv_counts_by_drawing(c_in, c_out, kernel, in_size, *, bias=True, groups=1, **geometry):
    """Count what arrays of these shapes hold."""
    options = {key: pair(geometry.get(key, default)) for key, default in DEFAULTS.items()}
    sizes = [
        looped_conv_output_size(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(pair(in_size), pair(kernel), *options.values(), strict=True)
    ]
    weights = math.prod((c_out, c_in // groups, *pair(kernel)))
    return [weights + c_out if bias else weights, math.prod(sizes) * weights, math.prod(sizes) * c_out]


def conv_counts_in_a_tuple(*args, **kwargs):
    return tuple(conv_counts_by_drawing(*args, **kwargs))


def listed_mlp_params(widths):
    return int(np.dot(np.asarray(widths[:-1]) + 1, widths[1:]))


def recursive_mlp_params(widths):
    if len(widths) < 2:
        return 0
    first, second, *rest = widths
    return first * second + second + recursive_mlp_params([second, *rest])


# Layers, once more


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


# Receptive fields, once more


def interval_receptive_field(layers):
    """Follow the first two outputs back to the input."""

    def seen(place):
        first = last = place
        for kernel, stride, padding, dilation in layers[::-1]:
            first = first * stride - padding
            last = last * stride - padding + dilation * (kernel - 1)
        return first, last

    (first, last), (second, _) = seen(0), seen(1)
    return last - first + 1, second - first, first


def cumulative_receptive_field(layers):
    table = np.array(layers, dtype=np.int64).reshape(-1, 4)
    jumps = np.cumprod([1, *table[:, 1]])
    reach = (table[:, 0] - 1) * table[:, 3]
    return 1 + reach @ jumps[:-1], jumps[-1], -(table[:, 2] @ jumps[:-1])


def reduced_receptive_field(layers):
    def grow(field, layer):
        (size, jump, start), (kernel, stride, padding, dilation) = field, layer
        return size + dilation * (kernel - 1) * jump, jump * stride, start - padding * jump

    return functools.reduce(grow, layers, (1, 1, 0))


def accumulated_receptive_field(layers):
    jumps = list(accumulate((layer[1] for layer in layers), lambda a, b: a * b, initial=1))
    size = 1 + sum(d * (k - 1) * jump for (k, _, _, d), jump in zip(layers, jumps, strict=False))
    return ReceptiveField(
        size=size, jump=jumps[-1], start=-sum(p * j for (*_, p, _), j in zip(layers, jumps, strict=False))
    )


def recursive_layers_to_see(size, kernel):
    return 0 if size <= 1 else 1 + recursive_layers_to_see(size - kernel + 1, kernel)


def floored_layers_to_see(size, kernel):
    return (size + kernel - 3) // (kernel - 1)


def asking_layers_to_see(size, kernel):
    layers = []
    while reduced_receptive_field(layers)[0] < size:
        layers = [*layers, (kernel, 1, 0, 1)]
    return np.int64(len(layers))


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
    "template, windows": {"match_template": windows_match_template},
    "template, standardised": {"match_template": standardised_match_template},
    "template, plain loops": {"match_template": looped_match_template},
    "template, named": {"match_template": named_match_template},
    "edges, separable, outer product": {"gaussian_kernel": outer_gaussian_kernel, "sobel_edges": separable_sobel_edges},
    "edges, loops, correlations": {
        "gaussian_kernel": looped_gaussian_kernel,
        "sobel_edges": sobel_edges_by_correlate2d,
    },
    "edges, grid, complex taps": {"gaussian_kernel": gaussian_kernel_on_a_grid, "sobel_edges": complex_sobel_edges},
    "edges, density, named": {"gaussian_kernel": normal_gaussian_kernel, "sobel_edges": named_sobel_edges},
    "detector, spare channel": {"square_detector": other_square_detector},
    "detector, whole numbers": {"square_detector": whole_square_detector},
    "detector, corners twice": {"square_detector": doubled_square_detector},
    "detector, shuffled": {"square_detector": shuffled_square_detector},
    "detector, small weights": {"square_detector": centred_square_detector},
    "sizes, counted and searched": {"conv_output_size": counted_output_size, "same_padding": searched_same_padding},
    "sizes, walked": {"conv_output_size": looped_conv_output_size, "same_padding": divmod_same_padding},
    "sizes, floor": {"conv_output_size": floored_conv_output_size, "same_padding": odd_same_padding},
    "sizes, recursion": {"conv_output_size": recursive_conv_output_size},
    "counts, named": {"conv_counts": named_conv_counts, "mlp_params": summed_mlp_params},
    "counts, NumPy integers": {"conv_counts": prod_conv_counts, "mlp_params": listed_mlp_params},
    "counts, recursion": {"conv_counts": conv_counts_in_a_tuple, "mlp_params": recursive_mlp_params},
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
    "field, backwards": {"receptive_field": named_receptive_field, "layers_to_see": looped_layers_to_see},
    "field, followed back": {
        "receptive_field": interval_receptive_field,
        "layers_to_see": recursive_layers_to_see,
    },
    "field, np.cumprod": {
        "receptive_field": cumulative_receptive_field,
        "layers_to_see": floored_layers_to_see,
    },
    "field, reduced": {"receptive_field": reduced_receptive_field, "layers_to_see": asking_layers_to_see},
    "field, accumulated": {"receptive_field": accumulated_receptive_field},
}
