"""A right answer to everything in activations_and_pooling, built from its steps."""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    ALPHA,
    SLOPE,
    Step,
    below,
    elu,
    elu_slope,
    gelu_slope,
    leaky,
    leaky_slope,
    maxout,
    maxout_back,
    one_by_one,
    one_by_one_back,
    sigmoid,
    step_at_zero,
    tanh,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_networks import (
    by_depth,
    collapsing,
    shift_change,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_pooling import (
    averaging,
    averaging_back,
    filters,
    global_average,
    global_back,
    pooling,
    pooling1d,
    pooling_back,
)

_CURVES = ("leaky_relu", "elu", "sigmoid", "tanh", "gelu")


QUESTIONS: dict[str, tuple[str, ...]] = {
    "relu": ("relu_forward", "relu_backward"),
    "activations": tuple(f"{name}_{way}" for name in _CURVES for way in ("forward", "backward")),
    "maxout": ("maxout_forward", "maxout_backward"),
    "max_pool2d_forward": ("max_pool2d_forward",),
    "max_pool2d_backward": ("max_pool2d_backward",),
    "avg_pool2d": (
        "avg_pool2d_forward",
        "avg_pool2d_backward",
        "global_avg_pool_forward",
        "global_avg_pool_backward",
    ),
    "avg_pool_as_conv": ("avg_pool_weights",),
    "pool1d": ("max_pool1d",),
    "shift_sensitivity": ("shift_sensitivity",),
    "linear_collapse": ("linear_collapse",),
    "gradient_by_depth": ("gradient_by_depth",),
}


RIGHT: dict[str, Step] = {
    "relu_forward": one_by_one(lambda x: x * step_at_zero(x)),
    "relu_backward": one_by_one_back(step_at_zero),
    "leaky_relu_forward": one_by_one(leaky, settings=SLOPE),
    "leaky_relu_backward": one_by_one_back(leaky_slope, settings=SLOPE),
    "elu_forward": one_by_one(elu, settings=ALPHA),
    "elu_backward": one_by_one_back(elu_slope, settings=ALPHA),
    "sigmoid_forward": one_by_one(sigmoid),
    "sigmoid_backward": one_by_one_back(lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh_forward": one_by_one(tanh),
    "tanh_backward": one_by_one_back(lambda x: 1 - tanh(x) ** 2),
    "gelu_forward": one_by_one(lambda x: x * below(x)),
    "gelu_backward": one_by_one_back(gelu_slope),
    "maxout_forward": maxout(),
    "maxout_backward": maxout_back(),
    "max_pool2d_forward": pooling(),
    "max_pool2d_backward": pooling_back(),
    "avg_pool2d_forward": averaging(),
    "avg_pool2d_backward": averaging_back(),
    "global_avg_pool_forward": global_average(),
    "global_avg_pool_backward": global_back(),
    "avg_pool_weights": filters(),
    "max_pool1d": pooling1d(),
    "shift_sensitivity": shift_change(),
    "linear_collapse": collapsing(),
    "gradient_by_depth": by_depth(),
}
