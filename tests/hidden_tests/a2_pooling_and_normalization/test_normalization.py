"""What normalization's hidden tests rest on: oracles, exact inputs, counts of operations, cases that hide nothing."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization import alternatives, columns, oracles
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_backward import (
    kratzert_backward,
    paper_backward,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.draws import (
    EXACT_EPS,
    MOST_PASSES,
    exact,
    layer,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.views import quiet
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_gradients import staged
from autograder.sandbox.protocol import Record
from course_utils.checks.passes import passes
from tests.hidden_tests.graded import Graded
from tests.hidden_tests.harness import calls_by_test

GRADED = Graded("a2_pooling_and_normalization", "normalization")
LAYERS = ("batchnorm2d_forward", "batchnorm2d_backward", "groupnorm_forward", "groupnorm_backward")
FLAT = ("batchnorm_forward", "batchnorm_backward", "batchnorm_backward_simplified", "batchnorm_backward_eval",
        "layernorm_forward", "layernorm_backward")  # fmt: skip


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def calls(collected):
    """Function to the calls that the hidden tests make on the reference: arguments and keywords."""
    found = {name: [] for name in RIGHT}
    for made in calls_by_test(collected(GRADED), RIGHT).values():
        for name, args, options in made:
            found[name].append((args, options))
    return found


# Two oracles of different kinds agree


@pytest.mark.parametrize(
    ("shape", "forward", "backward"),
    [
        (
            (5, 3),
            lambda x, g, b: oracles.batchnorm(x, g, b, b, b, training=True, eps=0.3)[0],
            lambda dout, x, g: oracles.batchnorm_gradients(dout, x, g, eps=0.3),
        ),
        (
            (2, 3, 2, 4),
            lambda x, g, b: oracles.batchnorm(x, g, b, b, b, training=True, eps=0.3)[0],
            lambda dout, x, g: oracles.batchnorm_gradients(dout, x, g, eps=0.3),
        ),
        (
            (4, 5),
            lambda x, g, b: oracles.layernorm(x, g, b, eps=0.3),
            lambda dout, x, g: oracles.layernorm_gradients(dout, x, g, eps=0.3),
        ),
        (
            (2, 4, 3, 2),
            lambda x, g, b: oracles.groupnorm(x, g, b, 2, eps=0.3),
            lambda dout, x, g: oracles.groupnorm_gradients(dout, x, g, 2, eps=0.3),
        ),
    ],
    ids=["batch", "channels", "layer", "groups"],
)
def test_autograd_and_differences_agree(rng, shape, forward, backward):
    """All three gradients are those of the forward pass, by another method."""
    case = layer(rng, *shape)
    x, gamma, beta = case.affine
    measured = (
        oracles.differences(lambda moved: forward(moved, gamma, beta), x, case.dout),
        oracles.differences(lambda moved: forward(x, moved, beta), gamma, case.dout),
        oracles.differences(lambda moved: forward(x, gamma, moved), beta, case.dout),
    )
    for one, other in zip(measured, backward(case.dout, x, gamma), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


def test_the_oracle_keeps_its_digits_far_from_zero(rng):
    """Compared with fractions, which are exact: the tolerance of those tests is a hundred times as large."""
    case = layer(rng, 6, 2, shift=1e6)
    want = oracles.batchnorm(*case.batch, training=True, eps=0.5)[0]
    for feature in range(2):
        column = [Fraction(value) for value in case.x[:, feature].tolist()]
        mean = sum(column) / len(column)
        var = sum((value - mean) ** 2 for value in column) / len(column)
        root = float(var + Fraction(1, 2)) ** 0.5
        gamma, beta = float(case.gamma[feature]), float(case.beta[feature])
        right = [gamma * float(value - mean) / root + beta for value in column]
        np.testing.assert_allclose(want[:, feature].numpy(), right, rtol=1e-9, atol=1e-9)


# Inputs


@pytest.mark.parametrize(
    ("shape", "together", "name"),
    [
        ((8, 3), (0,), "batchnorm_backward"),
        ((2, 3, 4, 1), (0, 2, 3), "batchnorm2d_backward"),
        ((3, 8), (1,), "layernorm_backward"),
    ],
)
def test_exact_inputs_are_exact(rng, shape, together, name):
    """Two bases that add up in other orders agree to the last bit, so that equal calls of any answer do."""
    case = exact(rng, *shape, together=together)
    for one, other in zip(
        RIGHT[name](*case.back, eps=EXACT_EPS), columns.RIGHT_AGAIN[name](*case.back, eps=EXACT_EPS), strict=True
    ):
        assert torch.equal(one, other)
    assert (case.x.mean(together) != 0).all()


@pytest.mark.parametrize("name", LAYERS + FLAT)
def test_no_two_axes_are_always_equal(calls, name):
    """For any two axes of x there are cases in which their lengths differ, and cases with either the longer."""
    shapes = [args[1 if name.endswith(("backward", "simplified", "eval")) else 0].shape for args, _ in calls[name]]
    for first, second in combinations(range(len(shapes[0])), 2):
        assert any(shape[first] != shape[second] for shape in shapes), (first, second)
    assert any(shape[0] > shape[1] for shape in shapes)
    assert any(shape[0] < shape[1] for shape in shapes)


@pytest.mark.parametrize("name", LAYERS + FLAT)
def test_kinds_of_numbers_occur(calls, name):
    """float32, tensors with gaps, another eps, and numbers far from zero."""
    tensors = [arg for args, _ in calls[name] for arg in args if isinstance(arg, torch.Tensor)]
    assert {tensor.dtype for tensor in tensors} == {torch.float32, torch.float64}
    assert any(not tensor.is_contiguous() for tensor in tensors)
    assert len({options.get("eps", 1e-5) for _, options in calls[name]}) >= 2
    if name != "batchnorm_backward_eval":
        assert any(float(tensor.abs().min()) > 1e5 for tensor in tensors)


# Counting


def sweeps(function):
    """Passes over arrays of N x D numbers."""
    N, D = 1000, 20
    draw = torch.Generator().manual_seed(1)
    dout, x = (torch.randn(N, D, generator=draw, dtype=torch.float64) for _ in range(2))
    gamma = torch.rand(D, generator=draw, dtype=torch.float64)
    function(dout, x, gamma)
    return passes(lambda: function(dout, x, gamma)) / (N * D)


def test_the_bound_lies_between_formulas_and_graphs():
    """Each derivation that is listed as simplified stays well below the bound; spelled out graphs are well above."""
    derived = [
        functions["batchnorm_backward_simplified"]
        for functions in alternatives.ALTERNATIVES.values()
        if "batchnorm_backward_simplified" in functions
    ]
    assert len(derived) >= 6
    assert max(map(sweeps, derived)) < MOST_PASSES - 0.5
    graphs = [kratzert_backward, paper_backward, staged]
    assert min(map(sweeps, graphs)) > MOST_PASSES + 4


# Views


def test_what_is_only_rounding_counts_as_zero():
    """In each dtype by its own measure, within tuples and records; what is no result stays as it is."""
    tiny = torch.tensor([1e-13, 1.0, -1e-14], dtype=torch.float64)
    assert quiet((tiny, 3e-15))[0].tolist() == [0.0, 1.0, 0.0]
    assert quiet((tiny, 3e-15))[1] == 0.0
    assert quiet(Record("Both", (("a", tiny), ("b", tiny.float() * 1e7))))[1].tolist() == [0.0, 1e7, 0.0]
    assert torch.isnan(quiet(torch.tensor([float("nan")]))).all()
    for odd in (None, "text", 3, {"a": 1}):
        assert quiet(odd) is odd
