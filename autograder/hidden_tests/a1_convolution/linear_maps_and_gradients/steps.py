"""Right answers to linear_maps_and_gradients, taken apart into steps: a mistake is one step done otherwise.

Each function of the modules gathered here builds an answer; without arguments it builds a right one. The names of the
arguments are the decisions in which students go wrong.
"""

from __future__ import annotations

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_checkers import RIGHT as CHECKERS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import RIGHT as COLUMNS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_convolutions import RIGHT as CONVOLUTIONS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_equivariance import RIGHT as EQUIVARIANCE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_gradients import RIGHT as GRADIENTS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_learning import RIGHT as LEARNING
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import RIGHT as MAPS
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_products import RIGHT as PRODUCTS

RIGHT: dict[str, Step] = MAPS | COLUMNS | PRODUCTS | GRADIENTS | CONVOLUTIONS | CHECKERS | EQUIVARIANCE | LEARNING

QUESTIONS: dict[str, tuple[str, ...]] = {
    "toeplitz1d": ("toeplitz1d",),
    "conv_matrix2d": ("conv_matrix2d",),
    "locally_connected": ("locally_connected1d", "count_weights"),
    "im2col": ("im2col", "col2im"),
    "conv2d_im2col": ("conv2d_im2col",),
    "conv2d_matrix_backward": ("conv2d_matrix_backward",),
    "unfold_kernels": ("unfold_kernels",),
    "conv1d_by_shifts": ("conv1d_by_shifts",),
    "conv2d_backward": ("conv2d_backward",),
    "conv2d_gradients_as_convs": ("conv2d_dx_as_conv", "conv2d_dw_as_conv"),
    "conv_transpose2d": ("conv_transpose2d",),
    "numerical_gradient": ("numerical_gradient",),
    "equivariance": ("equivariance_gap", "compose_kernels"),
    "learn_kernel": ("learn_kernel",),
}
