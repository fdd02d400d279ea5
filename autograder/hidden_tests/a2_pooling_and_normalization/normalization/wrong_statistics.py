"""Statistics gone wrong, whatever is normalised together: steps of the first base that several functions share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import Tensor, over_batch, var_over, weigh


def biased(x: Tensor) -> Tensor:
    """The variance of each feature that divides by N."""
    return var_over(x, over_batch(x)).reshape(-1)


def unbiased_over(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The variance that divides by one less than the count."""
    return x.var(axes, unbiased=True, keepdim=True)


def lossy_var(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The mean of squares less the square of the mean."""
    return (x * x).mean(axes, keepdim=True) - x.mean(axes, keepdim=True) ** 2


def replaced(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """What a step that keeps nothing stores."""
    return new


def kept(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """What a step that stores nothing returns."""
    return old


def first_copied(default: float) -> Callable[..., Tensor]:
    """Take the first batch as it is, known by statistics that are still as they were made."""
    return lambda old, new, momentum: new if bool((old == default).all()) else weigh(old, new, momentum)


class Remembering:
    """A batchnorm_forward whose statistics live on between calls, as long as the number of features stays."""

    def __init__(self, right: Callable[..., Any]) -> None:
        self._right = right
        self._kept: Any = None

    def __call__(self, x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
        """Normalise."""
        known = self._kept is not None and self._kept[0].shape == running_mean.shape
        mean, var = self._kept if known else (running_mean, running_var)
        out, *self._kept = self._right(x, gamma, beta, mean, var, training=training, momentum=momentum, eps=eps)
        return out, *self._kept


def whole_array(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """One mean for all numbers."""
    return x.mean()


EPS_OUTSIDE = {"inverse": lambda var, eps: 1 / (torch.sqrt(var) + eps)}
