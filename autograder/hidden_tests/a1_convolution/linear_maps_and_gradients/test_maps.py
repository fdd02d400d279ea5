"""Hidden tests of linear_maps_and_gradients: a convolution as a matrix, and what sharing weights saves.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import upset
from autograder.testing import expect, expect_error, expect_pure, question


def expect_toeplitz(student, once, w, size, **options):
    """Compare one matrix of a one-dimensional correlation with the oracle's."""
    expect(student.toeplitz1d(w, size, **options), once(partial(oracle.toeplitz, w, size, **options)))


@question("toeplitz1d")
@pytest.mark.parametrize(
    ("taps", "options"),
    [
        (4, {}),
        (3, {"stride": 2}),
        (4, {"padding": 2}),
        (4, {"stride": 3, "padding": 2}),
        (2, {"padding": 3}),
    ],
    ids=[
        "every position",
        "a stride that leaves numbers over",
        "padding",
        "stride and padding",
        "padding wider than the filter",
    ],
)
def test_toeplitz_values(student, rng, once, taps, options):
    """The matrix of a correlation."""
    stride = options.get("stride", 1)
    # One number is left over where the stride allows it.
    size = stride * int(rng.integers(6, 9)) + taps - 2 * options.get("padding", 0) + (stride > 1)
    expect_toeplitz(student, once, normal(rng, taps), size, **options)


@question("toeplitz1d")
def test_toeplitz_extremes(student, rng, once):
    """A filter of one number, one as long as the input, and one that only fits thanks to padding."""
    for taps, size, options in ((1, 5, {"stride": 2}), (6, 6, {}), (7, 4, {"padding": 2})):
        expect_toeplitz(student, once, normal(rng, taps), size, **options)


@question("toeplitz1d", weight=0.5)
@pytest.mark.parametrize("dtype", [np.float32, np.int64], ids=["single precision", "whole numbers"])
def test_toeplitz_dtypes(student, rng, once, dtype):
    """The matrix has the dtype of the filter."""
    expect_toeplitz(student, once, (9 * normal(rng, 3)).astype(dtype), 8, stride=2, padding=1)


@question("toeplitz1d", weight=0.5)
def test_toeplitz_memory(student, rng, once):
    """A filter that is part of a larger array, back to front, and write-protected."""
    expect_toeplitz(student, once, scattered(normal(rng, 4)), 9, padding=1)


@question("toeplitz1d", kind="error", weight=0.5)
def test_toeplitz_does_not_fit(student, rng, once):
    """A filter that does not fit the padded input is refused."""
    w = normal(rng, 6)
    expect_toeplitz(student, once, w, 4, padding=1, stride=2)
    expect_error(
        lambda: student.toeplitz1d(w, 3, padding=1, stride=2), ValueError, when="the input is one number too short"
    )


@question("toeplitz1d", kind="purity", weight=0.5)
def test_toeplitz_pure(student, rng, once):
    """The filter stays as it was, and nothing is remembered between calls."""
    w = whole(rng, 3) + 20
    for taps in (w, upset(w)):
        expect_toeplitz(student, once, taps, 7, padding=1)
    expect_pure(student.toeplitz1d, w, 7, padding=1)


def expect_matrix(student, once, kernel, in_size, **options):
    """Compare one matrix of a two-dimensional correlation with the oracle's."""
    want = once(partial(oracle.conv_matrix, kernel, in_size, **options))
    expect(student.conv_matrix2d(kernel, in_size, **options), want)


@question("conv_matrix2d")
@pytest.mark.parametrize(
    ("kernel", "in_size", "options"),
    [
        ((2, 3), (4, 6), {}),
        ((3, 2), (6, 5), {"stride": (2, 1)}),
        ((2, 3), (5, 7), {"stride": (2, 3)}),
        ((3, 2), (4, 5), {"padding": (2, 1)}),
        ((2, 3), (5, 4), {"stride": 2, "padding": (1, 2)}),
    ],
    ids=[
        "every position",
        "a stride along the rows that leaves some over",
        "stride per axis",
        "padding per axis",
        "stride and padding",
    ],
)
def test_matrix_values(student, rng, once, kernel, in_size, options):
    """The matrix of the correlation of an image."""
    expect_matrix(student, once, normal(rng, *kernel), in_size, **options)


@question("conv_matrix2d")
def test_matrix_extremes(student, rng, once):
    """A kernel of one pixel, one as large as the image, and images of one row or column."""
    for kernel, in_size, options in (
        ((1, 1), (3, 4), {"stride": 2}),
        ((3, 4), (3, 4), {}),
        ((1, 3), (1, 5), {"padding": (0, 1)}),
        ((2, 1), (5, 1), {}),
    ):
        expect_matrix(student, once, normal(rng, *kernel), in_size, **options)


@question("conv_matrix2d", weight=0.5)
@pytest.mark.parametrize("dtype", [np.float32, np.int64], ids=["single precision", "whole numbers"])
def test_matrix_dtypes(student, rng, once, dtype):
    """The matrix has the dtype of the kernel."""
    expect_matrix(student, once, (9 * normal(rng, 2, 3)).astype(dtype), (4, 5), padding=1)


