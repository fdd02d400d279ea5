"""Typical mistakes in activations_and_pooling, in the order of the notebook."""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_average import AVERAGE
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_curves import BENT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_depth import DEPTH
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_linear import LINEAR
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_max_backward import BACKWARD
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_max_forward import FORWARD
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_maxout import MAXOUT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_others import FILTERS, LINE
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_relu import RELU
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_shift import SHIFT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_smooth import SMOOTH
from autograder.mistakes import Mistake

MISTAKES: tuple[Mistake, ...] = (
    *RELU,
    *BENT,
    *SMOOTH,
    *MAXOUT,
    *FORWARD,
    *BACKWARD,
    *AVERAGE,
    *FILTERS,
    *LINE,
    *SHIFT,
    *LINEAR,
    *DEPTH,
)
