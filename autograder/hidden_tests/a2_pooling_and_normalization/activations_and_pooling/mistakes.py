"""Typical mistakes in activations_and_pooling, in the order of the notebook."""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_activations import (
    MISTAKES as OF_ACTIVATIONS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_networks import (
    MISTAKES as OF_NETWORKS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_pooling import (
    MISTAKES as OF_POOLING,
)
from autograder.mistakes import Mistake

MISTAKES: tuple[Mistake, ...] = (*OF_ACTIVATIONS, *OF_POOLING, *OF_NETWORKS)
