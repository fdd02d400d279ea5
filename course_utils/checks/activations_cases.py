"""The small cases of ReLU, of the smooth activations and of maxout, for the checks of `activations_and_pooling`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_utils.checks.case import Case
from course_utils.checks.draw import Array, distinct, draw
from course_utils.checks.numbers import (
    FORMULA,
    FORMULA_SINGLE,
    IMAGES,
    LAYOUT,
    Numbers,
    Shape,
    alike,
    huge,
    negative,
    single,
)

# Signs in a pattern that a sentence about places can name, and with them all four pairs of signs of x and dout.
PATTERN = "negative x in row 0, positive x in row 1"
SIGNED = np.array([[-2.75, -0.25, -1.5, -0.5, -2.0, -1.25], [0.75, 2.5, 0.25, 1.5, 3.0, 1.75]])
FROM_ABOVE = np.array([[-4.0, 1.5, -0.75, 2.25, -0.5, 1.25], [-0.5, 3.0, -2.5, 1.0, -3.5, 0.75]])


def _forward(function: str, about: str, x: Array, look: str, **more: Any) -> Case:
    fields = {key: more.pop(key) for key in ("layout", "rtol") if key in more}
    return Case(function, about, {"x": x}, more, look, **fields)


def _backward(function: str, about: str, x: Array, look: str, **more: Any) -> Case:
    fields = {key: more.pop(key) for key in ("layout", "rtol") if key in more}
    if x is SIGNED:
        about, dout = f"{about}; negative dout in columns 0, 2 and 4", FROM_ABOVE
    else:
        dout = draw(*x.shape, salt=90, dtype=str(x.dtype))
    return Case(function, about, {"dout": dout, "x": x}, more, look, **fields)


POSITIVE = "What is positive passes unchanged, what is negative becomes 0."
GATE = "Each number of dout passes where x is positive, and is stopped where x is negative; its own sign says nothing."
RELU = [
    _forward("relu_forward", PATTERN, SIGNED, POSITIVE),
    _forward("relu_forward", "a batch of images", distinct(2, 3, 4, 5, salt=2), POSITIVE),
    _forward("relu_forward", "negative numbers only", negative(2, 3, salt=3), POSITIVE),
    _forward("relu_forward", "very large numbers", huge(2, 5, salt=4), POSITIVE),
    _forward("relu_forward", "a vector in float32", single(7, salt=5), POSITIVE),
    _forward("relu_forward", "a view that is not contiguous", distinct(3, 5, salt=6), LAYOUT, layout="gaps"),
    _backward("relu_backward", PATTERN, SIGNED, GATE),
    _backward("relu_backward", "a batch of images", distinct(2, 3, 4, 5, salt=8), GATE),
    _backward("relu_backward", "negative inputs only", negative(2, 3, salt=9), GATE),
    _backward("relu_backward", "very large inputs", huge(2, 5, salt=10), GATE),
    _backward("relu_backward", "vectors in float32", single(7, salt=11), GATE),
    _backward("relu_backward", "views that are not contiguous", distinct(3, 5, salt=12), LAYOUT, layout="gaps"),
]

# Far from 0 a formula that divides two large numbers gives NaN.
FAR = np.array([[-1e4, -800.0, 800.0, 1e4], [-90.0, -12.5, 12.5, 90.0]])
NAN = "exp of a large number is infinite: rewrite the formula so that exp gets negative numbers only."


def _pair(name: str, up: str, down: str, settings: Mapping[str, Mapping[str, float]]) -> list[Case]:
    """Both directions of one activation, with its default parameter and with others."""
    cases = []
    for direction, make, look in (("forward", _forward, up), ("backward", _backward, down)):
        function = f"{name}_{direction}"
        close = {"rtol": FORMULA}
        cases += [make(function, PATTERN, SIGNED, look, **close)]
        cases += [
            make(function, f"{about}: {PATTERN}", SIGNED, look, **close, **options)
            for about, options in settings.items()
        ]
        cases += [
            make(function, "numbers far from 0, those in row 0 very far", FAR, NAN, **close),
            make(function, "a batch of images in float32", single(2, 2, 2, 3, salt=22) / 2, look, rtol=FORMULA_SINGLE),
            make(function, "a view that is not contiguous", distinct(3, 4, salt=23), LAYOUT, layout="gaps", **close),
        ]
    return cases


CHAIN = "Backward multiplies dout by the slope of the forward function at x."
ACTIVATIONS = [
    *_pair(
        "leaky_relu",
        "Positive numbers pass unchanged, negative ones are multiplied by the slope.",
        f"{CHAIN} It has two slopes, one for each sign of x.",
        {"another slope": {"slope": 0.25}, "no slope at all": {"slope": 0.0}},
    ),
    *_pair(
        "elu",
        "Positive numbers pass unchanged, negative ones become alpha * (exp(x) - 1).",
        f"{CHAIN} What is the slope of alpha * (exp(x) - 1)?",
        {"another alpha": {"alpha": 2.0}, "a small alpha": {"alpha": 0.25}},
    ),
    *_pair("sigmoid", "1 / (1 + exp(-x)).", f"{CHAIN} In terms of s = sigmoid(x) it is s * (1 - s).", {}),
    *_pair("tanh", "It runs from -1 to 1: a sigmoid, stretched.", f"{CHAIN} In terms of t = tanh(x) it is 1 - t².", {}),
    *_pair(
        "gelu",
        "x times the share of a standard normal distribution below x, exactly, with erf.",
        f"{CHAIN} GELU is a product: its slope has two terms.",
        {},
    ),
]

# Maxout

PIECES = "Channel c of the output competes with channels c, C + c, 2C + c, ... of the input."
WINNER = "Only the winning piece gets the gradient; all others get 0."
UNEVEN = "pieces does not divide the number of channels"


def _maxout(about: str, shape: Shape, pieces: int, numbers: Numbers = distinct, **more: Any) -> list[Case]:
    x = numbers(*shape, salt=30)
    out = (shape[0], shape[1] // pieces, *shape[2:])
    dout = draw(*out, salt=31, dtype=str(x.dtype))
    axes = {1: (), 2: ("N", "C"), 3: ("N", "C", "L"), 4: IMAGES}.get(len(shape), ())
    return [
        Case("maxout_forward", about, {"x": x, "pieces": pieces}, look=PIECES, axes=axes, **more),
        Case("maxout_backward", about, {"dout": dout, "x": x, "pieces": pieces}, look=WINNER, axes=axes, **more),
    ]


def _uneven(function: str) -> Case:
    inputs = {"x": distinct(2, 7, 3), "pieces": 2}
    if function == "maxout_backward":
        inputs = {"dout": draw(2, 3, 3), **inputs}
    return Case(function, "a number of channels that leaves a remainder", inputs, raises=UNEVEN)


MAXOUT = [
    *_maxout("two pieces of vectors", (4, 6), 2),
    *_maxout("three pieces of images", (2, 6, 3, 4), 3),
    *_maxout("two pieces of images", (2, 6, 2, 5), 2),
    *_maxout("signals", (3, 8, 5), 4),
    *_maxout("negative numbers only", (2, 6, 3), 2, negative),
    *_maxout("numbers that are nearly equal", (2, 4, 3), 2, alike),
    *_maxout("one piece, with nothing to choose from", (2, 3, 4), 1),
    *_maxout("as many pieces as channels", (2, 5, 3), 5),
    *_maxout("float32", (2, 4, 2, 3), 2, single),
    *_maxout("views that are not contiguous", (2, 4, 3), 2, layout="gaps"),
    _uneven("maxout_forward"),
    _uneven("maxout_backward"),
]
