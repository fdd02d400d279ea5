"""The listed mistakes in activations_and_pooling, made a second time on the other base.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling import (
    gathered,
    second_activations,
    second_networks,
    second_pooling,
)

RIGHT_AGAIN = gathered.RIGHT_AGAIN

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **second_activations.SECOND,
    **second_pooling.SECOND,
    **second_networks.SECOND,
}

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
