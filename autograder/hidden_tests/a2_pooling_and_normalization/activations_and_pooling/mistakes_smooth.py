"""Typical mistakes in sigmoid, tanh and GELU."""

from __future__ import annotations

import math

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.mistakes_curves import (
    smooth,
    smooth_back,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    bell,
    below,
    gelu_slope,
    sigmoid,
    tanh,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    COPY,
    DTYPE,
    Tensor,
    single,
)
from autograder.mistakes import Mistake


def _gelu_by_tanh(x: Tensor) -> Tensor:
    return x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def _gelu_by_tanh_slope(x: Tensor) -> Tensor:
    t = tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x * (1 - t**2) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2) / 2


def _tanh_back_in_place(dout: Tensor, x: Tensor) -> Tensor:
    dout *= 1 - tanh(x) ** 2
    return dout


_SQUARE_ROOT = "Compare the spread of the bell that you add up with that of the normal distribution."


SMOOTH = (
    smooth(
        "sigmoid_sign",
        "sigmoid",
        "Your curve falls where it should rise.",
        "What comes out for a large positive number?",
        lambda x: sigmoid(-x),
    ),
    smooth(
        "sigmoid_overflow",
        "sigmoid",
        "Large positive numbers give NaN.",
        "What is infinity over infinity? Multiply both sides of the fraction by the same thing.",
        lambda x: torch.exp(x) / (1 + torch.exp(x)),
    ),
    smooth(
        "sigmoid_is_tanh",
        "sigmoid",
        "Your numbers lie between -1 and 1.",
        "What should come out for 0?",
        lambda x: tanh(x / 2),
    ),
    smooth(
        "sigmoid_float32",
        "sigmoid",
        "Your result is float32 whatever comes in.",
        DTYPE,
        sigmoid,
        finish=single,
    ),
    smooth(
        "sigmoid_clipped",
        "sigmoid",
        "Your curve is flat too early.",
        "Where do you cut off? Only numbers that overflow need care.",
        lambda x: sigmoid(x.clamp(-0.5, 0.5)),
    ),
    smooth_back(
        "sigmoid_back_takes_value",
        "sigmoid",
        "You take x for the result of the function.",
        "s * (1 - s) wants the sigmoid of x: what are you given?",
        lambda x: x * (1 - x),
    ),
    smooth_back(
        "sigmoid_back_factor_missing",
        "sigmoid",
        "Your gradient keeps growing with x.",
        "The derivative is a product of two factors: how steep is the curve far to the right?",
        sigmoid,
    ),
    smooth_back(
        "sigmoid_back_no_dout",
        "sigmoid",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        lambda x: sigmoid(x) * sigmoid(-x),
        weigh=lambda dout, slope: slope,
    ),
    smooth_back(
        "sigmoid_back_squared",
        "sigmoid",
        "Your gradient is right at no x but 0.",
        "Is it the function of tanh whose slope is 1 less its square?",
        lambda x: 1 - sigmoid(x) ** 2,
    ),
    smooth_back(
        "sigmoid_back_overflow",
        "sigmoid",
        "Large negative numbers give NaN in your gradient.",
        "What is infinity over infinity? Build the slope from the function's value.",
        lambda x: torch.exp(-x) / (1 + torch.exp(-x)) ** 2,
    ),
    smooth(
        "tanh_overflow",
        "tanh",
        "Huge numbers give NaN.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x)),
    ),
    smooth(
        "tanh_one_side_overflow",
        "tanh",
        "Huge numbers of one sign give NaN.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: (1 - torch.exp(-2 * x)) / (1 + torch.exp(-2 * x)),
    ),
    smooth(
        "tanh_other_side_overflow",
        "tanh",
        "Huge positive numbers give NaN.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: (torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1),
    ),
    smooth(
        "tanh_half_as_steep",
        "tanh",
        "Your curve is half as steep as it should be.",
        "Stretch the sigmoid in both directions: which factors does it take?",
        lambda x: 2 * sigmoid(x) - 1,
    ),
    smooth(
        "tanh_numerator",
        "tanh",
        "Your result has the wrong sign.",
        "What comes out for a large positive number?",
        lambda x: -tanh(x),
    ),
    smooth(
        "tanh_float32",
        "tanh",
        "Your result is float32 whatever comes in.",
        DTYPE,
        tanh,
        finish=single,
    ),
    smooth_back(
        "tanh_back_takes_value",
        "tanh",
        "You take x for the result of the function.",
        "1 - t ** 2 wants tanh of x: what are you given?",
        lambda x: 1 - x**2,
    ),
    smooth_back(
        "tanh_back_overflow",
        "tanh",
        "Huge numbers give NaN in your gradient.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: 1 - ((torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))) ** 2,
    ),
    smooth_back(
        "tanh_back_not_squared",
        "tanh",
        "Your gradient is larger on the left than on the right.",
        "Is the curve as steep at -1 as at 1?",
        lambda x: 1 - tanh(x),
    ),
    smooth_back(
        "tanh_back_like_sigmoid",
        "tanh",
        "Your gradient is the one of another curve.",
        "For which of the two curves is the slope the value times one less the value?",
        lambda x: tanh(x) * (1 - tanh(x)),
    ),
    smooth_back(
        "tanh_back_no_dout",
        "tanh",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        lambda x: 1 - tanh(x) ** 2,
        weigh=lambda dout, slope: slope,
    ),
    Mistake(
        "tanh_back_in_place",
        "activations",
        {"tanh_backward": _tanh_back_in_place},
        "After the call the caller's gradient holds other numbers.",
        COPY,
    ),
    smooth(
        "gelu_by_tanh",
        "gelu",
        "Your numbers are right to about three digits.",
        "There is a quick way by tanh and an exact one by erf: which one is asked for?",
        _gelu_by_tanh,
    ),
    smooth(
        "gelu_by_sigmoid",
        "gelu",
        "Your numbers are right to about two digits.",
        "There is a quick way by the sigmoid and an exact one by erf: which one is asked for?",
        lambda x: x * sigmoid(1.702 * x),
    ),
    smooth(
        "gelu_root_missing",
        "gelu",
        "Your curve bends too sharply around 0.",
        _SQUARE_ROOT,
        lambda x: x * (1 + torch.erf(x)) / 2,
    ),
    smooth(
        "gelu_half_missing",
        "gelu",
        "Your numbers are twice what they should be.",
        "A probability is at most 1: is yours?",
        lambda x: 2 * x * below(x),
    ),
    smooth(
        "gelu_x_missing",
        "gelu",
        "Your numbers lie between 0 and 1.",
        "What is the probability multiplied by?",
        below,
    ),
    smooth(
        "gelu_one_missing",
        "gelu",
        "Your numbers are never negative.",
        "erf runs from -1 to 1, a probability from 0 to 1.",
        lambda x: x * torch.erf(x / math.sqrt(2)) / 2,
    ),
    smooth_back(
        "gelu_back_one_term",
        "gelu",
        "Your gradient never leaves the range from 0 to 1.",
        "GELU is a product: both factors depend on x.",
        below,
    ),
    smooth_back(
        "gelu_back_bell_not_scaled",
        "gelu",
        "Your gradient is too large to the right of 0 and too small to the left of it.",
        "What does the bell that you use add up to?",
        lambda x: below(x) + x * bell(x) * math.sqrt(2 * math.pi),
    ),
    smooth_back(
        "gelu_back_bell_narrow",
        "gelu",
        "Your gradient is right far from 0, but its bend around 1 comes too early.",
        "What stands in the exponent of the bell?",
        lambda x: below(x) + x * torch.exp(-(x**2)) / math.sqrt(2 * math.pi),
    ),
    smooth_back(
        "gelu_back_bell_halved",
        "gelu",
        "Your gradient is a little too small to the right of 0 and too large to the left.",
        "Write the product rule down: what is the derivative of the second factor, with all its constants?",
        lambda x: below(x) + x * bell(x) / 2,
    ),
    smooth_back(
        "gelu_back_bell_without_x",
        "gelu",
        "Your gradient is too large around 0.",
        "Write the product rule down: what is the derivative of the second factor multiplied by?",
        lambda x: below(x) + bell(x),
    ),
    smooth_back(
        "gelu_back_root_missing",
        "gelu",
        "Your gradient changes too quickly around 0.",
        _SQUARE_ROOT,
        lambda x: (1 + torch.erf(x)) / 2 + x * bell(x),
    ),
    smooth_back(
        "gelu_back_by_tanh",
        "gelu",
        "Your gradient is right to about three digits.",
        "There is a quick way by tanh and an exact one by erf: which one is asked for?",
        _gelu_by_tanh_slope,
    ),
    smooth_back(
        "gelu_back_no_dout",
        "gelu",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        gelu_slope,
        weigh=lambda dout, slope: slope,
    ),
)
