"""What the test files of this notebook judge by: tolerances, axes, places where several answers are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.inputs import distinct
from autograder.model import Verdict
from autograder.testing import Judged

# A few operations on numbers around 1, in single precision.
FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}
IMAGES = ("N", "C", "H", "W")


def bright(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Positive numbers that are all different, and by more than 1/100, so that none could pass for another."""
    return 4 * distinct(rng, *shape, dtype=dtype) + 50


def dark(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """The same below 0."""
    return 4 * distinct(rng, *shape, dtype=dtype) - 50


def close(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Positive numbers that are all different, and by so little that a tolerance takes them for equal."""
    return distinct(rng, *shape) / 2**17 + 1


def without(got: Any, places: torch.Tensor) -> Any:
    """A result with 0 in the place of some finite numbers; anything but a tensor of that shape as it is."""
    if not isinstance(got, torch.Tensor) or got.shape != places.shape:
        return got
    return torch.where(places & torch.isfinite(got), torch.zeros((), dtype=got.dtype), got)


def expect_shared(shares: torch.Tensor, whole: torch.Tensor) -> None:
    """Demand that what tied maxima get is neither lost nor multiplied.

    Args:
        shares: (ties, ...) what each gets.
        whole: (...) the gradient that is to be shared, all positive. One may get all of it, each may get a part, and
            each may get all of it.

    Raises:
        Judged: If together they get less, or one of them nothing like a part.
    """
    slack = 1e-9 * whole
    if bool((shares.sum(0) < whole - slack).any() or (shares < -slack).any() or (shares > whole + slack).any()):
        message = "dx: where the largest numbers are equal, their gradient is lost, or larger than what came in."
        raise Judged(Verdict.FAILED, message, rung="values")
