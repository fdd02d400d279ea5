"""Hidden tests of linear_maps_and_gradients: checkers, graded by what they find, and a kernel that is learned.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import FILTERS, FLOAT32, upset
from autograder.sandbox.given import evaluate
from autograder.testing import expect, expect_error, expect_pure, given, question

# Rounding: values of about 1 are good to 1e-16, their sums over 60 entries to 1e-14, which 1e-5 divides. Truncation:
# h**2 / 6 times a third derivative of up to 10. Both are below 1e-9; a mistake of the size of h would be above 1e-6.
QUOTIENT = {"rtol": 1e-7, "atol": 2e-8}

LAYER = """
    def layer(x):
        rows, columns = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
        out = np.zeros((len(x), len(w), rows, columns))
        for u in range(w.shape[2]):
            for v in range(w.shape[3]):
                out += np.einsum("nchw,fc->nfhw", x[:, :, u : u + rows, v : v + columns], w[:, :, u, v])
        return out
    layer
"""


def expect_slope(student, f, x, dout, want, **options):
    """Compare one numerical gradient."""
    expect(student.numerical_gradient(f, x, dout, **options), want, what="the gradient", **QUOTIENT)


@question("numerical_gradient")
def test_gradient_layer(student, rng, once):
    """A convolution layer, with respect to its images."""
    x, w = normal(rng, 2, 2, 3, 4), normal(rng, 3, 2, 2, 3)
    dout = normal(rng, 2, 3, 2, 2)
    expect_slope(student, given(LAYER, w=w), x, dout, once(lambda: oracle.gradients(dout, x, w)[0]))


@question("numerical_gradient")
@pytest.mark.parametrize(
    ("shape", "text", "slope"),
    [
        ((3, 4), "lambda x: np.sin(x) * scale", lambda x, dout, scale: dout * np.cos(x) * scale),
        ((4, 3), "lambda x: np.tanh(x @ w)", lambda x, dout, w: (dout * (1 - np.tanh(x @ w) ** 2)) @ w.T),
        ((5,), "lambda x: np.outer(x, x) + w", lambda x, dout, w: (dout + dout.T) @ x),
    ],
    ids=["entry by entry", "through a matrix", "results with more axes"],
)
def test_gradient_functions(student, rng, shape, text, slope):
    """Functions that bend, of arrays in several shapes."""
    x, name = normal(rng, *shape), "scale" if "scale" in text else "w"
    more = {4: normal(rng, *shape) if name == "scale" else None, 3: normal(rng, 3, 2), 5: normal(rng, 5, 5)}[shape[-1]]
    dout = normal(rng, *{3: (4, 2), 4: (3, 4), 5: (5, 5)}[shape[-1]])
    expect_slope(student, given(text, **{name: more}), x, dout, slope(x, dout, more))


@question("numerical_gradient")
@pytest.mark.parametrize("h", [0.25, 0.01], ids=["a large step", "a smaller step"])
def test_gradient_two_sided(student, rng, h):
    """A cubic, where the step leaves its mark: from both sides, and as large as asked for."""
    x, dout = normal(rng, 3, 4), normal(rng, 3, 4)
    # (x + h)**3 - (x - h)**3 is 2 * h * (3 * x**2 + h**2).
    # Rounding is good to 1e-14 / h here, far below what float32 keeps.
    got = student.numerical_gradient(given("lambda x: x**3"), x, dout, h=h)
    expect(got, dout * (3 * x**2 + h**2), what="the gradient", rtol=1e-9, atol=1e-10)


@question("numerical_gradient")
def test_gradient_default_step(student, rng):
    """A quick wave, where the usual step leaves its mark."""
    x, dout, a = rng.uniform(-0.01, 0.01, size=(2, 3)), normal(rng, 2, 3), 3000.0
    # sin(a * (x + h)) - sin(a * (x - h)) is 2 * cos(a * x) * sin(a * h); the step's mark is 1e-4 of the slope.
    want = dout * np.cos(a * x) * np.sin(a * 1e-5) / 1e-5
    got = student.numerical_gradient(given("lambda x: np.sin(a * x)", a=a), x, dout)
    expect(got, want, what="the gradient", rtol=1e-6, atol=1e-5)


@question("numerical_gradient", weight=0.5)
def test_gradient_single_numbers(student, rng):
    """A function of one number, and functions that give one number."""
    x, dout = np.array(float(rng.uniform(0.5, 1.5))), np.array(float(rng.uniform(1.5, 2.5)))
    expect_slope(student, given("lambda x: np.exp(x)"), x, dout, float(dout * np.exp(x)))
    x = normal(rng, 2, 3)
    expect_slope(student, given("lambda x: np.sum(x * np.cos(x))"), x, dout, dout * (np.cos(x) - x * np.sin(x)))


@question("numerical_gradient")
@pytest.mark.parametrize(
    "turn", [scattered, column_major], ids=["part of a larger array, last row first", "column by column in memory"]
)
def test_gradient_memory(student, rng, turn):
    """Numbers that don't lie in a row in memory."""
    x, dout = turn(normal(rng, 3, 4)), normal(rng, 3, 2)
    x.flags.writeable = True
    w = normal(rng, 4, 2)
    expect_slope(student, given("lambda x: np.sin(x) @ w", w=w), x, dout, (dout @ w.T) * np.cos(x))


