"""What a result amounts to, where several different ones are right: mistakes are recognised by that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def in_double(weights: Any) -> Any:
    """Filters of any floating dtype as float64, which is all that the tests look at."""
    return weights.double() if isinstance(weights, torch.Tensor) and weights.is_floating_point() else weights


VIEWS: dict[str, Callable[[Any], Any]] = {"avg_pool_weights": in_double}
