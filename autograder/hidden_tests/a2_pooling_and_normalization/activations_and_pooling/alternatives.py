"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn.functional import pad


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


# Masks: numbers times 0 or 1, or written where a mask says so


def multiplied_relu(x):
    return x * (x > 0)


def multiplied_relu_backward(dout, x):
    return dout * (x > 0)


def indexed_relu(x):
    out = x.clone()
    out[out < 0] = 0
    return out


def indexed_relu_backward(dout, x):
    dx = dout.clone()
    dx[x <= 0] = 0.0
    return dx


def halved_relu(x):
    return (x + x.abs()) / 2


def signed_relu_backward(dout, x):
    return dout * torch.sign(torch.clamp(x, min=0))


def heaviside_relu_backward(dout, x):
    return dout * torch.heaviside(x, x.new_ones(()))


def looped_relu(x):
    return torch.tensor([max(0.0, v) for v in x.flatten().tolist()], dtype=x.dtype, device=x.device).reshape(x.shape)


def looped_relu_backward(dout, x):
    out = torch.zeros_like(dout)
    for index in itertools.product(*map(range, x.shape)):
        if x[index] > 0:
            out[index] = dout[index]
    return out


def maximum_relu(x):
    return torch.maximum(x, torch.zeros_like(x))


def where_relu_backward(dout, x):
    return torch.where(x > 0, dout, 0.0)


def maximum_leaky(x, *, slope=0.01):
    return torch.clamp(x, min=0) + slope * torch.clamp(x, max=0)


def indexed_leaky_backward(dout, x, *, slope=0.01):
    dx = dout.clone()
    dx[x < 0] *= slope
    return dx


def scaled_leaky(x, *, slope=0.01):
    scale = torch.ones_like(x)
    scale[x < 0] = slope
    return scale * x


def where_leaky_backward(dout, x, *, slope=0.01):
    return torch.where(x > 0, dout, dout * slope)


def plain_elu(x, *, alpha=1.0):
    return torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


def plain_elu_backward(dout, x, *, alpha=1.0):
    return torch.where(x > 0, dout, dout * alpha * torch.exp(x))


def minimum_elu(x, *, alpha=1.0):
    zero = torch.zeros_like(x)
    return torch.maximum(x, zero) + alpha * torch.expm1(torch.minimum(x, zero))


def elu_backward_from_the_value(dout, x, *, alpha=1.0):
    value = minimum_elu(x, alpha=alpha)
    return dout * torch.where(x > 0, torch.ones_like(x), value + alpha)


# Smooth curves


def plain_sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def masked_sigmoid(x):
    out = torch.empty_like(x)
    right = x >= 0
    out[right] = 1 / (1 + torch.exp(-x[right]))
    small = torch.exp(x[~right])
    out[~right] = small / (1 + small)
    return out


def log_sigmoid(x):
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))


def clamped_sigmoid(x):
    return torch.reciprocal(1 + torch.exp(-x.clamp(-500, 500))) if x.dtype == torch.float64 else plain_sigmoid(x)


def sigmoid_backward_from_the_value(dout, x):
    s = plain_sigmoid(x)
    return dout * s * (1 - s)


def sigmoid_backward_by_small_exp(dout, x):
    small = torch.exp(-torch.abs(x))
    return dout * small / (1 + small) ** 2


def tanh_by_sigmoid(x):
    return 2 * plain_sigmoid(2 * x) - 1


def tanh_by_small_exp(x):
    small = torch.exp(-2 * x.abs())
    return torch.copysign((1 - small) / (1 + small), x)


def tanh_by_expm1(x):
    grown = torch.expm1(2 * x.clamp(-50, 50))
    return grown / (grown + 2)


def tanh_backward_from_the_value(dout, x):
    t = tanh_by_sigmoid(x)
    return (1 - t.square()) * dout


def tanh_backward_by_cosh(dout, x):
    return dout / torch.cosh(x) ** 2


def gelu_by_special(x):
    return x * 0.5 * (1.0 + torch.special.erf(x / math.sqrt(2.0)))


def gelu_by_erfc(x):
    return x * torch.erfc(-x / 2**0.5) / 2


def gelu_by_math(x):
    values = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x.flatten().tolist()]
    return x.new_tensor(values).reshape(x.shape)


