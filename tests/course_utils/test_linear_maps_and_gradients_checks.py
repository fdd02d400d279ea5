"""The checks of `linear_maps_and_gradients`: mistakes are told apart, and loops are counted."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from course_utils.checks import linear_maps_and_gradients as check
from course_utils.checks.steps import count_steps
from course_utils.compare import Rung
from tests.course_utils.checked import checks_of, expect_reason

CHECKED = checks_of("linear_maps_and_gradients")
right = CHECKED.right


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def flipped(x, w):
    return right.conv1d_by_shifts(x, w[::-1])


def columns_dropped(w, size, *, stride=1, padding=0):
    return right.toeplitz1d(w, size, padding=padding)[:, ::stride]


def column_major(kernel, in_size, **options):
    rows = right.conv_matrix2d(kernel, in_size, **options)
    return rows.reshape(len(rows), *in_size).transpose(0, 2, 1).reshape(len(rows), -1)


def rows_not_compared(x, w):
    return np.array([row @ x[i : i + w.shape[1]] for i, row in enumerate(w)])


def channels_last(x, kernel, **options):
    K_H, K_W = pair(kernel)
    cols = right.im2col(x, kernel, **options)
    entries = cols.reshape(len(x), x.shape[1], K_H, K_W, -1)
    return entries.transpose(0, 2, 3, 1, 4).reshape(cols.shape)


def assigning(cols, in_shape, kernel, **options):
    pixels = np.arange(1, 1 + np.prod(in_shape)).reshape(in_shape)
    home = right.im2col(pixels, kernel, **options) - 1
    out = np.zeros(np.prod(in_shape), dtype=cols.dtype)
    out[home[home >= 0]] = cols[home >= 0]
    return out.reshape(in_shape)


def image_by_image(x, w, b, **options):
    return np.concatenate([right.conv2d_im2col(image[None], w, b, **options) for image in x])


def averaged_bias(dout, x, w, **options):
    dx, dw, db = right.conv2d_backward(dout, x, w, **options)
    return dx, dw, db / dout.shape[0]


def remainder_forgotten(dout, x, w, *, stride=1, padding=0):
    dx, dw, db = right.conv2d_backward(dout, x, w, stride=stride, padding=padding)
    reached = (dout.shape[2] - 1) * pair(stride)[0] + w.shape[2] - 2 * pair(padding)[0]
    return dx[:, :, : max(reached, 1)], dw, db


def not_flipped(dout, w, in_size, **options):
    return right.conv2d_dx_as_conv(dout, w[:, :, ::-1, ::-1], in_size, **options)


def not_cropped(x, w, *, stride=1, padding=0):
    return right.conv_transpose2d(x, w, stride=stride)


def averaging(c_in, kernel):
    filters = right.unfold_kernels(c_in, kernel)
    return filters / filters[0].size


def one_sided(f, x, dout, *, h=1e-5):
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([np.sum((f(x + h * unit) - f(x)) * dout) / h for unit in units]).reshape(x.shape)


def not_put_back(f, x, dout, *, h=1e-5):
    slopes = right.numerical_gradient(f, x, dout, h=h)
    x += 1e-9
    return slopes


def borders_too(layer, x, shift):
    return float(np.abs(layer(np.roll(x, shift, axis=(2, 3))) - np.roll(layer(x), shift, axis=(2, 3))).max())


def correlating(w1, w2):
    return right.compose_kernels(w1, w2[:, :, ::-1, ::-1])


def uphill(images, targets, size, *, lr, steps):
    return right.learn_kernel(images, targets, size, lr=-lr, steps=steps)


@pytest.mark.parametrize(
    ("question", "name", "mistake", "rung", "parts"),
    [
        ("conv1d_by_shifts", "conv1d_by_shifts", flipped, Rung.VALUES, ["pairs w[0] with the first number"]),
        ("toeplitz1d", "toeplitz1d", columns_dropped, Rung.SHAPE, ["stride 2", "leaves out rows of the matrix"]),
        ("conv_matrix2d", "conv_matrix2d", column_major, Rung.VALUES, ["columns 1 to 4", "is column r * W + c"]),
        ("locally_connected", "locally_connected1d", rows_not_compared, Rung.RAN, ["a ValueError", "exactly one row"]),
        ("im2col", "im2col", channels_last, Rung.VALUES, ["Rows count channel, then row, then column"]),
        ("im2col", "col2im", assigning, Rung.VALUES, ["in column 1", "where several arrive, they are added"]),
        (
            "conv2d_im2col",
            "conv2d_im2col",
            image_by_image,
            Rung.VALUES,
            ["a Python loop over images", "results are right"],
        ),
        (
            "conv2d_matrix_backward",
            "conv2d_matrix_backward",
            averaged_bias,
            Rung.VALUES,
            ["db of", "half the right ones"],
        ),
        ("conv2d_backward", "conv2d_backward", remainder_forgotten, Rung.SHAPE, ["dx of", "no window reached"]),
        ("conv2d_gradients_as_convs", "conv2d_dx_as_conv", not_flipped, Rung.VALUES, ["Filters flipped along rows"]),
        ("conv_transpose2d", "conv_transpose2d", not_cropped, Rung.SHAPE, ["padding 1", "H_out is 2 too large"]),
        ("unfold_kernels", "unfold_kernels", averaging, Rung.VALUES, ["half the right ones", "has a single 1"]),
        ("numerical_gradient", "numerical_gradient", one_sided, Rung.VALUES, ["h 0.5", "a step h to either side"]),
        ("numerical_gradient", "numerical_gradient", not_put_back, Rung.UNCHANGED, ["its input x is not what it was"]),
        ("equivariance", "equivariance_gap", borders_too, Rung.VALUES, ["3 x 3 convolution", "has the gap 0"]),
        ("equivariance", "compose_kernels", correlating, Rung.VALUES, ["puts a copy of w1", "nothing is flipped"]),
        ("learn_kernel", "learn_kernel", uphill, Rung.VALUES, ["exactly the negative"]),
    ],
)
def test_mistakes_are_caught_for_the_right_reason(question, name, mistake, rung, parts):
    """The first rung that fails is the one that the mistake breaks, and the message points at it."""
    expect_reason(CHECKED.failure(question, {name: mistake}), rung, [name, *parts])


def test_steps_are_counted_and_the_old_tracer_comes_back():
    """A loop counts its rounds, in a comprehension too; a slice does not; a debugger stays where it was."""

    def tracer(frame, event, arg):
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        few, many = (count_steps(lambda n: [k for k in range(n)], n) for n in (10, 100))  # noqa: C416 - the loop counts
        assert 85 <= many - few <= 400
        assert count_steps(lambda x: x[1:] + x[:-1], np.ones(10)) == count_steps(lambda x: x[1:] + x[:-1], np.ones(999))
        with pytest.raises(ZeroDivisionError):
            count_steps(lambda: 1 / 0)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_a_plan_that_is_made_once_is_no_loop(capsys):
    """einsum with optimize=True thinks about each new shape in Python, and that is fine."""

    def planned(x, w, b, *, stride=1, padding=0):
        (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
        padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
        seen = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
        out = np.einsum("ncijuv,ocuv->noij", seen, w, optimize=True)
        return out if b is None else out + b.reshape(1, -1, 1, 1)

    check.conv2d_im2col(planned)
    assert "conv2d_im2col" in capsys.readouterr().out
