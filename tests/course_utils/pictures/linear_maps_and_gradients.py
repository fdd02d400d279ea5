"""The pictures of `linear_maps_and_gradients`: which functions each draws, how, and how many axes it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from tests.course_utils.checked import checks_of

right = checks_of("linear_maps_and_gradients").right

Function = Callable[..., Any]

LETTER = np.pad(np.ones((4, 1)), 2)
EDGE = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
SIGNAL = np.repeat([0.2, 0.9], [6, 5])
NUMBERED = np.arange(12.0).reshape(3, 4)
SETTINGS = [{"stride": 1, "padding": 0}, {"stride": 2, "padding": 1}]
NOISE = np.random.default_rng(0).normal(size=(2, 8, 9))
LAYERS = {"double": lambda x: 2 * x, "every second": lambda x: x[:, :, ::2, ::2]}

PICTURES: dict[str, tuple[tuple[Function, ...], Callable[..., Figure | None], int]] = {
    "filter_matrix": ((right.toeplitz1d,), lambda f: plotting.filter_matrix(f, np.array([1.0, -2, 3]), 6, SETTINGS), 4),
    "image_matrix": ((right.conv_matrix2d,), lambda f: plotting.image_matrix(f, EDGE, (4, 5)), 2),
    "weight_sharing": (
        (right.locally_connected1d, right.count_weights),
        lambda *f: plotting.weight_sharing(*f, 6, 3),
        3,
    ),
    "unfolding": ((right.im2col,), lambda f: plotting.unfolding(f, NUMBERED, (2, 3), [0, 2]), 4),
    "window_counts": (
        (right.im2col, right.col2im),
        lambda *f: plotting.window_counts(*f, (6, 6), 3, SETTINGS),
        2,
    ),
    "copying_filters": (
        (right.unfold_kernels, right.conv2d_im2col),
        lambda *f: plotting.copying_filters(*f, LETTER, (2, 2)),
        8,
    ),
    "shifted_copies": (
        (right.conv1d_by_shifts,),
        lambda f: plotting.shifted_copies(f, SIGNAL, np.array([0.25, 0.5, 0.25])),
        2,
    ),
    "gathered_gradient": (
        (right.conv2d_backward,),
        lambda f: plotting.gathered_gradient(f, NUMBERED, NUMBERED[:2, :2] - 2, (2, 3), [(0, 0), (1, 2)]),
        8,
    ),
    "dx_by_convolution": (
        (right.conv2d_dx_as_conv,),
        lambda f: plotting.dx_by_convolution(f, NUMBERED[:2, :3], EDGE[:2], (5, 8), 2),
        6,
    ),
    "checkerboard": ((right.conv_transpose2d,), lambda f: plotting.checkerboard(f, [3, 4], 2), 2),
    "step_sizes": ((right.numerical_gradient,), plotting.step_sizes, 1),
    "shift_gaps": ((right.equivariance_gap,), lambda f: plotting.shift_gaps(f, LAYERS, NOISE[0, :, :8], range(3)), 1),
    "composed_kernels": (
        (right.compose_kernels, right.conv2d_im2col),
        lambda *f: plotting.composed_kernels(*f, EDGE, EDGE[:1], NOISE[0]),
        6,
    ),
    "learned_kernel": (
        (right.learn_kernel, right.conv2d_im2col),
        lambda *f: plotting.learned_kernel(*f, {"noise": NOISE, "more": NOISE}, EDGE, 0.1, [1, 20]),
        8,
    ),
}
