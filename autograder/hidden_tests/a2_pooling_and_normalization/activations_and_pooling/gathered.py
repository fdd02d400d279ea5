"""A right answer to everything in activations_and_pooling, on the second base."""

from __future__ import annotations

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import (
    Step,
    chained,
    competing,
    competing_back,
    density,
    exponential,
    exponential_back,
    hyperbolic,
    leaking,
    leaking_back,
    logistic,
    ones,
    share_below,
    two_sided,
    unchanged,
    zeros,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_networks import (
    augmented,
    recursive,
    relative_change,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_pooling import (
    averaged,
    averaged_back,
    made,
    pooled,
    pooled1d,
    scattered_back,
    whole_average,
    whole_back,
)

RIGHT_AGAIN: dict[str, Step] = {
    "relu_forward": two_sided(unchanged, zeros),
    "relu_backward": chained(two_sided(ones, zeros)),
    "leaky_relu_forward": leaking(),
    "leaky_relu_backward": leaking_back(),
    "elu_forward": exponential(),
    "elu_backward": exponential_back(),
    "sigmoid_forward": logistic,
    "sigmoid_backward": chained(lambda x: logistic(x) * (1 - logistic(x))),
    "tanh_forward": hyperbolic,
    "tanh_backward": chained(lambda x: (1 - hyperbolic(x)) * (1 + hyperbolic(x))),
    "gelu_forward": lambda x: share_below(x) * x,
    "gelu_backward": chained(lambda x: x * density(x) + share_below(x)),
    "maxout_forward": competing(),
    "maxout_backward": competing_back(),
    "max_pool2d_forward": pooled(),
    "max_pool2d_backward": scattered_back(),
    "avg_pool2d_forward": averaged(),
    "avg_pool2d_backward": averaged_back(),
    "global_avg_pool_forward": whole_average(),
    "global_avg_pool_backward": whole_back(),
    "avg_pool_weights": made(),
    "max_pool1d": pooled1d(),
    "shift_sensitivity": relative_change(),
    "linear_collapse": augmented(),
    "gradient_by_depth": recursive(),
}
