"""Right answers to relu, activations and maxout, taken apart into steps: a mistake is one step done otherwise.

Each function here builds an answer; without arguments it builds a right one. The names of the arguments are the
decisions in which students go wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Step = Callable[..., Any]


Tensor = torch.Tensor


def same(value: Any) -> Any:
    """The step that does nothing."""
    return value


def like_x(x: Tensor) -> Any:
    """The contract's dtype: that of the input."""
    return x.dtype


# Activations
def one_by_one(value: Step, *, settings: dict[str, float] | None = None, finish: Step = same) -> Step:
    """Build an activation from the value of each number, and from what its keywords are if they are not given."""
    return lambda x, **given: finish(value(x, **(settings or {}) | given))


def one_by_one_back(
    slope: Step,
    *,
    settings: dict[str, float] | None = None,
    at: Step = lambda dout, x: x,
    weigh: Step = lambda dout, slope: dout * slope,
) -> Step:
    """Build the backward function of an activation from its slope at each number."""
    return lambda dout, x, **given: weigh(dout, slope(at(dout, x), **(settings or {}) | given))


def step_at_zero(x: Tensor) -> Tensor:
    """1 where x is positive, 0 elsewhere."""
    return (x > 0).to(x.dtype)


def sigmoid(x: Tensor) -> Tensor:
    """Without overflow: only negative numbers meet exp."""
    small = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + small), small / (1 + small))


def tanh(x: Tensor) -> Tensor:
    """Without overflow, too."""
    small = torch.exp(-2 * x.abs())
    return torch.sign(x) * (1 - small) / (1 + small)


def bell(x: Tensor) -> Tensor:
    """Density of the normal distribution."""
    return torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def below(x: Tensor) -> Tensor:
    """Probability of a normal number below x."""
    return (1 + torch.erf(x / math.sqrt(2))) / 2


SLOPE = {"slope": 0.01}


ALPHA = {"alpha": 1.0}


def leaky(x: Tensor, slope: float) -> Tensor:
    """Leaky ReLU."""
    return torch.where(x > 0, x, slope * x)


def leaky_slope(x: Tensor, slope: float) -> Tensor:
    """Slope of leaky ReLU."""
    return torch.where(x > 0, torch.ones_like(x), torch.full_like(x, slope))


def elu(x: Tensor, alpha: float) -> Tensor:
    """ELU; exp sees no large number."""
    return torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0)))


def elu_slope(x: Tensor, alpha: float) -> Tensor:
    """Slope of ELU."""
    return torch.where(x > 0, torch.ones_like(x), alpha * torch.exp(x.clamp(max=0)))


def gelu_slope(x: Tensor) -> Tensor:
    """Slope of GELU, by the product rule."""
    return below(x) + x * bell(x)


# Maxout
def pieces_of(x: Tensor, pieces: int) -> list[Tensor]:
    """The pieces, each (N, C, ...)."""
    channels = x.shape[1] // pieces
    return [x[:, piece * channels : (piece + 1) * channels] for piece in range(pieces)]


def largest(parts: list[Tensor]) -> Tensor:
    """Entry by entry, the largest."""
    best = parts[0].clone()
    for part in parts[1:]:
        best = torch.where(part > best, part, best)
    return best


def first_largest(parts: list[Tensor]) -> list[Tensor]:
    """1 where a part is the first of the largest, 0 elsewhere."""
    free = torch.ones_like(parts[0])
    shares = []
    for part in parts:
        wins = (part == largest(parts)).to(part.dtype) * free
        free = free - wins
        shares.append(wins)
    return shares


def maxout(
    *,
    take: Step = pieces_of,
    reduce: Step = largest,
    check: bool = True,
    error: type[Exception] = ValueError,
    demand: Step = lambda x: None,
    finish: Step = lambda out, x: out,
) -> Step:
    """Build maxout_forward."""

    def maxout_forward(x: Tensor, pieces: int) -> Tensor:
        if check and x.shape[1] % pieces:
            raise error("the pieces do not divide the channels")
        demand(x)
        return finish(reduce(take(x, pieces)), x)

    return maxout_forward


def maxout_back(
    *,
    take: Step = pieces_of,
    shares: Step = first_largest,
    weigh: Step = lambda dout, share: dout * share,
    check: bool = True,
    error: type[Exception] = ValueError,
    place: Step = lambda gradients, x, pieces: torch.cat(gradients, 1),
    finish: Step = lambda dx, dout: dx,
) -> Step:
    """Build maxout_backward."""

    def maxout_backward(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
        if check and x.shape[1] % pieces:
            raise error("the pieces do not divide the channels")
        gradients = [weigh(dout, share) for share in shares(take(x, pieces))]
        return finish(place(gradients, x, pieces), dout)

    return maxout_backward
