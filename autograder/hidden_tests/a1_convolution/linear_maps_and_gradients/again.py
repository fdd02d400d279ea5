"""A right answer to everything in linear_maps_and_gradients, on the second base."""

from __future__ import annotations

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_checkers import RIGHT_AGAIN as CHECKERS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import RIGHT_AGAIN as COLUMNS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_convolutions import (
    RIGHT_AGAIN as CONVOLUTIONS,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_equivariance import (
    RIGHT_AGAIN as EQUIVARIANCE,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import RIGHT_AGAIN as GRADIENTS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_learning import RIGHT_AGAIN as LEARNING
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import RIGHT_AGAIN as MAPS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_products import RIGHT_AGAIN as PRODUCTS

RIGHT_AGAIN: dict[str, Step] = MAPS | COLUMNS | PRODUCTS | GRADIENTS | CONVOLUTIONS | CHECKERS | EQUIVARIANCE | LEARNING
