"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_checkers import (
    ALTERNATIVES as CHECKERS,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_columns import (
    ALTERNATIVES as COLUMNS,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_convolutions import (
    ALTERNATIVES as CONVOLUTIONS,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_equivariance import (
    ALTERNATIVES as EQUIVARIANCE,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_gradients import (
    ALTERNATIVES as GRADIENTS,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_learning import (
    ALTERNATIVES as LEARNING,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_maps import ALTERNATIVES as MAPS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.alternatives_products import (
    ALTERNATIVES as PRODUCTS,
)

ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    **MAPS,
    **COLUMNS,
    **PRODUCTS,
    **GRADIENTS,
    **CONVOLUTIONS,
    **CHECKERS,
    **EQUIVARIANCE,
    **LEARNING,
}
