"""Hidden tests of sliding_windows: the size of the output, and what a layer costs.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.parts import entries
from autograder.hidden_tests.a1_convolution.sliding_windows import oracles as oracle
from autograder.testing import expect, expect_error, question


@question("conv_output_size")
@pytest.mark.parametrize(
    "names",
    [(), ("stride",), ("padding",), ("dilation",), ("stride", "padding", "dilation")],
    ids=["window only", "with a stride", "with padding", "with dilation", "all together"],
)
def test_output_size(student, rng, once, names):
    """How often the window fits, pixels left over or not."""
    for index in range(6):
        kernel = int(rng.integers(2, 6))
        options = {name: int(rng.integers(2, 5)) for name in names}
        # As many pixels as can be are left over, or none.
        rest = (options.get("stride", 1) - 1) * (index % 2)
        if len(names) > 1 and index == 5:
            # Two are left over without padding, which adds two more than a multiple of the stride.
            options |= {"stride": 3, "padding": 4}
            rest = 1
        span = options.get("dilation", 1) * (kernel - 1) + 1
        room = options.get("stride", 1) * (9 + 3 * index + int(rng.integers(3))) + rest
        size = span + room - 2 * options.get("padding", 0)
        want = once(partial(oracle.positions, size, kernel, **options))
        expect(student.conv_output_size(size, kernel, **options), want, what="the output size")


@question("conv_output_size")
def test_output_size_rounding(student, rng, once):
    """Padding counts before the stride divides."""
    for dilation in (1, 2, 3):
        kernel = int(rng.integers(2, 6))
        # Two pixels are left over without padding, and padding adds two more than a multiple of three.
        padding, size = int(rng.choice([4, 7])), dilation * (kernel - 1) + 1 + 3 * int(rng.integers(3, 30)) + 2
        options = {"stride": 3, "padding": padding, "dilation": dilation}
        want = once(partial(oracle.positions, size, kernel, **options))
        expect(student.conv_output_size(size, kernel, **options), want, what="the output size")


@question("conv_output_size", kind="error", weight=0.5)
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"),
    [(1, 0, 1), (3, 2, 1), (2, 1, 3)],
    ids=["window only", "with stride and padding", "with dilation"],
)
def test_output_size_does_not_fit(student, rng, stride, padding, dilation):
    """A window that does not fit is refused."""
    kernel = int(rng.integers(6, 9))
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    size = dilation * (kernel - 1) + 1 - 2 * padding
    expect(student.conv_output_size(size, kernel, **options), 1, what="a window that just fits")
    expect_error(lambda: student.conv_output_size(size - 1, kernel, **options), ValueError, when="one pixel is missing")


@question("conv_output_size")
@pytest.mark.parametrize(
    ("step", "dilations"),
    [(1, (1,)), (1, (2, 3, 5)), (2, (2, 4, 6))],
    ids=["windows of odd length", "dilated windows of odd length", "windows of even length with an even dilation"],
)
def test_same_padding(student, rng, once, step, dilations):
    """The padding that keeps the size."""
    for kernel in rng.permutation([3, 5, 9, 13]):
        size = int(kernel) if step == 1 else int(kernel) + 1
        for dilation in dilations:
            options = {} if dilation == 1 else {"dilation": dilation}
            want = once(partial(oracle.same_padding, size, dilation=dilation))
            expect(student.same_padding(size, **options), want, what="the padding")


@question("conv_output_size", kind="error")
def test_same_padding_impossible(student, rng, once):
    """Where no symmetric padding keeps the size, that is said."""
    for dilation in (1, 3):
        kernel = 2 * int(rng.integers(1, 6))
        want = once(partial(oracle.same_padding, kernel + 1, dilation=dilation))
        expect(student.same_padding(kernel + 1, dilation=dilation), want, what="the padding of a window of odd length")
        expect_error(
            partial(student.same_padding, kernel, dilation=dilation),
            ValueError,
            when="the window covers an even number of pixels",
        )


def expect_count(student: Any, once: Any, name: str, *args: Any, **options: Any) -> None:
    """Compare one of the three counts, so that each earns its own share."""
    got = entries(student.conv_counts(*args, **options), "params macs activations", "conv_counts")
    index = ("params", "macs", "activations").index(name)
    expect(got[index], once(partial(oracle.layer_counts, *args, **options))[index], what=name)


@question("conv_counts")
@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"groups": 3}],
    ids=["with biases", "without biases", "in groups"],
)
def test_params(student, rng, once, options):
    """Parameters of a layer, with another filter length per axis."""
    for kernel in ((3, 5), (4, 1), 2):
        c_in, c_out = 3 * int(rng.integers(2, 9)), 3 * int(rng.integers(9, 30))
        expect_count(student, once, "params", c_in, c_out, kernel, (17, 23), **options)


GEOMETRY = [
    {},
    {"stride": (2, 3), "padding": (1, 2)},
    {"dilation": (2, 3), "padding": 2},
]


GEOMETRY_IDS = ["stride 1, no padding", "stride and padding per axis", "dilated"]


@question("conv_counts")
@pytest.mark.parametrize("options", [*GEOMETRY, {"groups": 2}], ids=[*GEOMETRY_IDS, "in groups"])
def test_macs(student, rng, once, options):
    """Multiply-adds of one image, biases not counted."""
    for bias in (True, False):
        c_in, c_out = 2 * int(rng.integers(2, 6)), 2 * int(rng.integers(6, 20))
        size = int(rng.integers(15, 25)), int(rng.integers(28, 40))
        expect_count(student, once, "macs", c_in, c_out, (4, 3), size, bias=bias, **options)


@question("conv_counts")
@pytest.mark.parametrize("options", GEOMETRY[1:], ids=GEOMETRY_IDS[1:])
def test_activations(student, rng, once, options):
    """Numbers that one image's output holds, for square and other images."""
    # A width of two more than a multiple of three, where the filter's own length matters.
    for size in (int(rng.integers(20, 30)), (int(rng.integers(15, 25)), 29 + 3 * int(rng.integers(4)))):
        expect_count(student, once, "activations", 5, int(rng.integers(6, 20)), (3, 4), size, **options)


@question("conv_counts", weight=0.5)
def test_counts_large(student, rng, once):
    """Counts beyond the range of 32-bit numbers."""
    size = 4000 + int(rng.integers(99)), 5000 + int(rng.integers(99))
    for name in ("macs", "activations", "params"):
        expect_count(student, once, name, 1024, 65536, (7, 6), size, padding=3)


@question("conv_counts", kind="error", weight=0.5)
def test_counts_does_not_fit(student, rng, once):
    """A window that does not fit the image along one axis is refused."""
    options = {"padding": (1, 0), "dilation": (2, 1)}
    expect_count(student, once, "macs", 3, 7, (5, 4), (7, 9), **options)
    expect_error(
        lambda: student.conv_counts(3, 7, (5, 4), (6, 9), **options), ValueError, when="one row of pixels is missing"
    )


@question("conv_counts", weight=1.5)
@pytest.mark.parametrize("depth", [2, 6], ids=["one hidden layer", "several hidden layers"])
def test_mlp_params(student, rng, once, depth):
    """Weights and biases of a fully connected network."""
    for _ in range(2):
        widths = [int(width) for width in rng.choice(np.arange(3, 900), size=depth + 1, replace=False)]
        expect(student.mlp_params(widths), once(partial(oracle.mlp_params, widths)), what="the number of parameters")
