"""Right answers about receptive fields once more, by closed formulas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, unchanged


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
