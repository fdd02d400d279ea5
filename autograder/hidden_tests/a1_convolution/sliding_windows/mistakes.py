"""Typical mistakes in sliding_windows: each is a right answer with one step done otherwise.

Symptoms and hints are read by students. They don't name the answer: a symptom says what the numbers look like, a hint
asks a question or names the next step.
"""

from __future__ import annotations

from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes_correlation import MISTAKES as CORRELATION
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes_detectors import MISTAKES as DETECTORS
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes_fields import MISTAKES as FIELDS
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes_layer import MISTAKES as LAYER
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes_other_layers import MISTAKES as OTHER_LAYERS
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes_sizes import MISTAKES as SIZES
from autograder.mistakes import Mistake

MISTAKES: tuple[Mistake, ...] = (
    *CORRELATION,
    *DETECTORS,
    *SIZES,
    *LAYER,
    *OTHER_LAYERS,
    *FIELDS,
)
