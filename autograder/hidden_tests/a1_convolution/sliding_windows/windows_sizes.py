"""Right answers about sizes and costs once more: places are counted, shapes multiplied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, unchanged


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
