"""The listed mistakes about the receptive field, made a second time on the other base."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import mul
from typing import Any

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_fields import closed_field, jumps_of, steps_out
from autograder.mistakes import named


def _sum_of_strides(strides: tuple[int, ...]) -> list[int]:
    return [1 + sum(strides[:n]) - n for n in range(len(strides) + 1)]


def _reads_first(layers: Any) -> Any:
    _first, *_rest = layers[0], *layers[1:]
    return layers


def _empties(layers: list[Any]) -> list[Any]:
    return [layers.pop(0) for _ in range(len(layers))]


def _true_start(paddings: tuple[int, ...], strides: list[int]) -> int:
    return -sum(map(mul, paddings, jumps_of(strides)))


_FIELD: dict[str, Step] = {
    "adds_kernel": closed_field(reach=lambda kernel, dilation: dilation * (kernel - 1) + 1),
    "strides_ignored": closed_field(size=lambda reaches, jumps, paddings: 1 + sum(reaches)),
    "own_stride": closed_field(
        size=lambda reaches, jumps, paddings: 1 + sum(r * j for r, j in zip(reaches, jumps[1:], strict=True))
    ),
    "only_own_stride": closed_field(jumps=lambda strides: [*strides, math.prod(strides)], start=_true_start),
    "one_pixel_adds": closed_field(reach=lambda kernel, dilation: dilation * (kernel - 1) or 1),
    "last_stride_only": closed_field(jumps=lambda strides: [1, *strides]),
    "strides_added": closed_field(jumps=_sum_of_strides),
    "reversed": closed_field(read=lambda layers: list(reversed(layers))),
    "dilation_ignored": closed_field(reach=lambda kernel, dilation: kernel - 1),
    "dilation_times_kernel": closed_field(reach=lambda kernel, dilation: kernel * dilation - 1),
    "padding_widens": closed_field(
        size=lambda reaches, jumps, paddings: (
            1 + 2 * sum(paddings) + sum(r * j for r, j in zip(reaches, jumps, strict=False))
        )
    ),
    "start_without_jump": closed_field(start=lambda paddings, jumps: -sum(paddings)),
    "start_sign": closed_field(start=lambda paddings, jumps: sum(p * j for p, j in zip(paddings, jumps, strict=False))),
    "start_zero": closed_field(start=lambda paddings, jumps: 0),
    "start_centre": closed_field(finish=lambda size, jump, start: (size, jump, start + (size - 1) // 2)),
    "empty_fails": closed_field(read=_reads_first),
    "eats_list": closed_field(read=_empties),
}


_SEE: dict[str, Step] = {
    "rounds_down": steps_out(seen=lambda size, kernel: range(kernel, size + 1, kernel - 1)),
    "forgets_first_pixel": steps_out(seen=lambda size, kernel: range(0, size, kernel - 1)),
    "one_more": steps_out(count=lambda seen: len(seen) + 1),
    "at_least_one": steps_out(count=lambda seen: len(seen) or 1),
    "float": steps_out(count=lambda seen: float(len(seen))),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("field", "receptive_field", _FIELD),
    **named("see", "layers_to_see", _SEE),
}
