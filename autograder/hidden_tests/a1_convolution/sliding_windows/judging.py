"""What the sections of these hidden tests share: tolerances, names of axes, and results in parts.

Tolerances. Results are sums of at most about 150 products of numbers around 1. In float64 any order of summation, and
an FFT, agrees to about 1e-13, so the default of 1e-7 and 1e-9 is generous, yet far below a rounding to float32 (1e-6
and more). In float32 such sums differ by about 1e-5 (sqrt(150) * 6e-8 * 10), so 1e-4 is allowed. Purity tests use
whole numbers, whose sums are exact in any order.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.inputs import Layer
from autograder.hidden_tests.a1_convolution.sliding_windows import oracles as oracle
from autograder.model import Verdict
from autograder.testing import Judged, expect, expect_pure

FLOAT32 = {"rtol": 1e-4, "atol": 1e-4}


# Numbers near 1e6: 1e-4 is 1e-10 of them, which float64 keeps in any order of summation and float32 does not.
LARGE = {"rtol": 1e-9, "atol": 1e-4}


IMAGE = ("H_out", "W_out")


LAYER = {1: ("N", "C_out", "L_out"), 2: ("N", "C_out", "H_out", "W_out"), 3: ("N", "C_out", "D_out", "H_out", "W_out")}


def as_floats(got: Any, what: str) -> Any:
    """Let any real dtype pass where the contract names none."""
    if isinstance(got, np.ndarray) and got.dtype.kind in "iuf":
        return got.astype(np.float64)
    if isinstance(got, np.ndarray):
        raise Judged(Verdict.FAILED, f"{what}: expected real numbers, got dtype {got.dtype}.", rung="dtype")
    return got


def array_of(got: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Demand an array of finite real numbers in one shape, and give it as float64."""
    if not isinstance(got, np.ndarray):
        raise Judged(Verdict.FAILED, f"{what}: expected a NumPy array.", rung="type")
    if got.shape != shape:
        raise Judged(Verdict.FAILED, f"{what}: expected shape {shape}, got {got.shape}.", rung="shape")
    numbers = as_floats(got, what)
    if not np.isfinite(numbers).all():
        raise Judged(Verdict.FAILED, f"{what}: expected finite numbers.", rung="finite")
    return numbers


def expect_layer(function: Any, case: Layer, once: Any, **tolerances: float) -> None:
    """Compare one call of a convolution layer with torch's."""
    want = once(partial(oracle.conv, case.x, case.w, case.b, **case.options))
    expect(function(case.x, case.w, case.b, **case.options), want, axes=LAYER[case.w.ndim - 2], **tolerances)


def expect_pure_layer(function: Any, case: Layer, once: Any) -> None:
    """Inputs unchanged, equal calls equal, and nothing kept from a call with other numbers of the same shapes."""
    for x in (case.x, case.x[::-1, :, ::-1] + 1):
        want = once(partial(oracle.conv, x, case.w, case.b, **case.options))
        expect(
            function(x, case.w, case.b, **case.options),
            want,
            axes=LAYER[case.w.ndim - 2],
            what="a call after one with other numbers",
        )
    expect_pure(function, case.x, case.w, case.b, **case.options)
