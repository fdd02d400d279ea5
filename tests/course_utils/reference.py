"""Right implementations of the notebook's functions, each in the plainest way, and other right ways to write them."""

from __future__ import annotations

from collections import namedtuple
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

ConvCounts = namedtuple("ConvCounts", ["params", "macs", "activations"])
ReceptiveField = namedtuple("ReceptiveField", ["size", "jump", "start"])
FULL_MODE = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
LEFT = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


def pair(value, axes=2):
    return value if isinstance(value, tuple) else (value,) * axes


def correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the input")
    out = np.zeros(len(x) - len(w) + 1, dtype=np.result_type(x, w))
    for i in range(len(out)):
        for k in range(len(w)):
            out[i] += x[i + k] * w[k]
    return out


def convolve1d(x, w):
    return correlate1d(x, w[::-1])


def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    if mode not in FULL_MODE:
        raise ValueError("unknown mode")
    h, w = pair(padding)
    padded = np.pad(image, ((h, h), (w, w)), mode=FULL_MODE[mode])
    out = np.zeros(np.subtract(padded.shape, kernel.shape) + 1, dtype=np.result_type(image, kernel))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = (padded[i : i + kernel.shape[0], j : j + kernel.shape[1]] * kernel).sum(dtype=out.dtype)
    return out


def match_template(image, template):
    t = template - template.mean()
    t = t / np.linalg.norm(t)
    scores = np.zeros(np.subtract(image.shape, template.shape) + 1)
    for i, j in np.ndindex(*scores.shape):
        window = image[i : i + t.shape[0], j : j + t.shape[1]].astype(float)
        window = window - window.mean()
        norm = np.linalg.norm(window)
        scores[i, j] = (window * t).sum() / norm if norm > 0 else 0.0
    best = np.unravel_index(scores.argmax(), scores.shape)
    return scores, (int(best[0]), int(best[1]))


