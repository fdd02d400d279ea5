"""Hidden tests of linear_maps_and_gradients: numerical gradients.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import column_major, normal, scattered
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.judging import upset
from autograder.testing import expect, given, question

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
    expect_slope(student, given("lambda x: x"), x, dout, dout)
    expect_slope(student, given("lambda x: x.T"), x, dout.T.copy(), dout)


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
