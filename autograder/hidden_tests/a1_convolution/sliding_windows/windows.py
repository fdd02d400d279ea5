"""Right answers to sliding_windows once more, on whole arrays: shifts over taps, window views, closed formulas.

As in `steps`, each function builds an answer, a right one without arguments, and the names of the
arguments are the decisions in which students go wrong. Nothing is shared between the two: where a mistake is made on
both, it is made twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Step = Callable[..., Any]


def unchanged(value: Any) -> Any:
    """The step that does nothing."""
    return value


def common_dtype(*arrays: np.ndarray | None) -> Any:
    """The contract's dtype."""
    return np.result_type(*(array for array in arrays if array is not None))


# Sliding sums


def rows1d(
    *,
    turn: Step = unchanged,
    arrange: Step = unchanged,
    places: Step = lambda x, w: len(x) - len(w) + 1,
    dtype: Step = common_dtype,
    refuse: Step = lambda x, w: len(w) > len(x),
) -> Step:
    """Build correlate1d, or with `turn=np.flip` convolve1d: a row per place, times the taps."""

    def slide(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if refuse(x, w):
            raise ValueError("the filter does not fit")
        first = np.arange(max(places(x, w), 0))
        rows = x[first[:, None] + np.arange(len(w))]
        return (arrange(rows) @ turn(w)).astype(dtype(x, w), copy=False)

    return slide


def fold(i: np.ndarray, n: int) -> np.ndarray:
    """Indices of a mirror on the outermost pixels: -1 is 1."""
    return n - 1 - abs(n - 1 - i % max(2 * n - 2, 1))


def fold_between(i: np.ndarray, n: int) -> np.ndarray:
    """Indices of a mirror between pixels: -1 is 0."""
    return n - 1 - np.maximum(n - 1 - i % (2 * n), i % (2 * n) - n)


def around(i: np.ndarray, n: int) -> np.ndarray:
    """Indices that come in again on the other side: -1 is the last."""
    return i % n


SOURCES: dict[str, Step | None] = {"zeros": None, "reflect": fold, "circular": around}


def by_index(sources: dict[str, Step | None], sides: Step = lambda p: ((p, p), (p, p))) -> Step:
    """Build the padding step of correlate2d from rules that say which pixel a place outside takes."""

    def pad(image: np.ndarray, padding: int, mode: str) -> np.ndarray:
        places = [np.arange(-before, n + after) for n, (before, after) in zip(image.shape, sides(padding), strict=True)]
        source = sources[mode] or np.clip
        if sources[mode] is not None:
            return image[np.ix_(*(source(i, n) for i, n in zip(places, image.shape, strict=True)))]
        inside = [(i >= 0) & (i < n) for i, n in zip(places, image.shape, strict=True)]
        out = np.zeros([len(i) for i in places], dtype=image.dtype)
        out[np.ix_(*inside)] = image
        return out

    return pad


def shifts2d(
    *,
    turn: Step = unchanged,
    pad: Step = by_index(SOURCES),  # noqa: B008 - a step is a constant
    window: Step = np.shape,
    size: Step = lambda padded, k: tuple(n - m + 1 for n, m in zip(padded.shape, k, strict=True)),
    dtype: Step = common_dtype,
    unknown: Step | None = None,
    finish: Step = unchanged,
) -> Step:
    """Build correlate2d: the image, shifted by each tap of the kernel, times that tap."""

    def correlate2d(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0, mode: str = "zeros") -> np.ndarray:
        if mode not in SOURCES:
            if unknown is None:
                raise ValueError(f"unknown mode {mode!r}")
            mode = unknown(mode)
        taps = turn(kernel)
        padded = pad(image, padding, mode)
        height, width = size(padded, window(taps))
        if height < 1 or width < 1:
            raise ValueError("the kernel does not fit")
        total = np.zeros((height, width), dtype=common_dtype(image, kernel))
        for i, j in np.ndindex(*window(taps)):
            total += padded[i : i + height, j : j + width] * taps[i, j]
        return finish(total).astype(dtype(image, kernel), copy=False)

    return correlate2d


def all_windows(
    *,
    read: Step = lambda array: np.asarray(array, dtype=float),
    centre: Step = lambda windows, image: windows - windows.mean((2, 3), keepdims=True),
    centre_template: Step = lambda template: template - template.mean(),
    norms: Step = lambda windows, template: np.linalg.norm(windows, axis=(2, 3)) * np.linalg.norm(template),
    is_flat: Step = lambda norms: norms < 1e-10,
    flat: float = 0.0,
    score: Step = unchanged,
    best: Step = lambda scores, template: divmod(int(scores.argmax()), scores.shape[1]),
) -> Step:
    """Build match_template on the view of all windows."""

    def match_template(image: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        pixels, wanted = read(image), centre_template(read(template))
        windows = centre(sliding_window_view(pixels, wanted.shape), pixels)
        lengths = norms(windows, wanted)
        products = (windows * wanted).sum((2, 3))
        dull = is_flat(lengths)
        scores = score(np.where(dull, flat, products / np.where(dull, 1.0, lengths)))
        return scores, best(scores, template)

    return match_template


def bell_by_distance(
    *,
    height: Step = lambda distance, sigma: np.exp(-((distance / sigma) ** 2) / 2),
    middle: Step = lambda size: size // 2,
    scale: Step = lambda kernel, sigma: kernel / kernel.sum(),
) -> Step:
    """Build gaussian_kernel from a picture of distances."""

    def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
        if not size % 2:
            raise ValueError("no pixel is the middle")
        rows, columns = np.indices((size, size)) - middle(size)
        return scale(height(np.hypot(rows, columns), sigma), sigma)

    return gaussian_kernel


def smooth(image: np.ndarray, axis: int) -> np.ndarray:
    """Weigh three neighbours by 1, 2, 1."""
    image = np.moveaxis(image, axis, 0)
    return np.moveaxis(image[:-2] + image[1:-1] + image[1:-1] + image[2:], 0, axis)


def differ(image: np.ndarray, axis: int) -> np.ndarray:
    """Each pixel less the one two steps on."""
    image = np.moveaxis(image, axis, 0)
    return np.moveaxis(image[:-2] - image[2:], 0, axis)


def separable_edges(
    *,
    read: Step = lambda image: image.astype(np.result_type(image, int)),
    smooth: Step = smooth,
    differ_x: Step = differ,
    differ_y: Step = differ,
    length: Step = lambda gx, gy: np.sqrt(gx * gx + gy * gy),
    order: Step = lambda gx, gy, magnitude: (gx, gy, magnitude),
) -> Step:
    """Build sobel_edges: smoothing along one axis, differences along the other."""

    def sobel_edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pixels = read(image)
        gx, gy = differ_x(smooth(pixels, 0), 1), differ_y(smooth(pixels, 1), 0)
        return order(gx, gy, length(gx, gy))

    return sobel_edges


# The arms of a corner point away from it: up and left from the lower right one, and so on round the square.
ARMS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def arms(
    *,
    dark: float = -2.0,
    first: float = -8.0,
    second: float = -6.0,
    used: int = 4,
    apart: int = 1,
    turned: bool = False,
    finish: Step = lambda *layers: layers,
) -> Step:
    """Build square_detector: filters drawn arm by arm; other channels, on another scale, than a sum of ones."""

    def square_detector() -> tuple[np.ndarray, ...]:
        w1 = np.full((4, 1, 3, 3), dark)
        w2 = np.zeros((1, 4, 3, 3))
        for corner, (down, right) in enumerate(ARMS):
            row, column = int(down < 0), int(right < 0)
            w1[corner, 0, 2 * row] = w1[corner, 0, :, 2 * column] = 2.0
            if corner < used:
                row, column = (column, row) if turned else (row, column)
                w2[0, corner, row * apart, column * apart] = 1.0
        return finish(w1, np.full(4, first), w2, np.array([second]))

    return square_detector


# Sizes and counts


def starts(
    *,
    span: Step = lambda kernel, dilation: kernel + (kernel - 1) * (dilation - 1),
    last: Step = lambda size, padding, span: size + 2 * padding - span,
    refuse: Step = lambda last, size, kernel, stride: last < 0,
    count: Step = lambda last, stride: len(range(0, last + 1, stride)),
    apart: Step | None = None,
) -> Step:
    """Build conv_output_size: count the places where a window may begin."""

    def conv_output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
        length = span(kernel, dilation)
        final = last(size, padding, length)
        if refuse(final, size, kernel, stride):
            raise ValueError("the window does not fit")
        return count(final, stride) if apart is None else apart(size, length, stride, padding)

    return conv_output_size


def middle_tap(
    *,
    span: Step = lambda kernel, dilation: kernel + (kernel - 1) * (dilation - 1),
    refuse: Step = lambda span, kernel: span % 2 == 0,
    before: Step = lambda span: span // 2,
) -> Step:
    """Build same_padding: as many pixels as the window has before its middle."""

    def same_padding(kernel: int, *, dilation: int = 1) -> int:
        length = span(kernel, dilation)
        if refuse(length, kernel):
            raise ValueError("the window has no middle")
        return before(length)

    return same_padding


def per_axis(value: Any, axes: int = 2) -> tuple[int, ...]:
    """One number per axis."""
    return tuple(int(n) for n in np.broadcast_to(value, axes))


def by_shapes(
    *,
    window: Step = per_axis,
    filters: Step = lambda c_in, c_out, groups: (c_out, c_in // groups),
    biases: Step = lambda c_in, c_out, bias: c_out if bias else 0,
    size: Step | None = None,
    visited: Step = lambda in_size, out_size: out_size,
    work: Step = lambda weights, biases, pixels: weights * pixels,
    maps: Step = lambda c_in, c_out: c_out,
    finish: Step = lambda params, macs, activations: (params, macs, activations),
) -> Step:
    """Build conv_counts: products of the shapes of filters and maps."""
    places = size or starts()

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
        axes = zip(*map(per_axis, (in_size, window(kernel), stride, padding, dilation)), strict=True)
        out_size = [places(n, k, stride=s, padding=p, dilation=d) for n, k, s, p, d in axes]
        weights = math.prod((*filters(c_in, c_out, groups), *per_axis(window(kernel))))
        added = biases(c_in, c_out, bias)
        pixels = math.prod(visited(per_axis(in_size), out_size))
        return finish(weights + added, work(weights, c_out if bias else 0, pixels),
                      maps(c_in, c_out) * math.prod(out_size))  # fmt: skip

    return conv_counts


def dense(*, stack: Step = unchanged, biases: Step = lambda widths: sum(widths[1:])) -> Step:
    """Build mlp_params: a product per pair of neighbours, and all biases at once."""

    def mlp_params(widths: Sequence[int]) -> int:
        layers = list(stack(widths))
        return sum(map(mul, layers, layers[1:])) + biases(layers)

    return mlp_params


# Layers


def frame(x: np.ndarray, sides: Iterable[tuple[int, int]]) -> np.ndarray:
    """Write images into larger ones of zeros."""
    pairs = list(sides)
    out = np.zeros((*x.shape[:2], *(n + sum(pair) for n, pair in zip(x.shape[2:], pairs, strict=True))), x.dtype)
    out[(..., *(slice(before, before + n) for n, (before, _) in zip(x.shape[2:], pairs, strict=True)))] = x
    return out


def symmetric(x: np.ndarray, padding: Sequence[int]) -> np.ndarray:
    """Zeros on both sides of each spatial axis."""
    return frame(x, [(p, p) for p in padding])


def view(
    x: np.ndarray, size: Sequence[int], kernel: Sequence[int], jumps: Sequence[int], dilation: Sequence[int]
) -> np.ndarray:
    """Windows at regular places, (N, C, *size, *kernel); behind the image there are zeros."""
    axes = len(size)
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    needed = [max(n - 1, 0) * jump + span for n, jump, span in zip(size, jumps, spans, strict=True)]
    x = frame(x, [(0, max(0, more - n)) for n, more in zip(x.shape[2:], needed, strict=True)])
    windows = sliding_window_view(x, spans, axis=tuple(range(2, 2 + axes)))
    windows = windows[(..., *(slice(None, None, jump) for jump in jumps), *(slice(None, None, d) for d in dilation))]
    return windows[(slice(None), slice(None), *(slice(n) for n in size))]


def block(group: int, channels: int, groups: int) -> np.ndarray:
    """The channels that one group of filters sees."""
    return group * channels + np.arange(channels)


def contract(windows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Sum over channels and window: (N, C, *size, *kernel) with (C_out, C, *kernel) gives (N, C_out, *size)."""
    axes = filters.ndim - 2
    summed = [1, *range(2 + axes, 2 + 2 * axes)], list(range(1, 2 + axes))
    return np.moveaxis(np.tensordot(windows, filters, summed), -1, 1)


def one_each(out: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """Add one number per output channel."""
    return out if b is None else np.moveaxis(np.moveaxis(out, 1, -1) + b, -1, 1)


def window_layer(
    axes: int = 2,
    *,
    turn: Step = unchanged,
    window: Step = unchanged,
    strides: Step = unchanged,
    jumps: Step = unchanged,
    paddings: Step = unchanged,
    pad: Step = symmetric,
    dilations: Step = unchanged,
    count: Step | None = None,
    size: Step = unchanged,
    channels: Step = block,
    combine: Step = contract,
    clear: Step = unchanged,
    bias: Step = one_each,
    dtype: Step = common_dtype,
    prepare: Step = lambda x, w, b: (x, w, b),
    finish: Step = unchanged,
) -> Step:
    """Build a convolution layer over one, two or three axes: a view of all windows, one tensor product per group."""
    places = count or starts()

    def layer(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
        x, w, b = prepare(x, w, b)
        c_out, each = w.shape[:2]
        if c_out % groups or each * groups != x.shape[1]:
            raise ValueError("the groups don't divide the channels")
        filters = turn(w)
        k = window(filters.shape[2:])
        s, p, d = (
            strides(per_axis(stride, axes)),
            paddings(per_axis(padding, axes)),
            dilations(per_axis(dilation, axes)),
        )
        out_size = size([
            places(n, m, stride=i, padding=j, dilation=e) for n, m, i, j, e in zip(x.shape[2:], k, s, p, d, strict=True)
        ])  # fmt: skip
        windows = view(pad(x, p), out_size, k, jumps(s), d)
        parts = [
            combine(windows[:, channels(g, each, groups)], part) for g, part in enumerate(np.split(filters, groups))
        ]
        out = clear(np.concatenate(parts, axis=1).astype(dtype(x, w, b)))
        return finish(bias(out, b).astype(out.dtype, copy=False))

    return layer


def pixel_product(
    *,
    matrix: Step = lambda w: w.reshape(w.shape[:2]),
    pixels: Step = lambda x: np.moveaxis(x, 1, -1),
    back: Step = lambda out, x: np.moveaxis(out, -1, 1),
    bias: Step = lambda out, b: out if b is None else out + b,
    dtype: Step = common_dtype,
) -> Step:
    """Build conv1x1_as_matmul: one tensor product over the last axis."""

    def conv1x1_as_matmul(x, w, b):
        out = np.tensordot(pixels(x), matrix(w), ([-1], [1]))
        return back(bias(out, b).astype(dtype(x, w, b), copy=False), x)

    return conv1x1_as_matmul


# Receptive fields


def jumps_of(strides: Sequence[int]) -> list[int]:
    """Pixels of the input between neighbours, before the first layer and after each."""
    return list(accumulate(strides, mul, initial=1))


def closed_field(
    *,
    read: Step = unchanged,
    reach: Step = lambda kernel, dilation: dilation * (kernel - 1),
    jumps: Step = jumps_of,
    size: Step = lambda reaches, jumps, paddings: 1 + sum(map(mul, reaches, jumps)),
    start: Step = lambda paddings, jumps: -sum(map(mul, paddings, jumps)),
    finish: Step = lambda size, jump, start: (size, jump, start),
) -> Step:
    """Build receptive_field: sums over the layers, each weighed by the product of the strides before it."""

    def receptive_field(layers: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int]:
        taken = read(layers)
        kernels, strides, paddings, dilations = zip(*taken, strict=True) if taken else ((), (), (), ())
        apart = jumps(strides)
        return finish(size(list(map(reach, kernels, dilations)), apart, paddings), apart[-1], start(paddings, apart))

    return receptive_field


def steps_out(*, seen: Step = lambda size, kernel: range(1, size, kernel - 1), count: Step = len) -> Step:
    """Build layers_to_see: list what is seen before each layer that is needed."""
    return lambda size, kernel: count(seen(size, kernel))


RIGHT_AGAIN: dict[str, Step] = {
    "correlate1d": rows1d(),
    "convolve1d": rows1d(turn=np.flip),
    "correlate2d": shifts2d(),
    "match_template": all_windows(),
    "gaussian_kernel": bell_by_distance(),
    "sobel_edges": separable_edges(),
    "square_detector": arms(),
    "conv_output_size": starts(),
    "same_padding": middle_tap(),
    "conv_counts": by_shapes(),
    "mlp_params": dense(),
    "conv2d_forward": window_layer(),
    "conv1x1_as_matmul": pixel_product(),
    "conv1d_forward": window_layer(1),
    "conv3d_forward": window_layer(3),
    "conv2d_grouped": window_layer(),
    "receptive_field": closed_field(),
    "layers_to_see": steps_out(),
}
