"""Right answers in other styles: the size of the output, and what a layer costs."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_shared import pair

ConvCounts = namedtuple("ConvCounts", "params macs activations")


def counted_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    starts = np.arange(-padding, size + padding - dilation * (kernel - 1), stride)
    if starts.size == 0:
        raise ValueError("does not fit")
    return np.int64(starts.size)


def searched_same_padding(kernel, *, dilation=1):
    for padding in range(dilation * kernel):
        if counted_output_size(1000, kernel, padding=padding, dilation=dilation) == 1000:
            return np.intp(padding)
    raise ValueError("none")


def named_conv_counts(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, groups=1, bias=True):
    axes = zip(*(pair(value) for value in (in_size, kernel, stride, padding, dilation)), strict=True)
    sizes = []
    for size, k, s, p, d in axes:
        room = size + 2 * p - d * (k - 1) - 1
        if room < 0:
            raise ValueError("does not fit")
        sizes.append(room // s + 1)
    k_h, k_w = pair(kernel)
    weights = c_out * (c_in // groups) * k_h * k_w
    return ConvCounts(
        activations=c_out * sizes[0] * sizes[1],
        macs=weights * sizes[0] * sizes[1],
        params=np.int64(weights + (c_out if bias else 0)),
    )


def summed_mlp_params(widths):
    total = 0
    for i in range(1, len(widths)):
        total += (widths[i - 1] + 1) * widths[i]
    return total


def looped_conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    """Move a window along until it sticks out."""
    count, end = 0, dilation * (kernel - 1) + 1
    while end <= size + 2 * padding:
        count, end = count + 1, end + stride
    if not count:
        raise ValueError("does not fit")
    return count


def floored_conv_output_size(size, kernel, stride=1, padding=0, dilation=1):
    places = math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1)
    if size + 2 * padding < dilation * (kernel - 1) + 1:
        raise ValueError(f"window {kernel} on {size}")
    return places


def recursive_conv_output_size(size, kernel, **options):
    stride, padding, dilation = (options.get(key, default) for key, default in DEFAULTS.items())
    if padding:
        return recursive_conv_output_size(size + 2 * padding, kernel, stride=stride, dilation=dilation)
    if dilation > 1:
        return recursive_conv_output_size(size, dilation * (kernel - 1) + 1, stride=stride)
    if kernel > size:
        raise ValueError("does not fit")
    return 1 + len(range(kernel, size, stride)[: (size - kernel) // stride])


DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1}


def divmod_same_padding(kernel, *, dilation=1):
    padding, rest = divmod(dilation * (kernel - 1), 2)
    if rest:
        raise ValueError("uneven")
    return padding


def odd_same_padding(kernel, dilation=1):
    span = kernel + (kernel - 1) * (dilation - 1)
    if span % 2 == 0:
        raise ValueError("even")
    return np.int64(span // 2)


def prod_conv_counts(c_in, c_out, kernel, in_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
    n, k, s, p, d = (
        np.broadcast_to(value, 2).astype(np.int64) for value in (in_size, kernel, stride, padding, dilation)
    )
    room = n + 2 * p - d * (k - 1) - 1
    if (room < 0).any():
        raise ValueError("does not fit")
    pixels = np.prod(room // s + 1)
    weights = np.prod([c_out, c_in // groups, *k], dtype=np.int64)
    return weights + c_out * int(bias), weights * pixels, c_out * pixels


def conv_counts_by_drawing(c_in, c_out, kernel, in_size, *, bias=True, groups=1, **geometry):
    """Count what arrays of these shapes hold."""
    options = {key: pair(geometry.get(key, default)) for key, default in DEFAULTS.items()}
    sizes = [
        looped_conv_output_size(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(pair(in_size), pair(kernel), *options.values(), strict=True)
    ]
    weights = math.prod((c_out, c_in // groups, *pair(kernel)))
    return [weights + c_out if bias else weights, math.prod(sizes) * weights, math.prod(sizes) * c_out]


def conv_counts_in_a_tuple(*args, **kwargs):
    return tuple(conv_counts_by_drawing(*args, **kwargs))


def listed_mlp_params(widths):
    return int(np.dot(np.asarray(widths[:-1]) + 1, widths[1:]))


def recursive_mlp_params(widths):
    if len(widths) < 2:
        return 0
    first, second, *rest = widths
    return first * second + second + recursive_mlp_params([second, *rest])


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "sizes, counted and searched": {"conv_output_size": counted_output_size, "same_padding": searched_same_padding},
    "sizes, walked": {"conv_output_size": looped_conv_output_size, "same_padding": divmod_same_padding},
    "sizes, floor": {"conv_output_size": floored_conv_output_size, "same_padding": odd_same_padding},
    "sizes, recursion": {"conv_output_size": recursive_conv_output_size},
    "counts, named": {"conv_counts": named_conv_counts, "mlp_params": summed_mlp_params},
    "counts, NumPy integers": {"conv_counts": prod_conv_counts, "mlp_params": listed_mlp_params},
    "counts, recursion": {"conv_counts": conv_counts_in_a_tuple, "mlp_params": recursive_mlp_params},
}
