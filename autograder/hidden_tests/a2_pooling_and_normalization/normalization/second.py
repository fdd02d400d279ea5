"""The listed mistakes in normalization, made a second time on the other base: columns, einsum, and the staged graph.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import RIGHT_AGAIN, Step
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_backward import EVALUATION, FULL, SHORT
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_channels import (
    CHANNELS_BACKWARD,
    CHANNELS_FORWARD,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_consequences import BIAS, FOLD, GAP
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_forward import FORWARD
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_own import (
    GROUP_BACKWARD,
    GROUP_FORWARD,
    LAYER_BACKWARD,
    LAYER_FORWARD,
)

__all__ = ["NOT_ON_SECOND", "RIGHT_AGAIN", "SECOND"]

NOT_ON_SECOND: dict[str, str] = {
    "bs_staged": "the second base is the staged graph",
}


def _in(name: str, prefix: str, functions: Mapping[str, Callable[..., Any]]) -> dict[str, dict[str, Step]]:
    return {f"{prefix}_{id}": {name: function} for id, function in functions.items()}


SECOND: dict[str, dict[str, Step]] = (
    _in("batchnorm_forward", "bf", FORWARD)
    | _in("batchnorm_backward", "bb", FULL)
    | _in("batchnorm_backward_simplified", "bs", SHORT)
    | _in("batchnorm_backward_eval", "be", EVALUATION)
    | _in("batchnorm2d_forward", "sf", CHANNELS_FORWARD)
    | _in("batchnorm2d_backward", "sb", CHANNELS_BACKWARD)
    | _in("layernorm_forward", "lf", LAYER_FORWARD)
    | _in("layernorm_backward", "lb", LAYER_BACKWARD)
    | _in("groupnorm_forward", "gf", GROUP_FORWARD)
    | _in("groupnorm_backward", "gb", GROUP_BACKWARD)
    | _in("fold_batchnorm", "fold", FOLD)
    | _in("bias_before_batchnorm", "bias", BIAS)
    | _in("scale_invariance_gap", "gap", GAP)
)
