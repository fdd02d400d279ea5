"""Hidden tests of layer norm and group norm, whose statistics are each sample's own.

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
    expect_tensor,
    gapped,
    layer,
    single,
)
from autograder.testing import expect_error, expect_pure, question


def expect_layer(student: Any, once: Any, case: Layer, *, tolerances: Any = None, **options: Any) -> None:
    """Compare one call of layer norm with torch's."""
    want = once(partial(oracle.layernorm, *case.affine, **options))
    expect_tensor(student.layernorm_forward, case.affine, want, tolerances=tolerances, **options)


def expect_layer_back(
    student: Any, once: Any, case: Layer, *looked_at: str, tolerances: Any = None, **options: Any
) -> None:
    """Compare one call of its backward with autograd's; all three gradients if none is named."""
    want = once(partial(oracle.layernorm_gradients, *case.back, **options))
    backward_of(student.layernorm_backward)(case.back, want, *looked_at, tolerances=tolerances, **options)


def expect_group(student: Any, once: Any, case: Layer, groups: int, *, tolerances: Any = None, **options: Any) -> None:
    """Compare one call of group norm with torch's."""
    args = *case.affine, groups
    want = once(partial(oracle.groupnorm, *args, **options))
    expect_tensor(student.groupnorm_forward, args, want, tolerances=tolerances, **options)


def expect_group_back(
    student: Any, once: Any, case: Layer, groups: int, *looked_at: str, tolerances: Any = None, **options: Any
) -> None:
    """Compare one call of its backward with autograd's; all three gradients if none is named."""
    args = *case.back, groups
    want = once(partial(oracle.groupnorm_gradients, *args, **options))
    backward_of(student.groupnorm_backward)(args, want, *looked_at, tolerances=tolerances, **options)


# Layer norm

ROWS = pytest.mark.parametrize(
    "shape",
    [(6, 4), (3, 8), (4, 4), (1, 5)],
    ids=["more samples than features", "more features", "as many features as samples", "a single sample"],
)


@question("layernorm", weight=1.5)
@ROWS
def test_layer_out(student, rng, once, shape):
    """What layer norm gives."""
    expect_layer(student, once, layer(rng, *shape))


@question("layernorm")
def test_layer_options(student, rng, once):
    """Another eps, numbers far from zero, and samples with hardly any spread."""
    for eps in (0.6, 1e-3):
        expect_layer(student, once, layer(rng, 3, 5, scale=0.5), eps=eps)
    expect_layer(student, once, layer(rng, 4, 6, shift=1e6), tolerances=LARGE)
    case = layer(rng, 4, 6, scale=2e-3)
    case.x[1] = 3.0
    expect_layer(student, once, case)


