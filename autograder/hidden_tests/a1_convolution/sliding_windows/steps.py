"""Right answers to sliding_windows, taken apart into steps: a mistake is one step done otherwise.

Each function here builds an answer; without arguments it builds a right one. The names of the arguments are the
decisions in which students go wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import floordiv
from typing import Any

import numpy as np

Step = Callable[..., Any]


def same(value: Any) -> Any:
    """The step that does nothing."""
    return value


# Sliding sums


def sliding1d(
    *,
    turn: Step = same,
    signal: Step = same,
    length: Step = lambda x, w: len(x) - len(w) + 1,
    dtype: Step = np.result_type,
    scale: Step = lambda w: 1,
    check: bool = True,
) -> Step:
    """Build correlate1d, or with `turn=np.flip` convolve1d."""

    def slide(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if check and len(w) > len(x):
            raise ValueError("the filter is longer than the input")
        out = np.zeros(max(length(x, w), 0), dtype=dtype(x, w))
        moving, taps = signal(x), turn(w)
        for i in range(len(out)):
            window = moving[i : i + len(w)]
            out[i] = (window * taps[: len(window)]).sum() / scale(w) if scale(w) != 1 else window @ taps[: len(window)]
        return out

    return slide


BORDERS = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}


def border(modes: dict[str, str], around: Step = lambda p: ((p, p), (p, p))) -> Step:
    """Build the padding step of correlate2d from NumPy's names of the modes."""
    return lambda image, padding, mode: np.pad(image, around(padding), mode=modes[mode])


def sliding2d(
    *,
    turn: Step = same,
    pad: Step = border(BORDERS),  # noqa: B008 - a step is a constant
    kernel_size: Step = np.shape,
    out_size: Step = lambda padded, k: (padded.shape[0] - k[0] + 1, padded.shape[1] - k[1] + 1),
    visited: Step = same,
    dtype: Step = np.result_type,
    check_mode: bool = True,
    check_fit: bool = True,
) -> Step:
    """Build correlate2d."""

    def correlate2d(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0, mode: str = "zeros") -> np.ndarray:
        if mode not in BORDERS:
            if check_mode:
                raise ValueError(f"unknown mode {mode!r}")
            mode = "zeros"
        taps = turn(kernel)
        k = kernel_size(taps)
        padded = pad(image, padding, mode)
        size = out_size(padded, k)
        if min(size) < 1 and check_fit:
            raise ValueError("the kernel does not fit")
        out = np.zeros([max(n, 0) for n in size], dtype=dtype(image, kernel))
        for i, j in np.ndindex(*(visited(n) for n in out.shape)):
            out[i, j] = (padded[i : i + k[0], j : j + k[1]] * taps).sum()
        return out

    return correlate2d


