"""Hidden tests of a2_pooling_and_normalization/activations_and_pooling: what pooling and depth do in a network.

`shift_sensitivity` and `gradient_by_depth` are asked about functions that are given to them as text. Both end in sums
of at most some hundred products of numbers around 1: the default tolerances allow any order of summation in float64.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling import oracles as oracle
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.judging import FLOAT32
from autograder.hidden_tests.a2_pooling_and_normalization.inputs import normal, scattered, turned, whole
from autograder.testing import expect, expect_error, expect_pure, given, question

F = torch.nn.functional

# How much features change when images are shifted: a function as it is given, and the same by library calls.

IDENTITY = ("lambda x: x", lambda x: x)
EVERY_SECOND = ("lambda x: x[:, :, ::2, ::2]", lambda x: x[:, :, ::2, ::2])
MAX_POOL = (
    "lambda x: x.unfold(2, 2, 2).unfold(3, 2, 2).amax((-2, -1))",
    lambda x: F.max_pool2d(x, 2),
)
AVG_POOL = (
    "lambda x: x.unfold(2, 3, 2).unfold(3, 3, 2).mean((-2, -1))",
    lambda x: F.avg_pool2d(x, 3, 2),
)
MEANS = ("lambda x: x.mean((2, 3))", lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0])
SQUARES = ("lambda x: x * x.abs() + 1", lambda x: torch.sign(x) * x**2 + 1)
COLUMNS = ("lambda x: x.flatten(1)[:, 3:9]", lambda x: x.reshape(len(x), -1)[:, 3:9])
RAMP = (
    "lambda x: x * torch.arange(1.0, 1 + x.shape[2], dtype=x.dtype, device=x.device)[:, None]",
    lambda x: torch.stack([(1 + row) * x[:, :, row] for row in range(x.shape[2])], 2),
)


def expect_sensitivity(
    student: Any, once: Any, features: tuple[str, Any], images: Any, shift: Any, **tolerances: float
) -> None:
    """Compare one call with the plain definition."""
    text, function = features
    want = once(partial(oracle.sensitivity, function, images, shift))
    expect(student.shift_sensitivity(given(text), images, shift), want, what="the relative change", **tolerances)


@question("shift_sensitivity")
@pytest.mark.parametrize(
    ("features", "shift"),
    [
        (IDENTITY, (1, 2)),
        (EVERY_SECOND, (1, 0)),
        (MAX_POOL, (0, 1)),
        (AVG_POOL, (2, 1)),
        (RAMP, (2, 3)),
        (SQUARES, (0, 2)),
        (COLUMNS, (1, 1)),
    ],
    ids=[
        "the images themselves",
        "every second pixel",
        "max pooling",
        "average pooling",
        "features that grow from row to row",
        "features that are not linear",
        "features in vectors",
    ],
)
def test_sensitivity_values(student, rng, once, features, shift):
    """Values of the relative change of features."""
    expect_sensitivity(student, once, features, normal(rng, 2, 3, 5, 8), shift)


@question("shift_sensitivity")
def test_sensitivity_directions(student, rng, once):
    """Shifts up, to the left, and beyond the size of the images."""
    for shift in ((-1, 0), (0, -2), (7, -9)):
        expect_sensitivity(student, once, RAMP, normal(rng, 2, 1, 4, 6), shift)


@question("shift_sensitivity")
def test_sensitivity_nothing_changes(student, rng, once):
    """Features that no shift changes, and no shift at all, beside a shift that changes something."""
    images = normal(rng, 2, 3, 6, 4, shift=1.0)
    expect_sensitivity(student, once, RAMP, images, (1, 1))
    expect_sensitivity(student, once, MEANS, images, (2, 1))
    expect_sensitivity(student, once, RAMP, images, (0, 0))


@question("shift_sensitivity")
def test_sensitivity_scale(student, rng, once):
    """The size of the features and of the images plays no part."""
    images = normal(rng, 2, 2, 4, 6)
    thousandfold = ("lambda x: 1000 * x", lambda x: 1000 * x)
    for features, numbers in ((IDENTITY, images), (thousandfold, images), (IDENTITY, images / 1000)):
        # Something tiny may be added to what is divided by.
        expect_sensitivity(student, once, features, numbers, (1, 0), rtol=1e-5)


@question("shift_sensitivity", weight=0.5)
def test_sensitivity_orders(student, rng, once):
    """Averages over windows, and single pixels, which change more."""
    images = normal(rng, 2, 3, 8, 10)
    for features in (AVG_POOL, EVERY_SECOND):
        expect_sensitivity(student, once, features, images, (1, 1))


@question("shift_sensitivity", weight=0.5)
def test_sensitivity_single_precision(student, rng, once):
    """Images of single precision, that are parts of larger tensors, or transposed in memory."""
    for memory in (scattered, turned):
        images = memory(normal(rng, 2, 3, 5, 4, dtype=torch.float32))
        expect_sensitivity(student, once, MAX_POOL, images, (1, 2), **FLOAT32)


@question("shift_sensitivity", kind="purity")
def test_sensitivity_pure(student, rng, once):
    """Images stay as they were, and nothing is remembered between calls."""
    images = whole(rng, 2, 3, 4, 5)
    for numbers, shift in ((images, (1, 2)), (images + 1, (1, 2)), (images, (2, 1))):
        expect_sensitivity(student, once, RAMP, numbers, shift)
    expect_pure(student.shift_sensitivity, given(RAMP[0]), images, (1, 2))


# A stack of linear layers


def stack(rng: Any, *widths: int, dtype: torch.dtype = torch.float64) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Weights and biases of layers between these widths."""
    return [
        (normal(rng, after, before, dtype=dtype), normal(rng, after, dtype=dtype)) for before, after in pairwise(widths)
    ]


