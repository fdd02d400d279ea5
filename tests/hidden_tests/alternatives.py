"""Right answers in other styles: a hidden test that rejects one of them is broken.

Each set replaces some of the functions; the rest come from the steps that mistakes are made of.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import product

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


ALTERNATIVES = {
    "windows": {
        "correlate1d": windows_correlate1d,
        "convolve1d": windows_convolve1d,
        "correlate2d": windows_correlate2d,
        "match_template": windows_match_template,
        "gaussian_kernel": outer_gaussian_kernel,
        "sobel_edges": separable_sobel_edges,
        "square_detector": other_square_detector,
        "conv_output_size": counted_output_size,
        "same_padding": searched_same_padding,
        "conv_counts": named_conv_counts,
        "mlp_params": summed_mlp_params,
        "conv2d_forward": windows_conv,
        "conv1x1_as_matmul": einsum_conv1x1,
        "conv1d_forward": windows_conv,
        "conv3d_forward": windows_conv,
        "conv2d_grouped": windows_conv,
        "receptive_field": named_receptive_field,
        "layers_to_see": looped_layers_to_see,
    },
    "shifts": {
        "correlate2d": shifted_correlate2d,
        "square_detector": whole_square_detector,
        "conv2d_forward": shifted_conv,
        "conv1x1_as_matmul": batched_conv1x1,
        "conv1d_forward": conv1d_by_conv2d,
        "conv3d_forward": conv3d_by_conv2d,
        "conv2d_grouped": shifted_conv,
    },
    "strides": {"correlate1d": strided_correlate1d, "conv2d_forward": strided_conv2d},
    "fourier": {
        "correlate1d": fourier_correlate1d,
        "correlate2d": fourier_correlate2d,
        "conv2d_forward": fourier_conv2d,
    },
    "loops": {"correlate1d": looped_correlate1d, "convolve1d": looped_convolve1d, "conv2d_forward": looped_conv2d},
}
