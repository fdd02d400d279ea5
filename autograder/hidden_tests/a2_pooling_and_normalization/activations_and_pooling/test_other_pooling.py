"""Hidden tests of a2_pooling_and_normalization/activations_and_pooling: averages, and pooling in one dimension.

Averages are sums of at most about 30 numbers; the default tolerances allow any order of summation in float64, and
FLOAT32 any order in single precision.
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
    dark,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.layouts import (
    EXTREMES,
    LAYOUTS,
    OUT,
    PADDED,
    out_shape,
)
from autograder.hidden_tests.a2_pooling_and_normalization.inputs import normal, scattered, turned, whole
from autograder.testing import expect, expect_error, expect_pure, question


# Average pooling
def expect_avg(
    student: Any, once: Any, way: str, rng: Any, shape: Any, kernel: Any, options: dict[str, Any], **settings: Any
) -> None:
    """Compare one call of average pooling, forward or backward, with torch's."""
    memory, dtype = settings.pop("memory", torch.clone), settings.pop("dtype", torch.float64)
    x = normal(rng, *shape, dtype=dtype)
    if way == "forward":
        want = once(partial(oracle.avg_pool2d, x, kernel, **options))
        expect(student.avg_pool2d_forward(memory(x), kernel, **options), want, axes=OUT, **settings)
        return
    dout = normal(rng, *out_shape(x, kernel, options), dtype=dtype)
    want = once(partial(oracle.shape_gradient, partial(oracle.avg_pool2d, kernel=kernel, **options), dout, shape))
    got = student.avg_pool2d_backward(memory(dout), tuple(shape[2:]), kernel, **options)
    expect(got, want, axes=IMAGES, what="dx", **settings)


both_ways = pytest.mark.parametrize("way", ["forward", "backward"])


AVERAGED = {name: LAYOUTS[name] for name in ("windows that overlap", "pixels left over")} | {
    "another window and border per axis": PADDED["another padding per axis"]
}


@question("avg_pool2d")
@pytest.mark.parametrize(("size", "kernel", "options"), AVERAGED.values(), ids=AVERAGED)
@both_ways
def test_avg_pool_values(student, rng, once, way, size, kernel, options):
    """Values of average pooling and of its gradient."""
    expect_avg(student, once, way, rng, (2, 3, *size), kernel, options)


@question("avg_pool2d", weight=0.5)
@both_ways
def test_avg_pool_extremes(student, rng, once, way):
    """One image, one channel, windows of one pixel, and windows as large as the image."""
    for shape, kernel, options in EXTREMES.values():
        expect_avg(student, once, way, rng, shape, kernel, options)


@question("avg_pool2d", weight=1.5)
@both_ways
def test_global_avg_pool_values(student, rng, once, way):
    """Values of the average over whole images and of its gradient."""
    for shape in ((2, 3, 4, 5), (3, 1, 5, 2), (1, 4, 1, 3)):
        expect_global(student, once, way, rng, shape)


def expect_global(student: Any, once: Any, way: str, rng: Any, shape: Any, **settings: Any) -> None:
    """Compare one call of the average over whole images, forward or backward, with torch's."""
    memory, dtype = settings.pop("memory", torch.clone), settings.pop("dtype", torch.float64)
    if way == "forward":
        x = normal(rng, *shape, dtype=dtype)
        want = once(partial(oracle.global_avg_pool, x))
        expect(student.global_avg_pool_forward(memory(x)), want, axes=IMAGES[:2], **settings)
        return
    dout = normal(rng, *shape[:2], dtype=dtype)
    want = once(partial(oracle.shape_gradient, oracle.global_avg_pool, dout, shape))
    got = student.global_avg_pool_backward(memory(dout), tuple(shape[2:]))
    expect(got, want, axes=IMAGES, what="dx", **settings)


@question("avg_pool2d", weight=0.5)
@both_ways
def test_avg_pool_single_precision(student, rng, once, way):
    """Single precision stays single precision, in parts of larger tensors too."""
    settings = {"dtype": torch.float32, "memory": scattered, **FLOAT32}
    expect_avg(student, once, way, rng, (2, 3, 6, 5), (2, 3), {"stride": 2, "padding": 1}, **settings)
    expect_global(student, once, way, rng, (2, 3, 5, 4), **settings)


@question("avg_pool2d", kind="error", weight=0.5)
def test_avg_pool_does_not_fit(student, rng, once):
    """A window that does not fit the padded images along one axis is refused."""
    expect_avg(student, once, "forward", rng, (2, 3, 6, 3), (2, 5), {"padding": 1})
    x = normal(rng, 2, 3, 6, 2)
    expect_error(lambda: student.avg_pool2d_forward(x, (2, 5), padding=1), ValueError, when="one column is missing")


@question("avg_pool2d", kind="error", weight=0.5)
def test_avg_pool_padding_too_large(student, rng, once):
    """A border wider than half the window, along one axis, is refused."""
    expect_avg(student, once, "forward", rng, (2, 3, 6, 5), (4, 3), {"padding": (2, 1)})
    x = normal(rng, 2, 3, 6, 5)
    expect_error(
        lambda: student.avg_pool2d_forward(x, (3, 3), padding=(2, 1)),
        ValueError,
        when="the border is wider than half the window",
    )


@question("avg_pool2d", kind="purity", weight=0.25)
@both_ways
def test_avg_pool_pure(student, rng, once, way):
    """Inputs stay as they were, and nothing is remembered between calls of average pooling."""
    for _ in range(2):
        expect_avg(student, once, way, rng, (2, 3, 5, 4), 2, {"stride": 1})
    # Sums of multiples of 16 and their quarters are exact.
    inputs = {"forward": (16 * whole(rng, 2, 3, 2, 4), 2), "backward": (16 * whole(rng, 2, 3, 2, 1), (4, 3), 2)}
    expect_pure(getattr(student, f"avg_pool2d_{way}"), *inputs[way])