def expect_collapsed(student: Any, once: Any, layers: Any, **tolerances: float) -> None:
    """Compare both parts of one call with what the stack makes of unit vectors."""
    want = once(partial(oracle.collapse, layers))
    expect(student.linear_collapse(layers), want, what="(w, b)", **tolerances)


@question("linear_collapse")
@pytest.mark.parametrize(
    "widths",
    [(3, 5, 2), (4, 2, 5, 3), (4, 4, 4, 4), (2, 6, 1, 3, 5)],
    ids=["two layers", "three layers", "layers of one width", "a bottleneck of one unit"],
)
def test_collapse_values(student, rng, once, widths):
    """Values of the weights and biases of the one layer."""
    expect_collapsed(student, once, stack(rng, *widths))


@question("linear_collapse", weight=0.5)
def test_collapse_single(student, rng, once):
    """One layer is itself already, and so it stays in a longer stack."""
    for widths in ((3, 4), (3, 4, 2)):
        expect_collapsed(student, once, stack(rng, *widths))


@question("linear_collapse", weight=0.5)
def test_collapse_single_precision(student, rng, once):
    """Single precision stays single precision, in parts of larger tensors too."""
    layers = stack(rng, 3, 5, 4, dtype=torch.float32)
    expect_collapsed(student, once, layers, **FLOAT32)
    expect_collapsed(student, once, [(turned(w), scattered(b)) for w, b in layers], **FLOAT32)


@question("linear_collapse", kind="error", weight=0.5)
def test_collapse_empty(student, rng, once):
    """A stack without layers is refused."""
    expect_collapsed(student, once, stack(rng, 2, 3))
    expect_error(lambda: student.linear_collapse([]), ValueError, when="there are no layers")


@question("linear_collapse", kind="purity", weight=0.5)
def test_collapse_pure(student, rng, once):
    """The layers stay as they were, and nothing is remembered between calls."""
    layers = [(whole(rng, *w.shape), whole(rng, *b.shape)) for w, b in stack(rng, 3, 4, 2)]
    for given_layers in (layers, [(w + 1, b) for w, b in layers]):
        expect_collapsed(student, once, given_layers)
    expect_pure(student.linear_collapse, layers)


# Gradients in a deep net

SIGMOID = (
    ("lambda x: 1 / (1 + (-x).exp())", "lambda dout, x: dout / (2 + x.exp() + (-x).exp())"),
    (torch.sigmoid, lambda dout, x: dout * torch.sigmoid(x) * torch.sigmoid(-x)),
)
RELU = (
    ("lambda x: x.clamp(min=0)", "lambda dout, x: dout * (x > 0)"),
    (F.relu, lambda dout, x: torch.where(x > 0, dout, torch.zeros_like(x))),
)
TANH = (
    ("lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())", "lambda dout, x: dout / x.cosh() ** 2"),
    (torch.tanh, lambda dout, x: dout * (1 - torch.tanh(x) ** 2)),
)
# No activation has this gradient: what counts is what was given.
ODD = (
    ("lambda x: x + x * x / 4", "lambda dout, x: 2 * dout + x"),
    (lambda x: x * (1 + x / 4), lambda dout, x: dout + dout + x),
)
LINEAR = (("lambda x: x", "lambda dout, x: dout"), (lambda x: x, lambda dout, x: dout))


def norms(student: Any, activation: Any, depth: int, width: int, seed: int) -> Any:
    """Ask for the norms, with a generator that is made anew."""
    forward, backward = activation[0]
    generator = given(f"torch.Generator().manual_seed({seed})")
    return student.gradient_by_depth(given(forward), given(backward), depth, width, generator)


def expect_norms(student: Any, rng: Any, once: Any, activation: Any, depth: int, width: int) -> int:
    """Compare one call with autograd, and give the generator's seed."""
    seed = int(rng.integers(1 << 31))
    want = once(partial(oracle.norms_by_depth, *activation[1], depth, width, seed))
    expect(norms(student, activation, depth, width, seed), want, axes=["layer"], what="the norms")
    return seed


@question("gradient_by_depth")
@pytest.mark.parametrize(
    ("activation", "depth", "width"),
    [(SIGMOID, 4, 6), (RELU, 5, 8), (TANH, 3, 5), (ODD, 3, 4), (LINEAR, 4, 3)],
    ids=["sigmoid", "ReLU", "tanh", "another activation", "no activation"],
)
def test_norms_values(student, rng, once, activation, depth, width):
    """Values of the norms, layer by layer."""
    expect_norms(student, rng, once, activation, depth, width)


@question("gradient_by_depth", weight=0.5)
def test_norms_extremes(student, rng, once):
    """A net of one layer, and layers of one unit."""
    expect_norms(student, rng, once, TANH, 1, 7)
    expect_norms(student, rng, once, SIGMOID, 3, 1)


@question("gradient_by_depth", kind="purity")
def test_norms_pure(student, rng, once):
    """Generators of one seed give equal numbers, others give others, and nothing is remembered between calls."""
    seed = expect_norms(student, rng, once, TANH, 3, 4)
    expect_norms(student, rng, once, TANH, 3, 4)
    texts = [*TANH[0], f"torch.Generator().manual_seed({seed})"]
    forward, backward, generator = map(given, texts)
    expect_pure(student.gradient_by_depth, forward, backward, 3, 4, generator)
