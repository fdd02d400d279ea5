"""Hidden tests of batchnorm_forward: what comes out, what is stored, and what evaluation does.

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
    exact,
    forward_of,
    gapped,
    layer,
    single,
)
from autograder.testing import expect_error, expect_pure, question


def expect_batch(student: Any, once: Any, case: Layer, *looked_at: str, tolerances: Any = None, **options: Any) -> None:
    """Compare one call with torch's; all three results if none is named."""
    want = once(partial(oracle.batchnorm, *case.batch, **options))
    forward_of(student.batchnorm_forward)(case.batch, want, *looked_at, tolerances=tolerances, **options)


@question("batchnorm_forward")
@pytest.mark.parametrize(
    "shape",
    [(7, 3), (3, 8), (4, 4), (2, 4)],
    ids=["many samples", "more features than samples", "as many features as samples", "two samples"],
)
def test_batch_out(student, rng, once, shape):
    """What comes out in training."""
    expect_batch(student, once, layer(rng, *shape), "out", training=True)


@question("batchnorm_forward")
@pytest.mark.parametrize("kind", ["large mean", "tiny variance"], ids=["far from zero", "hardly any spread"])
def test_batch_out_extremes(student, rng, once, kind):
    """What comes out in training, for numbers at the edge."""
    if kind == "large mean":
        expect_batch(student, once, layer(rng, 6, 4, shift=1e6), "out", training=True, tolerances=LARGE)
        return
    case = layer(rng, 6, 4, scale=2e-3)
    # A feature that is the same in all samples; whole, so that its mean is exact.
    case.x[:, 2] = 3.0
    expect_batch(student, once, case, "out", training=True)


@question("batchnorm_forward")
def test_batch_out_eps(student, rng, once):
    """What comes out with another eps, large and small beside the variance."""
    for eps in (0.7, 1e-3):
        expect_batch(student, once, layer(rng, 5, 3, scale=0.6), "out", training=True, eps=eps)


@question("batchnorm_forward", weight=1.5)
@pytest.mark.parametrize("part", ["running_mean", "running_var"], ids=["the mean", "the variance"])
def test_batch_stored(student, rng, once, part):
    """What is stored in training, after few samples, after many, and at the very beginning."""
    for shape in ((3, 4), (9, 2)):
        expect_batch(student, once, layer(rng, *shape), part, training=True)
    case = layer(rng, 4, 3)
    case.mean.zero_()
    case.var.fill_(1.0)
    expect_batch(student, once, case, part, training=True)


@question("batchnorm_forward")
def test_batch_momentum(student, rng, once):
    """What is stored with another momentum, and with one that forgets or keeps everything."""
    for momentum in (0.3, 1.0, 0.0):
        expect_batch(student, once, layer(rng, 5, 3), "running_mean", "running_var", training=True, momentum=momentum)


@question("batchnorm_forward")
def test_batch_in_turn(student, rng, once):
    """Two batches in turn, each with statistics of its own, then evaluation: nothing is remembered."""
    for training in (True, True, False):
        case = layer(rng, 6, 3)
        args = 2 * case.x - 1, case.gamma, case.beta, case.mean, case.var
        want = once(partial(oracle.batchnorm, *args, training=training, momentum=0.2))
        forward_of(student.batchnorm_forward)(args, want, training=training, momentum=0.2)


@question("batchnorm_forward")
@pytest.mark.parametrize("shape", [(6, 3), (1, 4)], ids=["many samples", "a single sample"])
def test_batch_eval_out(student, rng, once, shape):
    """What comes out in evaluation."""
    expect_batch(student, once, layer(rng, *shape), "out", training=False)


@question("batchnorm_forward")
def test_batch_eval_eps(student, rng, once):
    """What comes out in evaluation with another eps, and with stored variances next to zero."""
    expect_batch(student, once, layer(rng, 4, 3), "out", training=False, eps=0.4)
    case = layer(rng, 3, 5)
    case.var.mul_(1e-5)
    case.var[1] = 0.0
    expect_batch(student, once, case, "out", training=False)


@question("batchnorm_forward")
def test_batch_eval_stored(student, rng, once):
    """Evaluation leaves the statistics as they are, whatever the momentum."""
    case = layer(rng, 5, 3)
    for momentum in (0.1, 0.6):
        expect_batch(student, once, case, training=False, momentum=momentum)


@question("batchnorm_forward", weight=0.5)
def test_batch_single_precision(student, rng, once):
    """Single precision stays single precision, in training and evaluation."""
    case = layer(rng, 6, 4).each(single)
    for training in (True, False):
        expect_batch(student, once, case, training=training, eps=0.3, tolerances=FLOAT32)


@question("batchnorm_forward", weight=0.5)
def test_batch_memory(student, rng, once):
    """Inputs that lie in memory in another order, or with gaps."""
    case = layer(rng, 5, 3).each(gapped)
    for training in (True, False):
        expect_batch(student, once, case, training=training)


@question("batchnorm_forward", kind="error", weight=0.75)
def test_batch_one_sample(student, rng, once):
    """A single sample is refused in training, and only there."""
    case = layer(rng, 2, 3)
    expect_batch(student, once, case, training=True)
    args = case.x[:1].clone(), *case.batch[1:]
    want = once(partial(oracle.batchnorm, *args, training=False))
    forward_of(student.batchnorm_forward)(args, want, training=False)
    expect_error(
        lambda: student.batchnorm_forward(*args, training=True), ValueError, when="one sample comes in training"
    )


@question("batchnorm_forward", kind="purity", weight=0.5)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_batch_pure(student, rng, once, training):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = exact(rng, 8, 3, together=(0,))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = x, *case.batch[1:]
        want = once(partial(oracle.batchnorm, *args, training=training, eps=EXACT_EPS))
        forward_of(student.batchnorm_forward)(args, want, training=training, eps=EXACT_EPS)
    expect_pure(student.batchnorm_forward, *case.batch, training=training, eps=EXACT_EPS)
