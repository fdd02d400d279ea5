"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.alternatives_activations import (
    ALTERNATIVES as ACTIVATIONS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.alternatives_networks import (
    ALTERNATIVES as NETWORKS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.alternatives_pooling import (
    ALTERNATIVES as POOLING,
)

ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    **ACTIVATIONS,
    **POOLING,
    **NETWORKS,
}
