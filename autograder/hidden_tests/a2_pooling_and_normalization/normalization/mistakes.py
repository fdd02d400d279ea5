"""Typical mistakes in normalization: each is a right answer with one step done otherwise.

Symptoms and hints are read by students. They don't name the answer: a symptom says what the numbers look like, a hint
asks a question or names the next step.
"""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_backward import (
    EVALUATION,
    FULL,
    SHORT,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_channels import CHANNELS
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_consequences import (
    BIAS,
    FOLD,
    SCALE,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_forward import FORWARD
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_group import GROUP_NORM
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_layer import LAYER_NORM
from autograder.mistakes import Mistake

MISTAKES: tuple[Mistake, ...] = (
    *FORWARD,
    *FULL,
    *SHORT,
    *EVALUATION,
    *CHANNELS,
    *LAYER_NORM,
    *GROUP_NORM,
    *FOLD,
    *BIAS,
    *SCALE,
)
