"""Hidden tests of what follows from normalising: folding, biases without effect, invariance.

Titles and case ids are read by students: they name the kind of case. Tolerances: see draws.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from autograder.hidden_tests.a2_pooling_and_normalization.inputs import normal, whole
from autograder.hidden_tests.a2_pooling_and_normalization.normalization import oracles as oracle
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.draws import (
    EXACT_EPS,
    EXACT_VAR,
    FLOAT32,
    exact,
    expect_parts,
    gapped,
    layer,
    parts,
    single,
)
from autograder.testing import expect, expect_pure, given, question

Tensor = torch.Tensor

# Folding

FOLDED = ("w", "b")
WEIGHTS = pytest.mark.parametrize(
    "shape",
    [(3, 5), (4, 2, 4), (2, 3, 5, 4), (3, 2, 2, 1, 4)],
    ids=["dense", "over a line", "over an image", "over a volume"],
)


def norm_of(rng: Any, channels: int) -> tuple[Tensor, ...]:
    """gamma, beta and statistics of a trained batch norm."""
    case = layer(rng, 1, channels)
    return case.gamma, case.beta, case.mean, case.var


def expect_folded(student: Any, once: Any, args: tuple[Any, ...], *looked_at: str, **options: Any) -> None:
    """Compare one call; weights and bias if neither is named."""
    tolerances = options.pop("tolerances", None)
    want = once(partial(oracle.folded, *args, **options))
    expect_parts(student.fold_batchnorm, args, want, FOLDED, *looked_at, tolerances=tolerances, **options)


@question("fold_batchnorm", weight=0.75)
@WEIGHTS
def test_fold_weights(student, rng, once, shape):
    """Weights of the folded layer."""
    expect_folded(student, once, (normal(rng, *shape), normal(rng, shape[0]), *norm_of(rng, shape[0])), "w")


@question("fold_batchnorm", weight=0.75)
@WEIGHTS
def test_fold_bias(student, rng, once, shape):
    """Bias of the folded layer."""
    expect_folded(student, once, (normal(rng, *shape), normal(rng, shape[0]), *norm_of(rng, shape[0])), "b")


@question("fold_batchnorm", weight=1.5)
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5, 4)], ids=["dense", "over an image"])
def test_fold_no_bias(student, rng, once, shape):
    """A layer without a bias, which has one when folded."""
    expect_folded(student, once, (normal(rng, *shape), None, *norm_of(rng, shape[0])))


@question("fold_batchnorm")
def test_fold_eps(student, rng, once):
    """Another eps, and stored variances next to zero."""
    args = normal(rng, 4, 3, 2), normal(rng, 4), *norm_of(rng, 4)
    expect_folded(student, once, args, eps=0.4)
    args[-1].mul_(1e-5)
    args[-1][2] = 0.0
    expect_folded(student, once, args)


@question("fold_batchnorm", weight=1.5)
def test_fold_does_the_same(student, rng, once):
    """The folded layer gives what convolution and batch norm give one after the other."""
    x, w, b, norm = normal(rng, 2, 3, 5, 6), normal(rng, 4, 3, 2, 3), normal(rng, 4), norm_of(rng, 4)
    want = once(lambda: oracle.batchnorm(F.conv2d(x, w, b), *norm, training=False)[0])
    new_w, new_b = parts(student.fold_batchnorm(w, b, *norm), FOLDED, "fold_batchnorm")
    for part, like, name in ((new_w, w, "w"), (new_b, b, "b")):
        expect(part * 0 if isinstance(part, Tensor) else part, like * 0, what=name)
    expect(F.conv2d(x, new_w, new_b), want, axes=("N", "C", "H", "W"), what="what the folded layer gives")


@question("fold_batchnorm", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_fold_kinds(student, rng, once, change):
    """Kinds of numbers and of memory."""
    args = tuple(change(part) for part in (normal(rng, 4, 3, 2), normal(rng, 4), *norm_of(rng, 4)))
    expect_folded(student, once, args, eps=0.3, tolerances=FLOAT32 if change is single else None)


@question("fold_batchnorm", kind="purity", weight=0.5)
def test_fold_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    gamma = exact(rng, 8, 3, together=(0,)).gamma
    w, b, beta, mean = whole(rng, 3, 2, 4), whole(rng, 3), whole(rng, 3), whole(rng, 3)
    norm = gamma, beta, mean, torch.full_like(gamma, EXACT_VAR)
    for weights in (w, torch.flip(w, (0, 2)) + 1):
        expect_folded(student, once, (weights, b, *norm), eps=EXACT_EPS)
    expect_pure(student.fold_batchnorm, w, b, *norm, eps=EXACT_EPS)


# A bias in front

BIAS = ("in_training", "in_evaluation")


def expect_bias(student: Any, rng: Any, once: Any, *shape: int, **more: Any) -> None:
    """Demand both gradients: the one in training is zero but for rounding, which the tolerance leaves room for."""
    change, tolerances = more.pop("change", lambda tensor: tensor), more.pop("tolerances", None)
    case = layer(rng, *shape)
    case.var.mul_(more.pop("spread", 1.0))
    case = case.each(change)
    args = *case.back, case.var
    expect_both(student, once, args, tolerances=tolerances, **more)


def expect_both(student: Any, once: Any, args: tuple[Tensor, ...], *, tolerances: Any = None, **options: Any) -> None:
    """Compare both results of one call."""
    dout, _, gamma, var = args
    want = torch.zeros_like(gamma), once(partial(oracle.bias_gradient, dout, gamma, var, **options))
    expect_parts(student.bias_before_batchnorm, args, want, BIAS, tolerances=tolerances, **options)


@question("bias_before_batchnorm", weight=2)
@pytest.mark.parametrize(
    "shape", [(7, 3), (3, 8), (2, 4)], ids=["many samples", "more features than samples", "two samples"]
)
def test_bias_both(student, rng, once, shape):
    """Both gradients, with the statistics of the batch and with stored ones."""
    expect_bias(student, rng, once, *shape)


@question("bias_before_batchnorm")
def test_bias_eps(student, rng, once):
    """Another eps, and stored variances next to zero."""
    expect_bias(student, rng, once, 5, 3, eps=0.6)
    expect_bias(student, rng, once, 4, 3, spread=1e-5)


@question("bias_before_batchnorm", weight=0.5)
@pytest.mark.parametrize("change", [single, gapped], ids=["single precision", "memory in another order"])
def test_bias_kinds(student, rng, once, change):
    """Kinds of numbers and of memory."""
    tolerances = FLOAT32 if change is single else None
    expect_bias(student, rng, once, 6, 4, change=change, eps=0.3, tolerances=tolerances)


@question("bias_before_batchnorm", kind="purity", weight=0.5)
def test_bias_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = exact(rng, 8, 3, together=(0,))
    for dout in (case.dout, torch.flip(case.dout, (0, 1)) + 1):
        expect_both(student, once, (dout, case.x, case.gamma, case.var), eps=EXACT_EPS)
    expect_pure(student.bias_before_batchnorm, *case.back, case.var, eps=EXACT_EPS)


# Invariance

# What is normalised is written out here, since torch's own layers are gone where student code runs.
NORMS = {
    "batch": "lambda x: (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + eps)",
    "layer": "lambda x: (x - x.mean(1, keepdim=True)) / torch.sqrt(x.var(1, unbiased=False, keepdim=True) + eps)",
    "group": (
        "lambda x: ((x.reshape(len(x), 2, -1) - x.reshape(len(x), 2, -1).mean(2, keepdim=True))"
        " / torch.sqrt(x.reshape(len(x), 2, -1).var(2, unbiased=False, keepdim=True) + eps)).reshape(x.shape)"
    ),
}
ORACLES = {
    "batch": lambda x, eps: F.batch_norm(x, None, None, None, None, True, 0.1, eps),
    "layer": lambda x, eps: F.layer_norm(x, x.shape[1:], eps=eps),
    "group": lambda x, eps: F.group_norm(x, 2, eps=eps),
}
# An invariant layer leaves rounding errors of numbers around 1, times a few: 1e-9 is far above, and any gap that a
# test asks for is above 1e-3.
GAP = {"rtol": 1e-7, "atol": 1e-9}
# torch takes no eps of 0; beside variances around 1 this one is far below what the tolerance leaves room for.
ALMOST_NO_EPS = 1e-12


Move = tuple[Any, Any]


def telling(once: Any, draw: Any, layer_: Any, moves: Sequence[Move]) -> Tensor:
    """Draw x until there is a move whose largest change is a fall, and one whose largest output changes less."""

    def search() -> Tensor:
        for _ in range(1000):
            x = draw()
            changes = [layer_(x * scale + shift) - layer_(x) for scale, shift in moves]
            tops = [layer_(x * scale + shift).max() - layer_(x).max() for scale, shift in moves]
            falls = any(-float(change.min()) > 1.01 * abs(float(change.max())) + 1e-3 for change in changes)
            others = any(
                float(change.abs().max()) > 1.01 * abs(float(top)) + 1e-3
                for change, top in zip(changes, tops, strict=True)
            )
            if falls and others:
                return x
        raise AssertionError("no draw tells")

    return once(search)


def expect_gap(student: Any, once: Any, kind: str, x: Tensor, move: Move, *, eps: float, what: str) -> None:
    """Compare what is found on one of the three kinds."""
    norm = given(NORMS[kind], eps=eps)
    want = once(partial(oracle.gap, partial(ORACLES[kind], eps=eps), x, *move))
    expect(student.scale_invariance_gap(norm, x, *move), want, what=what, **GAP)


def numbers(rng: Any, kind: str) -> Tensor:
    """What a kind of layer normalises."""
    return normal(rng, 2, 6, 3, 4, shift=0.7) if kind == "group" else normal(rng, 6, 5, shift=0.7)


@question("scale_invariance", weight=1.5)
@pytest.mark.parametrize("kind", NORMS, ids=["batch norm", "layer norm", "group norm"])
def test_gap_of_norms(student, rng, once, kind):
    """No gap where eps is next to nothing, and a gap where it can be seen or the sign changes."""
    scale, shift = float(rng.uniform(3.0, 5.0)), float(rng.uniform(-3.0, -2.0))
    layer_ = partial(ORACLES[kind], eps=ALMOST_NO_EPS)
    x = telling(once, partial(numbers, rng, kind), layer_, [(-scale, shift)])
    for move, eps, what in (
        ((scale, shift), ALMOST_NO_EPS, "an invariant layer"),
        ((0.3, shift), 0.5, "a layer whose eps can be seen"),
        ((-scale, shift), ALMOST_NO_EPS, "a change of sign"),
    ):
        expect_gap(student, once, kind, x, move, eps=eps, what=what)


@question("scale_invariance")
@pytest.mark.parametrize("kind", ["batch", "layer"], ids=["batch norm", "layer norm"])
def test_gap_per_entry(student, rng, once, kind):
    """A scale and a shift for each feature, and for each sample: only one of them leaves no gap."""
    moves = {
        what: (torch.from_numpy(rng.uniform(0.4, 3.0, size=shape)), normal(rng, *shape))
        for shape, what in (((1, 5), "per feature"), ((6, 1), "per sample"))
    }
    layer_ = partial(ORACLES[kind], eps=ALMOST_NO_EPS)
    x = telling(once, partial(numbers, rng, kind), layer_, list(moves.values()))
    for what, move in moves.items():
        expect_gap(student, once, kind, x, move, eps=ALMOST_NO_EPS, what=what)


WRONG = {
    "one that does nothing": ("lambda x: x", lambda x: x),
    "one that is never positive": ("lambda x: -torch.abs(x)", lambda x: -torch.abs(x)),
    "one that only centres": ("lambda x: x - x.mean(0)", lambda x: x - x.sum(0) / len(x)),
    "one that only scales": ("lambda x: x / x.std(0)", lambda x: x / torch.sqrt(x.var(0))),
}


@question("scale_invariance")
@pytest.mark.parametrize("name", WRONG)
def test_gap_of_wrong_norms(student, rng, once, name):
    """The largest gap that a layer leaves which is not invariant."""
    text, layer_ = WRONG[name]
    moves = ((2.5, 0.0), (1.0, 3.0), (3.5, -1.5))
    x = telling(once, partial(normal, rng, 5, 4, shift=0.7), layer_, moves)
    for scale, shift in moves:
        want = once(partial(oracle.gap, layer_, x, scale, shift))
        expect(student.scale_invariance_gap(given(text), x, scale, shift), want, what="the gap", **GAP)


@question("scale_invariance", weight=0.5)
def test_gap_single_precision(student, rng, once):
    """Single precision, where an invariant layer leaves more rounding and another one its gap."""
    move = 2.5, -1.5
    for text, layer_ in ((NORMS["batch"], partial(ORACLES["batch"], eps=0.5)), WRONG["one that does nothing"]):
        x = telling(once, partial(normal, rng, 6, 5, shift=0.7), layer_, [move])
        want = once(partial(oracle.gap, layer_, x, *move))
        names = {"eps": 0.5} if "eps" in text else {}
        got = student.scale_invariance_gap(given(text, **names), x.float(), *move)
        expect(got, want, what="the gap", **FLOAT32)


@question("scale_invariance", kind="purity", weight=0.5)
def test_gap_pure(student, rng, once):
    """The numbers stay as they were, and nothing is remembered between calls."""
    x = whole(rng, 4, 3)
    # The largest change of the first layer is the fall of this number.
    x[2, 1] = -12.0
    for entries in (x, torch.flip(x, (0, 1)) + 1):
        for text, layer_ in (WRONG["one that does nothing"], WRONG["one that is never positive"]):
            want = once(partial(oracle.gap, layer_, entries, 2.0, -3.0))
            expect(student.scale_invariance_gap(given(text), entries, 2.0, -3.0), want, what="the gap", **GAP)
    expect_pure(student.scale_invariance_gap, given("lambda x: x"), x, 2.0, -3.0)