@question("numerical_gradient")
def test_gradient_rearranged(student, rng):
    """A function that only rearranges what it gets, and one that gives it back."""
    x, dout = normal(rng, 3, 4), normal(rng, 3, 4)
    expect_slope(student, given("lambda x: x.T"), x, dout.T.copy(), dout)
    expect_slope(student, given("lambda x: x"), x, dout, dout)


@question("numerical_gradient", kind="purity")
def test_gradient_pure(student, rng):
    """What it is given is afterwards as before, and nothing is remembered between calls."""
    x, dout = normal(rng, 4, 5), normal(rng, 4, 5)
    square = given("lambda x: x * x")
    for point in (x, upset(x)):
        expect_slope(student, square, point, dout, 2 * point * dout)
        _, after = student.numerical_gradient.with_arguments(square, point, dout)
        for got, want, what in zip(after[1:], (point, dout), ("x", "dout"), strict=True):
            expect(got, want, what=f"{what} after the call", rtol=0, atol=0)


# Does a layer commute with shifts?

# A gain for each place: no shift leaves such a layer alone.
LOUDER = "lambda x: x[:, :, ::every, ::every] * gain"
SAME = """
    def layer(x):
        rows, columns = x.shape[2:]
        x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return sum(x[:, :, u : u + rows, v : v + columns] * w[u, v] for u in range(3) for v in range(3))
    lambda x: layer(x)[:, :, ::every, ::every]
"""
VALID = """
    def layer(x):
        x = x[:, :, 2:, 1:-1] * w[0] + x[:, :, 1:-1, 2:] * w[1] + x[:, :, :-2, :-2] * w[2]
        return np.maximum(x, 0).sum(axis=1, keepdims=True)
    layer
"""
ROUND = """
    def layer(x):
        x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
        return x[:, :, 2:, 1:-1] * w[0] + x[:, :, 1:-1, 2:] * w[1] + x[:, :, :-2, :-2] * w[2]
    layer
"""


def expect_gap(student, once, text, x, shift, step=1, **names):
    """Compare one gap with the largest difference, place by place."""
    layer = given(text, **names)

    def largest():
        function = evaluate(layer)
        return oracle.gap(function(x), function(np.roll(x, shift, (2, 3))), shift, (step, step))

    expect(student.equivariance_gap(layer, x, shift), once(largest), what="the gap")


def expect_loud(student, once, rng, shift, every=1, at=(-1, -1), sign=-1):
    """Compare the gap of a layer that is loud in one place of the interior, and louder at the border.

    The largest gap of the interior lies at its first row and column, in one image and channel, and is about 20; there
    is none above 12 in other places. At the border there are gaps of about 40. So no verdict hangs on the secret.
    """
    out, (down, right) = (20, 24), shift
    x = rng.uniform(1.0, 2.0, size=(2, 3, out[0] * every, out[1] * every)) * rng.choice([-1.0, 1.0], size=(2, 3, 1, 1))
    gain = rng.uniform(40.0, 60.0, size=out)
    gain[2:-2, 2:-2] = rng.uniform(0.5, 1.0, size=(16, 20))
    row, column = out[0] // 4, out[1] // 4
    gain[row, column] = 5.0
    x[(*at, every * row - down, every * column - right)] = 4.0 * sign
    expect_gap(student, once, LOUDER, x, shift, step=every, gain=gain, every=every)


@question("equivariance")
@pytest.mark.parametrize("shift", [(1, 2), (-2, 1), (0, -3)], ids=["down and right", "up and right", "left only"])
def test_gap_places(student, rng, once, shift):
    """A layer that is louder in some places than in others."""
    expect_loud(student, once, rng, shift)


