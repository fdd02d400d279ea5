"""Right answers about receptive fields, taken apart into steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import Step, same


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
