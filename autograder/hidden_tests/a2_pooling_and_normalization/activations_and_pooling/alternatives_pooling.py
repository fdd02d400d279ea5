"""Right answers in other styles: max pooling, average pooling, and pooling along a signal."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn.functional import pad


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def settings(x, kernel, stride, padding, value):
    k, p = pair(kernel), pair(padding)
    s = k if stride is None else pair(stride)
    if p[0] > k[0] // 2 or p[1] > k[1] // 2:
        raise ValueError("padding")
    padded = pad(x, (p[1], p[1], p[0], p[0]), value=value)
    if padded.shape[2] < k[0] or padded.shape[3] < k[1]:
        raise ValueError("kernel")
    return padded, k, s, p


def unfolded(x, kernel, stride, padding, value):
    padded, k, s, p = settings(x, kernel, stride, padding, value)
    return padded.unfold(2, k[0], s[0]).unfold(3, k[1], s[1]), padded, k, s, p


def unfolded_max_pool(x, kernel, *, stride=None, padding=0):
    return unfolded(x, kernel, stride, padding, -math.inf)[0].amax((-2, -1))


def unfolded_avg_pool(x, kernel, *, stride=None, padding=0):
    return unfolded(x, kernel, stride, padding, 0.0)[0].mean(dim=(-2, -1))


def scattered_max_pool_backward(dout, x, kernel, *, stride=None, padding=0):
    windows, padded, k, s, p = unfolded(x, kernel, stride, padding, -math.inf)
    n, c, height, width = padded.shape
    places = torch.arange(height * width, device=x.device).reshape(1, 1, height, width)
    places = places.unfold(2, k[0], s[0]).unfold(3, k[1], s[1]).flatten(4).expand(n, c, -1, -1, -1)
    chosen = places.gather(4, windows.flatten(4).argmax(4, keepdim=True)).flatten(2)
    dx = torch.zeros((n, c, height * width), dtype=dout.dtype, device=dout.device)
    dx.scatter_add_(2, chosen, dout.flatten(2))
    return dx.reshape(n, c, height, width)[:, :, p[0] : height - p[0], p[1] : width - p[1]]


def scattered_avg_pool_backward(dout, in_size, kernel, *, stride=None, padding=0):
    k, p = pair(kernel), pair(padding)
    s = k if stride is None else pair(stride)
    height, width = in_size[0] + 2 * p[0], in_size[1] + 2 * p[1]
    places = torch.arange(height * width, device=dout.device).reshape(height, width)
    places = places.unfold(0, k[0], s[0]).unfold(1, k[1], s[1]).reshape(-1)
    dx = dout.new_zeros((*dout.shape[:2], height * width))
    dx.index_add_(2, places, (dout / (k[0] * k[1])).flatten(2).repeat_interleave(k[0] * k[1], dim=2))
    return dx.view(*dout.shape[:2], height, width)[:, :, p[0] : p[0] + in_size[0], p[1] : p[1] + in_size[1]]


def strided_max_pool(x, kernel, *, stride=None, padding=0):
    padded, k, s, _ = settings(x, kernel, stride, padding, -torch.inf)
    padded = padded.contiguous()
    n, c, height, width = padded.shape
    out = (height - k[0]) // s[0] + 1, (width - k[1]) // s[1] + 1
    at = padded.stride()
    windows = torch.as_strided(padded, (n, c, *out, *k), (at[0], at[1], at[2] * s[0], at[3] * s[1], at[2], at[3]))
    return windows.flatten(4).max(4)[0]


def tapped_max_pool(x, kernel, *, stride=None, padding=0):
    padded, k, s, _ = settings(x, kernel, stride, padding, -math.inf)
    height, width = (padded.shape[2] - k[0]) // s[0] + 1, (padded.shape[3] - k[1]) // s[1] + 1
    out = None
    for i in range(k[0]):
        for j in range(k[1]):
            tap = padded[:, :, i : i + s[0] * (height - 1) + 1 : s[0], j : j + s[1] * (width - 1) + 1 : s[1]]
            out = tap if out is None else torch.maximum(out, tap)
    return out.clone()


def tapped_max_pool_backward(dout, x, kernel, *, stride=None, padding=0):
    padded, k, s, p = settings(x, kernel, stride, padding, -math.inf)
    height, width = dout.shape[2:]
    largest = tapped_max_pool(x, kernel, stride=stride, padding=padding)
    taken = torch.zeros_like(dout, dtype=torch.bool)
    dx = torch.zeros_like(padded)
    for i, j in itertools.product(range(k[0]), range(k[1])):
        rows = slice(i, i + s[0] * (height - 1) + 1, s[0])
        columns = slice(j, j + s[1] * (width - 1) + 1, s[1])
        wins = (padded[:, :, rows, columns] == largest) & ~taken
        dx[:, :, rows, columns] += dout * wins
        taken |= wins
    return dx[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def tapped_avg_pool(x, kernel, *, stride=None, padding=0):
    padded, k, s, _ = settings(x, kernel, stride, padding, 0)
    height, width = (padded.shape[2] - k[0]) // s[0] + 1, (padded.shape[3] - k[1]) // s[1] + 1
    total = 0
    for i, j in itertools.product(range(k[0]), range(k[1])):
        total = total + padded[:, :, i:, j:][:, :, :: s[0], :: s[1]][:, :, :height, :width]
    return total / (k[0] * k[1])


def tapped_avg_pool_backward(dout, in_size, kernel, *, stride=None, padding=0):
    k, p = pair(kernel), pair(padding)
    s = k if stride is None else pair(stride)
    height, width = dout.shape[2:]
    shape = (*dout.shape[:2], in_size[0] + 2 * p[0], in_size[1] + 2 * p[1])
    dx = torch.zeros(shape, dtype=dout.dtype, device=dout.device)
    for i in range(k[0]):
        for j in range(k[1]):
            dx[:, :, i : i + s[0] * height : s[0], j : j + s[1] * width : s[1]][:, :, :height, :width] += dout
    return (dx / math.prod(k))[:, :, p[0] : p[0] + in_size[0], p[1] : p[1] + in_size[1]]


def looped_max_pool(x, kernel, *, stride=None, padding=0):
    padded, (k_h, k_w), (s_h, s_w), _ = settings(x, kernel, stride, padding, -math.inf)
    height, width = (padded.shape[2] - k_h) // s_h + 1, (padded.shape[3] - k_w) // s_w + 1
    out = torch.zeros((x.shape[0], x.shape[1], height, width), dtype=x.dtype, device=x.device)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(height):
                for j in range(width):
                    out[n, c, i, j] = padded[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w].max()
    return out


def looped_max_pool_backward(dout, x, kernel, *, stride=None, padding=0):
    """No padding is made: windows end where the image ends."""
    (k_h, k_w), (p_h, p_w) = pair(kernel), pair(padding)
    s_h, s_w = (k_h, k_w) if stride is None else pair(stride)
    dx = torch.zeros_like(x)
    for n, c, i, j in itertools.product(*map(range, dout.shape)):
        top, left = i * s_h - p_h, j * s_w - p_w
        window = x[n, c, max(top, 0) : top + k_h, max(left, 0) : left + k_w]
        row, column = divmod(int(window.argmax()), window.shape[1])
        dx[n, c, max(top, 0) + row, max(left, 0) + column] += dout[n, c, i, j]
    return dx


def looped_max_pool_backward_with_ties(dout, x, kernel, *, stride=None, padding=0):
    padded, (k_h, k_w), (s_h, s_w), (p_h, p_w) = settings(x, kernel, stride, padding, -math.inf)
    dx = torch.zeros_like(padded)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = slice(i * s_h, i * s_h + k_h), slice(j * s_w, j * s_w + k_w)
            window = padded[:, :, rows, columns]
            mask = window == window.amax(dim=(2, 3), keepdim=True)
            dx[:, :, rows, columns] += mask * dout[:, :, i, j][:, :, None, None]
    return dx[:, :, p_h : padded.shape[2] - p_h, p_w : padded.shape[3] - p_w].contiguous()


def looped_avg_pool(x, kernel, *, stride=None, padding=0):
    padded, (k_h, k_w), (s_h, s_w), _ = settings(x, kernel, stride, padding, 0.0)
    rows = range(0, padded.shape[2] - k_h + 1, s_h)
    columns = range(0, padded.shape[3] - k_w + 1, s_w)
    return torch.stack(
        [torch.stack([padded[:, :, i : i + k_h, j : j + k_w].mean((2, 3)) for j in columns], -1) for i in rows], -2
    )


def looped_avg_pool_backward(dout, in_size, kernel, *, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = pair(kernel), pair(padding)
    s_h, s_w = (k_h, k_w) if stride is None else pair(stride)
    dx = pad(torch.zeros((*dout.shape[:2], *in_size), dtype=dout.dtype, device=dout.device), (p_w, p_w, p_h, p_h))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w] += dout[:, :, i : i + 1, j : j + 1] / k_h / k_w
    return dx[:, :, p_h : p_h + in_size[0], p_w : p_w + in_size[1]]


def avg_pool_by_running_sums(x, kernel, *, stride=None, padding=0):
    padded, (k_h, k_w), (s_h, s_w), _ = settings(x, kernel, stride, padding, 0.0)
    sums = pad(padded.double().cumsum(2).cumsum(3), (1, 0, 1, 0))
    boxes = sums[:, :, k_h:, k_w:] - sums[:, :, :-k_h, k_w:] - sums[:, :, k_h:, :-k_w] + sums[:, :, :-k_h, :-k_w]
    return (boxes[:, :, ::s_h, ::s_w] / (k_h * k_w)).to(x.dtype)


def avg_pool_by_matrices(x, kernel, *, stride=None, padding=0):
    padded, k, s, _ = settings(x, kernel, stride, padding, 0.0)
    down, across = (axis_matrix(n, m, step, x) for n, m, step in zip(padded.shape[2:], k, s, strict=True))
    return down @ padded @ across.T


def avg_pool_backward_by_matrices(dout, in_size, kernel, *, stride=None, padding=0):
    k, p = pair(kernel), pair(padding)
    s = k if stride is None else pair(stride)
    wide = [n + 2 * q for n, q in zip(in_size, p, strict=True)]
    down, across = (axis_matrix(n, m, step, dout) for n, m, step in zip(wide, k, s, strict=True))
    dx = down.T @ dout @ across
    return dx[:, :, p[0] : p[0] + in_size[0], p[1] : p[1] + in_size[1]]


def axis_matrix(size, kernel, stride, like):
    count = (size - kernel) // stride + 1
    first = torch.arange(count, device=like.device)[:, None] * stride
    place = torch.arange(size, device=like.device)
    return ((place >= first) & (place < first + kernel)).to(like.dtype) / kernel


def summed_global(x):
    return x.sum(dim=(2, 3)) / (x.shape[2] * x.shape[3])


def viewed_global(x):
    return x.reshape(x.shape[0], x.shape[1], -1).mean(-1)


def einsum_global(x):
    return torch.einsum("nchw->nc", x) / x[0, 0].numel()


def expanded_global_backward(dout, in_size):
    height, width = in_size
    return (dout / (height * width))[:, :, None, None].expand(-1, -1, height, width)


def repeated_global_backward(dout, in_size):
    return dout[..., None, None].repeat(1, 1, *in_size) / math.prod(in_size)


def outer_global_backward(dout, in_size):
    height, width = in_size
    even = torch.ones(height, width, dtype=dout.dtype, device=dout.device) / (height * width)
    return torch.einsum("nc,hw->nchw", dout, even)


def full_weights(channels, kernel):
    height, width = pair(kernel)
    return torch.full((channels, 1, height, width), 1 / (height * width))


def normalised_weights(channels, kernel):
    weights = torch.ones((channels, 1, *pair(kernel)), dtype=torch.float64)
    return weights / weights.sum(dim=(2, 3), keepdim=True)


def half_weights(channels, kernel):
    return torch.ones(channels, 1, *pair(kernel)).div(math.prod(pair(kernel))).half()


def unfolded_max_pool1d(x, kernel, *, stride=None):
    if kernel > x.shape[-1]:
        raise ValueError("kernel")
    return x.unfold(2, kernel, kernel if stride is None else stride).amax(-1)


def max_pool1d_by_two(x, kernel, *, stride=None):
    return unfolded_max_pool(x[:, :, None], (1, kernel), stride=(1, kernel if stride is None else stride))[:, :, 0]


def looped_max_pool1d(x, kernel, *, stride=None):
    stride = stride or kernel
    if x.shape[2] < kernel:
        raise ValueError(f"a window of {kernel} does not fit into {x.shape[2]} entries")
    return torch.stack([x[:, :, i : i + kernel].max(2)[0] for i in range(0, x.shape[2] - kernel + 1, stride)], 2)


def sorted_max_pool1d(x, kernel, *, stride=None):
    step = stride if stride is not None else kernel
    count = (x.size(2) - kernel) // step + 1
    if count <= 0:
        raise ValueError("no window")
    taps = torch.stack([x[:, :, tap : tap + (count - 1) * step + 1 : step] for tap in range(kernel)])
    return taps.sort(0).values[-1]


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "pooling, unfold and scatter": {
        "max_pool2d_forward": unfolded_max_pool,
        "max_pool2d_backward": scattered_max_pool_backward,
        "avg_pool2d_forward": unfolded_avg_pool,
        "avg_pool2d_backward": scattered_avg_pool_backward,
        "global_avg_pool_forward": viewed_global,
        "global_avg_pool_backward": expanded_global_backward,
    },
    "pooling, strides by hand": {"max_pool2d_forward": strided_max_pool},
    "pooling, tap by tap": {
        "max_pool2d_forward": tapped_max_pool,
        "max_pool2d_backward": tapped_max_pool_backward,
        "avg_pool2d_forward": tapped_avg_pool,
        "avg_pool2d_backward": tapped_avg_pool_backward,
        "global_avg_pool_forward": einsum_global,
        "global_avg_pool_backward": outer_global_backward,
    },
    "pooling, plain loops": {
        "max_pool2d_forward": looped_max_pool,
        "max_pool2d_backward": looped_max_pool_backward,
        "avg_pool2d_forward": looped_avg_pool,
        "avg_pool2d_backward": looped_avg_pool_backward,
        "global_avg_pool_forward": summed_global,
        "global_avg_pool_backward": repeated_global_backward,
    },
    "pooling, all of equal maxima": {"max_pool2d_backward": looped_max_pool_backward_with_ties},
    "averages, running sums": {"avg_pool2d_forward": avg_pool_by_running_sums},
    "averages, matrices": {
        "avg_pool2d_forward": avg_pool_by_matrices,
        "avg_pool2d_backward": avg_pool_backward_by_matrices,
    },
    "filters, single precision": {"avg_pool_weights": full_weights},
    "filters, normalised": {"avg_pool_weights": normalised_weights},
    "filters, half precision": {"avg_pool_weights": half_weights},
    "one axis, unfold": {"max_pool1d": unfolded_max_pool1d},
    "one axis, by way of two": {"max_pool1d": max_pool1d_by_two},
    "one axis, plain loop": {"max_pool1d": looped_max_pool1d},
    "one axis, sorted": {"max_pool1d": sorted_max_pool1d},
}
