"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_correlation import ALTERNATIVES as CORRELATION
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_detectors import ALTERNATIVES as DETECTORS
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_fields import ALTERNATIVES as FIELDS
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_layer import ALTERNATIVES as LAYER
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_other_layers import (
    ALTERNATIVES as OTHER_LAYERS,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_sizes import ALTERNATIVES as SIZES

ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    **CORRELATION,
    **DETECTORS,
    **SIZES,
    **LAYER,
    **OTHER_LAYERS,
    **FIELDS,
}
