"""Hidden tests of linear_maps_and_gradients: the layer as one product, backwards through it, and two other views of it.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import Layer, column_major, layer, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.cases import GEOMETRY, geometry, upstream
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import (
    COLUMNS,
    FILTERS,
    FLOAT32,
    OUT,
    PARTS,
    upset,
    whole_layer,
)
from autograder.hidden_tests.a1_convolution.parts import entries
from autograder.model import Verdict
from autograder.testing import Judged, expect, expect_error, expect_pure, question


def expect_layer(student, once, case, b=..., **tolerances):
    """Compare the layer with torch's."""
    bias = case.b if b is ... else b
    want = once(partial(oracle.conv2d, case.x, case.w, bias, **case.options))
    expect(student.conv2d_im2col(case.x, case.w, bias, **case.options), want, axes=OUT, **tolerances)


@question("conv2d_im2col")
@geometry
def test_product_values(student, rng, once, kernel, options):
    """Values of the layer."""
    expect_layer(student, once, layer(rng, kernel, (4, 5), **options))


@question("conv2d_im2col", weight=0.5)
def test_product_extremes(student, rng, once):
    """One image, one channel, one filter, filters of one pixel, filters as large as the images."""
    for kernel, out, channels in (
        ((2, 3), (3, 4), (1, 2, 3)),
        ((3, 2), (4, 3), (3, 1, 2)),
        ((1, 1), (3, 4), (3, 2, 1)),
        ((3, 4), (1, 1), (2, 3, 4)),
    ):
        expect_layer(student, once, layer(rng, kernel, out, channels=channels, exact=True))


@question("conv2d_im2col", weight=0.5)
def test_product_no_bias(student, rng, once):
    """Without a bias, numbers that are all negative."""
    case = layer(rng, (3, 2), (4, 5), stride=2, padding=1)
    expect_layer(student, once, Layer(-1.0 - np.abs(case.x), case.w, case.b, case.options), b=None)


@question("conv2d_im2col", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [{"x": np.float32, "w": np.float32, "b": np.float32}, {"x": np.int64}],
    ids=["single precision", "whole numbers with fractional filters"],
)
def test_product_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    single = dtypes["x"] is np.float32
    case = layer(rng, (2, 3), (4, 5), scale=1.0 if single else 3.0, padding=1).cast(**dtypes)
    expect_layer(student, once, case, **(FLOAT32 if single else {}))


@question("conv2d_im2col", weight=0.5)
def test_product_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    case = layer(rng, (3, 2), (4, 5), stride=2)
    for first, second in ((scattered, column_major), (column_major, scattered)):
        expect_layer(student, once, Layer(first(case.x), second(case.w), scattered(case.b), case.options))


# A loop costs at least ten instructions a turn, and the larger cases have twenty rows, columns or images more. What
# does not loop over them runs the same instructions but for choices that NumPy makes by size.
def expect_no_loop(function, few, many, what, **options):
    """Demand that a call on more data runs no more instructions than one on less."""
    # NumPy prepares some of its calls once for each shape.
    for inputs in (few, many):
        function(*inputs, **options)
    _, fewer = function.counted(*few, **options)
    _, more = function.counted(*many, **options)
    if more.steps > 1.05 * fewer.steps + 20:
        message = (
            f"{function.name}: expected as many Python steps for {what} as for less, "
            f"got {more.steps / max(fewer.steps, 1):.1f} times as many: there is a loop over them."
        )
        raise Judged(Verdict.FAILED, message, rung="values")


@question("conv2d_im2col")
@pytest.mark.parametrize("axis", [2, 3, 0], ids=["more rows", "more columns", "more images"])
def test_product_steps(student, rng, once, axis):
    """No Python loop over what there is much of."""
    case = layer(rng, (3, 2), (5, 4), exact=True, padding=1)
    expect_layer(student, once, case)
    many = np.concatenate([case.x] * 6, axis=axis)
    what = {2: "more rows", 3: "more columns", 0: "more images"}[axis]
    expect_no_loop(student.conv2d_im2col, (case.x, case.w, case.b), (many, case.w, case.b), what, padding=1)


@question("conv2d_im2col", kind="error", weight=0.5)
def test_product_does_not_fit(student, rng, once):
    """A filter that does not fit the padded image along one axis is refused."""
    case = layer(rng, (2, 5), (4, 1), exact=True, padding=1, stride=2)
    expect_layer(student, once, case)
    expect_error(
        lambda: student.conv2d_im2col(case.x[:, :, :, 1:], case.w, case.b, **case.options),
        ValueError,
        when="one column of pixels is missing",
    )


