"""Typical mistakes in linear_maps_and_gradients: each is a right answer with one step done otherwise.

Symptoms and hints are read by students. They don't name the answer: a symptom says what the numbers look like, a hint
asks a question or names the next step.
"""

from __future__ import annotations

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_checkers import MISTAKES as CHECKERS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_columns import MISTAKES as COLUMNS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_convolutions import (
    MISTAKES as CONVOLUTIONS,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_equivariance import (
    MISTAKES as EQUIVARIANCE,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_gradients import MISTAKES as GRADIENTS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_learning import MISTAKES as LEARNING
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import MISTAKES as MAPS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_products import MISTAKES as PRODUCTS
from autograder.mistakes import Mistake

MISTAKES: tuple[Mistake, ...] = (
    *MAPS,
    *COLUMNS,
    *PRODUCTS,
    *GRADIENTS,
    *CONVOLUTIONS,
    *CHECKERS,
    *EQUIVARIANCE,
    *LEARNING,
)
