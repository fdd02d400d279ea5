"""The listed mistakes in sliding_windows, made a second time on the other base: whole arrays instead of loops.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a1_convolution.sliding_windows.second_correlation import SECOND as CORRELATION
from autograder.hidden_tests.a1_convolution.sliding_windows.second_detectors import SECOND as DETECTORS
from autograder.hidden_tests.a1_convolution.sliding_windows.second_fields import SECOND as FIELDS
from autograder.hidden_tests.a1_convolution.sliding_windows.second_layer import SECOND as LAYER
from autograder.hidden_tests.a1_convolution.sliding_windows.second_other_layers import SECOND as OTHER_LAYERS
from autograder.hidden_tests.a1_convolution.sliding_windows.second_sizes import SECOND as SIZES
from autograder.hidden_tests.a1_convolution.sliding_windows.windows import RIGHT_AGAIN

__all__ = ["NOT_ON_SECOND", "RIGHT_AGAIN", "SECOND"]

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **CORRELATION,
    **DETECTORS,
    **SIZES,
    **LAYER,
    **OTHER_LAYERS,
    **FIELDS,
}

NOT_ON_SECOND: dict[str, str] = {"match_last_of_ties": "No mistake: it is accepted."}
"""Mistakes that can't be made on the second base, with the reason."""
