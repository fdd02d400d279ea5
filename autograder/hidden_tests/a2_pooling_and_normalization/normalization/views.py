"""What a result amounts to: numbers that are nothing but rounding error are as good as zero.

A sum that is zero by right comes out as 1e-17 in one order and as -3e-17 in another. Compared with each other they
differ by far more than rounding would explain, so they are put to zero before two wrong answers are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.sandbox.protocol import Record

# Inputs are numbers around 1, of which double precision keeps 1e-16 and single precision 1e-7 in every step.
_NOTHING = {torch.float64: 1e-11, torch.float32: 1e-5}


def quiet(value: Any) -> Any:
    """The same with numbers that are next to nothing at zero; what is no result stays as it is."""
    if isinstance(value, Record):
        value = tuple(entry for _, entry in value.fields)
    if isinstance(value, tuple | list):
        return type(value)(map(quiet, value)) if type(value) in (tuple, list) else value
    if isinstance(value, torch.Tensor):
        least = _NOTHING.get(value.dtype, 0.0)
        # Infinity and NaN are not below anything, and stay.
        return torch.where(value.abs() < least, torch.zeros_like(value), value) if least else value
    if type(value) is float:
        return 0.0 if abs(value) < _NOTHING[torch.float64] else value
    return value


VIEWS: dict[str, Callable[[Any], Any]] = dict.fromkeys(
    (
        "batchnorm_backward",
        "batchnorm_backward_simplified",
        "batchnorm2d_backward",
        "layernorm_backward",
        "groupnorm_backward",
        "bias_before_batchnorm",
        "scale_invariance_gap",
    ),
    quiet,
)
