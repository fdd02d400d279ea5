"""Hidden tests of batchnorm2d: one mean and one variance per channel, over all images and all pixels.

Titles and case ids are read by students: they name the kind of case. Tolerances: see draws.py.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization import oracles as oracle
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.draws import (
    EXACT_EPS,
    FLOAT32,
    LARGE,
    Layer,
    backward_of,
    exact,
    forward_of,
    gapped,
    layer,
    single,
)
from autograder.testing import expect_error, expect_pure, question

SHAPES = pytest.mark.parametrize(
    "shape",
    [(3, 2, 4, 5), (1, 4, 3, 4), (4, 3, 1, 2)],
    ids=["several images", "a single image", "images of a single row"],
)


def expect_forward(
    student: Any, once: Any, case: Layer, *looked_at: str, tolerances: Any = None, **options: Any
) -> None:
    """Compare one forward call with torch's; all three results if none is named."""
    want = once(partial(oracle.batchnorm, *case.batch, **options))
    forward_of(student.batchnorm2d_forward)(case.batch, want, *looked_at, tolerances=tolerances, **options)


def expect_backward(
    student: Any, once: Any, case: Layer, *looked_at: str, tolerances: Any = None, **options: Any
) -> None:
    """Compare one backward call with autograd's; all three gradients if none is named."""
    want = once(partial(oracle.batchnorm_gradients, *case.back, **options))
    backward_of(student.batchnorm2d_backward)(case.back, want, *looked_at, tolerances=tolerances, **options)


@question("batchnorm2d")
@SHAPES
def test_channels_out(student, rng, once, shape):
    """What comes out in training."""
    expect_forward(student, once, layer(rng, *shape), "out", training=True)


@question("batchnorm2d")
@pytest.mark.parametrize("part", ["running_mean", "running_var"], ids=["the mean", "the variance"])
def test_channels_stored(student, rng, once, part):
    """What is stored in training, with the usual momentum and another, also for a single channel."""
    expect_forward(student, once, layer(rng, 2, 3, 1, 2), part, training=True)
    expect_forward(student, once, layer(rng, 3, 2, 2, 1), part, training=True, momentum=0.7)
    expect_forward(student, once, layer(rng, 2, 1, 3, 2), part, training=True)


@question("batchnorm2d")
def test_channels_eval(student, rng, once):
    """Evaluation, also of images of a single pixel."""
    for shape in ((2, 3, 4, 5), (1, 4, 1, 1)):
        expect_forward(student, once, layer(rng, *shape), training=False)


@question("batchnorm2d")
def test_channels_forward_options(student, rng, once):
    """Another eps, with numbers far from zero, and with hardly any spread."""
    for training in (True, False):
        expect_forward(student, once, layer(rng, 2, 3, 4, 1, scale=0.3), training=training, eps=0.2)
    case = layer(rng, 3, 2, 1, 4, shift=1e6)
    expect_forward(student, once, case, "out", training=True, eps=1e-3, tolerances=LARGE)
    expect_forward(student, once, layer(rng, 2, 3, 2, 4, scale=2e-3), "out", training=True)


@question("batchnorm2d", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_channels_forward_kinds(student, rng, once, change):
    """Kinds of numbers and of memory on the way forward."""
    tolerances = FLOAT32 if change is single else None
    case = layer(rng, 3, 4, 2, 5).each(change)
    for training in (True, False):
        expect_forward(student, once, case, training=training, eps=0.3, tolerances=tolerances)


@question("batchnorm2d", kind="error", weight=0.75)
def test_channels_one_value(student, rng, once):
    """One value per channel is refused in training, and only there."""
    case = layer(rng, 1, 3, 1, 2)
    expect_forward(student, once, case, training=True)
    args = case.x[..., :1].clone(), *case.batch[1:]
    want = once(partial(oracle.batchnorm, *args, training=False))
    forward_of(student.batchnorm2d_forward)(args, want, training=False)
    expect_error(
        lambda: student.batchnorm2d_forward(*args, training=True),
        ValueError,
        when="each channel has one value in training",
    )


@question("batchnorm2d", kind="purity", weight=0.5)
def test_channels_forward_pure(student, rng, once):
    """The way forward leaves its inputs as they were and remembers nothing."""
    case = exact(rng, 2, 3, 4, 1, together=(0, 2, 3))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = x, *case.batch[1:]
        want = once(partial(oracle.batchnorm, *args, training=True, eps=EXACT_EPS))
        forward_of(student.batchnorm2d_forward)(args, want, training=True, eps=EXACT_EPS)
    expect_pure(student.batchnorm2d_forward, *case.batch, training=True, eps=EXACT_EPS)


@question("batchnorm2d")
@SHAPES
def test_channels_dx(student, rng, once, shape):
    """The gradient of x."""
    expect_backward(student, once, layer(rng, *shape), "dx")


@question("batchnorm2d")
@pytest.mark.parametrize("part", ["dgamma", "dbeta"])
def test_channels_parameters(student, rng, once, part):
    """The gradients of what is learned."""
    for shape in ((2, 3, 4, 5), (3, 2, 1, 4)):
        expect_backward(student, once, layer(rng, *shape, shift=2.0), part)


@question("batchnorm2d")
def test_channels_backward_options(student, rng, once):
    """The gradients with another eps, far from zero, and with hardly any spread."""
    expect_backward(student, once, layer(rng, 2, 3, 4, 1, scale=0.3), eps=0.2)
    expect_backward(student, once, layer(rng, 3, 2, 1, 4, shift=1e6), tolerances=LARGE)
    expect_backward(student, once, layer(rng, 2, 3, 2, 4, scale=2e-3))


@question("batchnorm2d", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_channels_backward_kinds(student, rng, once, change):
    """Kinds of numbers and of memory on the way back."""
    case = layer(rng, 3, 4, 2, 5).each(change)
    expect_backward(student, once, case, eps=0.3, tolerances=FLOAT32 if change is single else None)


@question("batchnorm2d", kind="purity", weight=0.5)
def test_channels_backward_pure(student, rng, once):
    """The way back leaves its inputs as they were and remembers nothing."""
    case = exact(rng, 4, 3, 1, 2, together=(0, 2, 3))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = case.dout, x, case.gamma
        want = once(partial(oracle.batchnorm_gradients, *args, eps=EXACT_EPS))
        backward_of(student.batchnorm2d_backward)(args, want, eps=EXACT_EPS)
    expect_pure(student.batchnorm2d_backward, *case.back, eps=EXACT_EPS)
