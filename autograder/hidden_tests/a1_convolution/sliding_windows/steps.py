"""Right answers to sliding_windows, taken apart into steps: a mistake is one step done otherwise.

Each function of the modules gathered here builds an answer; without arguments it builds a right one. The names of the
arguments are the decisions in which students go wrong.
"""

from __future__ import annotations

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import Step, sliding1d, sliding2d
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_detectors import bell, edges, matching, squares
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_fields import depth, fields
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_layer import conv_layer
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_other_layers import pixelwise
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_sizes import counts, keeping, mlp, window_count

RIGHT: dict[str, Step] = {
    "correlate1d": sliding1d(),
    "convolve1d": sliding1d(turn=np.flip),
    "correlate2d": sliding2d(),
    "match_template": matching(),
    "gaussian_kernel": bell(),
    "sobel_edges": edges(),
    "square_detector": squares(),
    "conv_output_size": window_count(),
    "same_padding": keeping(),
    "conv_counts": counts(),
    "mlp_params": mlp(),
    "conv2d_forward": conv_layer(),
    "conv1x1_as_matmul": pixelwise(),
    "conv1d_forward": conv_layer(1),
    "conv3d_forward": conv_layer(3),
    "conv2d_grouped": conv_layer(),
    "receptive_field": fields(),
    "layers_to_see": depth(),
}

QUESTIONS: dict[str, tuple[str, ...]] = {
    "correlate1d": ("correlate1d", "convolve1d"),
    "correlate2d": ("correlate2d",),
    "match_template": ("match_template",),
    "sobel_edges": ("gaussian_kernel", "sobel_edges"),
    "square_detector": ("square_detector",),
    "conv_output_size": ("conv_output_size", "same_padding"),
    "conv_counts": ("conv_counts", "mlp_params"),
    "conv2d_forward": ("conv2d_forward",),
    "conv1x1_as_matmul": ("conv1x1_as_matmul",),
    "conv_nd": ("conv1d_forward", "conv3d_forward"),
    "conv2d_grouped": ("conv2d_grouped",),
    "receptive_field": ("receptive_field", "layers_to_see"),
}
