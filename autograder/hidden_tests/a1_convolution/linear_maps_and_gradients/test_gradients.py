"""Hidden tests of linear_maps_and_gradients: backward by loops.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import Layer, column_major, layer, scattered
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.cases import LAYERS, drawn, layers, upstream
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import FLOAT32, PARTS, upset, whole_layer
from autograder.hidden_tests.a1_convolution.parts import entries
from autograder.testing import expect, expect_pure, question


def expect_part(student, once, dout, case, *parts, **tolerances):
    """Compare some of the three gradients."""
    want = dict(zip(PARTS, once(partial(oracle.gradients, dout, case.x, case.w, **case.options)), strict=True))
    got = student.conv2d_backward(dout, case.x, case.w, **case.options)
    found = dict(zip(PARTS, entries(got, "dx dw db", "conv2d_backward"), strict=True))
    for part in parts or PARTS:
        expect(found[part], want[part], axes=PARTS[part], what=part, **tolerances)


@question("conv2d_backward")
@layers(*LAYERS)
def test_backward_images(student, rng, once, which):
    """Gradient of the images."""
    expect_part(student, once, *drawn(rng, which), "dx")


@question("conv2d_backward")
@layers(*list(LAYERS)[:4])
def test_backward_filters(student, rng, once, which):
    """Gradient of the filters."""
    expect_part(student, once, *drawn(rng, which), "dw")


@question("conv2d_backward")
def test_backward_biases(student, rng, once):
    """Gradient of the biases."""
    for which in ("padding per axis", "a stride that leaves pixels over"):
        expect_part(student, once, *drawn(rng, which), "db")


@question("conv2d_backward")
def test_backward_extremes(student, rng, once):
    """One image, one channel, one filter; filters as large as the images and of one pixel."""
    for kernel, out, channels in (
        ((2, 3), (3, 4), (1, 2, 3)),
        ((3, 2), (4, 3), (3, 1, 2)),
        ((1, 1), (3, 4), (3, 2, 1)),
        ((3, 4), (1, 1), (2, 3, 4)),
    ):
        case = layer(rng, kernel, out, channels=channels, exact=True)
        expect_part(student, once, upstream(rng, case), case)


@question("conv2d_backward")
def test_backward_whole(student, rng, once):
    """All three, in the order that the task gives."""
    expect_part(student, once, *drawn(rng, "stride and padding per axis"))


@question("conv2d_backward", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [{"x": np.float32, "w": np.float32}, {"x": np.int64}, {"w": np.int64}],
    ids=["single precision", "images of whole numbers", "filters of whole numbers"],
)
def test_backward_dtypes(student, rng, once, dtypes):
    """The dtype of the gradients follows from the inputs."""
    single = len(dtypes) == 2
    dout, case = drawn(rng, "padding per axis", scale=1.0 if single else 3.0)
    dout = dout.astype(np.float32) if single else dout
    expect_part(student, once, dout, case.cast(**dtypes), **(FLOAT32 if single else {}))


@question("conv2d_backward", weight=0.5)
def test_backward_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    dout, case = drawn(rng, "a stride that leaves pixels over")
    for first, second in ((scattered, column_major), (column_major, scattered)):
        expect_part(student, once, second(dout), Layer(first(case.x), second(case.w), case.b, case.options))


@question("conv2d_backward", kind="purity")
def test_backward_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    dout, case = drawn(rng, "padding per axis")
    dout, case = np.rint(3 * dout), whole_layer(case)
    for gradient in (dout, upset(dout)):
        expect_part(student, once, gradient, case)
    expect_pure(student.conv2d_backward, dout, case.x, case.w, **case.options)