@question("layernorm", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_layer_kinds(student, rng, once, change):
    """Kinds of numbers and of memory on the way forward."""
    case = layer(rng, 4, 5).each(change)
    expect_layer(student, once, case, eps=0.3, tolerances=FLOAT32 if change is single else None)


@question("layernorm", kind="purity", weight=0.5)
def test_layer_pure(student, rng, once):
    """The way forward leaves its inputs as they were and remembers nothing."""
    case = exact(rng, 3, 8, together=(1,))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = x, *case.affine[1:]
        want = once(partial(oracle.layernorm, *args, eps=EXACT_EPS))
        expect_tensor(student.layernorm_forward, args, want, eps=EXACT_EPS)
    expect_pure(student.layernorm_forward, *case.affine, eps=EXACT_EPS)


@question("layernorm")
@ROWS
def test_layer_dx(student, rng, once, shape):
    """The gradient of x, with another gamma for each feature."""
    expect_layer_back(student, once, layer(rng, *shape), "dx")


@question("layernorm")
@pytest.mark.parametrize("part", ["dgamma", "dbeta"])
def test_layer_parameters(student, rng, once, part):
    """The gradients of what is learned."""
    for shape in ((5, 3), (3, 4)):
        expect_layer_back(student, once, layer(rng, *shape, shift=2.0), part)


@question("layernorm")
def test_layer_back_options(student, rng, once):
    """The gradients with another eps, far from zero, and with hardly any spread."""
    expect_layer_back(student, once, layer(rng, 3, 5, scale=0.5), eps=0.6)
    expect_layer_back(student, once, layer(rng, 4, 6, shift=1e6), tolerances=LARGE)
    case = layer(rng, 4, 6, scale=2e-3)
    case.x[1] = 3.0
    expect_layer_back(student, once, case)


@question("layernorm", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_layer_back_kinds(student, rng, once, change):
    """Kinds of numbers and of memory on the way back."""
    case = layer(rng, 4, 5).each(change)
    expect_layer_back(student, once, case, eps=0.3, tolerances=FLOAT32 if change is single else None)


@question("layernorm", kind="purity", weight=0.5)
def test_layer_back_pure(student, rng, once):
    """The way back leaves its inputs as they were and remembers nothing."""
    case = exact(rng, 3, 8, together=(1,))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = case.dout, x, case.gamma
        want = once(partial(oracle.layernorm_gradients, *args, eps=EXACT_EPS))
        backward_of(student.layernorm_backward)(args, want, eps=EXACT_EPS)
    expect_pure(student.layernorm_backward, *case.back, eps=EXACT_EPS)


# Group norm

GROUPS = pytest.mark.parametrize(
    ("shape", "groups"),
    [((2, 6, 3, 4), 3), ((3, 4, 2, 4), 1), ((5, 3, 2, 4), 3), ((1, 8, 3, 2), 2)],
    ids=["several groups", "all channels in one group", "each channel alone", "a single image"],
)


@question("groupnorm")
@GROUPS
def test_group_out(student, rng, once, shape, groups):
    """What group norm gives."""
    expect_group(student, once, layer(rng, *shape), groups)


@question("groupnorm")
def test_group_options(student, rng, once):
    """Another eps, numbers far from zero, and groups with hardly any spread."""
    for eps in (0.6, 1e-3):
        expect_group(student, once, layer(rng, 2, 4, 3, 1, scale=0.5), 2, eps=eps)
    expect_group(student, once, layer(rng, 3, 6, 1, 4, shift=1e6), 2, tolerances=LARGE)
    expect_group(student, once, layer(rng, 2, 6, 3, 1, scale=1e-3), 6)


@question("groupnorm", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_group_kinds(student, rng, once, change):
    """Kinds of numbers and of memory on the way forward."""
    case = layer(rng, 3, 4, 2, 5).each(change)
    expect_group(student, once, case, 2, eps=0.3, tolerances=FLOAT32 if change is single else None)


@question("groupnorm", kind="error", weight=0.5)
def test_group_does_not_divide(student, rng, once):
    """Groups that don't divide the channels are refused on the way forward."""
    case = layer(rng, 2, 6, 3, 4)
    expect_group(student, once, case, 3)
    expect_error(
        lambda: student.groupnorm_forward(*case.affine, 4), ValueError, when="the groups don't divide the channels"
    )


@question("groupnorm", kind="error", weight=0.5)
def test_group_back_does_not_divide(student, rng, once):
    """Groups that don't divide the channels are refused on the way back."""
    case = layer(rng, 2, 6, 3, 4)
    expect_group_back(student, once, case, 3)
    expect_error(
        lambda: student.groupnorm_backward(*case.back, 4), ValueError, when="the groups don't divide the channels"
    )


@question("groupnorm", kind="purity", weight=0.5)
def test_group_pure(student, rng, once):
    """The way forward leaves its inputs as they were and remembers nothing."""
    case = exact(rng, 3, 4, 4, 1, together=(1, 2, 3))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = x, *case.affine[1:], 1
        want = once(partial(oracle.groupnorm, *args, eps=EXACT_EPS))
        expect_tensor(student.groupnorm_forward, args, want, eps=EXACT_EPS)
    expect_pure(student.groupnorm_forward, *case.affine, 1, eps=EXACT_EPS)


@question("groupnorm")
@GROUPS
def test_group_dx(student, rng, once, shape, groups):
    """The gradient of x, with another gamma for each channel."""
    expect_group_back(student, once, layer(rng, *shape), groups, "dx")


@question("groupnorm")
@pytest.mark.parametrize("part", ["dgamma", "dbeta"])
def test_group_parameters(student, rng, once, part):
    """The gradients of what is learned."""
    expect_group_back(student, once, layer(rng, 2, 6, 3, 4, shift=2.0), 3, part)
    expect_group_back(student, once, layer(rng, 3, 4, 1, 5, shift=2.0), 2, part)


@question("groupnorm")
def test_group_back_options(student, rng, once):
    """The gradients with another eps, far from zero, and with hardly any spread."""
    expect_group_back(student, once, layer(rng, 2, 4, 3, 1, scale=0.5), 2, eps=0.6)
    expect_group_back(student, once, layer(rng, 3, 6, 1, 4, shift=1e6), 2, tolerances=LARGE)
    expect_group_back(student, once, layer(rng, 2, 6, 3, 1, scale=1e-3), 6)


@question("groupnorm", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_group_back_kinds(student, rng, once, change):
    """Kinds of numbers and of memory on the way back."""
    case = layer(rng, 3, 4, 2, 5).each(change)
    expect_group_back(student, once, case, 2, eps=0.3, tolerances=FLOAT32 if change is single else None)


@question("groupnorm", kind="purity", weight=0.5)
def test_group_back_pure(student, rng, once):
    """The way back leaves its inputs as they were and remembers nothing."""
    case = exact(rng, 3, 4, 4, 1, together=(1, 2, 3))
    for x in (case.x, torch.flip(case.x, (0, 1)) + 1):
        args = case.dout, x, case.gamma, 1
        want = once(partial(oracle.groupnorm_gradients, *args, eps=EXACT_EPS))
        backward_of(student.groupnorm_backward)(args, want, eps=EXACT_EPS)
    expect_pure(student.groupnorm_backward, *case.back, 1, eps=EXACT_EPS)