def matching(
    *,
    read: Step = lambda array: array.astype(np.float64),
    centre: Step = lambda window, image: window - window.mean(),
    centre_template: Step = lambda template: template - template.mean(),
    turn: Step = same,
    norm: Step = lambda window, template: np.sqrt((window**2).sum() * (template**2).sum()),
    flat: Step = lambda numerator: 0.0,
    is_flat: Step = lambda norm: norm == 0,
    score: Step = same,
    best: Step = lambda scores, template: np.unravel_index(scores.argmax(), scores.shape),
) -> Step:
    """Build match_template."""

    def match_template(image: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        pixels, wanted = read(image), turn(centre_template(read(template)))
        rows, columns = template.shape
        if rows > image.shape[0] or columns > image.shape[1]:
            raise ValueError("the template does not fit")
        scores = np.zeros((image.shape[0] - rows + 1, image.shape[1] - columns + 1))
        for i, j in np.ndindex(*scores.shape):
            window = centre(pixels[i : i + rows, j : j + columns], pixels)
            length = norm(window, wanted)
            numerator = (window * wanted).sum()
            scores[i, j] = score(flat(numerator) if is_flat(length) else numerator / length)
        return scores, best(scores, template)

    return match_template


def bell(
    *,
    exponent: Step = lambda squared, sigma: -squared / (2 * sigma**2),
    middle: Step = lambda size: (size - 1) / 2,
    finish: Step = lambda kernel, sigma: kernel / kernel.sum(),
) -> Step:
    """Build gaussian_kernel."""

    def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
        if size % 2 == 0:
            raise ValueError("no pixel is the middle")
        away = np.arange(size) - middle(size)
        return finish(np.exp(exponent(away[:, None] ** 2 + away**2, sigma)), sigma)

    return gaussian_kernel


SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


def edges(
    *,
    kernel_x: np.ndarray = SOBEL,
    kernel_y: np.ndarray = SOBEL.T,
    read: Step = same,
    correlate: Step | None = None,
    length: Step = np.hypot,
    order: Step = lambda gx, gy, magnitude: (gx, gy, magnitude),
) -> Step:
    """Build sobel_edges."""
    slide = correlate or sliding2d()

    def sobel_edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        gx, gy = slide(read(image), kernel_x), slide(read(image), kernel_y)
        return order(gx, gy, length(gx, gy))

    return sobel_edges


CORNERS = np.array([np.rot90([[1, 1, 1], [1, 0, 0], [1, 0, 0]], -turns) for turns in range(4)])


def squares(
    *,
    outside: float = -1.0,
    first_bias: float = -4.0,
    second_bias: float = -3.0,
    used: Sequence[int] = (0, 1, 2, 3),
    places: Sequence[tuple[int, int]] = ((0, 0), (0, 1), (1, 1), (1, 0)),
    finish: Step = lambda *layers: layers,
) -> Step:
    """Build square_detector: one channel per corner, which must be there all four."""

    def square_detector() -> tuple[np.ndarray, ...]:
        w1 = np.where(CORNERS == 1, 1.0, outside)[:, None]
        w2 = np.zeros((1, 4, 3, 3))
        for corner in used:
            w2[(0, corner, *places[corner])] = 1.0
        return finish(w1, np.full(4, first_bias), w2, np.array([second_bias]))

    return square_detector


# Sizes and counts


def window_count(
    *,
    span: Step = lambda kernel, dilation: dilation * (kernel - 1) + 1,
    sides: int = 2,
    divide: Step = floordiv,
    more: int = 1,
    room: Step | None = None,
    fits: Step = lambda free, size, kernel: free >= 0,
    demand: Step = lambda free, stride: None,
) -> Step:
    """Build conv_output_size."""

    def conv_output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
        free = size + sides * padding - span(kernel, dilation)
        if not fits(free, size, kernel):
            raise ValueError("the window does not fit")
        demand(free, stride)
        if room is not None:
            return room(size, kernel, stride, padding, dilation)
        return divide(free, stride) + more

    return conv_output_size


def keeping(
    *,
    total: Step = lambda kernel, dilation: dilation * (kernel - 1),
    impossible: Step = lambda total, kernel: total % 2 == 1,
    half: Step = lambda total: total // 2,
) -> Step:
    """Build same_padding."""

    def same_padding(kernel: int, *, dilation: int = 1) -> int:
        pixels = total(kernel, dilation)
        if impossible(pixels, kernel):
            raise ValueError("no symmetric padding keeps the size")
        return half(pixels)

    return same_padding


def spread(value: Any, axes: int) -> tuple[int, ...]:
    """One number per axis."""
    return (value,) * axes if np.isscalar(value) else tuple(value)


def counts(
    *,
    pair: Step = lambda value: spread(value, 2),
    per_filter: Step = lambda c_in, c_out, groups: c_in // groups,
    biases: Step = lambda c_in, c_out, bias: c_out * bias,
    out_size: Step | None = None,
    places: Step = lambda in_size, out_size: out_size,
    macs: Step = lambda weights, c_out, pixels, bias: weights * pixels,
    activations: Step = lambda c_in, c_out, pixels: c_out * pixels,
    finish: Step = lambda params, macs, activations: (params, macs, activations),
) -> Step:
    """Build conv_counts."""
    length = out_size or window_count()

    def conv_counts(
        c_in: int,
        c_out: int,
        kernel: Any,
        in_size: Any,
        *,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> tuple[int, int, int]:
        (k_h, k_w), (h, w) = pair(kernel), spread(in_size, 2)
        (s_h, s_w), (p_h, p_w), (d_h, d_w) = (spread(value, 2) for value in (stride, padding, dilation))
        out = (
            length(h, k_h, stride=s_h, padding=p_h, dilation=d_h),
            length(w, k_w, stride=s_w, padding=p_w, dilation=d_w),
        )
        rows, columns = places((h, w), out)
        weights = c_out * per_filter(c_in, c_out, groups) * k_h * k_w
        return finish(
            weights + biases(c_in, c_out, bias),
            macs(weights, c_out, rows * columns, bias),
            activations(c_in, c_out, out[0] * out[1]),
        )

    return conv_counts


def mlp(
    *, layer: Step = lambda before, after: before * after + after, pairs: Step = same, more: Step = lambda _: 0
) -> Step:
    """Build mlp_params."""

    def mlp_params(widths: Sequence[int]) -> int:
        stack = list(pairwise(widths))
        return sum(layer(before, after) for before, after in pairs(stack)) + more(widths)

    return mlp_params


# Layers


def zeros_around(x: np.ndarray, padding: Sequence[int]) -> np.ndarray:
    """Pad the spatial axes on both sides."""
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))


