"""The listed mistakes in normalization, made a second time on the other base: columns, einsum, and the staged graph.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import RIGHT_AGAIN
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
from autograder.mistakes import Functions, named

__all__ = ["NOT_ON_SECOND", "RIGHT_AGAIN", "SECOND"]

NOT_ON_SECOND: dict[str, str] = {
    "bs_staged": "the second base is the staged graph",
}


SECOND: dict[str, Functions] = (
    named("bf", "batchnorm_forward", FORWARD)
    | named("bb", "batchnorm_backward", FULL)
    | named("bs", "batchnorm_backward_simplified", SHORT)
    | named("be", "batchnorm_backward_eval", EVALUATION)
    | named("sf", "batchnorm2d_forward", CHANNELS_FORWARD)
    | named("sb", "batchnorm2d_backward", CHANNELS_BACKWARD)
    | named("lf", "layernorm_forward", LAYER_FORWARD)
    | named("lb", "layernorm_backward", LAYER_BACKWARD)
    | named("gf", "groupnorm_forward", GROUP_FORWARD)
    | named("gb", "groupnorm_backward", GROUP_BACKWARD)
    | named("fold", "fold_batchnorm", FOLD)
    | named("bias", "bias_before_batchnorm", BIAS)
    | named("gap", "scale_invariance_gap", GAP)
)
