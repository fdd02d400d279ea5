"""Right answers to pooling, taken apart into steps: windows are laid out, and visited one by one."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    Step,
    Tensor,
    like_x,
    same,
)


# Windows
def spread(value: Any) -> tuple[int, int]:
    """An int or a pair as a pair."""
    return (value, value) if isinstance(value, int) else tuple(value)


def windows(
    *,
    pair: Step = spread,
    kernels: Step = same,
    strides: Step = same,
    paddings: Step = same,
    stride_of: Step = lambda stride, kernel: kernel if stride is None else stride,
    too_wide: Step = lambda padding, kernel: 2 * padding > kernel,
    fit: bool = True,
    error: type[Exception] = ValueError,
    sides: int = 2,
    count: Step = lambda room, stride: room // stride + 1,
    counts: Step = same,
    start: Step = lambda place, stride: place * stride,
) -> Step:
    """Build the layout of windows: (kernel, padding, output size, slices of window i, j) for an input size."""

    def lay(size: Any, kernel: Any, stride: Any, padding: Any) -> tuple[Any, ...]:
        k, p = kernels(pair(kernel)), paddings(pair(padding))
        s = strides(pair(stride_of(stride, kernel)))
        if any(too_wide(q, n) for q, n in zip(p, k, strict=True)):
            raise ValueError("the padding is more than half the window")
        room = [n + sides * q - m for n, q, m in zip(size, p, k, strict=True)]
        if fit and min(room) < 0:
            raise error("the window does not fit")
        out = counts(tuple(max(count(free, step), 0) for free, step in zip(room, s, strict=True)))

        def at(i: int, j: int) -> tuple[Any, ...]:
            row, column = start(i, s[0]), start(j, s[1])
            return ..., slice(row, row + k[0]), slice(column, column + k[1])

        return k, p, out, at

    return lay


LAYOUT = windows()


def border(value: float = -math.inf, sides: Step = lambda p: (p, p)) -> Step:
    """Build the padding of images by one value, so many rows and columns before and behind."""

    def pad(x: Tensor, padding: tuple[int, int]) -> Tensor:
        (top, bottom), (left, right) = sides(padding[0]), sides(padding[1])
        height, width = x.shape[2:]
        padded = torch.full(
            (*x.shape[:2], height + top + bottom, width + left + right), value, dtype=x.dtype, device=x.device
        )
        padded[:, :, top : top + height, left : left + width] = x
        return padded

    return pad


def unpadded(dpadded: Tensor, padding: tuple[int, int], size: Any) -> Tensor:
    """The part of a padded gradient that belongs to the images."""
    (top, left), (height, width) = padding, size
    return dpadded[:, :, top : top + height, left : left + width]


def pooling(
    *,
    lay: Step = LAYOUT,
    read: Step = same,
    demand: Step = lambda images, kernel, stride, padding: None,
    pad: Step = border(),  # noqa: B008 - a step is a constant
    reduce: Step = lambda window: window.amax((2, 3)),
    dtype: Step = like_x,
    visited: Step = same,
    finish: Step = lambda out, x: out,
) -> Step:
    """Build max_pool2d_forward."""

    def pool(x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        images = read(x)
        demand(images, kernel, stride, padding)
        _, p, size, at = lay(images.shape[2:], kernel, stride, padding)
        padded = pad(images, p)
        out = torch.zeros((*x.shape[:2], *size), dtype=dtype(x), device=x.device)
        for i, j in product(*(range(visited(n)) for n in size)):
            out[:, :, i, j] = reduce(padded[at(i, j)])
        return finish(out, x)

    return pool


def mean_of(window: Tensor) -> Tensor:
    """The average over a window."""
    return window.mean((2, 3))


def averaging(**steps: Any) -> Step:
    """Build avg_pool2d_forward."""
    return pooling(**{"pad": border(0.0), "reduce": mean_of} | steps)


def first_maximum(window: Tensor) -> Tensor:
    """1 at the first of the largest numbers of each window, 0 elsewhere."""
    flat = window.flatten(2)
    shares = torch.zeros_like(flat).scatter(2, flat.argmax(2, keepdim=True), 1)
    return shares.reshape(window.shape)


def pooling_back(
    *,
    lay: Step = LAYOUT,
    pad: Step = border(),  # noqa: B008 - as above
    share: Step = first_maximum,
    incoming: Step = lambda dout, i, j: dout[:, :, i, j, None, None],
    weigh: Step = lambda gradient, share, window: gradient * share,
    place: Step = lambda at, i, j: at(i, j),
    add: Step = torch.add,
    visited: Step = same,
    crop: Step = unpadded,
    dtype: Step = like_x,
    finish: Step = lambda dx, dout, x: dx,
) -> Step:
    """Build max_pool2d_backward."""

    def back(dout: Tensor, x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        _, p, _, at = lay(x.shape[2:], kernel, stride, padding)
        padded = pad(x, p)
        dpadded = torch.zeros(padded.shape, dtype=dtype(x), device=x.device)
        for i, j in product(*(range(visited(n)) for n in dout.shape[2:])):
            window = padded[at(i, j)]
            gradient = weigh(incoming(dout, i, j), share(window), window)
            where = place(at, i, j)
            dpadded[where] = add(dpadded[where], gradient.to(dpadded.dtype))
        return finish(crop(dpadded, p, x.shape[2:]), dout, x)

    return back


def averaging_back(*, shape: Step = lambda dout, in_size: (*dout.shape[:2], *in_size), **steps: Any) -> Step:
    """Build avg_pool2d_backward: like the other, with even shares; the images don't matter."""

    def avg_back(dout: Tensor, in_size: Any, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        height, width = spread(kernel)
        even = {"share": lambda window: torch.full_like(window, 1 / (height * width))}
        back = pooling_back(**{"pad": border(0.0)} | even | steps)
        blank = torch.zeros(shape(dout, in_size), dtype=dout.dtype, device=dout.device)
        return back(dout, blank, kernel, stride=stride, padding=padding)

    return avg_back


def global_average(*, average: Step = mean_of, finish: Step = lambda out, x: out) -> Step:
    """Build global_avg_pool_forward."""
    return lambda x: finish(average(x), x)


def global_back(
    *, divisor: Step = lambda dout, height, width: height * width, finish: Step = lambda dx, dout: dx
) -> Step:
    """Build global_avg_pool_backward."""

    def global_avg_pool_backward(dout: Tensor, in_size: Any) -> Tensor:
        height, width = in_size
        dx = torch.zeros((*dout.shape, height, width), dtype=dout.dtype, device=dout.device)
        dx += (dout / divisor(dout, height, width))[:, :, None, None]
        return finish(dx, dout)

    return global_avg_pool_backward


def filters(
    *,
    shape: Step = lambda channels, height, width: (channels, 1, height, width),
    weight: Step = lambda channels, height, width: 1 / (height * width),
    finish: Step = same,
) -> Step:
    """Build avg_pool_weights."""

    def avg_pool_weights(channels: int, kernel: Any) -> Tensor:
        height, width = spread(kernel)
        weights = torch.full(shape(channels, height, width), weight(channels, height, width), dtype=torch.float64)
        return finish(weights)

    return avg_pool_weights


def pooling1d(
    *,
    stride_of: Step = lambda stride, kernel: kernel if stride is None else stride,
    count: Step = lambda room, stride: room // stride + 1,
    start: Step = lambda place, stride: place * stride,
    reduce: Step = lambda window: window.amax(2),
    dtype: Step = like_x,
    check: bool = True,
    error: type[Exception] = ValueError,
    finish: Step = lambda out, x: out,
) -> Step:
    """Build max_pool1d."""

    def max_pool1d(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
        step = stride_of(stride, kernel)
        room = x.shape[2] - kernel
        if check and room < 0:
            raise error("the window does not fit")
        out = torch.zeros((*x.shape[:2], max(count(room, step), 0)), dtype=dtype(x), device=x.device)
        for place in range(out.shape[2]):
            first = start(place, step)
            out[:, :, place] = reduce(x[:, :, first : first + kernel])
        return finish(out, x)

    return max_pool1d
