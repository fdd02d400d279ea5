"""Typical mistakes in relu: each is a right answer with one step done otherwise.

Symptoms and hints are read by students. They don't name the answer: a symptom says what the numbers look like, a hint
asks a question or names the next step.
"""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    Step,
    leaky,
    leaky_slope,
    one_by_one,
    one_by_one_back,
    step_at_zero,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    COPY,
    DTYPE,
    Tensor,
    single,
)
from autograder.mistakes import Mistake, Policy


def _forward(id: str, symptom: str, hint: str, value: Step, **steps: Any) -> Mistake:
    return Mistake("relu_" + id, "relu", {"relu_forward": one_by_one(value, **steps)}, symptom, hint)


def _backward(id: str, symptom: str, hint: str, slope: Step = step_at_zero, **steps: Any) -> Mistake:
    return Mistake("relu_back_" + id, "relu", {"relu_backward": one_by_one_back(slope, **steps)}, symptom, hint)


def _zeroes_input(x: Tensor) -> Tensor:
    x[x < 0] = 0
    return x


def _zeroes_dout(dout: Tensor, x: Tensor) -> Tensor:
    dout[x < 0] = 0
    return dout


def _sums(out: Tensor) -> Tensor:
    return out.sum(0)


RELU = (
    _forward("absolute", "Negative numbers come out positive.", "What comes out for -2?", torch.abs),
    _forward(
        "negative_side",
        "Your result keeps the other half of the numbers.",
        "Which sign passes?",
        lambda x: x.clamp(max=0),
    ),
    _forward(
        "leaks", "A little of each negative number comes through.", "What comes out for -100?", lambda x: leaky(x, 0.01)
    ),
    _forward(
        "capped", "Large numbers come out too small.", "Is there a largest value of ReLU?", lambda x: x.clamp(0, 6)
    ),
    _forward(
        "shifted",
        "Small positive numbers come out wrong.",
        "Draw the function between 0 and 1: where does it begin to rise?",
        lambda x: torch.where(x > 1, x, torch.zeros_like(x)),
    ),
    _forward("returns_mask", "Your result is a mask of zeros and ones.", "What comes out for 2.5?", step_at_zero),
    Mistake(
        "relu_in_place",
        "relu",
        {"relu_forward": _zeroes_input},
        "After the call the negative numbers of the caller's tensor are gone.",
        COPY,
    ),
    _forward(
        "float32",
        "Your result is float32 whatever comes in.",
        DTYPE,
        lambda x: x * step_at_zero(x),
        finish=single,
    ),
    Mistake(
        "relu_array",
        "relu",
        {"relu_forward": lambda x: x.clamp(min=0).numpy()},
        "Your result is a NumPy array.",
        "Which library holds the input? Its tensors have all that you need.",
    ),
    _backward(
        "not_masked",
        "Your gradient passes everywhere.",
        "How much does the result change where x is negative?",
        torch.ones_like,
    ),
    _backward(
        "mask_of_dout",
        "Your gradient is cut where the incoming gradient is negative.",
        "Which of the two inputs decides where the function was flat?",
        at=lambda dout, x: dout,
    ),
    _backward(
        "mask_only",
        "Your gradient holds zeros and ones only.",
        "The chain rule multiplies two things: which one is missing?",
        weigh=lambda dout, slope: slope,
    ),
    _backward(
        "mask_float32",
        "Your gradient holds zeros and ones only, in float32.",
        "The chain rule multiplies two things: which one is missing?",
        weigh=lambda dout, slope: slope.float(),
    ),
    _backward(
        "is_forward",
        "Your gradient is the result of the forward pass.",
        "How much does the result change if x grows by a little, and what comes in from above?",
        weigh=lambda dout, slope: slope,
        slope=lambda x: x.clamp(min=0),
    ),
    _backward(
        "times_value",
        "Your gradient grows with x.",
        "ReLU is a straight line on the right: what is its slope?",
        lambda x: x.clamp(min=0),
    ),
    _backward(
        "wrong_side",
        "Your gradient passes where it should be stopped, and is stopped where it should pass.",
        "On which side of 0 does the function rise?",
        lambda x: (x < 0).to(x.dtype),
    ),
    _backward(
        "leaks",
        "A little of the gradient comes through on the negative side.",
        "How much does the result change where x is negative?",
        lambda x: leaky_slope(x, 0.01),
    ),
    Mistake(
        "relu_back_in_place",
        "relu",
        {"relu_backward": _zeroes_dout},
        "After the call the caller's gradient holds zeros.",
        COPY,
    ),
    _backward(
        "float32",
        "Your gradient is float32 whatever comes in.",
        DTYPE,
        weigh=lambda dout, slope: (dout * slope).float(),
    ),
    _backward(
        "summed",
        "Your gradient has lost the batch.",
        "What shape does dx have? ReLU treats each number for itself.",
        weigh=lambda dout, slope: _sums(dout * slope),
    ),
    Mistake(
        "relu_back_one_at_zero",
        "relu",
        {"relu_backward": one_by_one_back(lambda x: (x >= 0).to(x.dtype))},
        "At exactly 0 you let the gradient pass.",
        "ReLU has a corner there: any slope between the two sides will do, most libraries take 0.",
        Policy.REMARK,
    ),
    Mistake(
        "relu_back_half_at_zero",
        "relu",
        {"relu_backward": one_by_one_back(lambda x: (1 + torch.sign(x)) / 2)},
        "At exactly 0 you let half of the gradient pass.",
        "ReLU has a corner there: any slope between the two sides will do, most libraries take 0.",
        Policy.REMARK,
    ),
)
