"""The listed mistakes in activations_and_pooling, made a second time on the other base.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import RIGHT_AGAIN
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_activations import (
    SECOND as OF_ACTIVATIONS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_networks import (
    SECOND as OF_NETWORKS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_pooling import (
    SECOND as OF_POOLING,
)

__all__ = ["NOT_ON_SECOND", "RIGHT_AGAIN", "SECOND"]

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {**OF_ACTIVATIONS, **OF_POOLING, **OF_NETWORKS}

_ACCEPTED = "No mistake: it is accepted."
NOT_ON_SECOND: dict[str, str] = {
    "relu_back_one_at_zero": _ACCEPTED,
    "relu_back_half_at_zero": _ACCEPTED,
    "maxout_back_ties_all": _ACCEPTED,
    "maxout_back_ties_split": _ACCEPTED,
    "maxout_back_ties_last": _ACCEPTED,
    "pb_ties_all": _ACCEPTED,
    "pb_ties_split": _ACCEPTED,
    "pb_last_of_ties": _ACCEPTED,
}
"""Mistakes that can't be made on the second base, with the reason."""
