"""Hidden tests of a2_pooling_and_normalization/activations_and_pooling: max pooling in two dimensions.

What the largest number of a window is has no rounding, and numbers are drawn so that no two are equal.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling import oracles as oracle
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.judging import (
    FLOAT32,
    IMAGES,
    bright,
    close,
    dark,
    expect_shared,
    without,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.layouts import (
    EXTREMES,
    LAYOUTS,
    OUT,
    PADDED,
    out_shape,
)
from autograder.hidden_tests.a2_pooling_and_normalization.inputs import distinct, normal, scattered, turned, whole
from autograder.testing import expect, expect_error, expect_pure, question

layouts = pytest.mark.parametrize(("size", "kernel", "options"), LAYOUTS.values(), ids=LAYOUTS)


padded = pytest.mark.parametrize(("size", "kernel", "options"), PADDED.values(), ids=PADDED)


# The forward pass of max pooling
def expect_max_pool(student: Any, once: Any, x: Any, kernel: Any, options: dict[str, Any]) -> None:
    """Compare one call with torch's."""
    want = once(partial(oracle.max_pool2d, x, kernel, **options))
    expect(student.max_pool2d_forward(x, kernel, **options), want, axes=OUT)


@question("max_pool2d_forward")
@layouts
def test_max_pool_values(student, rng, once, size, kernel, options):
    """Values of max pooling."""
    expect_max_pool(student, once, bright(rng, 2, 3, *size), kernel, options)


@question("max_pool2d_forward")
@padded
def test_max_pool_padding(student, rng, once, size, kernel, options):
    """Values of max pooling with a border that is never the largest."""
    expect_max_pool(student, once, dark(rng, 2, 3, *size), kernel, options)


@question("max_pool2d_forward", weight=0.5)
def test_max_pool_all_negative(student, rng, once):
    """Numbers that are all negative, without a border, and hugely negative with one."""
    expect_max_pool(student, once, dark(rng, 3, 2, 5, 7), 2, {"stride": 2})
    expect_max_pool(student, once, 1e30 * dark(rng, 2, 3, 4, 5), 3, {"stride": 2, "padding": 1})


@question("max_pool2d_forward", weight=0.5)
def test_max_pool_extremes(student, rng, once):
    """One image, one channel, windows of one pixel, and windows as large as the image."""
    for shape, kernel, options in EXTREMES.values():
        expect_max_pool(student, once, distinct(rng, *shape), kernel, options)


@question("max_pool2d_forward", weight=0.5)
def test_max_pool_single_precision(student, rng, once):
    """Single precision stays single precision."""
    expect_max_pool(student, once, bright(rng, 2, 3, 6, 5, dtype=torch.float32), 3, {"stride": 2})
    expect_max_pool(student, once, dark(rng, 2, 3, 5, 7, dtype=torch.float32), 3, {"padding": 1})


@question("max_pool2d_forward", weight=0.5)
def test_max_pool_memory(student, rng, once):
    """Images that are parts of larger tensors, or transposed in memory."""
    for memory in (scattered, turned):
        expect_max_pool(student, once, memory(bright(rng, 2, 3, 5, 8)), (2, 3), {"stride": 2})


@question("max_pool2d_forward", kind="error", weight=0.5)
def test_max_pool_does_not_fit(student, rng, once):
    """A window that does not fit the padded images along one axis is refused."""
    x = bright(rng, 2, 3, 3, 7)
    expect_max_pool(student, once, x, (5, 2), {"padding": 1})
    expect_error(
        lambda: student.max_pool2d_forward(x[:, :, 1:], (5, 2), padding=1), ValueError, when="one row is missing"
    )


@question("max_pool2d_forward", kind="error", weight=0.5)
def test_max_pool_padding_too_large(student, rng, once):
    """A border wider than half the window, along one axis, is refused."""
    x = bright(rng, 2, 3, 5, 6)
    expect_max_pool(student, once, x, (3, 4), {"padding": (1, 2)})
    expect_error(
        lambda: student.max_pool2d_forward(x, (3, 3), padding=(1, 2)),
        ValueError,
        when="the border is wider than half the window",
    )


@question("max_pool2d_forward", kind="purity", weight=0.5)
def test_max_pool_pure(student, rng, once):
    """Images stay as they were, and nothing is remembered between calls."""
    x = bright(rng, 2, 3, 5, 6)
    for images in (x, 1 - x):
        expect_max_pool(student, once, images, 3, {"stride": 2, "padding": 1})
    expect_pure(student.max_pool2d_forward, x, 3, stride=2, padding=1)


