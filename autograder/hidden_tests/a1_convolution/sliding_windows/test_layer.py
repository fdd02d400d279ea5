"""Hidden tests of sliding_windows: the convolution layer.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import Layer, column_major, layer, scattered, whole
from autograder.hidden_tests.a1_convolution.sliding_windows import oracles as oracle
from autograder.hidden_tests.a1_convolution.sliding_windows.judging import (
    FLOAT32,
    LARGE,
    LAYER,
    expect_layer,
    expect_pure_layer,
)
from autograder.testing import expect, expect_error, question


@question("conv2d_forward")
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        ((3, 2), {}),
        ((2, 4), {"padding": (1, 2)}),
        ((3, 4), {"stride": 2}),
        ((2, 3), {"stride": (3, 2)}),
        ((3, 2), {"stride": (2, 3), "padding": (2, 1)}),
        ((4, 3), {"stride": 3, "padding": 2}),
        ((1, 1), {"stride": (2, 3), "padding": (2, 1)}),
    ],
    ids=[
        "stride 1, no padding",
        "padding per axis",
        "a stride that leaves pixels over",
        "stride per axis",
        "stride and padding per axis",
        "large stride and padding",
        "filters of one pixel with stride and padding",
    ],
)
def test_conv2d_values(student, rng, once, kernel, options):
    """Values of the convolution layer."""
    expect_layer(student.conv2d_forward, layer(rng, kernel, (5, 6), **options), once)


@question("conv2d_forward")
def test_conv2d_single(student, rng, once):
    """One image, one channel, one filter."""
    for channels in ((1, 3, 2), (3, 1, 2), (3, 2, 1), (1, 1, 1)):
        expect_layer(student.conv2d_forward, layer(rng, (2, 3), (3, 4), channels=channels, padding=1), once)


@question("conv2d_forward")
def test_conv2d_whole_image(student, rng, once):
    """Filters that cover the whole padded image, larger than the image itself."""
    for options in ({}, {"padding": (1, 2)}, {"padding": (1, 2), "stride": (3, 2)}):
        expect_layer(student.conv2d_forward, layer(rng, (4, 6), (1, 1), exact=True, **options), once)


@question("conv2d_forward")
def test_conv2d_no_bias(student, rng, once):
    """Without a bias."""
    case = layer(rng, (3, 2), (4, 5), stride=2, padding=1)
    want = once(partial(oracle.conv, case.x, case.w, None, **case.options))
    got = student.conv2d_forward(case.x, case.w, None, **case.options)
    expect(got, want, axes=LAYER[2])


@question("conv2d_forward", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [
        {"x": np.float32, "w": np.float32, "b": np.float32},
        {"x": np.int64},
        {"x": np.float32, "w": np.float32},
    ],
    ids=["single precision", "whole numbers with fractional filters", "a bias of higher precision"],
)
def test_conv2d_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    case = layer(rng, (2, 3), (4, 5), scale=3.0 if dtypes["x"] is np.int64 else 1.0, padding=1).cast(**dtypes)
    expect_layer(student.conv2d_forward, case, once, **(FLOAT32 if dtypes["x"] is np.float32 else {}))


@question("conv2d_forward")
def test_conv2d_extremes(student, rng, once):
    """Numbers that are all negative, and very large ones."""
    case = layer(rng, (3, 2), (4, 5), stride=(1, 2), padding=1)
    case = Layer(-1.0 - np.abs(case.x), case.w, -np.abs(case.b), case.options)
    expect_layer(student.conv2d_forward, case, once)
    expect_layer(student.conv2d_forward, Layer(case.x + 1e6, case.w, case.b, case.options), once, **LARGE)


@question("conv2d_forward", weight=0.5)
def test_conv2d_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    case = layer(rng, (3, 2), (4, 5), stride=2)
    for first, second in ((scattered, column_major), (column_major, scattered)):
        inputs = first(case.x), second(case.w), scattered(case.b)
        expect_layer(student.conv2d_forward, Layer(*inputs, case.options), once)


@question("conv2d_forward", kind="error", weight=0.5)
def test_conv2d_does_not_fit(student, rng, once):
    """A filter that does not fit the padded image along one axis is refused."""
    case = layer(rng, (5, 2), (1, 4), exact=True, padding=1, stride=2)
    expect_layer(student.conv2d_forward, case, once)
    expect_error(
        lambda: student.conv2d_forward(case.x[:, :, 1:], case.w, case.b, **case.options),
        ValueError,
        when="one row of pixels is missing",
    )


@question("conv2d_forward", kind="purity", weight=0.5)
def test_conv2d_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = Layer(whole(rng, 2, 3, 5, 6), whole(rng, 4, 3, 3, 2), whole(rng, 4), {"stride": 2, "padding": 1})
    expect_pure_layer(student.conv2d_forward, case, once)
