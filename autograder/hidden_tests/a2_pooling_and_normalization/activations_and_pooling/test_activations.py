"""Hidden tests of a2_pooling_and_normalization/activations_and_pooling: relu, activations, maxout.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, an input, None, a constant), and error tests begin with a neighbouring call that must work.

Tolerances. Activations are smooth functions of one number around 1, so that float64 gives 1e-15 whichever formula is
used, and less where a formula cancels: the default of 1e-7 and 1e-9 is generous, yet far below a rounding to float32.
In float32 a formula with a few operations is right to about 1e-6, so 1e-5 is allowed. Purity tests use whole numbers,
so that equal calls agree exactly.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling import oracles as oracle
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.judging import (
    FLOAT32,
    IMAGES,
    bright,
    close,
    dark,
    expect_shared,
    without,
)
from autograder.hidden_tests.a2_pooling_and_normalization.inputs import distinct, normal, scattered, turned, whole
from autograder.testing import expect, expect_error, expect_pure, question

SHAPES = {"a batch of vectors": (5, 7), "a batch of images": (2, 3, 5, 4)}
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
both_ways = pytest.mark.parametrize("way", ["forward", "backward"])


def expect_way(student: Any, once: Any, name: str, way: str, x: Any, dout: Any, **settings: Any) -> None:
    """Compare one call of an activation's forward or backward function with autograd."""
    tolerances = settings.pop("tolerances", {})
    axes = IMAGES if x.ndim == len(IMAGES) else ()
    function = getattr(student, f"{name}_{way}")
    if way == "forward":
        want = once(partial(oracle.activation, name, x, **settings))
        got = function(x, **settings)
    else:
        want = once(partial(oracle.activation_backward, name, dout, x, **settings))
        got = function(dout, x, **settings)
    expect(got, want, axes=axes, what="the result" if way == "forward" else "dx", **tolerances)


# ReLU


@question("relu")
@shapes
@both_ways
def test_relu_values(student, rng, once, way, shape):
    """Values of ReLU and of its gradient."""
    expect_way(student, once, "relu", way, normal(rng, *shape), normal(rng, *shape))


@question("relu", weight=0.5)
@both_ways
def test_relu_extremes(student, rng, once, way):
    """Numbers close to zero, huge numbers, and batches in which nothing or everything is negative."""
    x, dout = normal(rng, 4, 6), normal(rng, 4, 6)
    sizes = torch.tensor([1e-12, 1e-3, 1.0, 1e3, 1e8, 1e12], dtype=torch.float64)
    for numbers in (x * sizes, 1 + x.abs(), -1 - x.abs()):
        # Relative only: 1e-12 must not count as nothing.
        expect_way(student, once, "relu", way, numbers, dout, tolerances={"atol": 0.0})


@question("relu", weight=0.5)
@both_ways
def test_relu_at_zero(student, rng, once, way):
    """Zeros among the inputs: the gradient there may be any number."""
    x, dout = normal(rng, 6, 5), normal(rng, 6, 5)
    x[1::2, ::2] = 0.0
    if way == "forward":
        expect(student.relu_forward(x), once(partial(oracle.activation, "relu", x)))
        return
    want = once(partial(oracle.activation_backward, "relu", dout, x))
    got = student.relu_backward(dout, x)
    expect(without(got, x == 0), want, what="dx where x is not 0")


@question("relu", weight=0.5)
@both_ways
def test_relu_single_precision(student, rng, once, way):
    """Single precision stays single precision."""
    x, dout = (normal(rng, 3, 8, dtype=torch.float32) for _ in range(2))
    expect_way(student, once, "relu", way, x, dout, tolerances=FLOAT32)


@question("relu", weight=0.5)
@both_ways
def test_relu_memory(student, rng, once, way):
    """Inputs that are parts of larger tensors, or transposed in memory."""
    for first, second in ((scattered, turned), (turned, scattered)):
        expect_way(student, once, "relu", way, first(normal(rng, 2, 4, 3)), second(normal(rng, 2, 4, 3)))


@question("relu", kind="purity", weight=0.5)
@both_ways
def test_relu_pure(student, rng, once, way):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, dout = whole(rng, 4, 5) + 0.5, whole(rng, 4, 5) + 0.5
    for numbers in (x, 1 - x):
        expect_way(student, once, "relu", way, numbers, dout)
    expect_pure(getattr(student, f"relu_{way}"), *([x] if way == "forward" else [dout, x]))


# The other activations

NAMES = ("leaky_relu", "elu", "sigmoid", "tanh", "gelu")
SETTINGS = {"leaky_relu": {"slope": 0.3}, "elu": {"alpha": 1.7}}
each = pytest.mark.parametrize("name", NAMES, ids=["leaky ReLU", "ELU", "sigmoid", "tanh", "GELU"])


@question("activations")
@both_ways
@each
def test_activation_values(student, rng, once, name, way):
    """Values of an activation and of its gradient."""
    for shape in SHAPES.values():
        expect_way(student, once, name, way, 2 * normal(rng, *shape), normal(rng, *shape))


@question("activations")
@pytest.mark.parametrize("name", SETTINGS, ids=["leaky ReLU", "ELU"])
def test_activation_settings(student, rng, once, name):
    """The slope and the scale of the negative side."""
    x, dout = normal(rng, 4, 7), normal(rng, 4, 7)
    for way in ("forward", "backward"):
        expect_way(student, once, name, way, x, dout, **SETTINGS[name])