# The backward pass of max pooling
def expect_max_back(
    student: Any, once: Any, dout: Any, x: Any, kernel: Any, options: dict[str, Any], **tolerances: float
) -> None:
    """Compare one call with autograd."""
    want = once(partial(oracle.gradient, partial(oracle.max_pool2d, kernel=kernel, **options), dout, x))
    expect(student.max_pool2d_backward(dout, x, kernel, **options), want, axes=IMAGES, what="dx", **tolerances)


def pool_inputs(rng: Any, shape: tuple[int, ...], kernel: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    """Images without ties, and a gradient of the shape of the pooled images."""
    x = bright(rng, *shape)
    return x, normal(rng, *out_shape(x, kernel, options))


@question("max_pool2d_backward")
@layouts
def test_max_back_values(student, rng, once, size, kernel, options):
    """Values of the gradient of max pooling."""
    x, dout = pool_inputs(rng, (2, 3, *size), kernel, options)
    expect_max_back(student, once, dout, x, kernel, options)


@question("max_pool2d_backward")
@padded
def test_max_back_padding(student, rng, once, size, kernel, options):
    """Values of the gradient with a border, around numbers that are all negative."""
    x, dout = pool_inputs(rng, (2, 3, *size), kernel, options)
    expect_max_back(student, once, dout, x - 100, kernel, options)


@question("max_pool2d_backward", weight=0.5)
def test_max_back_extremes(student, rng, once):
    """One image, one channel, windows of one pixel, and windows as large as the image."""
    for shape, kernel, options in EXTREMES.values():
        x, dout = pool_inputs(rng, shape, kernel, options)
        expect_max_back(student, once, dout, x, kernel, options)


@question("max_pool2d_backward", weight=0.5)
def test_max_back_close(student, rng, once):
    """The largest number of a window is larger than the others by very little."""
    options = {"stride": 2}
    _, dout = pool_inputs(rng, (2, 3, 5, 7), 3, options)
    expect_max_back(student, once, dout, close(rng, 2, 3, 5, 7), 3, options)


@question("max_pool2d_backward", weight=0.5)
def test_max_back_ties(student, rng, once):
    """Equal largest numbers of a window may share the gradient in any way, but nobody else gets any."""
    x, dout = bright(rng, 2, 3, 6, 6), 1 + normal(rng, 2, 3, 3, 2).abs()
    highest = x.amax() + 1
    # What is wrong without ties fails here, whatever it does with ties.
    expect_max_back(student, once, dout, x, (2, 3), {})
    tied = torch.zeros(x.shape, dtype=torch.bool)
    tied[:, :2, ::2, ::3] = tied[:, :2, 1::2, 2::3] = True
    x[tied] = highest
    got = student.max_pool2d_backward(dout, x, (2, 3))
    want = once(partial(oracle.gradient, partial(oracle.max_pool2d, kernel=(2, 3)), dout, x))
    expect(without(got, tied), without(want, tied), axes=IMAGES, what="dx where there is no tie")
    shares = torch.stack([got[:, :2, ::2, ::3], got[:, :2, 1::2, 2::3]])
    expect_shared(shares, dout[:, :2])


@question("max_pool2d_backward", weight=0.5)
def test_max_back_single_precision(student, rng, once):
    """Single precision stays single precision."""
    kernel, options = (3, 2), {"stride": (2, 1)}
    x, dout = pool_inputs(rng, (2, 3, 7, 4), kernel, options)
    expect_max_back(student, once, dout.float(), x.float(), kernel, options, **FLOAT32)


@question("max_pool2d_backward", weight=0.5)
def test_max_back_memory(student, rng, once):
    """Inputs that are parts of larger tensors, or transposed in memory."""
    for first, second in ((scattered, turned), (turned, scattered)):
        x, dout = pool_inputs(rng, (2, 3, 5, 8), (2, 3), {"stride": 2})
        expect_max_back(student, once, first(dout), second(x), (2, 3), {"stride": 2})


@question("max_pool2d_backward", kind="purity", weight=0.5)
def test_max_back_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    # No gradient is 0, or it would hide to whom it went.
    x, dout = bright(rng, 2, 3, 5, 6), whole(rng, 2, 3, 2, 3) + 0.5
    options = {"stride": 2, "padding": (0, 1)}
    for images in (x, 1 - x):
        expect_max_back(student, once, dout, images, 3, options)
    expect_pure(student.max_pool2d_backward, dout, x, 3, **options)