@question("equivariance", weight=1.5)
def test_gap_convolution(student, rng, once):
    """Convolutions commute with shifts, whatever they do at the border; other layers don't."""
    x, w, shift = normal(rng, 2, 2, 16, 18), normal(rng, 3, 3), (2, -1)
    expect_gap(student, once, SAME, x, shift, w=w, every=1)
    expect_gap(student, once, VALID, x, shift, w=w[0])
    expect_gap(student, once, ROUND, x, shift, w=w[0])
    expect_loud(student, once, rng, shift)


@question("equivariance")
@pytest.mark.parametrize("shift", [(2, -4), (3, -1)], ids=["a multiple of the stride", "no multiple of the stride"])
def test_gap_stride(student, rng, once, shift):
    """Layers with a stride."""
    expect_loud(student, once, rng, shift, every=2)
    expect_gap(student, once, SAME, normal(rng, 2, 1, 26, 33), shift, step=2, w=normal(rng, 3, 3), every=2)


@question("equivariance")
def test_gap_somewhere(student, rng, once):
    """The largest gap lies in any image and channel, and has either sign."""
    for at, sign in (((1, 0), 1), ((0, 2), -1)):
        expect_loud(student, once, rng, (2, -1), at=at, sign=sign)


@question("equivariance", kind="purity", weight=0.5)
def test_gap_pure(student, rng, once):
    """The images stay as they were, and nothing is remembered between calls."""
    x, gain = whole(rng, 1, 2, 12, 15), whole(rng, 12, 15) + 20
    # One gap of more than 500, all others below 400.
    x[0, 0, 5, 6], gain[6, 8] = -50, 40
    for images in (x, 2 * x):
        expect_gap(student, once, LOUDER, images, (1, 2), gain=gain, every=1)
    expect_pure(student.equivariance_gap, given(LOUDER, gain=gain, every=1), x, (1, 2))


def expect_composed(student, once, w1, w2, **tolerances):
    """Compare the filters of two layers in one."""
    want = once(partial(oracle.composed, w1, w2))
    expect(student.compose_kernels(w1, w2), want, axes=FILTERS, what="the filters", **tolerances)


@question("equivariance")
@pytest.mark.parametrize(
    ("first", "second"),
    [((4, 2, 3, 2), (3, 4, 2, 4)), ((2, 3, 2, 5), (4, 2, 4, 2)), ((3, 3, 3, 3), (3, 3, 3, 3))],
    ids=["filters in several shapes", "a high and a wide filter", "equal shapes"],
)
def test_composed_values(student, rng, once, first, second):
    """Two layers in one: values of the filters."""
    expect_composed(student, once, normal(rng, *first), normal(rng, *second))


@question("equivariance", weight=0.5)
def test_composed_extremes(student, rng, once):
    """One channel everywhere, and filters of one pixel."""
    expect_composed(student, once, normal(rng, 1, 1, 3, 2), normal(rng, 1, 1, 2, 4))
    expect_composed(student, once, normal(rng, 4, 3, 1, 1), normal(rng, 2, 4, 2, 3))
    expect_composed(student, once, normal(rng, 4, 3, 2, 3), normal(rng, 2, 4, 1, 1))


@question("equivariance", weight=0.5)
@pytest.mark.parametrize(
    ("first", "second"),
    [(np.float32, np.float32), (np.int64, np.float64), (np.float64, np.int64)],
    ids=["single precision", "whole numbers first", "whole numbers second"],
)
def test_composed_dtypes(student, rng, once, first, second):
    """The dtype of the filters follows from both."""
    single = first is np.float32
    w1, w2 = (normal(rng, *shape) * (1 if single else 5) for shape in ((4, 2, 3, 2), (3, 4, 2, 4)))
    expect_composed(student, once, w1.astype(first), w2.astype(second), **(FLOAT32 if single else {}))


@question("equivariance", kind="error", weight=0.5)
def test_composed_channels(student, rng, once):
    """Layers whose channels don't go together are refused."""
    w1, w2 = normal(rng, 4, 1, 3, 2), normal(rng, 3, 4, 2, 4)
    expect_composed(student, once, w1, w2)
    for other in (w1[:3], w1[:1]):
        expect_error(
            lambda other=other: student.compose_kernels(other, w2),
            ValueError,
            when="the second layer expects more channels than the first one gives",
        )


@question("equivariance", kind="purity", weight=0.25)
def test_composed_pure(student, rng, once):
    """Both stay as they were, whatever their memory, and nothing is remembered between calls."""
    w1, w2 = whole(rng, 4, 2, 3, 2), whole(rng, 3, 4, 2, 4)
    for filters in (w1, scattered(upset(w1))):
        expect_composed(student, once, filters, column_major(w2))
    expect_pure(student.compose_kernels, w1, w2)


# A kernel from its answers


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
