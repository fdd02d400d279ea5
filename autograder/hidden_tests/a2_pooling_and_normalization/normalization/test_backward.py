"""Hidden tests of batch norm's gradients: staged, simplified (with operations counted), and in evaluation.

Titles and case ids are read by students: they name the kind of case. Tolerances: see draws.py.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization import oracles as oracle
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.draws import (
    BACKWARD,
    DIFFERENCES,
    EXACT_EPS,
    FLOAT32,
    LARGE,
    MOST_PASSES,
    Layer,
    backward_of,
    exact,
    expect_parts,
    gapped,
    layer,
    parts,
    single,
)
from autograder.model import Verdict
from autograder.testing import Judged, expect, expect_pure, question

SHAPES = pytest.mark.parametrize(
    ("shape", "eps"),
    [((7, 3), 1e-5), ((3, 8), 1e-5), ((4, 4), 1e-5), ((2, 4), 0.5)],
    ids=["many samples", "more features than samples", "as many features as samples", "two samples"],
)


def expect_gradients(
    function: Any, once: Any, case: Layer, *looked_at: str, tolerances: Any = None, **options: Any
) -> None:
    """Compare one call with autograd's; all three gradients if none is named."""
    want = once(partial(oracle.batchnorm_gradients, *case.back, **options))
    backward_of(function)(case.back, want, *looked_at, tolerances=tolerances, **options)


def tiny(rng: Any) -> Layer:
    """A batch that varies little beside eps, in one feature not at all; whole there, so that its mean is exact."""
    case = layer(rng, 6, 4, scale=2e-3)
    case.x[:, 2] = 3.0
    return case


def expect_pure_gradients(function: Any, rng: Any, once: Any) -> None:
    """Inputs unchanged, equal calls equal, and nothing kept from a call with other numbers of the same shapes."""
    case = exact(rng, 8, 3, together=(0,))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = case.dout, x, case.gamma
        want = once(partial(oracle.batchnorm_gradients, *args, eps=EXACT_EPS))
        backward_of(function)(args, want, eps=EXACT_EPS)
    expect_pure(function, *case.back, eps=EXACT_EPS)


# Through the graph


@question("batchnorm_backward", weight=1.5)
@SHAPES
def test_batch_dx(student, rng, once, shape, eps):
    """The gradient of x."""
    options = {} if eps == 1e-5 else {"eps": eps}
    expect_gradients(student.batchnorm_backward, once, layer(rng, *shape), "dx", **options)


@question("batchnorm_backward")
@pytest.mark.parametrize("part", ["dgamma", "dbeta"])
def test_batch_parameters(student, rng, once, part):
    """The gradients of what is learned."""
    for shape in ((5, 3), (3, 4)):
        expect_gradients(student.batchnorm_backward, once, layer(rng, *shape, shift=2.0), part)


@question("batchnorm_backward")
def test_batch_dx_differences(student, rng, once):
    """The gradient of x is what differences of the outputs say, also where gamma is zero."""
    case = layer(rng, 4, 3)
    case.gamma[1] = 0.0

    def want() -> Any:
        forward = partial(_forward, gamma=case.gamma, eps=0.2)
        return oracle.differences(forward, case.x, case.dout)

    dx, dgamma, _ = parts(student.batchnorm_backward(*case.back, eps=0.2), BACKWARD, "batchnorm_backward")
    expect(dx, once(want), axes=("N", "F"), what="dx", **DIFFERENCES)
    expect(dgamma, once(lambda: oracle.batchnorm_gradients(*case.back, eps=0.2)[1]), axes=("F",), what="dgamma")


def _forward(x: torch.Tensor, *, gamma: torch.Tensor, eps: float) -> torch.Tensor:
    still = torch.zeros_like(gamma)
    return oracle.batchnorm(x, gamma, still, still, still, training=True, eps=eps)[0]


@question("batchnorm_backward")
def test_batch_dx_eps(student, rng, once):
    """The gradients with another eps, large and small beside the variance."""
    for eps in (0.7, 1e-3):
        expect_gradients(student.batchnorm_backward, once, layer(rng, 5, 3, scale=0.6), eps=eps)


@question("batchnorm_backward")
@pytest.mark.parametrize("kind", ["large mean", "tiny variance"], ids=["far from zero", "hardly any spread"])
def test_batch_dx_extremes(student, rng, once, kind):
    """The gradients, for numbers at the edge."""
    case, tolerances = (layer(rng, 6, 4, shift=1e6), LARGE) if kind == "large mean" else (tiny(rng), None)
    expect_gradients(student.batchnorm_backward, once, case, tolerances=tolerances)


@question("batchnorm_backward", weight=0.5)
def test_batch_gradients_single_precision(student, rng, once):
    """Single precision stays single precision."""
    expect_gradients(student.batchnorm_backward, once, layer(rng, 6, 4).each(single), eps=0.3, tolerances=FLOAT32)


@question("batchnorm_backward", weight=0.5)
def test_batch_gradients_memory(student, rng, once):
    """Inputs that lie in memory in another order, or with gaps."""
    expect_gradients(student.batchnorm_backward, once, layer(rng, 5, 3).each(gapped))


@question("batchnorm_backward", kind="purity", weight=0.5)
def test_batch_gradients_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    expect_pure_gradients(student.batchnorm_backward, rng, once)


# With fewer operations


