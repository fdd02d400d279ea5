"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_backward import (
    ALTERNATIVES as BACKWARD,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_channels import (
    ALTERNATIVES as CHANNELS,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_consequences import (
    ALTERNATIVES as CONSEQUENCES,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_forward import (
    ALTERNATIVES as FORWARD,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_own import ALTERNATIVES as OWN

ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    **FORWARD,
    **BACKWARD,
    **CHANNELS,
    **OWN,
    **CONSEQUENCES,
}