@question("conv2d_im2col", kind="purity", weight=0.5)
def test_product_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = whole_layer(layer(rng, (3, 2), (3, 4), stride=2, padding=1))
    for x in (case.x, upset(case.x)):
        expect_layer(student, once, Layer(x, case.w, case.b, case.options))
    expect_pure(student.conv2d_im2col, case.x, case.w, case.b, **case.options)


def expect_part(student, once, dout, case, *parts, **tolerances):
    """Compare some of the three gradients."""
    want = dict(zip(PARTS, once(partial(oracle.gradients, dout, case.x, case.w, **case.options)), strict=True))
    got = student.conv2d_matrix_backward(dout, case.x, case.w, **case.options)
    found = dict(zip(PARTS, entries(got, "dx dw db", "conv2d_matrix_backward"), strict=True))
    for part in parts or PARTS:
        expect(found[part], want[part], axes=PARTS[part], what=part, **tolerances)


@question("conv2d_matrix_backward")
@pytest.mark.parametrize("part", PARTS, ids=["of the images", "of the filters", "of the biases"])
@pytest.mark.parametrize("which", [0, 4], ids=["every position", "stride and padding per axis"])
def test_matrix_backward_values(student, rng, once, part, which):
    """Each of the three gradients."""
    kernel, options = GEOMETRY[which]
    case = layer(rng, kernel, (3, 4), **options)
    expect_part(student, once, upstream(rng, case), case, part)


@question("conv2d_matrix_backward")
def test_matrix_backward_extremes(student, rng, once):
    """One image, one channel, one filter, strides that leave pixels over."""
    for channels, options in (((1, 2, 3), {}), ((3, 1, 2), {"padding": 1}), ((2, 3, 1), {"stride": 3})):
        case = layer(rng, (2, 3), (3, 4), channels=channels, **options)
        expect_part(student, once, upstream(rng, case), case)


@question("conv2d_matrix_backward", weight=0.5)
@pytest.mark.parametrize("dtype", [np.float32, np.int64], ids=["single precision", "images of whole numbers"])
def test_matrix_backward_dtypes(student, rng, once, dtype):
    """The dtype of the gradients follows from the inputs."""
    case = layer(rng, (2, 3), (3, 4), padding=1, scale=1.0 if dtype is np.float32 else 3.0)
    dout, case = upstream(rng, case), case.cast(x=dtype)
    if dtype is np.float32:
        expect_part(student, once, dout.astype(dtype), case.cast(w=dtype), **FLOAT32)
    else:
        expect_part(student, once, dout, case)


@question("conv2d_matrix_backward", weight=0.5)
def test_matrix_backward_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    case = layer(rng, (3, 2), (3, 4), stride=2)
    dout = upstream(rng, case)
    for first, second in ((scattered, column_major), (column_major, scattered)):
        expect_part(student, once, second(dout), Layer(first(case.x), second(case.w), case.b, case.options))


@question("conv2d_matrix_backward", kind="purity", weight=0.5)
def test_matrix_backward_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = whole_layer(layer(rng, (3, 2), (3, 4), padding=1))
    dout = np.rint(3 * upstream(rng, case))
    for gradient in (dout, upset(dout)):
        expect_part(student, once, gradient, case)
    expect_pure(student.conv2d_matrix_backward, dout, case.x, case.w, **case.options)


def expect_copies(student, rng, once, c_in, kernel):
    """Zeros and ones in the right places, and a convolution with them gives the columns."""
    filters = student.unfold_kernels(c_in, kernel)
    want = once(partial(oracle.im2col, np.eye(c_in * np.prod(kernel)).reshape(-1, c_in, *kernel), kernel))
    expect(filters, want[:, :, 0].reshape(-1, c_in, *kernel), axes=FILTERS, dtype="real", what="the filters")


@question("unfold_kernels")
@pytest.mark.parametrize(
    ("c_in", "kernel"),
    [(3, (2, 4)), (2, (3, 2)), (1, (2, 3)), (5, (1, 2))],
    ids=["wide windows", "high windows", "one channel", "many channels"],
)
def test_copies_values(student, rng, once, c_in, kernel):
    """Filters that copy each pixel of a window."""
    expect_copies(student, rng, once, c_in, kernel)