@question("avg_pool2d", kind="purity", weight=0.25)
@both_ways
def test_global_avg_pool_pure(student, rng, once, way):
    """Inputs stay as they were, and nothing is remembered between calls of the average over whole images."""
    for _ in range(2):
        expect_global(student, once, way, rng, (2, 3, 5, 4))
    inputs = {"forward": (16 * whole(rng, 2, 3, 2, 4),), "backward": (16 * whole(rng, 2, 3), (2, 4))}
    expect_pure(getattr(student, f"global_avg_pool_{way}"), *inputs[way])


# Average pooling as a convolution
def as_double(got: Any) -> Any:
    """A tensor of any floating dtype as float64: the contract names none."""
    return got.double() if isinstance(got, torch.Tensor) and got.is_floating_point() else got


def expect_filters(student: Any, channels: int, kernel: Any) -> Any:
    """Compare the filters for one window, and give them."""
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    got = student.avg_pool_weights(channels, kernel)
    want = torch.full((channels, 1, height, width), 1 / (height * width), dtype=torch.float64)
    # Half precision keeps three digits; a wrong window length is off by far more.
    expect(as_double(got), want, axes=("C_out", "C_in", "K_H", "K_W"), rtol=1e-3, what="the filters")
    return got


@question("avg_pool_as_conv")
@pytest.mark.parametrize(
    ("channels", "kernel"),
    [(3, 2), (2, (2, 3)), (5, (4, 1)), (1, 3), (4, (3, 5))],
    ids=["a square window", "an oblong window", "a window one pixel wide", "one channel", "a large window"],
)
def test_filters_values(student, channels, kernel):
    """Values of the filters."""
    expect_filters(student, channels, kernel)


@question("avg_pool_as_conv")
@pytest.mark.parametrize("kernel", [3, (2, 4)], ids=["a square window", "an oblong window"])
def test_filters_pool(student, rng, once, kernel):
    """Used as filters that see one channel each, they average."""
    x = normal(rng, 2, 4, 6, 7)
    filters = expect_filters(student, 4, kernel)
    got = torch.nn.functional.conv2d(x, as_double(filters), stride=2, groups=4)
    # As above: the filters may be of half precision.
    want = once(partial(oracle.avg_pool2d, x, kernel, stride=2))
    expect(got, want, axes=OUT, what="the average", rtol=1e-3, atol=1e-3)


@question("avg_pool_as_conv", kind="purity", weight=0.5)
def test_filters_pure(student):
    """Equal calls give equal filters, and calls with other numbers other filters."""
    for channels, kernel in ((2, (2, 3)), (3, (2, 3)), (2, (3, 2))):
        expect_filters(student, channels, kernel)
    expect_pure(student.avg_pool_weights, 3, (3, 2))


# Pooling along one axis
SEQUENCES: dict[str, tuple[int, int, dict[str, int]]] = {
    "windows side by side": (8, 2, {}),
    "windows that overlap": (9, 4, {"stride": 2}),
    "entries left over": (11, 3, {}),
    "gaps between windows": (10, 2, {"stride": 3}),
}


def expect_pool1d(student: Any, once: Any, x: Any, kernel: int, options: dict[str, int]) -> None:
    """Compare one call with torch's."""
    want = once(partial(oracle.max_pool1d, x, kernel, **options))
    expect(student.max_pool1d(x, kernel, **options), want, axes=("N", "C", "L_out"))


@question("pool1d")
@pytest.mark.parametrize(("length", "kernel", "options"), SEQUENCES.values(), ids=SEQUENCES)
def test_pool1d_values(student, rng, once, length, kernel, options):
    """Values of max pooling along sequences."""
    expect_pool1d(student, once, bright(rng, 2, 3, length), kernel, options)


@question("pool1d", weight=0.5)
def test_pool1d_extremes(student, rng, once):
    """Numbers that are all negative, one sequence, stride one, and windows as long as the sequence."""
    for shape, kernel, options in (
        ((2, 3, 7), 3, {"stride": 2}),
        ((1, 1, 6), 2, {"stride": 1}),
        ((3, 2, 5), 5, {}),
        ((2, 4, 3), 1, {}),
    ):
        expect_pool1d(student, once, dark(rng, *shape), kernel, options)


@question("pool1d", weight=0.5)
def test_pool1d_single_precision(student, rng, once):
    """Single precision stays single precision, in parts of larger tensors too."""
    for memory in (scattered, turned):
        x = bright(rng, 2, 3, 8, dtype=torch.float32)
        expect_pool1d(student, once, memory(x), 3, {"stride": 2})


@question("pool1d", kind="error", weight=0.5)
def test_pool1d_does_not_fit(student, rng, once):
    """A window longer than the sequence is refused."""
    x = bright(rng, 2, 3, 5)
    expect_pool1d(student, once, x, 5, {"stride": 2})
    expect_error(lambda: student.max_pool1d(x[:, :, 1:], 5, stride=2), ValueError, when="one entry is missing")


@question("pool1d", kind="purity", weight=0.5)
def test_pool1d_pure(student, rng, once):
    """Sequences stay as they were, and nothing is remembered between calls."""
    x = bright(rng, 2, 3, 7)
    for sequences in (x, 1 - x):
        expect_pool1d(student, once, sequences, 3, {"stride": 2})
    expect_pure(student.max_pool1d, x, 3, stride=2)
