"""Hidden tests of linear_maps_and_gradients: gradients as convolutions, and the transposed convolution.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import Layer, column_major, layer, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.cases import LAYERS, drawn, layers, upstream
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import (
    FILTERS,
    FLOAT32,
    IMAGES,
    OUT,
    upset,
    whole_layer,
)
from autograder.testing import expect, expect_error, expect_pure, question


def expect_dx(student, once, dout, case, **tolerances):
    """Compare the gradient of the images."""
    size = case.x.shape[2:]
    want = once(partial(oracle.dx, dout, case.w, size, **case.options))
    expect(student.conv2d_dx_as_conv(dout, case.w, size, **case.options), want, axes=IMAGES, **tolerances)


def expect_dw(student, once, dout, case, **tolerances):
    """Compare the gradient of the filters."""
    kernel = case.w.shape[2:]
    want = once(partial(oracle.dw, dout, case.x, kernel, **case.options))
    expect(student.conv2d_dw_as_conv(dout, case.x, kernel, **case.options), want, axes=FILTERS, **tolerances)


BOTH = {"conv2d_dx_as_conv": expect_dx, "conv2d_dw_as_conv": expect_dw}


each = pytest.mark.parametrize("name", BOTH, ids=["of the images", "of the filters"])


@question("conv2d_gradients_as_convs")
@layers(*list(LAYERS)[:4])
@each
def test_as_convs_values(student, rng, once, name, which):
    """Each gradient, as a convolution."""
    BOTH[name](student, once, *drawn(rng, which))


@question("conv2d_gradients_as_convs", weight=0.5)
@each
def test_as_convs_extremes(student, rng, once, name):
    """As many filters as channels, one image, one channel, one filter; filters as large as the images."""
    for kernel, out, channels in (
        ((2, 3), (4, 3), (2, 3, 3)),
        ((2, 3), (3, 4), (1, 2, 3)),
        ((1, 1), (3, 4), (3, 1, 2)),
        ((3, 4), (1, 1), (2, 3, 1)),
    ):
        case = layer(rng, kernel, out, channels=channels, exact=True)
        BOTH[name](student, once, upstream(rng, case), case)


@question("conv2d_gradients_as_convs", weight=0.5)
@each
def test_as_convs_wide_padding(student, rng, once, name):
    """Padding as wide as the filter."""
    case = layer(rng, (2, 3), (5, 4), padding=(2, 1), stride=(1, 2))
    BOTH[name](student, once, upstream(rng, case), case)


@question("conv2d_gradients_as_convs", weight=0.5)
@each
def test_as_convs_dtypes(student, rng, once, name):
    """In single precision."""
    dout, case = drawn(rng, "a stride that leaves pixels over")
    BOTH[name](student, once, dout.astype(np.float32), case.cast(x=np.float32, w=np.float32), **FLOAT32)


@question("conv2d_gradients_as_convs", weight=0.25)
@each
def test_as_convs_memory(student, rng, once, name):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    dout, case = drawn(rng, "padding per axis")
    for first, second in ((scattered, column_major), (column_major, scattered)):
        inputs = Layer(second(case.x), second(case.w), case.b, case.options)
        BOTH[name](student, once, first(dout), inputs)


@question("conv2d_gradients_as_convs", kind="purity", weight=0.25)
@each
def test_as_convs_pure(student, rng, once, name):
    """Inputs stay as they were, and nothing is remembered between calls."""
    dout, case = drawn(rng, "a stride that leaves pixels over")
    dout, case = np.rint(3 * dout), whole_layer(case)
    for gradient in (dout, upset(dout)):
        BOTH[name](student, once, gradient, case)
    other, last = (case.w, case.x.shape[2:]) if "dx" in name else (case.x, case.w.shape[2:])
    expect_pure(getattr(student, name), dout, other, last, **case.options)


def expect_transposed(student, once, x, w, **options):
    """Compare with torch's."""
    tolerances = FLOAT32 if x.dtype == np.float32 else {}
    want = once(partial(oracle.conv_transpose2d, x, w, **options))
    expect(student.conv_transpose2d(x, w, **options), want, axes=OUT, **tolerances)


@question("conv_transpose2d")
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        ((3, 2), {}),
        ((2, 3), {"stride": (2, 3)}),
        ((4, 3), {"padding": (2, 1)}),
        ((3, 4), {"stride": 2, "padding": (1, 2)}),
        ((1, 2), {"stride": (2, 3)}),
    ],
    ids=["prints that overlap", "stride per axis", "padding per axis", "stride and padding", "prints with gaps"],
)
def test_transposed_values(student, rng, once, kernel, options):
    """Values of the transposed convolution."""
    expect_transposed(student, once, normal(rng, 2, 3, 4, 5), normal(rng, 3, 4, *kernel), **options)


@question("conv_transpose2d", weight=0.5)
def test_transposed_extremes(student, rng, once):
    """As many filters as channels, one image, one channel, one filter, images of one pixel."""
    for shape, filters in (
        ((2, 3, 2, 3), (3, 3, 2, 3)),
        ((1, 2, 3, 4), (2, 3, 2, 3)),
        ((2, 1, 4, 3), (1, 2, 3, 2)),
        ((2, 3, 1, 1), (3, 1, 2, 4)),
    ):
        expect_transposed(student, once, normal(rng, *shape), normal(rng, *filters), stride=2)


@question("conv_transpose2d", weight=0.5)
@pytest.mark.parametrize("dtype", [np.float32, np.int64], ids=["single precision", "images of whole numbers"])
def test_transposed_dtypes(student, rng, once, dtype):
    """The dtype of the result follows from both inputs."""
    w = normal(rng, 3, 4, 2, 3)
    x = (normal(rng, 2, 3, 3, 4) * (1.0 if dtype is np.float32 else 5.0)).astype(dtype)
    expect_transposed(student, once, x, w.astype(dtype) if dtype is np.float32 else w, stride=2, padding=1)


@question("conv_transpose2d", weight=0.5)
def test_transposed_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    x, w = normal(rng, 2, 3, 3, 4), normal(rng, 3, 4, 3, 2)
    for first, second in ((scattered, column_major), (column_major, scattered)):
        expect_transposed(student, once, first(x), second(w), stride=2)


@question("conv_transpose2d", kind="error", weight=0.5)
def test_transposed_nothing_left(student, rng, once):
    """Padding that leaves nothing of the output is refused."""
    x, w = normal(rng, 2, 3, 2, 4), normal(rng, 3, 4, 4, 2)
    expect_transposed(student, once, x, w, stride=2, padding=(2, 1))
    expect_error(
        lambda: student.conv_transpose2d(x[:, :, :1], w, stride=2, padding=(2, 1)),
        ValueError,
        when="the padding is as wide as the output",
    )


@question("conv_transpose2d", kind="purity", weight=0.5)
def test_transposed_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, w = whole(rng, 2, 3, 3, 4), whole(rng, 3, 4, 3, 2)
    for images in (x, upset(x)):
        expect_transposed(student, once, images, w, stride=2, padding=1)
    expect_pure(student.conv_transpose2d, x, w, stride=2, padding=1)