@question("unfold_kernels")
def test_copies_work(student, rng, once):
    """A convolution with the filters gives the columns of the images."""
    x, kernel = normal(rng, 2, 3, 5, 6), (3, 2)
    want = once(partial(oracle.im2col, x, kernel))
    filters = student.unfold_kernels(3, kernel)
    if not isinstance(filters, np.ndarray) or filters.shape != (18, 3, 3, 2) or filters.dtype.kind not in "iuf":
        raise Judged(Verdict.FAILED, "unfold_kernels: expected one filter for each entry of a window.", rung="shape")
    expect(oracle.conv2d(x, filters, None).reshape(want.shape), want, axes=COLUMNS, what="the convolution with them")


@question("unfold_kernels", weight=0.5)
def test_copies_extremes(student, rng, once):
    """Windows of one pixel, and one number for both axes."""
    expect_copies(student, rng, once, 4, (1, 1))
    want = once(lambda: np.eye(18).reshape(18, 2, 3, 3))
    expect(student.unfold_kernels(2, 3), want, axes=FILTERS, dtype="real", what="the filters")


@question("unfold_kernels", kind="purity", weight=0.5)
def test_copies_pure(student, rng, once):
    """Nothing is remembered between calls."""
    expect_copies(student, rng, once, 2, (2, 3))
    expect_copies(student, rng, once, 2, (3, 2))
    expect_pure(student.unfold_kernels, 2, (2, 3))


def expect_shifts(student, once, x, w, **tolerances):
    """Compare the sum of shifted signals with torch's correlation, as locally connected with equal weights."""
    want = once(lambda: oracle.locally_connected(x, np.array([w] * (len(x) - len(w) + 1))))
    expect(student.conv1d_by_shifts(x, w), want, axes=["L_out"], **tolerances)


@question("conv1d_by_shifts")
@pytest.mark.parametrize("taps", [3, 4], ids=["a filter of odd length", "a filter of even length"])
def test_shifts_values(student, rng, once, taps):
    """Values of the correlation."""
    expect_shifts(student, once, normal(rng, int(rng.integers(9, 13))), normal(rng, taps))


@question("conv1d_by_shifts", weight=0.5)
def test_shifts_extremes(student, rng, once):
    """A filter of one number, one as long as the input, and numbers that are all negative."""
    x = -1.0 - np.abs(normal(rng, 7))
    for taps in (1, 6, 7):
        expect_shifts(student, once, x, normal(rng, taps))


@question("conv1d_by_shifts", weight=0.5)
@pytest.mark.parametrize(
    ("x_dtype", "w_dtype"),
    [(np.float32, np.float32), (np.int64, np.float64), (np.float64, np.int64), (np.int32, np.int64)],
    ids=[
        "single precision",
        "whole numbers with a fractional filter",
        "fractional numbers with a whole filter",
        "whole numbers",
    ],
)
def test_shifts_dtypes(student, rng, once, x_dtype, w_dtype):
    """The dtype of the result follows from both inputs."""
    x, w = (9 * normal(rng, 10)).astype(x_dtype), (5 * normal(rng, 4)).astype(w_dtype)
    # Four products of about 50: single precision keeps them to about 1e-5.
    expect_shifts(student, once, x, w, **({"rtol": 1e-4, "atol": 1e-3} if x_dtype is np.float32 else {}))


@question("conv1d_by_shifts", weight=0.5)
def test_shifts_memory(student, rng, once):
    """Inputs that are parts of larger arrays, back to front, and write-protected."""
    expect_shifts(student, once, scattered(normal(rng, 9)), scattered(normal(rng, 4)))


@question("conv1d_by_shifts")
def test_shifts_steps(student, rng, once):
    """No Python loop over the positions."""
    x, w = normal(rng, 12), normal(rng, 3)
    expect_shifts(student, once, x, w)
    expect_no_loop(student.conv1d_by_shifts, (x, w), (np.concatenate([x] * 5), w), "a longer signal")


@question("conv1d_by_shifts", kind="error", weight=0.5)
def test_shifts_does_not_fit(student, rng, once):
    """A filter that is longer than the input is refused."""
    x, w = normal(rng, 5), normal(rng, 6)
    expect_shifts(student, once, x, w[:5])
    expect_error(lambda: student.conv1d_by_shifts(x, w), ValueError, when="the filter is one number too long")


@question("conv1d_by_shifts", kind="purity", weight=0.5)
def test_shifts_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, w = whole(rng, 9), whole(rng, 3)
    for signal in (x, upset(x)):
        expect_shifts(student, once, signal, w)
    expect_pure(student.conv1d_by_shifts, x, w)
