"""What the sections of these hidden tests share: tolerances, names of axes, and results in parts.

Tolerances. Results are sums of at most about 200 products of numbers around 1. In float64 any order of summation, and
an FFT, agrees to about 1e-13, so the default of 1e-7 and 1e-9 is generous, yet far below a rounding to float32 (1e-6
and more). In float32 such sums differ by about 1e-5 (sqrt(200) * 6e-8 * 10), so 1e-4 is allowed. Purity tests use
whole numbers, whose sums are exact in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from autograder.hidden_tests.a1_convolution.inputs import Layer

FLOAT32 = {"rtol": 1e-4, "atol": 1e-4}
IMAGES = ("N", "C", "H", "W")
FILTERS = ("C_out", "C_in", "K_H", "K_W")
OUT = ("N", "C_out", "H_out", "W_out")
COLUMNS = ("N", "C * K_H * K_W", "L")
PARTS: Mapping[str, tuple[str, ...]] = {"dx": IMAGES, "dw": FILTERS, "db": ("C_out",)}


def whole_layer(case: Layer) -> Layer:
    """The same case in numbers without fractions."""
    return replace(case, **{name: np.rint(3 * getattr(case, name)) for name in ("x", "w", "b")})


def upset(array: np.ndarray) -> np.ndarray:
    """Other numbers of the same shape: last entry first, one added."""
    return np.flip(array).copy() + 1
