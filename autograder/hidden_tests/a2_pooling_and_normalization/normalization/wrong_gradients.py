"""Gradients gone wrong, whatever is normalised together: steps of the first base that several functions share.

What is wrong with dx takes dxhat, xhat, one over the standard deviation, and the axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    Tensor,
    channelwise,
    count_over,
    through_all,
    through_mean,
    through_var,
)


def stats_constant(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Mean and variance as if they were given."""
    return inverse * dxhat


def no_mean_path(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Nothing through the mean."""
    return inverse * (dxhat - through_var(dxhat, xhat, axes))


def no_var_path(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Nothing through the variance."""
    return inverse * (dxhat - through_mean(dxhat, axes))


def var_sign(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """What comes through the variance, with the other sign."""
    return inverse * (dxhat - through_mean(dxhat, axes) + through_var(dxhat, xhat, axes))


def mean_sign(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """What comes through the mean, with the other sign."""
    return inverse * (dxhat + through_mean(dxhat, axes) - through_var(dxhat, xhat, axes))


def no_division(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Sums in the place of means."""
    count = count_over(xhat, axes)
    return inverse * (dxhat - count * through_mean(dxhat, axes) - count * through_var(dxhat, xhat, axes))


def other_count(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Sums that are divided by the number of features."""
    wrong = count_over(xhat, axes) / xhat.shape[1]
    return inverse * (dxhat - wrong * through_mean(dxhat, axes) - wrong * through_var(dxhat, xhat, axes))


def one_less(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """One less than the count, in what comes through the variance."""
    count = count_over(xhat, axes)
    return inverse * (dxhat - through_mean(dxhat, axes) - count / max(count - 1, 1) * through_var(dxhat, xhat, axes))


def one_less_twice(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """One less than the count, in both sums."""
    count = count_over(xhat, axes)
    wrong = count / max(count - 1, 1)
    return inverse * (dxhat - wrong * through_mean(dxhat, axes) - wrong * through_var(dxhat, xhat, axes))


def inverse_squared(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Divided by the variance."""
    return inverse * through_all(dxhat, xhat, inverse, axes)


def half_var(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Half of what comes through the variance: the 2 of the square is missing."""
    return inverse * (dxhat - through_mean(dxhat, axes) - through_var(dxhat, xhat, axes) / 2)


def no_inverse(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Not divided by the standard deviation."""
    return dxhat - through_mean(dxhat, axes) - through_var(dxhat, xhat, axes)


def gamma_outside(dx: Tensor, gamma: Tensor) -> Tensor:
    """Gamma as if it were the same for all that is normalised together."""
    return dx * channelwise(gamma, dx)


def unscaled(dout: Tensor, gamma: Tensor) -> Tensor:
    """Without gamma."""
    return dout


def _scales_callers_dout(dout: Tensor, gamma: Tensor) -> Tensor:
    return dout.mul_(channelwise(gamma, dout))


def mutating(right: Callable[..., Any]) -> Callable[..., Any]:
    """A backward that leaves dout multiplied by gamma."""

    def gradients(dout, x, gamma, **options):
        found = right(dout, x, gamma, **options)
        _scales_callers_dout(dout, gamma)
        return found

    return gradients


def centring(right: Callable[..., Any]) -> Callable[..., Any]:
    """A backward that leaves x centred."""

    def gradients(dout, x, gamma, **options):
        found = right(dout, x, gamma, **options)
        x -= x.mean(0)
        return found

    return gradients


# Right, and too long


def staged(dout: Tensor, x: Tensor, gamma: Tensor, *, eps: float = 1e-5) -> tuple[Tensor, ...]:
    """Right, but box by box and arrow by arrow, with every gradient spread to the size of x."""
    count = len(x)
    away = x - x.sum(0) / count
    root = torch.sqrt((away**2).sum(0) / count + eps)
    xhat = away * (1 / root)
    dxhat = dout * gamma
    dvar = (dxhat * away).sum(0) * (-1 / root**2) * (0.5 / root)
    dsquare = torch.ones_like(x) / count * dvar
    daway = dxhat * (1 / root) + 2 * away * dsquare
    dmean = -daway.sum(0)
    dx = daway + torch.ones_like(x) / count * dmean
    return dx, (dout * xhat).sum(0), dout.sum(0)
