"""Typical mistakes in relu, activations and maxout: each is a right answer with one step done otherwise.

Symptoms and hints are read by students. They don't name the answer: a symptom says what the numbers look like, a hint
asks a question or names the next step.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import (
    ALPHA,
    RIGHT,
    SLOPE,
    Step,
    bell,
    below,
    elu_slope,
    first_largest,
    gelu_slope,
    largest,
    leaky,
    leaky_slope,
    maxout,
    maxout_back,
    one_by_one,
    one_by_one_back,
    pieces_of,
    sigmoid,
    step_at_zero,
    tanh,
)
from autograder.mistakes import Mistake, Policy

Tensor = torch.Tensor

_COPY = "Does your line make a new tensor, or write into the one it was given?"
_DTYPE = "Which dtype do torch.zeros and its like give by default, and which do the inputs have?"


def _single(out: Tensor, *_others: Tensor) -> Tensor:
    return out.to(torch.float32)


def _double(out: Tensor, *_others: Tensor) -> Tensor:
    return out.to(torch.float64)


# ReLU


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


_RELU = (
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
        _COPY,
    ),
    _forward(
        "float32",
        "Your result is float32 whatever comes in.",
        _DTYPE,
        lambda x: x * step_at_zero(x),
        finish=_single,
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
        _COPY,
    ),
    _backward(
        "float32",
        "Your gradient is float32 whatever comes in.",
        _DTYPE,
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


# The other activations


def _smooth(id: str, name: str, symptom: str, hint: str, value: Step, **steps: Any) -> Mistake:
    return Mistake(id, "activations", {f"{name}_forward": one_by_one(value, **steps)}, symptom, hint)


def _smooth_back(id: str, name: str, symptom: str, hint: str, slope: Step, **steps: Any) -> Mistake:
    return Mistake(id, "activations", {f"{name}_backward": one_by_one_back(slope, **steps)}, symptom, hint)


def _gelu_by_tanh(x: Tensor) -> Tensor:
    return x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def _gelu_by_tanh_slope(x: Tensor) -> Tensor:
    t = tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x * (1 - t**2) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2) / 2


def _elu_in_place(x: Tensor, alpha: float = 1.0) -> Tensor:
    x[x < 0] = alpha * torch.expm1(x[x < 0])
    return x


def _tanh_back_in_place(dout: Tensor, x: Tensor) -> Tensor:
    dout *= 1 - tanh(x) ** 2
    return dout


_SQUARE_ROOT = "Compare the spread of the bell that you add up with that of the normal distribution."

_SMOOTH = (
    _smooth(
        "leaky_positive_side",
        "leaky_relu",
        "The slope acts on the positive numbers.",
        "Which side of 0 leaks?",
        lambda x, slope: torch.where(x > 0, slope * x, x),
        settings=SLOPE,
    ),
    _smooth(
        "leaky_slope_ignored",
        "leaky_relu",
        "The slope changes nothing in your result.",
        "Where does `slope` enter?",
        lambda x, slope: leaky(x, 0.01),
        settings=SLOPE,
    ),
    _smooth(
        "leaky_does_not_leak",
        "leaky_relu",
        "Negative numbers give 0.",
        "What comes out for -100 with a slope of 0.01?",
        lambda x, slope: x.clamp(min=0),
        settings=SLOPE,
    ),
    _smooth(
        "leaky_sign",
        "leaky_relu",
        "Negative numbers come out positive.",
        "What comes out for -100 with a slope of 0.01?",
        lambda x, slope: torch.where(x > 0, x, -slope * x),
        settings=SLOPE,
    ),
    _smooth(
        "leaky_default",
        "leaky_relu",
        "Without a slope in the call you take another one than the task says.",
        "Look at the signature again.",
        leaky,
        settings={"slope": 0.1},
    ),
    _smooth_back(
        "leaky_back_positive_side",
        "leaky_relu",
        "The slope acts on the positive side of your gradient.",
        "Which side of 0 leaks?",
        lambda x, slope: leaky_slope(-x, slope),
        settings=SLOPE,
    ),
    _smooth_back(
        "leaky_back_mask_of_dout",
        "leaky_relu",
        "Your gradient is scaled where the incoming gradient is negative.",
        "Which of the two inputs decides on which side one is?",
        leaky_slope,
        settings=SLOPE,
        at=lambda dout, x: dout,
    ),
    _smooth_back(
        "leaky_back_does_not_leak",
        "leaky_relu",
        "On the negative side your gradient is 0.",
        "The function rises slowly there, but it rises.",
        lambda x, slope: step_at_zero(x),
        settings=SLOPE,
    ),
    _smooth_back(
        "leaky_back_slope_ignored",
        "leaky_relu",
        "The slope changes nothing in your gradient.",
        "Where does `slope` enter?",
        lambda x, slope: leaky_slope(x, 0.01),
        settings=SLOPE,
    ),
    _smooth_back(
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
    _smooth(
        "elu_one_missing",
        "elu",
        "Your function jumps at 0.",
        "What comes out for a negative number very close to 0?",
        lambda x, alpha: torch.where(x > 0, x, alpha * torch.exp(x.clamp(max=0))),
        settings=ALPHA,
    ),
    _smooth(
        "elu_alpha_ignored",
        "elu",
        "alpha changes nothing in your result.",
        "Where does `alpha` enter?",
        lambda x, alpha: RIGHT["elu_forward"](x),
        settings=ALPHA,
    ),
    _smooth(
        "elu_alpha_inside",
        "elu",
        "alpha bends your curve, but the curve still ends at -1.",
        "Which value does the function come close to for very negative numbers?",
        lambda x, alpha: torch.where(x > 0, x, torch.expm1(alpha * x.clamp(max=0))),
        settings=ALPHA,
    ),
    _smooth(
        "elu_alpha_before_one",
        "elu",
        "With another alpha your function jumps at 0.",
        "What does alpha scale: the exponential alone?",
        lambda x, alpha: torch.where(x > 0, x, alpha * torch.exp(x.clamp(max=0)) - 1),
        settings=ALPHA,
    ),
    _smooth(
        "elu_one_inside",
        "elu",
        "Your function jumps at 0, and ends at 0 on the left.",
        "Which of the two is taken off first: is the 1 in the exponent?",
        lambda x, alpha: torch.where(x > 0, x, alpha * torch.exp((x - 1).clamp(max=0))),
        settings=ALPHA,
    ),
    _smooth(
        "elu_alpha_both_sides",
        "elu",
        "alpha acts on the positive numbers, too.",
        "What does alpha scale?",
        lambda x, alpha: alpha * RIGHT["elu_forward"](x),
        settings=ALPHA,
    ),
    _smooth(
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
        _COPY,
    ),
    _smooth_back(
        "elu_back_alpha_missing",
        "elu",
        "alpha changes nothing in your gradient.",
        "Where does `alpha` enter?",
        lambda x, alpha: elu_slope(x, 1.0),
        settings=ALPHA,
    ),
    _smooth_back(
        "elu_back_of_value",
        "elu",
        "On the negative side your gradient is the function itself.",
        "What is the derivative of exp(x) - 1?",
        lambda x, alpha: torch.where(x > 0, torch.ones_like(x), alpha * torch.expm1(x.clamp(max=0))),
        settings=ALPHA,
    ),
    _smooth_back(
        "elu_back_plus_one",
        "elu",
        "With another alpha your gradient is wrong on the negative side.",
        "To get the slope from the result, what must be added: 1?",
        lambda x, alpha: torch.where(x > 0, torch.ones_like(x), alpha * torch.expm1(x.clamp(max=0)) + 1),
        settings=ALPHA,
    ),
    _smooth_back(
        "elu_back_mask_overflow",
        "elu",
        "Large positive numbers give NaN in your gradient.",
        "What is 0 times infinity? Choose with torch.where, or keep large numbers away from exp.",
        lambda x, alpha: step_at_zero(x) + alpha * torch.exp(x) * (x <= 0),
        settings=ALPHA,
    ),
    _smooth_back(
        "elu_back_mask_of_dout",
        "elu",
        "The sign of the incoming gradient decides on which side of 0 you are.",
        "Which of the two inputs decides on which side one is?",
        elu_slope,
        settings=ALPHA,
        at=lambda dout, x: dout,
    ),
    _smooth_back(
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
    _smooth(
        "sigmoid_sign",
        "sigmoid",
        "Your curve falls where it should rise.",
        "What comes out for a large positive number?",
        lambda x: sigmoid(-x),
    ),
    _smooth(
        "sigmoid_overflow",
        "sigmoid",
        "Large positive numbers give NaN.",
        "What is infinity over infinity? Multiply both sides of the fraction by the same thing.",
        lambda x: torch.exp(x) / (1 + torch.exp(x)),
    ),
    _smooth(
        "sigmoid_is_tanh",
        "sigmoid",
        "Your numbers lie between -1 and 1.",
        "What should come out for 0?",
        lambda x: tanh(x / 2),
    ),
    _smooth(
        "sigmoid_float32",
        "sigmoid",
        "Your result is float32 whatever comes in.",
        _DTYPE,
        sigmoid,
        finish=_single,
    ),
    _smooth(
        "sigmoid_clipped",
        "sigmoid",
        "Your curve is flat too early.",
        "Where do you cut off? Only numbers that overflow need care.",
        lambda x: sigmoid(x.clamp(-0.5, 0.5)),
    ),
    _smooth_back(
        "sigmoid_back_takes_value",
        "sigmoid",
        "You take x for the result of the function.",
        "s * (1 - s) wants the sigmoid of x: what are you given?",
        lambda x: x * (1 - x),
    ),
    _smooth_back(
        "sigmoid_back_factor_missing",
        "sigmoid",
        "Your gradient keeps growing with x.",
        "The derivative is a product of two factors: how steep is the curve far to the right?",
        sigmoid,
    ),
    _smooth_back(
        "sigmoid_back_no_dout",
        "sigmoid",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        lambda x: sigmoid(x) * sigmoid(-x),
        weigh=lambda dout, slope: slope,
    ),
    _smooth_back(
        "sigmoid_back_squared",
        "sigmoid",
        "Your gradient is right at no x but 0.",
        "Is it the function of tanh whose slope is 1 less its square?",
        lambda x: 1 - sigmoid(x) ** 2,
    ),
    _smooth_back(
        "sigmoid_back_overflow",
        "sigmoid",
        "Large negative numbers give NaN in your gradient.",
        "What is infinity over infinity? Build the slope from the function's value.",
        lambda x: torch.exp(-x) / (1 + torch.exp(-x)) ** 2,
    ),
    _smooth(
        "tanh_overflow",
        "tanh",
        "Huge numbers give NaN.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x)),
    ),
    _smooth(
        "tanh_one_side_overflow",
        "tanh",
        "Huge numbers of one sign give NaN.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: (1 - torch.exp(-2 * x)) / (1 + torch.exp(-2 * x)),
    ),
    _smooth(
        "tanh_other_side_overflow",
        "tanh",
        "Huge positive numbers give NaN.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: (torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1),
    ),
    _smooth(
        "tanh_half_as_steep",
        "tanh",
        "Your curve is half as steep as it should be.",
        "Stretch the sigmoid in both directions: which factors does it take?",
        lambda x: 2 * sigmoid(x) - 1,
    ),
    _smooth(
        "tanh_numerator",
        "tanh",
        "Your result has the wrong sign.",
        "What comes out for a large positive number?",
        lambda x: -tanh(x),
    ),
    _smooth(
        "tanh_float32",
        "tanh",
        "Your result is float32 whatever comes in.",
        _DTYPE,
        tanh,
        finish=_single,
    ),
    _smooth_back(
        "tanh_back_takes_value",
        "tanh",
        "You take x for the result of the function.",
        "1 - t ** 2 wants tanh of x: what are you given?",
        lambda x: 1 - x**2,
    ),
    _smooth_back(
        "tanh_back_overflow",
        "tanh",
        "Huge numbers give NaN in your gradient.",
        "What is infinity over infinity? Let exp meet negative numbers only.",
        lambda x: 1 - ((torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))) ** 2,
    ),
    _smooth_back(
        "tanh_back_not_squared",
        "tanh",
        "Your gradient is larger on the left than on the right.",
        "Is the curve as steep at -1 as at 1?",
        lambda x: 1 - tanh(x),
    ),
    _smooth_back(
        "tanh_back_like_sigmoid",
        "tanh",
        "Your gradient is the one of another curve.",
        "For which of the two curves is the slope the value times one less the value?",
        lambda x: tanh(x) * (1 - tanh(x)),
    ),
    _smooth_back(
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
        _COPY,
    ),
    _smooth(
        "gelu_by_tanh",
        "gelu",
        "Your numbers are right to about three digits.",
        "There is a quick way by tanh and an exact one by erf: which one is asked for?",
        _gelu_by_tanh,
    ),
    _smooth(
        "gelu_by_sigmoid",
        "gelu",
        "Your numbers are right to about two digits.",
        "There is a quick way by the sigmoid and an exact one by erf: which one is asked for?",
        lambda x: x * sigmoid(1.702 * x),
    ),
    _smooth(
        "gelu_root_missing",
        "gelu",
        "Your curve bends too sharply around 0.",
        _SQUARE_ROOT,
        lambda x: x * (1 + torch.erf(x)) / 2,
    ),
    _smooth(
        "gelu_half_missing",
        "gelu",
        "Your numbers are twice what they should be.",
        "A probability is at most 1: is yours?",
        lambda x: 2 * x * below(x),
    ),
    _smooth(
        "gelu_x_missing",
        "gelu",
        "Your numbers lie between 0 and 1.",
        "What is the probability multiplied by?",
        below,
    ),
    _smooth(
        "gelu_one_missing",
        "gelu",
        "Your numbers are never negative.",
        "erf runs from -1 to 1, a probability from 0 to 1.",
        lambda x: x * torch.erf(x / math.sqrt(2)) / 2,
    ),
    _smooth_back(
        "gelu_back_one_term",
        "gelu",
        "Your gradient never leaves the range from 0 to 1.",
        "GELU is a product: both factors depend on x.",
        below,
    ),
    _smooth_back(
        "gelu_back_bell_not_scaled",
        "gelu",
        "Your gradient is too large to the right of 0 and too small to the left of it.",
        "What does the bell that you use add up to?",
        lambda x: below(x) + x * bell(x) * math.sqrt(2 * math.pi),
    ),
    _smooth_back(
        "gelu_back_bell_narrow",
        "gelu",
        "Your gradient is right far from 0, but its bend around 1 comes too early.",
        "What stands in the exponent of the bell?",
        lambda x: below(x) + x * torch.exp(-(x**2)) / math.sqrt(2 * math.pi),
    ),
    _smooth_back(
        "gelu_back_bell_halved",
        "gelu",
        "Your gradient is a little too small to the right of 0 and too large to the left.",
        "Write the product rule down: what is the derivative of the second factor, with all its constants?",
        lambda x: below(x) + x * bell(x) / 2,
    ),
    _smooth_back(
        "gelu_back_bell_without_x",
        "gelu",
        "Your gradient is too large around 0.",
        "Write the product rule down: what is the derivative of the second factor multiplied by?",
        lambda x: below(x) + bell(x),
    ),
    _smooth_back(
        "gelu_back_root_missing",
        "gelu",
        "Your gradient changes too quickly around 0.",
        _SQUARE_ROOT,
        lambda x: (1 + torch.erf(x)) / 2 + x * bell(x),
    ),
    _smooth_back(
        "gelu_back_by_tanh",
        "gelu",
        "Your gradient is right to about three digits.",
        "There is a quick way by tanh and an exact one by erf: which one is asked for?",
        _gelu_by_tanh_slope,
    ),
    _smooth_back(
        "gelu_back_no_dout",
        "gelu",
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
        gelu_slope,
        weigh=lambda dout, slope: slope,
    ),
)


# Maxout


def _out(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("maxout_" + id, "maxout", {"maxout_forward": maxout(**steps)}, symptom, hint)


def _back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("maxout_back_" + id, "maxout", {"maxout_backward": maxout_back(**steps)}, symptom, hint)


def _with_places(x: Tensor, pieces: int) -> tuple[Tensor, ...]:
    if x.shape[1] % pieces:
        raise ValueError("the pieces do not divide the channels")
    return tuple(torch.stack(pieces_of(x, pieces)).max(0))


def _four_axes(x: Tensor) -> None:
    if x.ndim != 4:
        raise ValueError(f"not enough values to unpack (expected 4, got {x.ndim})")


def _neighbours(x: Tensor, pieces: int) -> list[Tensor]:
    return [x[:, piece::pieces] for piece in range(pieces)]


def _put_back(gradients: list[Tensor], x: Tensor, pieces: int) -> Tensor:
    return torch.stack(gradients, 2).flatten(1, 2)


def _over_channels(parts: list[Tensor]) -> Tensor:
    return torch.stack([part.amax(1) for part in parts], 1)


def _from_zero(parts: list[Tensor]) -> Tensor:
    return largest([torch.zeros_like(parts[0]), *parts])


def _nearly(parts: list[Tensor]) -> list[Tensor]:
    best = largest(parts)
    return [((part - best).abs() < 1e-2).to(part.dtype) for part in parts]


def _all_ties(parts: list[Tensor]) -> list[Tensor]:
    best = largest(parts)
    return [(part == best).to(part.dtype) for part in parts]


def _split_ties(parts: list[Tensor]) -> list[Tensor]:
    winners = _all_ties(parts)
    return [wins / sum(winners) for wins in winners]


def _last_ties(parts: list[Tensor]) -> list[Tensor]:
    return first_largest(parts[::-1])[::-1]


def _sorts(x: Tensor, pieces: int) -> Tensor:
    out = RIGHT["maxout_forward"](x, pieces)
    x[:, : out.shape[1]] = out
    return out


def _dout_in_place(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
    dx = RIGHT["maxout_backward"](dout, x, pieces)
    dout *= dx[:, : dout.shape[1]] != 0
    return dx


_MAXOUT = (
    _out(
        "neighbours",
        "You compare channels that lie side by side.",
        "Which channels of the input belong to output channel 0? Look at the formula with its index.",
        take=_neighbours,
    ),
    _out(
        "mean",
        "Your numbers are averages of the pieces.",
        "What does the name say?",
        reduce=lambda parts: sum(parts) / len(parts),
    ),
    _out("sum", "Your numbers are sums of the pieces.", "What does the name say?", reduce=sum),
    _out(
        "smallest",
        "Your numbers are the smallest of the pieces.",
        "Which of them wins?",
        reduce=lambda parts: -largest([-p for p in parts]),
    ),
    _out(
        "wrong_axis",
        "Your result has as many channels as there are pieces.",
        "Over which axis is the largest taken: the pieces, or the channels of one piece?",
        reduce=_over_channels,
    ),
    _out(
        "from_zero",
        "Numbers that are all negative give 0.",
        "With which value does your running maximum begin?",
        reduce=_from_zero,
    ),
    _out(
        "absolute",
        "Large negative numbers win.",
        "Is it the largest number or the largest size?",
        reduce=lambda parts: largest([part.abs() for part in parts]),
    ),
    _out(
        "two_pieces",
        "Only the first two pieces count.",
        "How far does your loop over the pieces run?",
        reduce=lambda parts: largest(parts[:2]),
    ),
    _out(
        "last_piece_missing",
        "The last piece does not count.",
        "How far does your loop over the pieces run?",
        reduce=lambda parts: largest(parts[:-1] or parts),
    ),
    _out(
        "pieces_kept",
        "Your result keeps an axis of length 1.",
        "What does `keepdim` do?",
        reduce=lambda parts: largest(parts)[:, None],
    ),
    _out(
        "no_error",
        "Channels that are left over are dropped silently.",
        "What does the docstring say about pieces that don't divide the channels?",
        check=False,
    ),
    _out(
        "other_error",
        "Channels that are left over raise an error of another kind.",
        "Which error does the docstring name?",
        error=RuntimeError,
    ),
    _out(
        "assertion",
        "Channels that are left over end in an AssertionError.",
        "Which error does the docstring name?",
        error=AssertionError,
    ),
    Mistake(
        "maxout_with_places",
        "maxout",
        {"maxout_forward": _with_places},
        "Your result is a tuple.",
        "What does Tensor.max give beside the largest number?",
    ),
    _out(
        "images_only",
        "Only images work: vectors and sequences fail.",
        "How many axes may there be behind the channels?",
        demand=_four_axes,
    ),
    _out("float32", "Your result is float32 whatever comes in.", _DTYPE, finish=_single),
    _out("float64", "Your result is float64 whatever comes in.", _DTYPE, finish=_double),
    Mistake(
        "maxout_in_place",
        "maxout",
        {"maxout_forward": _sorts},
        "After the call the first piece of the caller's tensor holds the maxima.",
        _COPY,
    ),
    _back(
        "neighbours",
        "Your gradient goes to channels that lie side by side.",
        "Which channels of the input belong to output channel 0? Look at the formula with its index.",
        take=_neighbours,
        place=_put_back,
    ),
    _back(
        "to_all",
        "Every piece gets the gradient.",
        "How much does the result change if a piece changes that did not win?",
        shares=lambda parts: [torch.ones_like(part) for part in parts],
    ),
    _back(
        "evenly",
        "The pieces share the gradient evenly.",
        "How much does the result change if a piece changes that did not win?",
        shares=lambda parts: [torch.ones_like(part) / len(parts) for part in parts],
    ),
    _back(
        "ones",
        "Your gradient holds zeros and ones only.",
        "The chain rule multiplies two things: which one is missing?",
        weigh=lambda dout, share: share,
    ),
    _back(
        "nearly_equal",
        "Pieces that nearly won get the gradient, too.",
        "How do you find out which piece won?",
        shares=_nearly,
    ),
    _back(
        "order_of_pieces",
        "Your pieces come back in another order than they came.",
        "Which piece do the first channels of dx belong to?",
        place=lambda gradients, x, pieces: torch.cat(gradients[::-1], 1),
    ),
    _back(
        "first_piece",
        "Only the first piece gets the gradient.",
        "Which piece won? That depends on the place.",
        shares=lambda parts: [torch.ones_like(parts[0]), *map(torch.zeros_like, parts[1:])],
    ),
    _back(
        "interleaved",
        "The right numbers stand at the wrong channels of dx.",
        "After stacking the pieces, which axis must come first before two axes are made one?",
        place=_put_back,
    ),
    _back(
        "positive_only",
        "No gradient comes through where the winner is negative.",
        "Is there a ReLU in maxout?",
        shares=lambda parts: [
            share * step_at_zero(part) for share, part in zip(first_largest(parts), parts, strict=True)
        ],
    ),
    _back(
        "no_error",
        "Channels that are left over are dropped silently from your gradient.",
        "What does the docstring say about pieces that don't divide the channels?",
        check=False,
        place=lambda gradients, x, pieces: torch.cat([*gradients, torch.zeros_like(x[:, : x.shape[1] % pieces])], 1),
    ),
    _back(
        "other_error",
        "For your gradient, channels that are left over raise an error of another kind.",
        "Which error does the docstring name?",
        error=RuntimeError,
    ),
    _back("float32", "Your gradient is float32 whatever comes in.", _DTYPE, finish=_single),
    Mistake(
        "maxout_back_in_place",
        "maxout",
        {"maxout_backward": _dout_in_place},
        "After the call the caller's gradient holds zeros.",
        _COPY,
    ),
    *(
        Mistake(
            f"maxout_back_ties_{id}",
            "maxout",
            {"maxout_backward": maxout_back(shares=shares)},
            symptom,
            "Where pieces are equal, any choice among them is right; most libraries take one of them.",
            Policy.REMARK,
        )
        for id, shares, symptom in (
            ("all", _all_ties, "Where pieces are equal, each of them gets all of the gradient."),
            ("split", _split_ties, "Where pieces are equal, they share the gradient."),
            ("last", _last_ties, "Where pieces are equal, the last gets the gradient."),
        )
    ),
)


MISTAKES: tuple[Mistake, ...] = (*_RELU, *_SMOOTH, *_MAXOUT)
