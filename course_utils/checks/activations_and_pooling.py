"""Checks of the notebook `activations_and_pooling`: one function per question, which takes the student's functions.

Each goes through small fixed cases on the device that the notebook has chosen, stops at the first that fails and says
what is wrong and where; if all is well, it prints one line. The right results are stored numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.checks.activations_and_pooling_cases import CASES
from course_utils.checks.runner import check_question, passed
from course_utils.device import chosen_device

Function = Callable[..., Any]

NOTEBOOK = "activations_and_pooling"


def relu(relu_forward: Function, relu_backward: Function) -> None:
    """Check `relu_forward(x)` and `relu_backward(dout, x)`.

    Raises:
        CheckFailed: If a case fails; the same holds for every check below.
    """
    functions = {"relu_forward": relu_forward, "relu_backward": relu_backward}
    _check("relu", functions, "use other shapes, extreme values, and look whether the inputs stay as they are")


def activations(
    leaky_relu_forward: Function,
    leaky_relu_backward: Function,
    elu_forward: Function,
    elu_backward: Function,
    sigmoid_forward: Function,
    sigmoid_backward: Function,
    tanh_forward: Function,
    tanh_backward: Function,
    gelu_forward: Function,
    gelu_backward: Function,
) -> None:
    """Check five activations, each forward with (x) and backward with (dout, x)."""
    functions = {
        "leaky_relu_forward": leaky_relu_forward,
        "leaky_relu_backward": leaky_relu_backward,
        "elu_forward": elu_forward,
        "elu_backward": elu_backward,
        "sigmoid_forward": sigmoid_forward,
        "sigmoid_backward": sigmoid_backward,
        "tanh_forward": tanh_forward,
        "tanh_backward": tanh_backward,
        "gelu_forward": gelu_forward,
        "gelu_backward": gelu_backward,
    }
    _check("activations", functions, "use other shapes and parameters, and numbers near 0 and far from it")


def maxout(maxout_forward: Function, maxout_backward: Function) -> None:
    """Check `maxout_forward(x, pieces)` and `maxout_backward(dout, x, pieces)`."""
    functions = {"maxout_forward": maxout_forward, "maxout_backward": maxout_backward}
    _check("maxout", functions, "use other numbers of pieces, channels and axes")


def max_pool2d_forward(max_pool2d_forward: Function) -> None:
    """Check `max_pool2d_forward(x, kernel, *, stride, padding)`."""
    hidden = "use other sizes, windows that overlap or leave gaps, settings per axis, and extreme values"
    _check("max_pool2d_forward", {"max_pool2d_forward": max_pool2d_forward}, hidden)


def max_pool2d_backward(max_pool2d_backward: Function) -> None:
    """Check `max_pool2d_backward(dout, x, kernel, *, stride, padding)`."""
    hidden = "use other sizes, windows that overlap or leave gaps, and settings per axis"
    _check("max_pool2d_backward", {"max_pool2d_backward": max_pool2d_backward}, hidden)


def avg_pool2d(
    avg_pool2d_forward: Function,
    avg_pool2d_backward: Function,
    global_avg_pool_forward: Function,
    global_avg_pool_backward: Function,
) -> None:
    """Check average pooling over windows and over whole channels, forward and backward."""
    functions = {
        "avg_pool2d_forward": avg_pool2d_forward,
        "avg_pool2d_backward": avg_pool2d_backward,
        "global_avg_pool_forward": global_avg_pool_forward,
        "global_avg_pool_backward": global_avg_pool_backward,
    }
    _check("avg_pool2d", functions, "use other sizes, windows that overlap or leave gaps, and settings per axis")


def avg_pool_as_conv(avg_pool_weights: Function) -> None:
    """Check `avg_pool_weights(channels, kernel)`."""
    _check("avg_pool_as_conv", {"avg_pool_weights": avg_pool_weights}, "use the filters in a depthwise convolution")


def pool1d(max_pool1d: Function) -> None:
    """Check `max_pool1d(x, kernel, *, stride)`."""
    _check("pool1d", {"max_pool1d": max_pool1d}, "use other lengths, strides and numbers")


def shift_sensitivity(shift_sensitivity: Function) -> None:
    """Check `shift_sensitivity(features, images, shift)`."""
    hidden = "hand over other features, layers among them, and shifts in all directions"
    _check("shift_sensitivity", {"shift_sensitivity": shift_sensitivity}, hidden)


def linear_collapse(linear_collapse: Function) -> None:
    """Check `linear_collapse(layers)`."""
    _check("linear_collapse", {"linear_collapse": linear_collapse}, "use other numbers of layers, and other widths")


def gradient_by_depth(gradient_by_depth: Function) -> None:
    """Check `gradient_by_depth(forward, backward, depth, width, generator)`."""
    hidden = "use other activations, depths and widths, and other seeds"
    _check("gradient_by_depth", {"gradient_by_depth": gradient_by_depth}, hidden)


def _check(question: str, functions: dict[str, Function], hidden: str) -> None:
    passed(question, check_question(NOTEBOOK, question, functions, CASES[question], chosen_device()), hidden)
