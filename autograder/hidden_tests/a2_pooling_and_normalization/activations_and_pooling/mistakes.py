"""Typical mistakes in activations_and_pooling, in the order of the notebook."""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling import (
    mistakes_activations,
    mistakes_networks,
    mistakes_pooling,
)
from autograder.mistakes import Mistake

MISTAKES: tuple[Mistake, ...] = (
    *mistakes_activations.MISTAKES,
    *mistakes_pooling.MISTAKES,
    *mistakes_networks.MISTAKES,
)
