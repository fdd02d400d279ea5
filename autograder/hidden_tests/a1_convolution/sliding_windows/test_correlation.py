"""Hidden tests of sliding_windows: correlation in one and in two dimensions.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.sliding_windows import oracles as oracle
from autograder.hidden_tests.a1_convolution.sliding_windows.judging import FLOAT32, IMAGE
from autograder.testing import expect, expect_error, expect_pure, question

ONE_D = {"correlate1d": oracle.correlate1d, "convolve1d": oracle.convolve1d}


both_1d = pytest.mark.parametrize("name", ONE_D)


@question("correlate1d", weight=2)
@pytest.mark.parametrize("taps", [3, 4], ids=["filter of odd length", "filter of even length"])
@both_1d
def test_1d_values(student, rng, once, name, taps):
    """Values of the one-dimensional sliding sum."""
    x, w = normal(rng, int(rng.integers(11, 17))), normal(rng, taps)
    expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)), axes=["L_out"])


@question("correlate1d")
@both_1d
def test_1d_extremes(student, rng, once, name):
    """The shortest filter, the longest filter, and numbers that are all negative."""
    x = -1.0 - np.abs(normal(rng, 9))
    for taps, what in ((9, "a filter as long as the input"), (8, "a long filter"), (1, "a filter of one number")):
        w = normal(rng, taps)
        expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)), what=what)


@question("correlate1d", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [[(np.float32, np.float32)], [(np.int64, np.float64), (np.int32, np.int64)]],
    ids=["single precision", "whole numbers"],
)
@both_1d
def test_1d_dtypes(student, rng, once, name, dtypes):
    """The dtype of the result follows from both inputs."""
    for x_dtype, w_dtype in dtypes:
        single = x_dtype is np.float32
        x, w = (normal(rng, length) * (1.0 if single else 9.0) for length in (13, 4))
        x, w = x.astype(x_dtype), w.astype(w_dtype)
        expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)), **(FLOAT32 if single else {}))


@question("correlate1d", weight=0.5)
@both_1d
def test_1d_memory(student, rng, once, name):
    """Inputs that are parts of larger arrays, back to front, and write-protected."""
    x, w = scattered(normal(rng, 12)), scattered(normal(rng, 5))
    expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)))


@question("correlate1d", kind="error", weight=0.5)
@both_1d
def test_1d_too_long(student, rng, once, name):
    """A filter that is longer than the input is refused."""
    x, w = normal(rng, 5), normal(rng, 6)
    function = getattr(student, name)
    expect(function(x, w[:5]), once(partial(ONE_D[name], x, w[:5])), what="a filter as long as the input")
    expect_error(lambda: function(x, w), ValueError, when="the filter is one number longer than the input")


@question("correlate1d", kind="purity", weight=0.5)
@both_1d
def test_1d_pure(student, rng, once, name):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, w = whole(rng, 10), whole(rng, 3)
    w[0] += 20
    for signal in (x, x[::-1] + 1):
        expect(getattr(student, name)(signal, w), once(partial(ONE_D[name], signal, w)))
    expect_pure(getattr(student, name), x, w)


@question("correlate2d")
@pytest.mark.parametrize(
    ("kernel", "padding", "mode"),
    [
        ((3, 2), 0, "zeros"),
        ((2, 5), 1, "zeros"),
        ((4, 3), 2, "zeros"),
        ((3, 4), 2, "reflect"),
        ((4, 3), 3, "reflect"),
        ((2, 3), 1, "circular"),
        ((3, 5), 3, "circular"),
    ],
    ids=[
        "no padding",
        "a border of zeros",
        "a wide border of zeros",
        "a reflected border",
        "a wide reflected border",
        "an image that goes round",
        "a wide border that goes round",
    ],
)
def test_correlate2d_values(student, rng, once, kernel, padding, mode):
    """Values of the correlation of an image."""
    image = normal(rng, int(rng.integers(7, 9)), int(rng.integers(9, 12)))
    w = normal(rng, *kernel)
    options = {"padding": padding, "mode": mode} if mode != "zeros" else {"padding": padding} if padding else {}
    expect(
        student.correlate2d(image, w, **options),
        once(partial(oracle.correlate2d, image, w, padding=padding, mode=mode)),
        axes=IMAGE,
    )


@question("correlate2d")
def test_correlate2d_extremes(student, rng, once):
    """A kernel as large as the image, a kernel of one pixel, and numbers that are all negative."""
    image = -1.0 - np.abs(normal(rng, 4, 6))
    for shape, what in (((4, 6), "a kernel as large as the image"), ((1, 1), "a kernel of one pixel")):
        w = normal(rng, *shape)
        expect(student.correlate2d(image, w), once(partial(oracle.correlate2d, image, w)), axes=IMAGE, what=what)


@question("correlate2d", weight=0.5)
@pytest.mark.parametrize(
    ("image_dtype", "kernel_dtype"),
    [(np.float32, np.float32), (np.int64, np.float64), (np.uint8, np.int16)],
    ids=["single precision", "whole numbers with a fractional kernel", "bytes with a kernel of whole numbers"],
)
def test_correlate2d_dtypes(student, rng, once, image_dtype, kernel_dtype):
    """The dtype of the result follows from image and kernel."""
    image, w = rng.uniform(0, 99, size=(6, 8)).astype(image_dtype), (5 * normal(rng, 3, 4)).astype(kernel_dtype)
    # Sums of twelve products of about 50 * 5: single precision keeps them to about 1e-3.
    tolerances = {"rtol": 1e-4, "atol": 1e-2} if image_dtype is np.float32 else {}
    want = once(partial(oracle.correlate2d, image, w, padding=1))
    expect(student.correlate2d(image, w, padding=1), want, axes=IMAGE, **tolerances)


@question("correlate2d", weight=0.5)
def test_correlate2d_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    for image, w in (
        (scattered(normal(rng, 6, 9)), column_major(normal(rng, 3, 2))),
        (column_major(normal(rng, 7, 5)), scattered(normal(rng, 2, 4))),
    ):
        want = once(partial(oracle.correlate2d, image, w, padding=1, mode="circular"))
        expect(student.correlate2d(image, w, padding=1, mode="circular"), want, axes=IMAGE)


@question("correlate2d", kind="error", weight=0.5)
def test_correlate2d_mode(student, rng, once):
    """An unknown kind of border is refused."""
    image, w = normal(rng, 5, 7), normal(rng, 3, 2)
    want = once(partial(oracle.correlate2d, image, w, padding=1, mode="reflect"))
    expect(student.correlate2d(image, w, padding=1, mode="reflect"), want, what="a known kind of border")
    expect_error(
        lambda: student.correlate2d(image, w, padding=1, mode="mirror image"), ValueError, when="the mode is unknown"
    )


@question("correlate2d", kind="error", weight=0.5)
def test_correlate2d_does_not_fit(student, rng, once):
    """A kernel that does not fit the padded image along one axis is refused."""
    image, w = normal(rng, 4, 7), normal(rng, 6, 3)
    expect(student.correlate2d(image, w, padding=1), once(partial(oracle.correlate2d, image, w, padding=1)))
    expect_error(
        lambda: student.correlate2d(image[1:], w, padding=1), ValueError, when="the kernel is one row too high"
    )


@question("correlate2d", kind="purity", weight=0.5)
def test_correlate2d_pure(student, rng, once):
    """Image and kernel stay as they were, and nothing is remembered between calls."""
    image, w = whole(rng, 5, 6), whole(rng, 3, 2)
    for picture in (image, image[::-1] + 1):
        want = once(partial(oracle.correlate2d, picture, w, padding=1))
        expect(student.correlate2d(picture, w, padding=1), want, what="a call after one with other numbers")
    expect_pure(student.correlate2d, image, w, padding=1)