def gelu_backward_in_one_line(dout, x):
    return dout * (0.5 * (1 + torch.erf(x / 2**0.5)) + x * torch.exp(-0.5 * x**2) / (2 * torch.pi) ** 0.5)


def gelu_backward_by_erfc(dout, x):
    below = torch.erfc(-x * math.sqrt(0.5)).mul(0.5)
    bell = (-0.5 * x.pow(2)).exp().div(math.sqrt(2 * math.pi))
    return torch.addcmul(below, x, bell).mul(dout)


# One number at a time, with Python's own floats


def numbers(slope_at):
    """A backward of one number after the other; `slope_at` gives the derivative at one."""

    def backward(dout, x, **options):
        pairs = zip(dout.flatten().tolist(), x.flatten().tolist(), strict=True)
        return x.new_tensor([d * slope_at(v, **options) for d, v in pairs]).reshape(x.shape)

    return backward


def each_leaky(x, *, slope=0.01):
    return x.new_tensor([v if v > 0 else slope * v for v in x.flatten().tolist()]).reshape(x.shape)


def each_elu(x, *, alpha=1.0):
    return x.new_tensor([v if v > 0 else alpha * math.expm1(v) for v in x.flatten().tolist()]).reshape(x.shape)


def logistic(v):
    return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))


def bell(v):
    return math.exp(-v * v / 2) / math.sqrt(2 * math.pi)


# Maxout


def checked(channels, pieces):
    if channels % pieces != 0:
        raise ValueError(f"{channels} channels can't be cut into {pieces} pieces")


