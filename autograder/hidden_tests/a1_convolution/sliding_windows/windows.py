"""A right answer to everything in sliding_windows, on the second base: whole arrays instead of loops."""

from __future__ import annotations

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, rows1d, shifts2d
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_detectors import (
    all_windows,
    arms,
    bell_by_distance,
    separable_edges,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_fields import closed_field, steps_out
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_layer import window_layer
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_other_layers import pixel_product
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_sizes import by_shapes, dense, middle_tap, starts

RIGHT_AGAIN: dict[str, Step] = {
    "correlate1d": rows1d(),
    "convolve1d": rows1d(turn=np.flip),
    "correlate2d": shifts2d(),
    "match_template": all_windows(),
    "gaussian_kernel": bell_by_distance(),
    "sobel_edges": separable_edges(),
    "square_detector": arms(),
    "conv_output_size": starts(),
    "same_padding": middle_tap(),
    "conv_counts": by_shapes(),
    "mlp_params": dense(),
    "conv2d_forward": window_layer(),
    "conv1x1_as_matmul": pixel_product(),
    "conv1d_forward": window_layer(1),
    "conv3d_forward": window_layer(3),
    "conv2d_grouped": window_layer(),
    "receptive_field": closed_field(),
    "layers_to_see": steps_out(),
}
