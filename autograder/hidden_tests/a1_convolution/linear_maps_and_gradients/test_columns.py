"""Hidden tests of linear_maps_and_gradients: windows as columns, and back.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, layer, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.cases import geometry
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import COLUMNS, FLOAT32, IMAGES, upset
from autograder.model import Verdict
from autograder.testing import Judged, expect, expect_error, expect_pure, question


def expect_columns(student, once, x, kernel, **options):
    """Compare im2col with torch's unfold."""
    want = once(partial(oracle.im2col, x, kernel, **options))
    expect(student.im2col(x, kernel, **options), want, axes=COLUMNS)


def expect_images(student, once, cols, in_shape, kernel, **options):
    """Compare col2im with torch's fold; sums of a few numbers."""
    want = once(partial(oracle.col2im, cols, in_shape, kernel, **options))
    tolerances = FLOAT32 if cols.dtype == np.float32 else {}
    expect(student.col2im(cols, in_shape, kernel, **options), want, axes=IMAGES, **tolerances)


def columns_for(rng, x, kernel, **options):
    """Random columns in the shape of those of x."""
    return normal(rng, *oracle.im2col(x, kernel, **options).shape)


@question("im2col")
@geometry
def test_im2col_values(student, rng, once, kernel, options):
    """Windows of the images as columns."""
    expect_columns(student, once, layer(rng, kernel, (3, 4), **options).x, kernel, **options)


@question("im2col", weight=0.5)
def test_im2col_extremes(student, rng, once):
    """One image, one channel, one number for both axes, a window over everything, windows of one pixel."""
    x = normal(rng, 3, 2, 4, 5)
    for images, kernel, options in (
        (x[:1], 3, {}),
        (x[:, :1], 2, {"stride": 2, "padding": 1}),
        (x, (4, 5), {}),
        (x, 1, {"stride": (2, 3)}),
        (x, (6, 5), {"padding": (1, 0)}),
    ):
        expect_columns(student, once, images, kernel, **options)


@question("im2col", weight=0.5)
@pytest.mark.parametrize("dtype", [np.float32, np.int64], ids=["single precision", "whole numbers"])
def test_im2col_dtypes(student, rng, once, dtype):
    """The columns have the dtype of the images."""
    expect_columns(student, once, (9 * normal(rng, 2, 3, 4, 5)).astype(dtype), (2, 3), padding=1)


@question("im2col", weight=0.5)
def test_im2col_memory(student, rng, once):
    """Images that are parts of larger arrays, or column by column in memory, and write-protected."""
    for turn in (scattered, column_major):
        expect_columns(student, once, turn(normal(rng, 2, 3, 5, 6)), (3, 2), stride=2)


@question("im2col", kind="error", weight=0.5)
def test_im2col_does_not_fit(student, rng, once):
    """A window that does not fit the padded images along one axis is refused."""
    x = normal(rng, 2, 3, 3, 6)
    expect_columns(student, once, x, (5, 2), padding=1, stride=2)
    expect_error(
        lambda: student.im2col(x[:, :, 1:], (5, 2), padding=1, stride=2), ValueError, when="one row is missing"
    )


@question("im2col", kind="purity", weight=0.25)
def test_im2col_pure(student, rng, once):
    """The images stay as they were, and nothing is remembered between calls."""
    x = whole(rng, 2, 3, 4, 5)
    for images in (x, upset(x)):
        expect_columns(student, once, images, (3, 2), padding=1)
    expect_pure(student.im2col, x, (3, 2), padding=1)


@question("im2col")
@geometry
def test_col2im_values(student, rng, once, kernel, options):
    """Columns added up where they came from."""
    x = layer(rng, kernel, (3, 4), **options).x
    expect_images(student, once, columns_for(rng, x, kernel, **options), x.shape, kernel, **options)


@question("im2col", weight=0.5)
def test_adjoint(student, rng, once):
    """Columns of images times columns is images times added columns."""
    x, kernel, options = normal(rng, 2, 3, 6, 7), (3, 2), {"stride": (1, 2), "padding": (1, 2)}
    cols = columns_for(rng, x, kernel, **options)
    want = once(lambda: float((oracle.im2col(x, kernel, **options) * cols).sum()))
    for what, name, args, other in (
        ("the product with im2col's columns", "im2col", (x, kernel), cols),
        ("the product with col2im's images", "col2im", (cols, x.shape, kernel), x),
    ):
        got = getattr(student, name)(*args, **options)
        if not isinstance(got, np.ndarray) or got.shape != other.shape or got.dtype.kind not in "iuf":
            raise Judged(Verdict.FAILED, f"{name}: expected an array of shape {other.shape}.", rung="shape")
        expect(float((got * other).sum()), want, what=what)


@question("im2col", weight=0.5)
def test_col2im_extremes(student, rng, once):
    """One image, one channel, one number for both axes, a window over everything, windows that don't touch."""
    for shape, kernel, options in (
        ((1, 3, 5, 4), 2, {}),
        ((2, 1, 6, 5), 3, {"padding": 1}),
        ((2, 3, 4, 5), (4, 5), {}),
        ((2, 3, 7, 8), 2, {"stride": (3, 4)}),
    ):
        cols = columns_for(rng, np.zeros(shape), kernel, **options)
        expect_images(student, once, cols, shape, kernel, **options)


@question("im2col", weight=0.5)
def test_col2im_dtypes(student, rng, once):
    """The images have the dtype of the columns: single precision, whole numbers."""
    cols = 9 * columns_for(rng, np.zeros((2, 3, 4, 5)), (2, 3), padding=1)
    for dtype in (np.float32, np.int64):
        expect_images(student, once, cols.astype(dtype), (2, 3, 4, 5), (2, 3), padding=1)


@question("im2col", kind="purity", weight=0.25)
def test_col2im_pure(student, rng, once):
    """The columns stay as they were, whatever their memory, and nothing is remembered between calls."""
    cols = whole(rng, 2, 12, 15)
    for columns in (cols, scattered(upset(cols))):
        expect_images(student, once, columns, (2, 2, 4, 5), (2, 3), padding=(0, 1))
    expect_pure(student.col2im, cols, (2, 2, 4, 5), (2, 3), padding=(0, 1))