@question("activations", weight=0.5)
@pytest.mark.parametrize("name", NAMES[1:], ids=["ELU", "sigmoid", "tanh", "GELU"])
def test_activation_extremes(student, rng, once, name):
    """Huge positive and negative numbers, among ordinary ones."""
    x, dout = normal(rng, 3, 5), normal(rng, 3, 5)
    sizes = torch.tensor([1.0, 30.0, 800.0, 1e4, 1e4], dtype=torch.float64)
    signs = torch.tensor([[1.0], [-1.0], [1.0]], dtype=torch.float64)
    for way in ("forward", "backward"):
        expect_way(student, once, name, way, signs * (1 + x.abs()) * sizes, dout)


@question("activations", weight=0.5)
@both_ways
def test_activation_single_precision(student, rng, once, way):
    """Single precision stays single precision, in parts of larger tensors too."""
    for name in NAMES:
        x, dout = (scattered(normal(rng, 3, 8, dtype=torch.float32)) for _ in range(2))
        expect_way(student, once, name, way, x, dout, tolerances=FLOAT32)


@question("activations", kind="purity", weight=0.5)
@both_ways
def test_activation_pure(student, rng, once, way):
    """Inputs stay as they were, and nothing is remembered between calls."""
    for name in NAMES:
        x, dout = whole(rng, 3, 5) + 0.5, whole(rng, 3, 5) + 0.5
        for numbers in (x, 1 - x):
            expect_way(student, once, name, way, numbers, dout)
        expect_pure(getattr(student, f"{name}_{way}"), *([x] if way == "forward" else [dout, x]))


# Maxout

PIECES = {
    "vectors": (2, (5, 6)),
    "images": (3, (2, 12, 3, 5)),
    "more pieces than channels": (5, (4, 10, 7)),
    "one channel comes out": (4, (5, 4, 7)),
}
each_pieces = pytest.mark.parametrize(("pieces", "shape"), PIECES.values(), ids=PIECES)


def out_shape(shape: tuple[int, ...], pieces: int) -> tuple[int, ...]:
    """Shape of the result."""
    return (shape[0], shape[1] // pieces, *shape[2:])


def expect_maxout(student: Any, once: Any, way: str, x: Any, dout: Any, pieces: int, **tolerances: float) -> None:
    """Compare one call of maxout's forward or backward function with autograd."""
    axes = IMAGES if x.ndim == len(IMAGES) else ()
    if way == "forward":
        want = once(partial(oracle.maxout, x, pieces))
        expect(student.maxout_forward(x, pieces), want, axes=axes, **tolerances)
        return
    want = once(partial(oracle.gradient, partial(oracle.maxout, pieces=pieces), dout, x))
    expect(student.maxout_backward(dout, x, pieces), want, axes=axes, what="dx", **tolerances)


@question("maxout")
@each_pieces
@both_ways
def test_maxout_values(student, rng, once, way, pieces, shape):
    """Values of maxout and of its gradient."""
    expect_maxout(student, once, way, bright(rng, *shape), normal(rng, *out_shape(shape, pieces)), pieces)


@question("maxout", weight=0.5)
@both_ways
def test_maxout_extremes(student, rng, once, way):
    """Numbers that are all negative, numbers that differ little, and a single piece."""
    for draw, pieces, shape in ((dark, 3, (3, 6, 7)), (close, 4, (5, 8)), (distinct, 1, (2, 5, 3))):
        x = draw(rng, *shape)
        expect_maxout(student, once, way, x, normal(rng, *out_shape(shape, pieces)), pieces)


@question("maxout", weight=0.5)
def test_maxout_ties(student, rng, once):
    """Equal pieces may share their gradient in any way, but nobody else gets any."""
    x, dout = bright(rng, 3, 9, 4), 1 + normal(rng, 3, 3, 4).abs()
    # What is wrong without ties fails here, whatever it does with ties.
    expect_maxout(student, once, "backward", x, dout, 3)
    highest = x.amax() + 1
    x[:, 0:6:3, ::2] = highest
    got = student.maxout_backward(dout, x, 3)
    want = once(partial(oracle.gradient, partial(oracle.maxout, pieces=3), dout, x))
    tied = x == highest
    expect(without(got, tied), without(want, tied), what="dx where there is no tie")
    expect_shared(torch.stack([got[:, 0, ::2], got[:, 3, ::2]]), dout[:, 0, ::2])


@question("maxout", weight=0.5)
@both_ways
def test_maxout_single_precision(student, rng, once, way):
    """Single precision stays single precision, in parts of larger tensors too."""
    x, dout = bright(rng, 4, 8, 7, dtype=torch.float32), normal(rng, 4, 2, 7, dtype=torch.float32)
    expect_maxout(student, once, way, scattered(x), turned(dout), 4, **FLOAT32)


@question("maxout", kind="error", weight=0.5)
@both_ways
def test_maxout_does_not_divide(student, rng, once, way):
    """A number of pieces that does not divide the channels is refused."""
    x, dout = bright(rng, 4, 8, 7), normal(rng, 4, 2, 7)
    expect_maxout(student, once, way, x, dout, 4)
    calls = {
        "forward": lambda: student.maxout_forward(x[:, 1:], 4),
        "backward": lambda: student.maxout_backward(dout[:, :1], x[:, 1:], 4),
    }
    expect_error(calls[way], ValueError, when="one channel is missing")


@question("maxout", kind="purity", weight=0.25)
@both_ways
def test_maxout_pure(student, rng, once, way):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, dout = bright(rng, 2, 6, 5), whole(rng, 2, 3, 5) + 0.5
    for numbers in (x, 1 - x):
        expect_maxout(student, once, way, numbers, dout, 2)
    arguments = [x, 2] if way == "forward" else [dout, x, 2]
    expect_pure(getattr(student, f"maxout_{way}"), *arguments)
