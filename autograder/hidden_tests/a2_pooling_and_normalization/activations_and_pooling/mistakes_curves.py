"""Typical mistakes in leaky ReLU and ELU."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    ALPHA,
    SLOPE,
    Step,
    elu_slope,
    leaky,
    leaky_slope,
    one_by_one,
    one_by_one_back,
    step_at_zero,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import COPY, Tensor
from autograder.mistakes import Mistake


def smooth(id: str, name: str, symptom: str, hint: str, value: Step, **steps: Any) -> Mistake:
    """A mistake in the value of an activation."""
    return Mistake(id, "activations", {f"{name}_forward": one_by_one(value, **steps)}, symptom, hint)


def smooth_back(id: str, name: str, symptom: str, hint: str, slope: Step, **steps: Any) -> Mistake:
    """A mistake in the slope of an activation."""
    return Mistake(id, "activations", {f"{name}_backward": one_by_one_back(slope, **steps)}, symptom, hint)


def _elu_in_place(x: Tensor, alpha: float = 1.0) -> Tensor:
    x[x < 0] = alpha * torch.expm1(x[x < 0])
    return x


BENT = (
    smooth(
        "leaky_positive_side",
        "leaky_relu",
        "The slope acts on the positive numbers.",
        "Which side of 0 leaks?",
        lambda x, slope: torch.where(x > 0, slope * x, x),
        settings=SLOPE,
    ),
    smooth(
        "leaky_slope_ignored",
        "leaky_relu",
        "The slope changes nothing in your result.",
        "Where does `slope` enter?",
        lambda x, slope: leaky(x, 0.01),
        settings=SLOPE,
    ),
    smooth(
        "leaky_does_not_leak",
        "leaky_relu",
        "Negative numbers give 0.",
        "What comes out for -100 with a slope of 0.01?",
        lambda x, slope: x.clamp(min=0),
        settings=SLOPE,
    ),
    smooth(
        "leaky_sign",
        "leaky_relu",
        "Negative numbers come out positive.",
        "What comes out for -100 with a slope of 0.01?",
        lambda x, slope: torch.where(x > 0, x, -slope * x),
        settings=SLOPE,
    ),
    smooth(
        "leaky_default",
        "leaky_relu",
        "Without a slope in the call you take another one than the task says.",
        "Look at the signature again.",
        leaky,
        settings={"slope": 0.1},
    ),
    smooth_back(
        "leaky_back_positive_side",
        "leaky_relu",
        "The slope acts on the positive side of your gradient.",
        "Which side of 0 leaks?",
        lambda x, slope: leaky_slope(-x, slope),
        settings=SLOPE,
    ),
    smooth_back(
        "leaky_back_mask_of_dout",
        "leaky_relu",
        "Your gradient is scaled where the incoming gradient is negative.",
        "Which of the two inputs decides on which side one is?",
        leaky_slope,
        settings=SLOPE,
        at=lambda dout, x: dout,
    ),
    smooth_back(
        "leaky_back_does_not_leak",
        "leaky_relu",
        "On the negative side your gradient is 0.",
        "The function rises slowly there, but it rises.",
        lambda x, slope: step_at_zero(x),
        settings=SLOPE,
    ),
    smooth_back(
        "leaky_back_slope_ignored",
        "leaky_relu",
        "The slope changes nothing in your gradient.",
        "Where does `slope` enter?",
        lambda x, slope: leaky_slope(x, 0.01),
        settings=SLOPE,
    ),
    smooth_back(
        "leaky_back_no_dout",
        "leaky_relu",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        leaky_slope,
        settings=SLOPE,
        weigh=lambda dout, slope: slope,
    ),
    Mistake(
        "leaky_back_dout_on_one_side",
        "activations",
        {"leaky_relu_backward": lambda dout, x, *, slope=0.01: torch.where(x > 0, dout, torch.full_like(x, slope))},
        "On the negative side your gradient does not depend on the incoming gradient.",
        "The chain rule holds on both sides.",
    ),
    Mistake(
        "leaky_back_is_forward",
        "activations",
        {"leaky_relu_backward": lambda dout, x, *, slope=0.01: torch.where(x > 0, dout, slope * x)},
        "On the negative side your gradient is the result of the forward pass.",
        "The chain rule holds on both sides: what is the slope there multiplied by?",
    ),
    smooth(
        "elu_one_missing",
        "elu",
        "Your function jumps at 0.",
        "What comes out for a negative number very close to 0?",
        lambda x, alpha: torch.where(x > 0, x, alpha * torch.exp(x.clamp(max=0))),
        settings=ALPHA,
    ),
    smooth(
        "elu_alpha_ignored",
        "elu",
        "alpha changes nothing in your result.",
        "Where does `alpha` enter?",
        lambda x, alpha: RIGHT["elu_forward"](x),
        settings=ALPHA,
    ),
    smooth(
        "elu_alpha_inside",
        "elu",
        "alpha bends your curve, but the curve still ends at -1.",
        "Which value does the function come close to for very negative numbers?",
        lambda x, alpha: torch.where(x > 0, x, torch.expm1(alpha * x.clamp(max=0))),
        settings=ALPHA,
    ),
    smooth(
        "elu_alpha_before_one",
        "elu",
        "With another alpha your function jumps at 0.",
        "What does alpha scale: the exponential alone?",
        lambda x, alpha: torch.where(x > 0, x, alpha * torch.exp(x.clamp(max=0)) - 1),
        settings=ALPHA,
    ),
    smooth(
        "elu_one_inside",
        "elu",
        "Your function jumps at 0, and ends at 0 on the left.",
        "Which of the two is taken off first: is the 1 in the exponent?",
        lambda x, alpha: torch.where(x > 0, x, alpha * torch.exp((x - 1).clamp(max=0))),
        settings=ALPHA,
    ),
    smooth(
        "elu_alpha_both_sides",
        "elu",
        "alpha acts on the positive numbers, too.",
        "What does alpha scale?",
        lambda x, alpha: alpha * RIGHT["elu_forward"](x),
        settings=ALPHA,
    ),
    smooth(
        "elu_mask_overflow",
        "elu",
        "Large positive numbers give NaN.",
        "What is 0 times infinity? Choose with torch.where, or keep large numbers away from exp.",
        lambda x, alpha: x * step_at_zero(x) + alpha * (torch.exp(x) - 1) * (x <= 0),
        settings=ALPHA,
    ),
    Mistake(
        "elu_in_place",
        "activations",
        {"elu_forward": _elu_in_place},
        "After the call the negative numbers of the caller's tensor are others.",
        COPY,
    ),
    smooth_back(
        "elu_back_alpha_missing",
        "elu",
        "alpha changes nothing in your gradient.",
        "Where does `alpha` enter?",
        lambda x, alpha: elu_slope(x, 1.0),
        settings=ALPHA,
    ),
    smooth_back(
        "elu_back_of_value",
        "elu",
        "On the negative side your gradient is the function itself.",
        "What is the derivative of exp(x) - 1?",
        lambda x, alpha: torch.where(x > 0, torch.ones_like(x), alpha * torch.expm1(x.clamp(max=0))),
        settings=ALPHA,
    ),
    smooth_back(
        "elu_back_plus_one",
        "elu",
        "With another alpha your gradient is wrong on the negative side.",
        "To get the slope from the result, what must be added: 1?",
        lambda x, alpha: torch.where(x > 0, torch.ones_like(x), alpha * torch.expm1(x.clamp(max=0)) + 1),
        settings=ALPHA,
    ),
    smooth_back(
        "elu_back_mask_overflow",
        "elu",
        "Large positive numbers give NaN in your gradient.",
        "What is 0 times infinity? Choose with torch.where, or keep large numbers away from exp.",
        lambda x, alpha: step_at_zero(x) + alpha * torch.exp(x) * (x <= 0),
        settings=ALPHA,
    ),
    smooth_back(
        "elu_back_mask_of_dout",
        "elu",
        "The sign of the incoming gradient decides on which side of 0 you are.",
        "Which of the two inputs decides on which side one is?",
        elu_slope,
        settings=ALPHA,
        at=lambda dout, x: dout,
    ),
    smooth_back(
        "elu_back_no_dout",
        "elu",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        elu_slope,
        settings=ALPHA,
        weigh=lambda dout, slope: slope,
    ),
    Mistake(
        "elu_back_dout_on_one_side",
        "activations",
        {"elu_backward": lambda dout, x, *, alpha=1.0: torch.where(x > 0, dout, elu_slope(x, alpha))},
        "On the negative side your gradient does not depend on the incoming gradient.",
        "The chain rule holds on both sides.",
    ),
)
