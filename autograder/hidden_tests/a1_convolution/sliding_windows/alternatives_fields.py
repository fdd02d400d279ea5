"""Right answers in other styles: the receptive field."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import numpy as np

ReceptiveField = namedtuple("ReceptiveField", "size jump start")


def named_receptive_field(layers):
    size, start = 1, 0
    for kernel, stride, padding, dilation in reversed(layers):
        size = (size - 1) * stride + dilation * (kernel - 1) + 1
        start = start * stride - padding
    jump = np.prod([stride for _, stride, _, _ in layers], dtype=np.int64)
    return ReceptiveField(size, jump, start)


def looped_layers_to_see(size, kernel):
    depth, seen = 0, 1
    while seen < size:
        depth, seen = depth + 1, seen + kernel - 1
    return depth


def interval_receptive_field(layers):
    """Follow the first two outputs back to the input."""

    def seen(place):
        first = last = place
        for kernel, stride, padding, dilation in layers[::-1]:
            first = first * stride - padding
            last = last * stride - padding + dilation * (kernel - 1)
        return first, last

    (first, last), (second, _) = seen(0), seen(1)
    return last - first + 1, second - first, first


def cumulative_receptive_field(layers):
    table = np.array(layers, dtype=np.int64).reshape(-1, 4)
    jumps = np.cumprod([1, *table[:, 1]])
    reach = (table[:, 0] - 1) * table[:, 3]
    return 1 + reach @ jumps[:-1], jumps[-1], -(table[:, 2] @ jumps[:-1])


def reduced_receptive_field(layers):
    def grow(field, layer):
        (size, jump, start), (kernel, stride, padding, dilation) = field, layer
        return size + dilation * (kernel - 1) * jump, jump * stride, start - padding * jump

    return functools.reduce(grow, layers, (1, 1, 0))


def accumulated_receptive_field(layers):
    jumps = list(accumulate((layer[1] for layer in layers), lambda a, b: a * b, initial=1))
    size = 1 + sum(d * (k - 1) * jump for (k, _, _, d), jump in zip(layers, jumps, strict=False))
    return ReceptiveField(
        size=size, jump=jumps[-1], start=-sum(p * j for (*_, p, _), j in zip(layers, jumps, strict=False))
    )


def recursive_layers_to_see(size, kernel):
    return 0 if size <= 1 else 1 + recursive_layers_to_see(size - kernel + 1, kernel)


def floored_layers_to_see(size, kernel):
    return (size + kernel - 3) // (kernel - 1)


def asking_layers_to_see(size, kernel):
    layers = []
    while reduced_receptive_field(layers)[0] < size:
        layers = [*layers, (kernel, 1, 0, 1)]
    return np.int64(len(layers))


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "field, backwards": {"receptive_field": named_receptive_field, "layers_to_see": looped_layers_to_see},
    "field, followed back": {
        "receptive_field": interval_receptive_field,
        "layers_to_see": recursive_layers_to_see,
    },
    "field, np.cumprod": {
        "receptive_field": cumulative_receptive_field,
        "layers_to_see": floored_layers_to_see,
    },
    "field, reduced": {"receptive_field": reduced_receptive_field, "layers_to_see": asking_layers_to_see},
    "field, accumulated": {"receptive_field": accumulated_receptive_field},
}
