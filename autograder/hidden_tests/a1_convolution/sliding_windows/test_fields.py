"""Hidden tests of sliding_windows: the receptive field.

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
from autograder.testing import expect, expect_pure, question

FIELDS = ("size", "jump", "start")


def expect_field(student: Any, layers: list[tuple[int, int, int, int]], *names: str) -> None:
    """Compare some fields of the receptive field, so that each earns its own share."""
    got = dict(zip(FIELDS, entries(student.receptive_field(layers), " ".join(FIELDS), "receptive_field"), strict=True))
    want = dict(zip(FIELDS, oracle.receptive_field(layers), strict=True))
    for name in names:
        expect(got[name], want[name], what=name)


def drawn(rng: np.random.Generator, *low: int) -> tuple[int, int, int, int]:
    """One layer: kernel, stride, padding and dilation at or one above the given numbers; what is off stays off."""
    off = (0, 1, 0, 1)
    kernel, stride, padding, dilation = (
        value if value == nothing else int(value + rng.integers(2)) for value, nothing in zip(low, off, strict=True)
    )
    return kernel, stride, padding, dilation


@question("receptive_field")
@pytest.mark.parametrize(
    "lows",
    [
        ((3, 1, 0), (5, 1, 0), (7, 1, 0)),
        ((4, 3, 0), (3, 1, 0), (6, 1, 0)),
        ((5, 1, 0), (3, 2, 0), (4, 1, 0)),
        ((5, 1, 0), (3, 1, 0), (4, 4, 0)),
    ],
    ids=["stride 1 only", "an early stride", "a stride in the middle", "a late stride"],
)
def test_field_size(student, rng, lows):
    """Size of the receptive field, without dilation."""
    layers = [(kernel + int(rng.integers(3)), stride, padding, 1) for kernel, stride, padding in lows]
    for stack in (layers, [*layers, (1, 1, 0, 1), (2, 1, 0, 1)]):
        expect_field(student, stack, "size")


@question("receptive_field")
def test_field_dilated(student, rng):
    """Size of the receptive field of dilated layers, with strides between them."""
    expect_field(student, [drawn(rng, 3, 2, 0, 2), drawn(rng, 4, 2, 1, 1), drawn(rng, 2, 1, 0, 3)], "size")
    expect_field(student, [drawn(rng, 2, 2, 1, 3), drawn(rng, 3, 1, 0, 4)], "size")


@question("receptive_field")
def test_field_jump(student, rng):
    """Distance of neighbouring outputs, in pixels of the input."""
    expect_field(student, [drawn(rng, 3, 2, 1, 1), drawn(rng, 2, 3, 0, 2), drawn(rng, 4, 4, 2, 1)], "jump")
    expect_field(student, [drawn(rng, 5, 3, 1, 1), (1, 5, 0, 1)], "jump")


@question("receptive_field")
@pytest.mark.parametrize(
    "lows",
    [((4, 1, 2, 1), (3, 1, 1, 1)), ((5, 2, 1, 1), (3, 3, 2, 1), (4, 2, 3, 2))],
    ids=["padding only", "padding after strides"],
)
def test_field_start(student, rng, lows):
    """Where the first output begins to see, left of the input where there is padding."""
    layers = [drawn(rng, *low) for low in lows]
    for stack in (layers, [*layers, (7, 1, 3, 1)]):
        expect_field(student, stack, "start")


@question("receptive_field")
def test_field_whole(student, rng):
    """All three numbers, for deep stacks, single layers and no layer."""
    deep = [drawn(rng, 2, 1, 1, 1) for _ in range(3)] + [drawn(rng, 3, 2, 1, 1), drawn(rng, 2, 3, 2, 2)]
    for layers in (deep, deep[-1:], deep[::-1], []):
        expect_field(student, layers, *FIELDS)


@question("receptive_field", weight=1.5)
@pytest.mark.parametrize("kernel", [2, 3, 6], ids=["the smallest window", "windows of odd length", "large windows"])
def test_layers_to_see(student, rng, once, kernel):
    """The least number of layers that see enough, where the field fits exactly and where it does not."""
    depth = int(rng.integers(8, 20))
    exact = 1 + depth * (kernel - 1)
    for size in (exact, exact + 1, exact - 1, 1, kernel, kernel + 1):
        want = once(partial(oracle.layers_to_see, size, kernel))
        expect(student.layers_to_see(size, kernel), want, what="the number of layers")


@question("receptive_field", kind="purity", weight=0.5)
def test_field_pure(student, rng):
    """The list of layers stays as it was, and nothing is remembered between calls."""
    layers = [drawn(rng, 3, 2, 1, 1), drawn(rng, 2, 1, 0, 2)]
    for stack in (layers, layers[::-1]):
        expect_field(student, stack, *FIELDS)
    expect_pure(student.receptive_field, layers)
