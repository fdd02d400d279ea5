"""Right answers about sizes and costs, taken apart into steps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import floordiv
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import Step, same


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
