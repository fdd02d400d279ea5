"""The small cases of the notebook `linear_maps_and_gradients`, by question."""

from __future__ import annotations

from course_utils.checks import gradients_cases as gradients
from course_utils.checks import linear_maps_cases as maps
from course_utils.checks.case import Case

CASES: dict[str, list[Case]] = {
    "toeplitz1d": maps.TOEPLITZ1D,
    "conv_matrix2d": maps.CONV_MATRIX2D,
    "locally_connected": maps.LOCALLY_CONNECTED,
    "im2col": maps.IM2COL,
    "conv2d_im2col": maps.CONV2D_IM2COL,
    "conv2d_matrix_backward": gradients.CONV2D_MATRIX_BACKWARD,
    "unfold_kernels": maps.UNFOLD_KERNELS,
    "conv1d_by_shifts": maps.CONV1D_BY_SHIFTS,
    "conv2d_backward": gradients.CONV2D_BACKWARD,
    "conv2d_gradients_as_convs": gradients.GRADIENTS_AS_CONVS,
    "conv_transpose2d": gradients.CONV_TRANSPOSE2D,
    "numerical_gradient": gradients.NUMERICAL_GRADIENT,
    "equivariance": [*gradients.EQUIVARIANCE_GAP, *gradients.COMPOSE_KERNELS],
    "learn_kernel": gradients.LEARN_KERNEL,
}
