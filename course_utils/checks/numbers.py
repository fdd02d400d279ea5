"""Inputs of the cases of `activations_and_pooling`, and what its sections share.

No two numbers of an input are equal, so that every maximum is one entry's alone, and none is 0, where ReLU has a
corner: what happens there is the student's choice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.checks.draw import Array, distinct

Shape = tuple[int, ...]
Numbers = Callable[..., Array]

MAPS = ("N", "C", "H_out", "W_out")
IMAGES = ("N", "C", "H", "W")
# Formulas with exp and erf differ in the last digits; single precision has seven digits to lose them from.
FORMULA, FORMULA_SINGLE = 1e-10, 5e-6
LAYOUT = "This input is a view: reshape and flatten work on views, view does not."


def single(*shape: int, salt: int = 0) -> Array:
    """Numbers in float32."""
    return distinct(*shape, salt=salt, dtype="float32")


def negative(*shape: int, salt: int = 0) -> Array:
    """Numbers below 0 only."""
    return distinct(*shape, salt=salt) - np.prod(shape)


def huge(*shape: int, salt: int = 0) -> Array:
    """Very large numbers of both signs."""
    return distinct(*shape, salt=salt) * 2.0**100


def alike(*shape: int, salt: int = 0) -> Array:
    """Numbers around 1 that differ in the sixth digit."""
    return 1 + distinct(*shape, salt=salt) * 2.0**-20


def below(*shape: int, salt: int = 0) -> Array:
    """Numbers far below 0."""
    return distinct(*shape, salt=salt) - 2.0**40