def reshaped_maxout(x, pieces):
    checked(x.shape[1], pieces)
    return x.reshape(x.shape[0], pieces, x.shape[1] // pieces, *x.shape[2:]).max(dim=1).values


def reshaped_maxout_backward(dout, x, pieces):
    checked(x.shape[1], pieces)
    parts = x.reshape(x.shape[0], pieces, x.shape[1] // pieces, *x.shape[2:])
    winner = parts.argmax(dim=1, keepdim=True)
    dparts = torch.zeros_like(parts)
    dparts.scatter_(1, winner, dout.unsqueeze(1))
    return dparts.reshape(x.shape)


def chunked_maxout(x, pieces):
    checked(x.shape[1], pieces)
    return functools.reduce(torch.maximum, x.chunk(pieces, dim=1))


def masked_maxout_backward(dout, x, pieces):
    checked(x.shape[1], pieces)
    parts = torch.stack(x.chunk(pieces, dim=1))
    mask = parts == parts.amax(0)
    return torch.cat(list(mask * dout), dim=1)


def looped_maxout(x, pieces):
    if x.size(1) % pieces:
        raise ValueError("pieces")
    channels = x.size(1) // pieces
    out = torch.empty((x.size(0), channels, *x.shape[2:]), dtype=x.dtype, device=x.device)
    for c in range(channels):
        out[:, c] = x[:, c::channels].amax(1)
    return out


def looped_maxout_backward(dout, x, pieces):
    if x.size(1) % pieces:
        raise ValueError("pieces")
    channels = x.size(1) // pieces
    dx = torch.zeros_like(x)
    for c in range(channels):
        group = x[:, c::channels]
        ties = group == group.amax(1, keepdim=True)
        dx[:, c::channels] = ties / ties.sum(1, keepdim=True) * dout[:, c : c + 1]
    return dx


# Windows, by torch's unfold


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


# Strides by hand


def strided_max_pool(x, kernel, *, stride=None, padding=0):
    padded, k, s, _ = settings(x, kernel, stride, padding, -torch.inf)
    padded = padded.contiguous()
    n, c, height, width = padded.shape
    out = (height - k[0]) // s[0] + 1, (width - k[1]) // s[1] + 1
    at = padded.stride()
    windows = torch.as_strided(padded, (n, c, *out, *k), (at[0], at[1], at[2] * s[0], at[3] * s[1], at[2], at[3]))
    return windows.flatten(4).max(4)[0]


# A loop over the taps of the window


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


# Plain loops


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


# Averages over whole images


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


# Filters


def full_weights(channels, kernel):
    height, width = pair(kernel)
    return torch.full((channels, 1, height, width), 1 / (height * width))


def normalised_weights(channels, kernel):
    weights = torch.ones((channels, 1, *pair(kernel)), dtype=torch.float64)
    return weights / weights.sum(dim=(2, 3), keepdim=True)


def half_weights(channels, kernel):
    return torch.ones(channels, 1, *pair(kernel)).div(math.prod(pair(kernel))).half()


# One axis


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


# Shifts


def sensitivity_by_cat(features, images, shift):
    down, right = shift[0] % images.shape[2], shift[1] % images.shape[3]
    moved = torch.cat([images[:, :, images.shape[2] - down :], images[:, :, : images.shape[2] - down]], 2)
    moved = torch.cat([moved[..., images.shape[3] - right :], moved[..., : images.shape[3] - right]], 3)
    before = features(images)
    return ((features(moved) - before).norm() / before.norm()).item()


def sensitivity_by_two_rolls(features, images, shift):
    first = features(images).flatten()
    second = features(images.roll(shift[0], 2).roll(shift[1], 3)).flatten()
    return float(torch.dist(first, second)) / float(torch.linalg.norm(first))


def sensitivity_by_sums(features, images, shift):
    moved = torch.roll(images, shifts=(int(shift[0]), int(shift[1])), dims=(-2, -1))
    before, after = features(images), features(moved)
    return math.sqrt(((after - before) ** 2).sum().item() / (before**2).sum().item())


# A stack of linear layers


def collapsed_from_the_top(layers):
    if len(layers) == 0:
        raise ValueError("no layers")
    w, b = layers[-1]
    for before_w, before_b in reversed(layers[:-1]):
        b = b + w @ before_b
        w = w @ before_w
    return w, b


def collapsed_by_multi_dot(layers):
    if not layers:
        raise ValueError("no layers")
    b = torch.zeros(layers[0][0].shape[1], dtype=layers[0][0].dtype, device=layers[0][0].device)
    for w, bias in layers:
        b = torch.mv(w, b) + bias
    weights = [w for w, _ in layers[::-1]]
    return (torch.linalg.multi_dot(weights) if len(weights) > 1 else weights[0].clone()), b


def collapsed_by_asking(layers):
    if not layers:
        raise ValueError("no layers")

    def net(x):
        for w, b in layers:
            x = x @ w.T + b
        return x

    size = layers[0][0].shape[1]
    like = {"dtype": layers[0][0].dtype, "device": layers[0][0].device}
    b = net(torch.zeros(1, size, **like))[0]
    return (net(torch.eye(size, **like)) - b).T, b


def collapsed_by_reduce(layers):
    if not layers:
        raise ValueError("no layers")
    return functools.reduce(lambda done, layer: (layer[0] @ done[0], layer[0] @ done[1] + layer[1]), layers)


# Gradients by depth


def depth_with_lists(forward, backward, depth, width, generator):
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    h = torch.randn(16, width, **options)
    weights, inputs = [], []
    for _ in range(depth):
        weights.append(torch.randn(width, width, **options) / math.sqrt(width))
        inputs.append(h @ weights[-1].T)
        h = forward(inputs[-1])
    norms = torch.zeros(depth, dtype=torch.float64, device=generator.device)
    dh = torch.ones_like(h)
    for layer in range(depth - 1, -1, -1):
        dh = backward(dh, inputs[layer]) @ weights[layer]
        norms[layer] = torch.linalg.norm(dh)
    return norms


def depth_with_closures(forward, backward, depth, width, generator):
    def draw(rows):
        return torch.randn(rows, width, generator=generator, dtype=torch.float64, device=generator.device)

    h, backs = draw(16), []
    for _ in range(depth):
        w = draw(width) * width**-0.5
        a = torch.einsum("ni,oi->no", h, w)
        backs.insert(0, lambda d, a=a, w=w: torch.matmul(backward(d, a), w))
        h = forward(a)
    gradient, norms = torch.ones_like(h), []
    for back in backs:
        gradient = back(gradient)
        norms.insert(0, gradient.square().sum().sqrt().item())
    return torch.tensor(norms, dtype=torch.float64, device=generator.device)


def depth_by_recursion(forward, backward, depth, width, generator):
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}

    def through(h, left):
        """Gradient at h, and the norms from here to the top."""
        if not left:
            return torch.ones_like(h), []
        w = torch.randn(width, width, **options).div(math.sqrt(width))
        a = h.mm(w.t())
        dh, norms = through(forward(a), left - 1)
        dh = backward(dh, a).mm(w)
        return dh, [dh.norm(), *norms]

    return torch.stack(through(torch.randn(16, width, **options), depth)[1])


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "relu, multiplied": {"relu_forward": multiplied_relu, "relu_backward": multiplied_relu_backward},
    "relu, indexed": {"relu_forward": indexed_relu, "relu_backward": indexed_relu_backward},
    "relu, halves and signs": {"relu_forward": halved_relu, "relu_backward": signed_relu_backward},
    "relu, heaviside": {"relu_forward": lambda x: x.clamp(min=0), "relu_backward": heaviside_relu_backward},
    "relu, plain loops": {"relu_forward": looped_relu, "relu_backward": looped_relu_backward},
    "relu, maximum and where": {"relu_forward": maximum_relu, "relu_backward": where_relu_backward},
    "activations, plain": {
        "leaky_relu_forward": maximum_leaky,
        "leaky_relu_backward": indexed_leaky_backward,
        "elu_forward": plain_elu,
        "elu_backward": plain_elu_backward,
        "sigmoid_forward": plain_sigmoid,
        "sigmoid_backward": sigmoid_backward_from_the_value,
        "tanh_forward": tanh_by_sigmoid,
        "tanh_backward": tanh_backward_from_the_value,
        "gelu_forward": gelu_by_special,
        "gelu_backward": gelu_backward_in_one_line,
    },
    "activations, careful": {
        "leaky_relu_forward": scaled_leaky,
        "leaky_relu_backward": where_leaky_backward,
        "elu_forward": minimum_elu,
        "elu_backward": elu_backward_from_the_value,
        "sigmoid_forward": masked_sigmoid,
        "sigmoid_backward": sigmoid_backward_by_small_exp,
        "tanh_forward": tanh_by_small_exp,
        "tanh_backward": tanh_backward_by_cosh,
        "gelu_forward": gelu_by_erfc,
        "gelu_backward": gelu_backward_by_erfc,
    },
    "activations, logarithm, expm1, math.erf": {
        "sigmoid_forward": log_sigmoid,
        "tanh_forward": tanh_by_expm1,
        "gelu_forward": gelu_by_math,
    },
    "activations, number by number": {
        "leaky_relu_forward": each_leaky,
        "leaky_relu_backward": numbers(lambda v, slope=0.01: 1.0 if v > 0 else slope),
        "elu_forward": each_elu,
        "elu_backward": numbers(lambda v, alpha=1.0: 1.0 if v > 0 else alpha * math.exp(v)),
        "sigmoid_backward": numbers(lambda v: logistic(v) * logistic(-v)),
        "tanh_backward": numbers(lambda v: 4 * logistic(2 * v) * logistic(-2 * v)),
        "gelu_backward": numbers(lambda v: (1 + math.erf(v / math.sqrt(2))) / 2 + v * bell(v)),
    },
    "sigmoid, clamped": {"sigmoid_forward": clamped_sigmoid},
    "maxout, reshaped": {"maxout_forward": reshaped_maxout, "maxout_backward": reshaped_maxout_backward},
    "maxout, chunks and masks": {"maxout_forward": chunked_maxout, "maxout_backward": masked_maxout_backward},
    "maxout, channel by channel": {"maxout_forward": looped_maxout, "maxout_backward": looped_maxout_backward},
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
    "shifts, concatenated": {"shift_sensitivity": sensitivity_by_cat},
    "shifts, one axis after the other": {"shift_sensitivity": sensitivity_by_two_rolls},
    "shifts, sums of squares": {"shift_sensitivity": sensitivity_by_sums},
    "stack, from the top": {"linear_collapse": collapsed_from_the_top},
    "stack, torch.linalg.multi_dot": {"linear_collapse": collapsed_by_multi_dot},
    "stack, asked about unit vectors": {"linear_collapse": collapsed_by_asking},
    "stack, reduced": {"linear_collapse": collapsed_by_reduce},
    "depth, lists": {"gradient_by_depth": depth_with_lists},
    "depth, closures": {"gradient_by_depth": depth_with_closures},
    "depth, recursion": {"gradient_by_depth": depth_by_recursion},
}
