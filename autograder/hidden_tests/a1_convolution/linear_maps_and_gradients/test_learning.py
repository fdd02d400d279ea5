"""Hidden tests of linear_maps_and_gradients: learning a kernel.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, normal, scattered
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import FLOAT32, upset
from autograder.testing import expect, expect_pure, question


def expect_learned(student, once, images, targets, size, steps, lr, **tolerances):
    """Compare the kernel after some steps with autograd's."""
    pair = (size, size) if isinstance(size, int) else size
    want = once(partial(oracle.learned_kernel, images, targets, pair, lr=lr, steps=steps))
    got = student.learn_kernel(images, targets, size, lr=lr, steps=steps)
    expect(got, want, axes=("H", "W"), what="the kernel", dtype="kind", **tolerances)


def pictures(rng, count, size, kernel):
    """Noise, and targets that no kernel gives exactly."""
    rows, columns = (n - k + 1 for n, k in zip(size, kernel, strict=True))
    return normal(rng, count, *size), normal(rng, count, rows, columns)


@question("learn_kernel")
@pytest.mark.parametrize("steps", [1, 2, 5], ids=["the first step", "the second step", "several steps"])
def test_learned_steps(student, rng, once, steps):
    """The kernel after some steps, from zeros on."""
    images, targets = pictures(rng, 3, (7, 6), (2, 3))
    lr = float(rng.uniform(0.1, 0.2))
    expect_learned(student, once, images, targets, (2, 3), steps, lr)


@question("learn_kernel", weight=0.5)
def test_learned_sizes(student, rng, once):
    """One number for both sides, one image, a kernel as large as the image."""
    for count, size, kernel, pair in (
        (2, (6, 5), 3, (3, 3)),
        (1, (5, 7), (3, 2), (3, 2)),
        (3, (3, 4), (3, 4), (3, 4)),
    ):
        images, targets = pictures(rng, count, size, pair)
        expect_learned(student, once, images, targets, kernel, 2, 0.05)


@question("learn_kernel")
def test_learned_found(student, rng):
    """With enough steps, the kernel that made the targets."""
    images, kernel = normal(rng, 4, 9, 10), normal(rng, 3, 2)
    targets = np.stack([oracle.conv2d(image[None, None], kernel[None, None], None)[0, 0] for image in images])
    got = student.learn_kernel(images, targets, (3, 2), lr=0.3, steps=60)
    # Noise of variance one: each step takes off 60 %, or at least 25 % where the images happen to be alike.
    expect(got, kernel, axes=("H", "W"), what="the kernel", dtype="kind", rtol=0, atol=1e-3)


@question("learn_kernel", weight=0.5)
def test_learned_no_steps(student, rng, once):
    """Without a step the kernel is zero; after one it is not."""
    images, targets = pictures(rng, 2, (6, 5), (3, 2))
    for steps in (1, 0):
        expect_learned(student, once, images, targets, (3, 2), steps, 0.1)


@question("learn_kernel", weight=0.25)
def test_learned_single_precision(student, rng, once):
    """Images and targets in single precision."""
    images, targets = (array.astype(np.float32) for array in pictures(rng, 2, (6, 5), (3, 2)))
    expect_learned(student, once, images, targets, (3, 2), 3, 0.1, **FLOAT32)


@question("learn_kernel", weight=0.25)
def test_learned_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    images, targets = pictures(rng, 2, (6, 5), (3, 2))
    expect_learned(student, once, scattered(images), column_major(targets), (3, 2), 2, 0.1)


@question("learn_kernel", kind="purity", weight=0.5)
def test_learned_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    images, targets = pictures(rng, 2, (6, 5), (3, 2))
    for others in (targets, upset(targets)):
        expect_learned(student, once, images, others, (3, 2), 2, 0.1)
    expect_pure(student.learn_kernel, images, targets, (3, 2), lr=0.1, steps=2)
