"""Hidden tests of sliding_windows: 1x1 convolutions, layers over one and three axes, groups and holes.

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
    LAYER,
    expect_layer,
    expect_pure_layer,
)
from autograder.testing import expect, expect_error, question


@question("conv1x1_as_matmul")
@pytest.mark.parametrize(
    ("channels", "size"),
    [((2, 5, 3), (4, 7)), ((1, 4, 6), (5, 3)), ((3, 1, 5), (2, 4)), ((4, 5, 3), (1, 1))],
    ids=["fewer channels", "one image, more channels", "one input channel", "images of one pixel"],
)
def test_conv1x1_values(student, rng, once, channels, size):
    """Values of the 1x1 convolution."""
    case = layer(rng, (1, 1), size, channels=channels, exact=True)
    want = once(partial(oracle.linear, case.x, case.w, case.b))
    expect(student.conv1x1_as_matmul(case.x, case.w, case.b), want, axes=LAYER[2])


@question("conv1x1_as_matmul")
def test_conv1x1_no_bias(student, rng, once):
    """Without a bias, numbers that are all negative."""
    case = layer(rng, (1, 1), (3, 6), channels=(2, 4, 5))
    x = -1.0 - np.abs(case.x)
    want = once(partial(oracle.linear, x, case.w, None))
    expect(student.conv1x1_as_matmul(x, case.w, None), want, axes=LAYER[2])


@question("conv1x1_as_matmul", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [{"x": np.float32, "w": np.float32, "b": np.float32}, {"x": np.int64}],
    ids=["single precision", "whole numbers with fractional filters"],
)
def test_conv1x1_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    case = layer(rng, (1, 1), (3, 5), channels=(2, 6, 4), scale=3.0 if len(dtypes) == 1 else 1.0).cast(**dtypes)
    want = once(partial(oracle.linear, case.x, case.w, case.b))
    tolerances = FLOAT32 if dtypes["x"] is np.float32 else {}
    expect(student.conv1x1_as_matmul(case.x, case.w, case.b), want, axes=LAYER[2], **tolerances)


@question("conv1x1_as_matmul")
def test_conv1x1_stacked(student, rng, once):
    """Two of them with a ReLU between are one MLP at every pixel."""
    first = layer(rng, (1, 1), (4, 5), channels=(2, 3, 7), exact=True)
    second = layer(rng, (1, 1), (4, 5), channels=(2, 7, 4), exact=True)
    hidden = student.conv1x1_as_matmul(first.x, first.w, first.b)
    want = once(partial(oracle.linear, first.x, first.w, first.b))
    expect(hidden, want, axes=LAYER[2], what="the first layer")
    x = np.maximum(want, 0.0)
    expect(
        student.conv1x1_as_matmul(x, second.w, second.b),
        once(partial(oracle.linear, x, second.w, second.b)),
        axes=LAYER[2],
        what="the second layer",
    )


@question("conv1x1_as_matmul", weight=0.5)
def test_conv1x1_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    case = layer(rng, (1, 1), (3, 5), channels=(2, 6, 4))
    for first, second in ((scattered, column_major), (column_major, scattered)):
        x, w, b = first(case.x), second(case.w), scattered(case.b)
        expect(student.conv1x1_as_matmul(x, w, b), once(partial(oracle.linear, x, w, b)), axes=LAYER[2])


@question("conv1x1_as_matmul", kind="purity", weight=0.5)
def test_conv1x1_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = Layer(whole(rng, 2, 3, 4, 5), whole(rng, 6, 3, 1, 1), whole(rng, 6), {})
    expect_pure_layer(student.conv1x1_as_matmul, case, once)


ND = {
    "conv1d_forward": ((3,), (5,), ({}, {"padding": 2}, {"stride": 3, "padding": 1})),
    "conv3d_forward": (
        (2, 3, 4),
        (3, 5, 4),
        ({}, {"padding": (1, 2, 0)}, {"stride": (1, 3, 2), "padding": (1, 0, 2)}),
    ),
}


both_nd = pytest.mark.parametrize("name", ND)


@question("conv_nd")
@pytest.mark.parametrize("which", [0, 1, 2], ids=["stride 1, no padding", "padding", "stride and padding"])
@both_nd
def test_conv_nd_values(student, rng, once, name, which):
    """Values of the layer over one and over three axes."""
    kernel, out, options = ND[name]
    expect_layer(getattr(student, name), layer(rng, kernel, out, **options[which]), once)


@question("conv_nd")
@both_nd
def test_conv_nd_single(student, rng, once, name):
    """One number for all axes, one image, one channel, and filters as large as the padded input."""
    kernel, out, _ = ND[name]
    function = getattr(student, name)
    expect_layer(function, layer(rng, kernel, out, channels=(1, 2, 3), stride=2, padding=1), once)
    expect_layer(function, layer(rng, kernel, out, channels=(2, 1, 3), stride=2), once)
    large = tuple(length + 2 for length in kernel)
    expect_layer(function, layer(rng, large, (1,) * len(kernel), exact=True, padding=1), once)


@question("conv_nd", weight=0.5)
@both_nd
def test_conv_nd_no_bias(student, rng, once, name):
    """Without a bias."""
    kernel, out, _ = ND[name]
    case = layer(rng, kernel, out, padding=1)
    want = once(partial(oracle.conv, case.x, case.w, None, **case.options))
    expect(getattr(student, name)(case.x, case.w, None, **case.options), want, axes=LAYER[len(kernel)])


@question("conv_nd", weight=0.5)
@pytest.mark.parametrize("x_dtype", [np.float32, np.int64], ids=["single precision", "whole numbers"])
@both_nd
def test_conv_nd_dtypes(student, rng, once, name, x_dtype):
    """The dtype of the result follows from all inputs."""
    kernel, out, _ = ND[name]
    case = layer(rng, kernel, out, scale=3.0 if x_dtype is np.int64 else 1.0)
    if x_dtype is np.float32:
        expect_layer(getattr(student, name), case.cast(x=np.float32, w=np.float32, b=np.float32), once, **FLOAT32)
    else:
        expect_layer(getattr(student, name), case.cast(x=np.int64), once)


@question("conv_nd", kind="error", weight=0.25)
@both_nd
def test_conv_nd_does_not_fit(student, rng, once, name):
    """Filters that do not fit the padded input along the first axis are refused."""
    kernel, out, _ = ND[name]
    case = layer(rng, (5, *kernel[1:]), (1, *out[1:]), exact=True, padding=1, stride=2)
    function = getattr(student, name)
    expect_layer(function, case, once)
    expect_error(
        lambda: function(case.x[:, :, 1:], case.w, case.b, **case.options), ValueError, when="one entry is missing"
    )


@question("conv_nd", kind="purity", weight=0.25)
@both_nd
def test_conv_nd_pure(student, rng, once, name):
    """Inputs stay as they were, and nothing is remembered between calls."""
    kernel, _, _ = ND[name]
    size = (5, 6, 7)[-len(kernel) :]
    case = Layer(whole(rng, 2, 3, *size), whole(rng, 4, 3, *kernel), whole(rng, 4), {"stride": 2, "padding": 1})
    expect_pure_layer(getattr(student, name), case, once)


@question("conv2d_grouped")
@pytest.mark.parametrize(
    ("channels", "groups", "options"),
    [
        ((2, 6, 4), 2, {}),
        ((2, 6, 9), 3, {"stride": (2, 1), "padding": (1, 2)}),
        ((2, 5, 5), 5, {"padding": 1}),
        ((2, 3, 6), 3, {"stride": 2, "padding": (0, 1)}),
        ((2, 3, 4), 1, {"dilation": (2, 3)}),
        ((2, 4, 6), 2, {"stride": (2, 3), "padding": (3, 2), "dilation": (3, 2)}),
    ],
    ids=[
        "two groups",
        "several groups with stride and padding",
        "one filter per channel",
        "several filters per channel",
        "one group, dilation per axis",
        "groups with stride, padding and dilation",
    ],
)
def test_grouped_values(student, rng, once, channels, groups, options):
    """Values of the layer in groups."""
    case = layer(rng, (2, 3), (4, 5), channels=channels, groups=groups, **options)
    expect_layer(student.conv2d_grouped, case, once)


@question("conv2d_grouped", weight=0.5)
def test_grouped_no_bias(student, rng, once):
    """Without a bias, one image."""
    case = layer(rng, (3, 2), (4, 5), channels=(1, 6, 4), groups=2, dilation=2, padding=1)
    want = once(partial(oracle.conv, case.x, case.w, None, **case.options))
    expect(student.conv2d_grouped(case.x, case.w, None, **case.options), want, axes=LAYER[2])


@question("conv2d_grouped", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [{"x": np.float32, "w": np.float32, "b": np.float32}, {"x": np.int64}],
    ids=["single precision", "whole numbers with fractional filters"],
)
def test_grouped_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    scale = 1.0 if dtypes["x"] is np.float32 else 3.0
    case = layer(rng, (2, 3), (4, 5), channels=(2, 4, 6), groups=2, scale=scale).cast(**dtypes)
    expect_layer(student.conv2d_grouped, case, once, **(FLOAT32 if scale == 1.0 else {}))


@question("conv2d_grouped", kind="error", weight=0.5)
def test_grouped_does_not_fit(student, rng, once):
    """A dilated filter that does not fit is refused."""
    case = layer(rng, (3, 2), (4, 1), channels=(2, 4, 6), groups=2, exact=True, dilation=(1, 5), padding=1, stride=2)
    expect_layer(student.conv2d_grouped, case, once)
    expect_error(
        lambda: student.conv2d_grouped(case.x[:, :, :, 1:], case.w, case.b, **case.options),
        ValueError,
        when="one column of pixels is missing",
    )


@question("conv2d_grouped", kind="error", weight=0.25)
def test_grouped_does_not_divide(student, rng, once):
    """A number of groups that does not divide the channels is refused."""
    case = layer(rng, (3, 2), (3, 4), channels=(2, 4, 6), groups=2)
    expect_layer(student.conv2d_grouped, case, once)
    expect_error(
        lambda: student.conv2d_grouped(case.x[:, :3], case.w, case.b, groups=2),
        ValueError,
        when="the groups don't divide the input channels",
    )


@question("conv2d_grouped", kind="purity", weight=0.5)
def test_grouped_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    options = {"stride": 2, "padding": 1, "groups": 2}
    case = Layer(whole(rng, 2, 4, 6, 7), whole(rng, 6, 2, 3, 2), whole(rng, 6), options)
    expect_pure_layer(student.conv2d_grouped, case, once)
