"""Wrong steps that several mistakes share, and what is said about them."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    Step,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_pooling import (
    border,
    spread,
)

Tensor = torch.Tensor

COPY = "Does your line make a new tensor, or write into the one it was given?"
DTYPE = "Which dtype do torch.zeros and its like give by default, and which do the inputs have?"
FITS = "What should happen where there is no place for the window?"
LIMIT = "What does the docstring say about a border wider than half the window?"
STARTS = "For output i, where does the window begin?"
ADDS = "Windows overlap: what happens to a pixel that two of them look at?"


def single(out: Tensor, *_others: Tensor) -> Tensor:
    """Give the result in float32."""
    return out.to(torch.float32)


def double(out: Tensor, *_others: Tensor) -> Tensor:
    """Give the result in float64."""
    return out.to(torch.float64)


def to_single(_x: Tensor) -> torch.dtype:
    """Take float32 whatever comes in."""
    return torch.float32


def to_double(_x: Tensor) -> torch.dtype:
    """Take float64 whatever comes in."""
    return torch.float64


def ceil(room: int, stride: int) -> int:
    """Let a last window stick out."""
    return -(-room // stride) + 1


def first_of_pair(pair: tuple[int, int]) -> tuple[int, int]:
    """Take one number of a pair for both axes."""
    return (pair[0], pair[0])


def swap(pair: tuple[int, int]) -> tuple[int, int]:
    """Exchange height and width."""
    return pair[::-1]


def or_one(stride: Any, _kernel: Any) -> Any:
    """Move by single pixels if no stride is given."""
    return 1 if stride is None else stride


def never(_padding: int, _kernel: int) -> bool:
    """Refuse nothing."""
    return False


def all_but_last(count: int) -> int:
    """End a loop too early."""
    return max(count - 1, 1)


def swapped_border(x: Tensor, padding: tuple[int, int]) -> Tensor:
    """Pad the width by what is meant for the height."""
    return border()(x, padding[::-1])


def overwrite(_old: Tensor, new: Tensor) -> Tensor:
    """Assign where one should add."""
    return new


def everywhere(window: Tensor) -> Tensor:
    """Give all of it to all."""
    return torch.ones_like(window)


def crop_by_negative(dpadded: Tensor, padding: tuple[int, int], _size: Any) -> Tensor:
    """Cut from p to -p, which is nothing where p is 0."""
    (down, right) = padding
    return dpadded[:, :, down:-down, right:-right]


def crop_top_left(dpadded: Tensor, _padding: Any, size: Any) -> Tensor:
    """Cut the border off at one end only."""
    return dpadded[:, :, : size[0], : size[1]]


def uncropped(dpadded: Tensor, _padding: Any, _size: Any) -> Tensor:
    """Leave the border on."""
    return dpadded


def windows_only(name: str) -> Step:
    """A backward function whose result ends with the last window."""

    def back(dout: Tensor, of: Any, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        dx = RIGHT[name](dout, of, kernel, stride=stride, padding=padding)
        steps = spread(kernel if stride is None else stride)
        ends = [
            s * (n - 1) + k - 2 * p
            for n, s, k, p in zip(dout.shape[2:], steps, spread(kernel), spread(padding), strict=True)
        ]
        return dx[:, :, : ends[0], : ends[1]]

    return back
