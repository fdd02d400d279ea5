"""Right answers to relu, activations and maxout once more: other formulas, all pieces at once.

As in the steps, each function here builds an answer, a right one without arguments, and the names of the arguments are
the decisions in which students go wrong. Nothing is shared between the two bases: where a mistake is made on both, it
is made twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Step = Callable[..., Any]


Tensor = torch.Tensor


def unchanged(value: Any, *_others: Any) -> Any:
    """The step that does nothing."""
    return value


# Activations: other formulas than those of the first base
def logistic(x: Tensor) -> Tensor:
    """The sigmoid, by its logarithm."""
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))


def hyperbolic(x: Tensor) -> Tensor:
    """tanh; beyond 20 nothing changes any more."""
    grown = torch.expm1(2 * x.clamp(-20, 20))
    return grown / (grown + 2)


def share_below(x: Tensor) -> Tensor:
    """Probability of a normal number below x, by what lies above."""
    return torch.erfc(x * -(0.5**0.5)) * 0.5


def density(x: Tensor) -> Tensor:
    """Of the normal distribution."""
    return (2 * math.pi) ** -0.5 * torch.exp(-0.5 * x * x)


def two_sided(right: Step, left: Step) -> Step:
    """Build a function from its values on both sides of 0, each asked about its own numbers only."""

    def function(x: Tensor, *settings: float) -> Tensor:
        out = torch.empty_like(x)
        rising = x > 0
        out[rising] = right(x[rising], *settings)
        out[~rising] = left(x[~rising], *settings)
        return out

    return function


def zeros(x: Tensor, *_settings: float) -> Tensor:
    """0 everywhere."""
    return torch.zeros_like(x)


def ones(x: Tensor, *_settings: float) -> Tensor:
    """1 everywhere."""
    return torch.ones_like(x)


def leaking(slope_of: Step = unchanged, default: float = 0.01, **sides: Step) -> Step:
    """Build leaky_relu_forward."""
    curve = two_sided(sides.get("right", unchanged), sides.get("left", lambda x, slope: x * slope))
    return lambda x, *, slope=default: curve(x, slope_of(slope))


def leaking_back(at: Step = lambda dout, x: x, slope_of: Step = unchanged, **sides: Step) -> Step:
    """Build leaky_relu_backward."""
    curve = two_sided(sides.get("right", ones), sides.get("left", torch.full_like))
    return lambda dout, x, *, slope=0.01: torch.mul(curve(at(dout, x), slope_of(slope)), dout)


def exponential(**sides: Step) -> Step:
    """Build elu_forward."""
    curve = two_sided(unchanged, sides.get("left", lambda x, alpha: alpha * (torch.exp(x) - 1)))
    return lambda x, *, alpha=1.0: curve(x, alpha)


def exponential_back(at: Step = lambda dout, x: x, **sides: Step) -> Step:
    """Build elu_backward."""
    curve = two_sided(ones, sides.get("left", lambda x, alpha: alpha * torch.exp(x)))
    return lambda dout, x, *, alpha=1.0: torch.mul(curve(at(dout, x), alpha), dout)


def chained(slope: Step, chain: Step = torch.mul) -> Step:
    """Build a backward function without settings."""
    return lambda dout, x: chain(slope(x), dout)


# Maxout
def side_by_side(x: Tensor, pieces: int) -> Tensor:
    """View the channels as (N, pieces, C, ...)."""
    return x.unflatten(1, (pieces, -1))


def competing(
    *,
    view: Step = side_by_side,
    reduce: Step = lambda parts: parts.amax(1),
    refuse: Step = lambda channels, pieces: channels % pieces != 0,
    error: type[Exception] = ValueError,
    demand: Step = unchanged,
    finish: Step = unchanged,
) -> Step:
    """Build maxout_forward."""

    def maxout_forward(x: Tensor, pieces: int) -> Tensor:
        if refuse(x.shape[1], pieces):
            raise error("channels are left over")
        demand(x.shape)
        return finish(reduce(view(x[:, : x.shape[1] // pieces * pieces], pieces)))

    return maxout_forward


def winners(parts: Tensor) -> Tensor:
    """1 at the first of the largest along axis 1."""
    return torch.zeros_like(parts).scatter_(1, parts.argmax(1, keepdim=True), 1.0)


def competing_back(
    *,
    view: Step = side_by_side,
    shares: Step = winners,
    chain: Step = lambda shares, dout: shares * dout.unsqueeze(1),
    refuse: Step = lambda channels, pieces: channels % pieces != 0,
    error: type[Exception] = ValueError,
    merge: Step = lambda parts: parts.flatten(1, 2),
    finish: Step = unchanged,
) -> Step:
    """Build maxout_backward."""

    def maxout_backward(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
        if refuse(x.shape[1], pieces):
            raise error("channels are left over")
        kept = x.shape[1] // pieces * pieces
        dx = torch.zeros_like(x)
        dx[:, :kept] = merge(chain(shares(view(x[:, :kept], pieces)), dout))
        return finish(dx)

    return maxout_backward