def result_dtype(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> Any:
    """The contract's dtype."""
    return np.result_type(*(array for array in (x, w, b) if array is not None))


def take_group(window: np.ndarray, group: int, channels: int) -> np.ndarray:
    """The channels that one group of filters sees."""
    return window[:, group * channels : (group + 1) * channels]


def weigh(window: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Sum over channels and window: (N, C, ...) with (C_out, C, ...) gives (N, C_out)."""
    return window.reshape(len(window), -1) @ w.reshape(len(w), -1).T


def bias_per_filter(out: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """Add one number per output channel."""
    return out if b is None else out + b.reshape(-1, *(1,) * (out.ndim - 2))


def conv_layer(
    axes: int = 2,
    *,
    turn: Step = same,
    kernel_size: Step = same,
    strides: Step = same,
    paddings: Step = same,
    pad: Step = zeros_around,
    dilations: Step = same,
    length: Step | None = None,
    out_size: Step = same,
    start: Step = lambda place, strides: tuple(i * s for i, s in zip(place, strides, strict=True)),
    visited: Step = same,
    group: Step = take_group,
    combine: Step = weigh,
    bias: Step = bias_per_filter,
    dtype: Step = result_dtype,
    prepare: Step = lambda x, w, b: (x, w, b),
    finish: Step = lambda out, x, w: out,
) -> Step:
    """Build a convolution layer over one, two or three axes."""
    lengths = length or window_count()

    def layer(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
        x, w, b = prepare(x, w, b)
        taps = turn(w)
        kernel = kernel_size(taps.shape[2:])
        s, p = strides(spread(stride, axes)), paddings(spread(padding, axes))
        d = dilations(spread(dilation, axes))
        size = out_size(
            tuple(
                lengths(x.shape[2 + axis], kernel[axis], stride=s[axis], padding=p[axis], dilation=d[axis])
                for axis in range(axes)
            )
        )
        padded = pad(x, p)
        c_out, channels = w.shape[:2]
        if c_out % groups or channels * groups != x.shape[1]:
            raise ValueError("the groups don't divide the channels")
        shared = c_out // groups
        out = np.zeros((len(x), c_out, *size), dtype=dtype(x, w, b))
        for place in np.ndindex(*(visited(n) for n in size)):
            corner = start(place, s)
            spans = [slice(i, i + step * (k - 1) + 1, step) for i, k, step in zip(corner, kernel, d, strict=True)]
            window = padded[(slice(None), slice(None), *spans)]
            for g in range(groups):
                filters = slice(g * shared, (g + 1) * shared)
                out[(slice(None), filters, *place)] = combine(group(window, g, channels), taps[filters])
        return finish(bias(out, b).astype(out.dtype, copy=False), x, w)

    return layer


def pixelwise(
    *,
    matrix: Step = lambda w: w[:, :, 0, 0],
    rows: Step = lambda x: np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]),
    back: Step = lambda out, x: np.moveaxis(out.reshape(len(x), *x.shape[2:], -1), -1, 1),
    bias: Step = lambda out, b: out if b is None else out + b,
    dtype: Step = result_dtype,
) -> Step:
    """Build conv1x1_as_matmul."""

    def conv1x1_as_matmul(x, w, b):
        out = bias(rows(x) @ matrix(w).T, b)
        return back(out.astype(dtype(x, w, b), copy=False), x)

    return conv1x1_as_matmul


# Receptive fields


def fields(
    *,
    order: Step = same,
    grow: Step = lambda kernel, dilation: dilation * (kernel - 1),
    by: Step = lambda jump, stride: jump,
    next_jump: Step = lambda jump, stride: jump * stride,
    shift: Step = lambda padding, jump: -padding * jump,
    more: Step = lambda padding: 0,
    finish: Step = lambda size, jump, start, layers: (size, jump, start),
) -> Step:
    """Build receptive_field."""

    def receptive_field(layers: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int]:
        size, jump, start = 1, 1, 0
        for kernel, stride, padding, dilation in order(layers):
            size += grow(kernel, dilation) * by(jump, stride) + more(padding)
            start += shift(padding, jump)
            jump = next_jump(jump, stride)
        return finish(size, jump, start, layers)

    return receptive_field


def depth(
    *, divide: Step = lambda pixels, step: math.ceil(pixels / step), pixels: Step = lambda size: size - 1
) -> Step:
    """Build layers_to_see."""
    return lambda size, kernel: divide(pixels(size), kernel - 1)


RIGHT: dict[str, Step] = {
    "correlate1d": sliding1d(),
    "convolve1d": sliding1d(turn=np.flip),
    "correlate2d": sliding2d(),
    "match_template": matching(),
    "gaussian_kernel": bell(),
    "sobel_edges": edges(),
    "square_detector": squares(),
    "conv_output_size": window_count(),
    "same_padding": keeping(),
    "conv_counts": counts(),
    "mlp_params": mlp(),
    "conv2d_forward": conv_layer(),
    "conv1x1_as_matmul": pixelwise(),
    "conv1d_forward": conv_layer(1),
    "conv3d_forward": conv_layer(3),
    "conv2d_grouped": conv_layer(),
    "receptive_field": fields(),
    "layers_to_see": depth(),
}

# What each question asks for.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "correlate1d": ("correlate1d", "convolve1d"),
    "correlate2d": ("correlate2d",),
    "match_template": ("match_template",),
    "sobel_edges": ("gaussian_kernel", "sobel_edges"),
    "square_detector": ("square_detector",),
    "conv_output_size": ("conv_output_size", "same_padding"),
    "conv_counts": ("conv_counts", "mlp_params"),
    "conv2d_forward": ("conv2d_forward",),
    "conv1x1_as_matmul": ("conv1x1_as_matmul",),
    "conv_nd": ("conv1d_forward", "conv3d_forward"),
    "conv2d_grouped": ("conv2d_grouped",),
    "receptive_field": ("receptive_field", "layers_to_see"),
}
