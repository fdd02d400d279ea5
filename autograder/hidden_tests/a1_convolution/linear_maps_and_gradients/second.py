"""The listed mistakes in linear_maps_and_gradients, made a second time on the other base.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again import RIGHT_AGAIN
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_checkers import SECOND as CHECKERS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_columns import SECOND as COLUMNS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_convolutions import SECOND as CONVOLUTIONS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_equivariance import SECOND as EQUIVARIANCE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_gradients import SECOND as GRADIENTS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_learning import SECOND as LEARNING
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import SECOND as MAPS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_products import SECOND as PRODUCTS

__all__ = ["NOT_ON_SECOND", "RIGHT_AGAIN", "SECOND"]

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **MAPS,
    **COLUMNS,
    **PRODUCTS,
    **GRADIENTS,
    **CONVOLUTIONS,
    **CHECKERS,
    **EQUIVARIANCE,
    **LEARNING,
}

NOT_ON_SECOND: dict[str, str] = {
    "cb_single_inside": "What single precision leaves hangs on the order of the sums.",
}
"""Mistakes that can't be made on the second base, with the reason."""
