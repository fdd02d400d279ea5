"""Checks of the notebook `sliding_windows`: one function per question, which takes the student's functions.

Each goes through small fixed cases, stops at the first that fails and says what is wrong and where; if all is well,
it prints one line. The right results are stored numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.checks import detector
from course_utils.checks.runner import check_question, passed
from course_utils.checks.sliding_windows_cases import CASES

Function = Callable[..., Any]

NOTEBOOK = "sliding_windows"


def correlate1d(correlate1d: Function, convolve1d: Function) -> None:
    """Check `correlate1d(x, w)` and `convolve1d(x, w)`.

    Raises:
        CheckFailed: If a case fails; the same holds for every check below.
    """
    functions = {"correlate1d": correlate1d, "convolve1d": convolve1d}
    _check("correlate1d", functions, "use other lengths and numbers, and call the functions twice")


def correlate2d(correlate2d: Function) -> None:
    """Check `correlate2d(image, kernel, *, padding, mode)`."""
    _check("correlate2d", {"correlate2d": correlate2d}, "use other sizes, wider padding and all three modes")


def match_template(match_template: Function) -> None:
    """Check `match_template(image, template)`."""
    _check("match_template", {"match_template": match_template}, "use other pictures, dark and bright, with flat parts")


def sobel_edges(gaussian_kernel: Function, sobel_edges: Function) -> None:
    """Check `gaussian_kernel(size, sigma)` and `sobel_edges(image)`."""
    functions = {"gaussian_kernel": gaussian_kernel, "sobel_edges": sobel_edges}
    _check("sobel_edges", functions, "use other sizes and widths, and edges in other directions")


def square_detector(square_detector: Function) -> None:
    """Check `square_detector()` by running its two layers on small binary patches."""
    passed("square_detector", detector.check(square_detector), "try every patch, in larger pictures")


def conv_output_size(conv_output_size: Function, same_padding: Function) -> None:
    """Check `conv_output_size(size, kernel, *, stride, padding, dilation)` and `same_padding(kernel, *, dilation)`."""
    functions = {"conv_output_size": conv_output_size, "same_padding": same_padding}
    _check("conv_output_size", functions, "use many other sizes, and windows that just fit or just don't")


def conv_counts(conv_counts: Function, mlp_params: Function) -> None:
    """Check `conv_counts(c_in, c_out, kernel, in_size, *, ...)` and `mlp_params(widths)`."""
    _check("conv_counts", {"conv_counts": conv_counts, "mlp_params": mlp_params}, "use other layers, large ones too")


def conv2d_forward(conv2d_forward: Function) -> None:
    """Check `conv2d_forward(x, w, b, *, stride, padding)`."""
    hidden = "use other sizes, extreme values and strides per axis, and call it twice"
    _check("conv2d_forward", {"conv2d_forward": conv2d_forward}, hidden)


def conv1x1_as_matmul(conv1x1_as_matmul: Function) -> None:
    """Check `conv1x1_as_matmul(x, w, b)`."""
    _check("conv1x1_as_matmul", {"conv1x1_as_matmul": conv1x1_as_matmul}, "use other sizes, and stack several layers")


def conv_nd(conv1d_forward: Function, conv3d_forward: Function) -> None:
    """Check `conv1d_forward` and `conv3d_forward`, both with (x, w, b, *, stride, padding)."""
    functions = {"conv1d_forward": conv1d_forward, "conv3d_forward": conv3d_forward}
    _check("conv_nd", functions, "use other sizes, and strides and paddings per axis")


def conv2d_grouped(conv2d_grouped: Function) -> None:
    """Check `conv2d_grouped(x, w, b, *, stride, padding, dilation, groups)`."""
    hidden = "use other groups, dilations and strides per axis, depthwise layers too"
    _check("conv2d_grouped", {"conv2d_grouped": conv2d_grouped}, hidden)


def receptive_field(receptive_field: Function, layers_to_see: Function) -> None:
    """Check `receptive_field(layers)` and `layers_to_see(size, kernel)`."""
    functions = {"receptive_field": receptive_field, "layers_to_see": layers_to_see}
    _check("receptive_field", functions, "use other stacks of layers, deeper ones too")


def _check(question: str, functions: dict[str, Function], hidden: str) -> None:
    passed(question, check_question(NOTEBOOK, question, functions, CASES[question]), hidden)