@question("conv_matrix2d", weight=0.5)
def test_matrix_memory(student, rng, once):
    """Kernels that are parts of larger arrays, or column by column in memory, and write-protected."""
    for kernel in (scattered(normal(rng, 2, 3)), column_major(normal(rng, 3, 2))):
        expect_matrix(student, once, kernel, (4, 5))


@question("conv_matrix2d", kind="error", weight=0.5)
def test_matrix_does_not_fit(student, rng, once):
    """A kernel that does not fit the padded image along one axis is refused."""
    kernel = normal(rng, 2, 5)
    expect_matrix(student, once, kernel, (4, 3), padding=1, stride=2)
    expect_error(
        lambda: student.conv_matrix2d(kernel, (4, 2), padding=1, stride=2),
        ValueError,
        when="the image is one column too narrow",
    )


@question("conv_matrix2d", kind="purity", weight=0.5)
def test_matrix_pure(student, rng, once):
    """The kernel stays as it was, and nothing is remembered between calls."""
    kernel = whole(rng, 2, 3) + 20
    for taps in (kernel, upset(kernel)):
        expect_matrix(student, once, taps, (4, 5), padding=1)
    expect_pure(student.conv_matrix2d, kernel, (4, 5), padding=1)


def expect_local(student, once, x, w):
    """Compare one locally connected layer with the oracle's."""
    expect(student.locally_connected1d(x, w), once(partial(oracle.locally_connected, x, w)), axes=["L_out"])


@question("locally_connected")
@pytest.mark.parametrize(
    ("size", "taps"), [(9, 3), (7, 4), (11, 2)], ids=["odd windows", "even windows", "the smallest windows"]
)
def test_local_values(student, rng, once, size, taps):
    """A window with weights of its own at every position."""
    size += int(rng.integers(3))
    expect_local(student, once, normal(rng, size), normal(rng, size - taps + 1, taps))


@question("locally_connected")
def test_local_extremes(student, rng, once):
    """Windows of one number, a window over everything, and numbers that are all negative."""
    x = -1.0 - np.abs(normal(rng, 6))
    for taps in (1, 6):
        expect_local(student, once, x, normal(rng, 7 - taps, taps))


@question("locally_connected", weight=0.5)
@pytest.mark.parametrize(
    ("x_dtype", "w_dtype"),
    [(np.float32, np.float32), (np.int64, np.float64), (np.float64, np.int64)],
    ids=["single precision", "whole numbers with fractional weights", "fractional numbers with whole weights"],
)
def test_local_dtypes(student, rng, once, x_dtype, w_dtype):
    """The dtype of the result follows from both inputs."""
    x, w = 9 * normal(rng, 8), 9 * normal(rng, 6, 3)
    if x_dtype is np.float32:
        # Whole numbers, of which sums of products are exact.
        x, w = np.rint(x), np.rint(w)
    expect_local(student, once, x.astype(x_dtype), w.astype(w_dtype))


@question("locally_connected", weight=0.25)
def test_local_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    for turn in (scattered, column_major):
        expect_local(student, once, scattered(normal(rng, 8)), turn(normal(rng, 5, 4)))


@question("locally_connected", kind="error", weight=0.25)
@pytest.mark.parametrize("more", [1, -1], ids=["too many", "too few"])
def test_local_does_not_fit(student, rng, once, more):
    """As many windows of weights as there are positions, or it is refused."""
    x, w = normal(rng, 8), normal(rng, 7, 3)
    expect_local(student, once, x, w[:6])
    expect_error(
        lambda: student.locally_connected1d(x, w[: 6 + more]),
        ValueError,
        when="the number of windows differs from the number of positions by one",
    )


@question("locally_connected", kind="purity", weight=0.25)
def test_local_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, w = whole(rng, 7), whole(rng, 5, 3)
    for signal in (x, upset(x)):
        expect_local(student, once, signal, w)
    expect_pure(student.locally_connected1d, x, w)


@question("locally_connected")
@pytest.mark.parametrize("taps", [3, 1], ids=["a window of several", "a window of one"])
def test_weights_values(student, rng, once, taps):
    """Weights of the shared, the local and the full layer."""
    for size in (int(rng.integers(8, 14)), int(rng.integers(20, 40)), taps + 4):
        kernel = taps + int(rng.integers(3)) if taps > 1 else 1
        want = once(partial(oracle.weights, size, kernel))
        expect(student.count_weights(size, kernel), want, what="the numbers of weights")


@question("locally_connected", weight=0.5)
def test_weights_whole_input(student, rng, once):
    """A window as long as the input: all three layers have the same weights; one shorter, and they differ."""
    size = int(rng.integers(5, 9))
    for kernel in (size, size - 1):
        want = once(partial(oracle.weights, size, kernel))
        expect(student.count_weights(size, kernel), want, what="the numbers of weights")


@question("locally_connected", kind="error", weight=0.25)
def test_weights_does_not_fit(student, rng, once):
    """A window that is longer than the input is refused."""
    size = int(rng.integers(5, 9))
    expect(student.count_weights(size, size), once(partial(oracle.weights, size, size)), what="the numbers of weights")
    expect_error(lambda: student.count_weights(size, size + 1), ValueError, when="the window is one too long")