def gaussian_kernel(size, sigma):
    along = np.arange(size) - size // 2
    kernel = np.exp(-(along[:, None] ** 2 + along**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def sobel_edges(image):
    gx, gy = correlate2d(image, LEFT), correlate2d(image, LEFT.T)
    return gx, gy, np.sqrt(gx**2 + gy**2)


def square_detector():
    corner = np.array([[1, 1, 1], [1, -1, -1], [1, -1, -1]])
    w1 = np.stack([corner, corner[:, ::-1], corner[::-1], corner[::-1, ::-1]])[:, None].astype(float)
    w2 = np.zeros((1, 4, 3, 3))
    for channel, (i, j) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        w2[0, channel, i, j] = 1
    return w1, np.full(4, -4.0), w2, np.array([-3.0])


def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("the window does not fit")
    return room // stride + 1


def same_padding(kernel, *, dilation=1):
    total = dilation * (kernel - 1)
    if total % 2:
        raise ValueError("uneven")
    return total // 2


def conv_counts(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, groups=1, bias=True):
    sizes = [
        conv_output_size(s, k, stride=st, padding=p, dilation=d)
        for s, k, st, p, d in zip(*map(pair, (in_size, kernel, stride, padding, dilation)), strict=True)
    ]
    k_h, k_w = pair(kernel)
    one = c_in // groups * k_h * k_w
    activations = c_out * sizes[0] * sizes[1]
    return ConvCounts(c_out * (one + bool(bias)), one * activations, activations)


def mlp_params(widths):
    return sum((a + 1) * b for a, b in pairwise(widths))


def conv_forward(x, w, b, stride, padding, dilation, groups=1):
    """A convolution over any number of axes, by a loop over the output's positions."""
    axes = x.ndim - 2
    stride, padding, dilation = pair(stride, axes), pair(padding, axes), pair(dilation, axes)
    sizes = [
        conv_output_size(s, k, stride=st, padding=p, dilation=d)
        for s, k, st, p, d in zip(x.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)
    ]
    xp = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    arrays = (x, w) if b is None else (x, w, b)
    out = np.zeros((len(x), len(w), *sizes), dtype=np.result_type(*arrays))
    c_in, c_out = x.shape[1] // groups, len(w) // groups
    for place in np.ndindex(*sizes):
        cut = tuple(
            slice(i * s, i * s + d * (k - 1) + 1, d)
            for i, s, d, k in zip(place, stride, dilation, w.shape[2:], strict=True)
        )
        for f in range(len(w)):
            group = f // c_out
            window = xp[(slice(None), slice(group * c_in, (group + 1) * c_in), *cut)]
            out[(slice(None), f, *place)] = (window * w[f]).sum(axis=tuple(range(1, x.ndim)))
    return out if b is None else out + b.reshape(-1, *(1,) * axes)


def conv2d_forward(x, w, b, *, stride=1, padding=0):
    return conv_forward(x, w, b, stride, padding, 1)


conv1d_forward = conv3d_forward = conv2d_forward


def conv2d_grouped(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    return conv_forward(x, w, b, stride, padding, dilation, groups)


def conv1x1_as_matmul(x, w, b):
    n, c, h, width = x.shape
    out = (w[:, :, 0, 0] @ x.transpose(1, 0, 2, 3).reshape(c, -1)).reshape(len(w), n, h, width).transpose(1, 0, 2, 3)
    return out if b is None else out + b[:, None, None]


def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for kernel, stride, padding, dilation in layers:
        size += dilation * (kernel - 1) * jump
        start -= padding * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def layers_to_see(size, kernel):
    return -(-(size - 1) // (kernel - 1))


# Other right ways.


def correlate1d_by_windows(x, w):
    return sliding_window_view(x, len(w)) @ w


def correlate1d_by_shifts(x, w):
    if len(w) > len(x):
        raise ValueError
    positions = len(x) - len(w) + 1
    return sum(w[k] * x[k : k + positions] for k in range(len(w)))


def correlate1d_by_matrix(x, w):
    rows = np.array(
        [[w[j - i] if 0 <= j - i < len(w) else 0 for j in range(len(x))] for i in range(len(x) - len(w) + 1)]
    )
    if len(w) > len(x):
        raise ValueError
    return (rows @ x).astype(np.result_type(x, w))


def conv2d_by_fft(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    xp = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    rows, columns = xp.shape[2] - w.shape[2], xp.shape[3] - w.shape[3]
    if rows < 0 or columns < 0:
        raise ValueError("too small")
    spectrum = np.fft.rfft2(w, xp.shape[2:]).conj()
    full = np.fft.irfft2(np.einsum("nchw,fchw->nfhw", np.fft.rfft2(xp), spectrum), xp.shape[2:])
    out = full[:, :, : rows + 1 : s_h, : columns + 1 : s_w]
    kinds = (x, w) if b is None else (x, w, b)
    out = out if b is None else out + b[:, None, None]
    return out.astype(np.result_type(*kinds))


def conv2d_by_einsum(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    xp = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    windows = sliding_window_view(xp, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    out = np.einsum("nchwij,fcij->nfhw", windows, w)
    return out if b is None else out + b[None, :, None, None]


def conv2d_by_im2col(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    n, c, h, width = x.shape
    f, _, k_h, k_w = w.shape
    h_out = conv_output_size(h, k_h, stride=s_h, padding=p_h)
    w_out = conv_output_size(width, k_w, stride=s_w, padding=p_w)
    xp = np.zeros((n, c, h + 2 * p_h, width + 2 * p_w), dtype=x.dtype)
    xp[:, :, p_h : p_h + h, p_w : p_w + width] = x
    columns = np.empty((n, c, k_h, k_w, h_out, w_out), dtype=x.dtype)
    for i in range(k_h):
        for j in range(k_w):
            columns[:, :, i, j] = xp[:, :, i : i + s_h * h_out : s_h, j : j + s_w * w_out : s_w]
    out = (w.reshape(f, -1) @ columns.reshape(n, c * k_h * k_w, -1)).reshape(n, f, h_out, w_out)
    return out if b is None else out + b.reshape(1, f, 1, 1)


def conv2d_by_seven_loops(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    n, c, h, width = x.shape
    f, _, k_h, k_w = w.shape
    h_out, w_out = (h + 2 * p_h - k_h) // s_h + 1, (width + 2 * p_w - k_w) // s_w + 1
    if h + 2 * p_h < k_h or width + 2 * p_w < k_w:
        raise ValueError("no room")
    out = np.zeros((n, f, h_out, w_out), dtype=np.result_type(x, w, *(() if b is None else (b,))))
    for index in np.ndindex(n, f, h_out, w_out):
        s, k, i, j = index
        for channel, di, dj in np.ndindex(c, k_h, k_w):
            row, column = i * s_h + di - p_h, j * s_w + dj - p_w
            if 0 <= row < h and 0 <= column < width:
                out[index] += x[s, channel, row, column] * w[k, channel, di, dj]
        if b is not None:
            out[index] += b[k]
    return out


def conv1x1_by_einsum(x, w, b):
    out = np.einsum("nchw,fcij->nfhw", x, w)
    return out if b is None else out + b.reshape(-1, 1, 1)


def conv1x1_by_tensordot(x, w, b):
    out = np.tensordot(x, w[:, :, 0, 0], axes=(1, 1))
    return np.moveaxis(out if b is None else out + b, -1, 1)


def grouped_by_concatenation(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    d_h, d_w = pair(dilation)
    wide = np.zeros((*w.shape[:2], (w.shape[2] - 1) * d_h + 1, (w.shape[3] - 1) * d_w + 1), dtype=w.dtype)
    wide[:, :, ::d_h, ::d_w] = w
    parts = zip(np.split(x, groups, axis=1), np.split(wide, groups), strict=True)
    out = np.concatenate([conv2d_by_im2col(a, k, None, stride=stride, padding=padding) for a, k in parts], axis=1)
    return out if b is None else out + b[:, None, None]


def correlate2d_by_indices(image, kernel, *, padding=0, mode="zeros"):
    """Pads by looking up which pixel stands where, and slides the picture instead of the kernel."""
    for axis, size in enumerate(image.shape):
        places = np.arange(-padding, size + padding)
        mirrored = size - 1 - np.abs(size - 1 - np.abs(places))
        lookup = {"zeros": places.clip(0, size - 1), "reflect": mirrored, "circular": places % size}
        if mode not in lookup:
            raise ValueError(mode)
        image = np.take(image, lookup[mode], axis=axis)
        if mode == "zeros":
            inside = (places >= 0) & (places < size)
            image = np.where(np.expand_dims(inside, 1 - axis), image, np.zeros((), image.dtype))
    rows, columns = np.subtract(image.shape, kernel.shape) + 1
    image, kernel = (array.astype(np.result_type(image, kernel)) for array in (image, kernel))
    return sum(kernel[i, j] * image[i : i + rows, j : j + columns] for i, j in np.ndindex(*kernel.shape))


def conv1d_by_conv2d(x, w, b, *, stride=1, padding=0):
    return conv2d_by_im2col(x[:, :, None], w[:, :, None], b, stride=(1, stride), padding=(0, padding))[:, :, 0]


def conv3d_by_einsum(x, w, b, *, stride=1, padding=0):
    stride, padding = pair(stride, 3), pair(padding, 3)
    xp = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    steps = tuple(slice(None, None, s) for s in stride)
    windows = sliding_window_view(xp, w.shape[2:], axis=(2, 3, 4))[(slice(None), slice(None), *steps)]
    out = np.einsum("ncdhwijk,fcijk->nfdhw", windows, w)
    return out if b is None else out + b.reshape(1, -1, 1, 1, 1)


def match_by_sums(image, template):
    windows = sliding_window_view(image.astype(float), template.shape)
    centred = windows - windows.mean(axis=(2, 3), keepdims=True)
    t = template.astype(float) - template.mean()
    energy = (centred**2).sum(axis=(2, 3)) * (t**2).sum()
    scores = np.divide((centred * t).sum(axis=(2, 3)), np.sqrt(energy), out=np.zeros_like(energy), where=energy > 1e-20)
    return scores, np.unravel_index(np.argmax(scores), scores.shape)


def gaussian_by_outer(size, sigma):
    along = np.exp(-0.5 * (np.linspace(-(size - 1) / 2, (size - 1) / 2, size) / sigma) ** 2)
    along /= along.sum()
    return np.outer(along, along)


def sobel_in_float(image):
    image = image.astype(float)
    gx = correlate2d(image, LEFT.astype(float))
    gy = correlate2d(image, LEFT.T.astype(float))
    return gx, gy, np.hypot(gx, gy)


def sobel_in_single(image):
    gx, gy = correlate2d(image, LEFT.astype(np.float32)), correlate2d(image, LEFT.T.astype(np.float32))
    return gx, gy, np.sqrt(gx * gx + gy * gy)


def detector_of_whole_numbers():
    w1, b1, w2, b2 = square_detector()
    return tuple((100 * array).astype(np.int64) if array.size else array for array in (w1, b1, w2, 100 * b2))


def counts_as_plain_tuple(*args, **options):
    return tuple(conv_counts(*args, **options))


def sizes_in_numpy(size, kernel, *, stride=1, padding=0, dilation=1):
    return np.int64(conv_output_size(size, kernel, stride=stride, padding=padding, dilation=dilation))


def field_backwards(layers):
    """From the output to the input: lowest and highest pixel seen."""
    low, high, jump = 0, 0, 1
    for kernel, stride, padding, dilation in layers[::-1]:
        low = low * stride - padding
        high = high * stride - padding + dilation * (kernel - 1)
        jump *= stride
    return high - low + 1, jump, low


def depth_by_loop(size, kernel):
    depth, seen = 0, 1
    while seen < size:
        depth, seen = depth + 1, seen + kernel - 1
    return depth


RIGHT = {
    "correlate1d": [
        {"correlate1d": correlate1d, "convolve1d": convolve1d},
        {"correlate1d": correlate1d_by_windows, "convolve1d": lambda x, w: correlate1d_by_shifts(x, np.flip(w))},
        {"correlate1d": correlate1d_by_shifts, "convolve1d": lambda x, w: correlate1d_by_matrix(x, w[::-1])},
    ],
    "correlate2d": [{"correlate2d": correlate2d}, {"correlate2d": correlate2d_by_indices}],
    "match_template": [{"match_template": match_template}, {"match_template": match_by_sums}],
    "sobel_edges": [
        {"gaussian_kernel": gaussian_kernel, "sobel_edges": sobel_edges},
        {"gaussian_kernel": gaussian_by_outer, "sobel_edges": sobel_in_float},
        {"gaussian_kernel": gaussian_kernel, "sobel_edges": sobel_in_single},
    ],
    "square_detector": [{"square_detector": square_detector}, {"square_detector": detector_of_whole_numbers}],
    "conv_output_size": [
        {"conv_output_size": conv_output_size, "same_padding": same_padding},
        {"conv_output_size": sizes_in_numpy, "same_padding": same_padding},
    ],
    "conv_counts": [
        {"conv_counts": conv_counts, "mlp_params": mlp_params},
        {"conv_counts": counts_as_plain_tuple, "mlp_params": mlp_params},
    ],
    "conv2d_forward": [
        {"conv2d_forward": conv2d_forward},
        {"conv2d_forward": conv2d_by_fft},
        {"conv2d_forward": conv2d_by_einsum},
        {"conv2d_forward": conv2d_by_im2col},
        {"conv2d_forward": conv2d_by_seven_loops},
    ],
    "conv1x1_as_matmul": [
        {"conv1x1_as_matmul": conv1x1_as_matmul},
        {"conv1x1_as_matmul": conv1x1_by_einsum},
        {"conv1x1_as_matmul": conv1x1_by_tensordot},
    ],
    "conv_nd": [
        {"conv1d_forward": conv1d_forward, "conv3d_forward": conv3d_forward},
        {"conv1d_forward": conv1d_by_conv2d, "conv3d_forward": conv3d_by_einsum},
    ],
    "conv2d_grouped": [{"conv2d_grouped": conv2d_grouped}, {"conv2d_grouped": grouped_by_concatenation}],
    "receptive_field": [
        {"receptive_field": receptive_field, "layers_to_see": layers_to_see},
        {"receptive_field": field_backwards, "layers_to_see": depth_by_loop},
    ],
}
