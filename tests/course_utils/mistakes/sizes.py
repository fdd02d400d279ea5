"""What goes wrong with sizes and counts, beyond what is listed for hidden tests and spoiled answers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from tests.course_utils.checked import checks_of

right = checks_of("sliding_windows").right


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def span(k, d):
    return d * (k - 1) + 1


def size(formula):
    """A size for windows that fit; the room is what is left beside one window."""

    def wrong(size, kernel, *, stride=1, padding=0, dilation=1):
        right.conv_output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
        return formula(size + 2 * padding, size + 2 * padding - span(kernel, dilation), stride)

    return wrong


def refusing(error, refused):
    def wrong(size, kernel, *, stride=1, padding=0, dilation=1):
        room = size + 2 * padding - span(kernel, dilation)
        if refused(room, size, kernel, stride, padding, dilation):
            raise error("the window does not fit")
        return room // stride + 1

    return wrong


SIZES = {
    "floored float": size(lambda length, room, s: np.floor(room / s) + 1),
    "plus one inside": size(lambda length, room, s: (room + 1) // s),
    "stride of pooling": size(lambda length, room, s: length // s),
    "error when the result is 0 or less": refusing(ValueError, lambda room, n, k, s, p, d: room // s + 1 < 0),
    "error without dilation": refusing(ValueError, lambda room, n, k, s, p, d: k > n + 2 * p),
    "error without padding": refusing(ValueError, lambda room, n, k, s, p, d: span(k, d) > n),
    "divisible or error": refusing(ValueError, lambda room, n, k, s, p, d: room < 0 or room % s),
    "an assertion instead of ValueError": refusing(AssertionError, lambda room, n, k, s, p, d: room < 0),
}


def even_refused(kernel, *, dilation=1):
    if kernel % 2 == 0:
        raise ValueError("no padding")
    return dilation * (kernel - 1) // 2


SAME = {
    "E5 k//2 for all": lambda kernel, *, dilation=1: dilation * (kernel - 1) // 2,
    "k//2": lambda kernel, *, dilation=1: kernel // 2,
    "d*(k//2)": lambda kernel, *, dilation=1: dilation * (kernel // 2),
    "k - 1": lambda kernel, *, dilation=1: right.same_padding(kernel, dilation=dilation) and kernel - 1,
    "(d*k-1)//2": lambda kernel, *, dilation=1: (
        right.same_padding(kernel, dilation=dilation) * 0 + (dilation * kernel - 1) // 2
    ),
    "always 1": lambda kernel, *, dilation=1: 1,
    "even kernels always refused": even_refused,
}


def counts(params=None, macs=None, activations=None):
    """Each given part as a function of (one filter's weights, c_in, c_out, k_h*k_w, inputs, outputs, groups, bias)."""

    def wrong(c_in, c_out, kernel, in_size, **options):
        full = right.conv_counts(c_in, c_out, kernel, in_size, **options)
        groups, bias = options.get("groups", 1), options.get("bias", True)
        area, pixels = math.prod(pair(kernel)), full[2] // c_out
        facts = (c_in // groups * area, c_in, c_out, area, math.prod(pair(in_size)), pixels, groups, int(bias))
        return tuple(part(*facts) if part else old for part, old in zip((params, macs, activations), full, strict=True))

    return wrong


def rounded_up(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, **options):
    geometry = {"stride": stride, "padding": padding, "dilation": dilation}
    params, macs, activations = right.conv_counts(c_in, c_out, kernel, in_size, **geometry, **options)
    zipped = zip(*map(pair, (in_size, kernel, stride, padding, dilation)), strict=True)
    pixels = math.prod(-(-(n + 2 * p - span(k, d)) // s) + 1 for n, k, s, p, d in zipped)
    return params, c_out * (macs // activations) * pixels, c_out * pixels


def rows_for_both(name):
    return lambda *args, **o: right.conv_counts(*args, **o | ({name: pair(o[name])[0]} if name in o else {}))


COUNTS = {
    "one bias": counts(params=lambda one, ci, co, a, i, o, g, b: co * one + b),
    "bias for each input channel": counts(params=lambda one, ci, co, a, i, o, g, b: co * one + ci * b),
    "E9 groups ignored in the products": counts(macs=lambda one, ci, co, a, i, o, g, b: co * ci * a * o),
    "products of one filter": counts(macs=lambda one, ci, co, a, i, o, g, b: one * o),
    "products of one channel": counts(macs=lambda one, ci, co, a, i, o, g, b: co * a * o),
    "products of one pixel": counts(macs=lambda one, ci, co, a, i, o, g, b: co * one),
    "E15 times a batch": counts(macs=lambda one, ci, co, a, i, o, g, b: 32 * co * one * o),
    "activations in bytes": counts(activations=lambda one, ci, co, a, i, o, g, b: 4 * co * o),
    "E16 activations in bytes of float64": counts(activations=lambda one, ci, co, a, i, o, g, b: 8 * co * o),
    "activations with the weights": counts(activations=lambda one, ci, co, a, i, o, g, b: co * o + co * one),
    "locally connected": counts(params=lambda one, ci, co, a, i, o, g, b: co * (one + b) * o),
    "square image": lambda c_in, c_out, kernel, in_size, **o: right.conv_counts(
        c_in, c_out, kernel, pair(in_size)[0], **o
    ),
    "stride of the rows for both": rows_for_both("stride"),
    "padding of the rows for both": rows_for_both("padding"),
    "a dict": lambda *args, **o: dict(
        zip(("params", "macs", "activations"), right.conv_counts(*args, **o), strict=True)
    ),
    "two of three": lambda *args, **o: right.conv_counts(*args, **o)[:2],
    "answer of the slide": lambda *args, **o: (760, 768000, 10240),
    "ceil": rounded_up,
}


MLP = {
    "bias of the inputs": lambda widths: sum(a * (b + 1) for a, b in pairwise(widths)),
    "one bias for each layer": lambda widths: sum(a * b + 1 for a, b in pairwise(widths)),
    "first layer only": lambda widths: (widths[0] + 1) * widths[1],
    "product of all": lambda widths: math.prod(widths) + sum(widths[1:]),
    "last layer without bias": lambda widths: right.mlp_params(widths) - widths[-1],
    "first to last": lambda widths: (widths[0] + 1) * widths[-1],
    "eats its input": lambda widths: right.mlp_params([widths.pop(0), *widths]),
}