@question("batchnorm_backward_simplified")
@SHAPES
def test_simplified_dx(student, rng, once, shape, eps):
    """The gradient of x."""
    options = {} if eps == 1e-5 else {"eps": eps}
    expect_gradients(student.batchnorm_backward_simplified, once, layer(rng, *shape), "dx", **options)


@question("batchnorm_backward_simplified", weight=0.5)
@pytest.mark.parametrize("part", ["dgamma", "dbeta"])
def test_simplified_parameters(student, rng, once, part):
    """The gradients of what is learned."""
    expect_gradients(student.batchnorm_backward_simplified, once, layer(rng, 5, 3, shift=2.0), part)


@question("batchnorm_backward_simplified")
@pytest.mark.parametrize("kind", ["large mean", "tiny variance"], ids=["far from zero", "hardly any spread"])
def test_simplified_extremes(student, rng, once, kind):
    """The gradients, for numbers at the edge."""
    case, tolerances = (layer(rng, 6, 4, shift=1e6), LARGE) if kind == "large mean" else (tiny(rng), None)
    expect_gradients(student.batchnorm_backward_simplified, once, case, tolerances=tolerances)


@question("batchnorm_backward_simplified", weight=3)
@pytest.mark.parametrize("shape", [(300, 21), (96, 130)], ids=["many samples", "many features"])
def test_simplified_passes(student, rng, once, shape):
    """The right gradients with far fewer operations than the staged graph takes."""
    case = layer(rng, *shape)
    function = student.batchnorm_backward_simplified
    want = once(partial(oracle.batchnorm_gradients, *case.back))
    expect_parts(function, case.back, want, BACKWARD)
    got, count = function.counted(*case.back)
    for name, part, right in zip(BACKWARD, parts(got, BACKWARD, function.name), want, strict=True):
        expect(part, right, what=name)
    # Some thirty operations on a single row weigh a third of a pass here, more than in the visible check: a whole pass
    # more is allowed.
    whole = shape[0] * shape[1]
    if count.passes > (MOST_PASSES + 1) * whole:
        message = (
            f"{function.name}: expected at most {MOST_PASSES} passes over an array of the size of x, "
            f"got {count.passes / whole:.1f}. Derive dx as one formula before you write it down."
        )
        raise Judged(Verdict.FAILED, message, rung="values")


@question("batchnorm_backward_simplified", weight=0.5)
def test_simplified_single_precision(student, rng, once):
    """Single precision stays single precision."""
    case = layer(rng, 6, 4).each(single)
    expect_gradients(student.batchnorm_backward_simplified, once, case, eps=0.3, tolerances=FLOAT32)


@question("batchnorm_backward_simplified", weight=0.5)
def test_simplified_memory(student, rng, once):
    """Inputs that lie in memory in another order, or with gaps."""
    expect_gradients(student.batchnorm_backward_simplified, once, layer(rng, 5, 3).each(gapped), eps=0.3)


@question("batchnorm_backward_simplified", kind="purity", weight=0.5)
def test_simplified_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    expect_pure_gradients(student.batchnorm_backward_simplified, rng, once)


# In evaluation


def expect_eval(student: Any, once: Any, case: Layer, *looked_at: str, tolerances: Any = None, **options: Any) -> None:
    """Compare one call with autograd's; all three gradients if none is named."""
    want = once(partial(oracle.eval_gradients, *case.back_eval, **options))
    backward_of(student.batchnorm_backward_eval)(case.back_eval, want, *looked_at, tolerances=tolerances, **options)


@question("batchnorm_backward_eval", weight=1.5)
@pytest.mark.parametrize("shape", [(6, 3), (3, 5)], ids=["many samples", "more features than samples"])
def test_eval_dx(student, rng, once, shape):
    """The gradient of x."""
    expect_eval(student, once, layer(rng, *shape), "dx")


@question("batchnorm_backward_eval")
@pytest.mark.parametrize("part", ["dgamma", "dbeta"])
def test_eval_parameters(student, rng, once, part):
    """The gradients of what is learned."""
    expect_eval(student, once, layer(rng, 5, 3, shift=2.0), part)


@question("batchnorm_backward_eval")
def test_eval_one_sample(student, rng, once):
    """A single sample, which evaluation takes."""
    expect_eval(student, once, layer(rng, 1, 4))


@question("batchnorm_backward_eval")
def test_eval_eps(student, rng, once):
    """Another eps, and stored variances next to zero."""
    expect_eval(student, once, layer(rng, 4, 3), eps=0.4)
    case = layer(rng, 3, 5)
    case.var.mul_(1e-5)
    case.var[1] = 0.0
    expect_eval(student, once, case)


@question("batchnorm_backward_eval", weight=0.5)
def test_eval_single_precision(student, rng, once):
    """Single precision stays single precision."""
    expect_eval(student, once, layer(rng, 6, 4).each(single), eps=0.3, tolerances=FLOAT32)


@question("batchnorm_backward_eval", weight=0.5)
def test_eval_memory(student, rng, once):
    """Inputs that lie in memory in another order, or with gaps."""
    expect_eval(student, once, layer(rng, 5, 3).each(gapped))


@question("batchnorm_backward_eval", kind="purity", weight=0.5)
def test_eval_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = exact(rng, 8, 3, together=(0,))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = case.dout, x, *case.back_eval[2:]
        want = once(partial(oracle.eval_gradients, *args, eps=EXACT_EPS))
        backward_of(student.batchnorm_backward_eval)(args, want, eps=EXACT_EPS)
    expect_pure(student.batchnorm_backward_eval, *case.back_eval, eps=EXACT_EPS)
