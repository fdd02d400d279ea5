"""The listed mistakes in linear_maps_and_gradients, made a second time on the other base.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_checkers import (
    RIGHT_AGAIN as CHECKERS_AGAIN,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import RIGHT_AGAIN as COLUMNS_AGAIN
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import (
    RIGHT_AGAIN as GRADIENTS_AGAIN,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import RIGHT_AGAIN as MAPS_AGAIN
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_checkers import SECOND as CHECKERS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_columns import SECOND as COLUMNS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_gradients import SECOND as GRADIENTS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import SECOND as MAPS

RIGHT_AGAIN: dict[str, Callable[..., Any]] = MAPS_AGAIN | COLUMNS_AGAIN | GRADIENTS_AGAIN | CHECKERS_AGAIN

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **MAPS,
    **COLUMNS,
    **GRADIENTS,
    **CHECKERS,
}

NOT_ON_SECOND: dict[str, str] = {
    "cb_single_inside": "What single precision leaves hangs on the order of the sums.",
}
"""Mistakes that can't be made on the second base, with the reason."""
