"""Hidden tests of linear_maps_and_gradients: shifts, and layers in a row.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import FILTERS, FLOAT32, upset
from autograder.sandbox.given import evaluate
from autograder.testing import expect, expect_error, expect_pure, given, question

# A gain for each place: no shift leaves such a layer alone.
LOUDER = "lambda x: x[:, :, ::every, ::every] * gain"


SAME = """
    def layer(x):
        rows, columns = x.shape[2:]
        x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return sum(x[:, :, u : u + rows, v : v + columns] * w[u, v] for u in range(3) for v in range(3))
    lambda x: layer(x)[:, :, ::every, ::every]
"""


VALID = """
    def layer(x):
        x = x[:, :, 2:, 1:-1] * w[0] + x[:, :, 1:-1, 2:] * w[1] + x[:, :, :-2, :-2] * w[2]
        return np.maximum(x, 0).sum(axis=1, keepdims=True)
    layer
"""


ROUND = """
    def layer(x):
        x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
        return x[:, :, 2:, 1:-1] * w[0] + x[:, :, 1:-1, 2:] * w[1] + x[:, :, :-2, :-2] * w[2]
    layer
"""


def expect_gap(student, once, text, x, shift, step=1, **names):
    """Compare one gap with the largest difference, place by place."""
    layer = given(text, **names)

    def largest():
        function = evaluate(layer)
        return oracle.gap(function(x), function(np.roll(x, shift, (2, 3))), shift, (step, step))

    expect(student.equivariance_gap(layer, x, shift), once(largest), what="the gap")


def expect_loud(student, once, rng, shift, every=1, at=(-1, -1), sign=-1):
    """Compare the gap of a layer that is loud in one place of the interior, and louder at the border.

    The largest gap of the interior lies at its first row and column, in one image and channel, and is about 20; there
    is none above 12 in other places. At the border there are gaps of about 40. So no verdict hangs on the secret.
    """
    out, (down, right) = (20, 24), shift
    x = rng.uniform(1.0, 2.0, size=(2, 3, out[0] * every, out[1] * every)) * rng.choice([-1.0, 1.0], size=(2, 3, 1, 1))
    gain = rng.uniform(40.0, 60.0, size=out)
    gain[2:-2, 2:-2] = rng.uniform(0.5, 1.0, size=(16, 20))
    row, column = out[0] // 4, out[1] // 4
    gain[row, column] = 5.0
    x[(*at, every * row - down, every * column - right)] = 4.0 * sign
    expect_gap(student, once, LOUDER, x, shift, step=every, gain=gain, every=every)


@question("equivariance")
@pytest.mark.parametrize("shift", [(1, 2), (-2, 1), (0, -3)], ids=["down and right", "up and right", "left only"])
def test_gap_places(student, rng, once, shift):
    """A layer that is louder in some places than in others."""
    expect_loud(student, once, rng, shift)


@question("equivariance", weight=1.5)
def test_gap_convolution(student, rng, once):
    """Convolutions commute with shifts, whatever they do at the border; other layers don't."""
    x, w, shift = normal(rng, 2, 2, 16, 18), normal(rng, 3, 3), (2, -1)
    expect_gap(student, once, SAME, x, shift, w=w, every=1)
    expect_gap(student, once, VALID, x, shift, w=w[0])
    expect_gap(student, once, ROUND, x, shift, w=w[0])
    expect_loud(student, once, rng, shift)


@question("equivariance")
@pytest.mark.parametrize("shift", [(2, -4), (3, -1)], ids=["a multiple of the stride", "no multiple of the stride"])
def test_gap_stride(student, rng, once, shift):
    """Layers with a stride."""
    expect_loud(student, once, rng, shift, every=2)
    expect_gap(student, once, SAME, normal(rng, 2, 1, 26, 33), shift, step=2, w=normal(rng, 3, 3), every=2)


@question("equivariance")
def test_gap_somewhere(student, rng, once):
    """The largest gap lies in any image and channel, and has either sign."""
    for at, sign in (((1, 0), 1), ((0, 2), -1)):
        expect_loud(student, once, rng, (2, -1), at=at, sign=sign)


@question("equivariance", kind="purity", weight=0.5)
def test_gap_pure(student, rng, once):
    """The images stay as they were, and nothing is remembered between calls."""
    x, gain = whole(rng, 1, 2, 12, 15), whole(rng, 12, 15) + 20
    # One gap of more than 500, all others below 400.
    x[0, 0, 5, 6], gain[6, 8] = -50, 40
    for images in (x, 2 * x):
        expect_gap(student, once, LOUDER, images, (1, 2), gain=gain, every=1)
    expect_pure(student.equivariance_gap, given(LOUDER, gain=gain, every=1), x, (1, 2))


def expect_composed(student, once, w1, w2, **tolerances):
    """Compare the filters of two layers in one."""
    want = once(partial(oracle.composed, w1, w2))
    expect(student.compose_kernels(w1, w2), want, axes=FILTERS, what="the filters", **tolerances)


@question("equivariance")
@pytest.mark.parametrize(
    ("first", "second"),
    [((4, 2, 3, 2), (3, 4, 2, 4)), ((2, 3, 2, 5), (4, 2, 4, 2)), ((3, 3, 3, 3), (3, 3, 3, 3))],
    ids=["filters in several shapes", "a high and a wide filter", "equal shapes"],
)
def test_composed_values(student, rng, once, first, second):
    """Two layers in one: values of the filters."""
    expect_composed(student, once, normal(rng, *first), normal(rng, *second))


@question("equivariance", weight=0.5)
def test_composed_extremes(student, rng, once):
    """One channel everywhere, and filters of one pixel."""
    expect_composed(student, once, normal(rng, 1, 1, 3, 2), normal(rng, 1, 1, 2, 4))
    expect_composed(student, once, normal(rng, 4, 3, 1, 1), normal(rng, 2, 4, 2, 3))
    expect_composed(student, once, normal(rng, 4, 3, 2, 3), normal(rng, 2, 4, 1, 1))


@question("equivariance", weight=0.5)
@pytest.mark.parametrize(
    ("first", "second"),
    [(np.float32, np.float32), (np.int64, np.float64), (np.float64, np.int64)],
    ids=["single precision", "whole numbers first", "whole numbers second"],
)
def test_composed_dtypes(student, rng, once, first, second):
    """The dtype of the filters follows from both."""
    single = first is np.float32
    w1, w2 = (normal(rng, *shape) * (1 if single else 5) for shape in ((4, 2, 3, 2), (3, 4, 2, 4)))
    expect_composed(student, once, w1.astype(first), w2.astype(second), **(FLOAT32 if single else {}))


@question("equivariance", kind="error", weight=0.5)
def test_composed_channels(student, rng, once):
    """Layers whose channels don't go together are refused."""
    w1, w2 = normal(rng, 4, 1, 3, 2), normal(rng, 3, 4, 2, 4)
    expect_composed(student, once, w1, w2)
    for other in (w1[:3], w1[:1]):
        expect_error(
            lambda other=other: student.compose_kernels(other, w2),
            ValueError,
            when="the second layer expects more channels than the first one gives",
        )


@question("equivariance", kind="purity", weight=0.25)
def test_composed_pure(student, rng, once):
    """Both stay as they were, whatever their memory, and nothing is remembered between calls."""
    w1, w2 = whole(rng, 4, 2, 3, 2), whole(rng, 3, 4, 2, 4)
    for filters in (w1, scattered(upset(w1))):
        expect_composed(student, once, filters, column_major(w2))
    expect_pure(student.compose_kernels, w1, w2)
