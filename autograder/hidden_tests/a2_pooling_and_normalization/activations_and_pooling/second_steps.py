"""What several mistakes in pooling share on the second base."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import RIGHT_AGAIN
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import Step
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_pooling import (
    pair_of,
    planned,
)

Tensor = torch.Tensor


def in_single(out: Tensor, *_others: Any) -> Tensor:
    """Give the result in float32."""
    return out.float()


def in_double(out: Tensor, *_others: Any) -> Tensor:
    """Give the result in float64."""
    return out.double()


def rounded_up(last: int, stride: int) -> int:
    """Let a last window stick out."""
    return len(range(0, last + stride, stride))


def one_less(last: int, stride: int) -> int:
    """Count the steps, not the places."""
    return len(range(stride, last + 1, stride))


def one_if_none(stride: Any, _kernel: Any) -> Any:
    """Move by single pixels if no stride is given."""
    return 1 if stride is None else stride


def kernel_always(_stride: Any, kernel: Any) -> Any:
    """Move by whole windows."""
    return kernel


def allowed(_padding: int, _kernel: int) -> bool:
    """Refuse nothing."""
    return False


def half_refused(padding: int, kernel: int) -> bool:
    """Refuse half a window, too."""
    return padding > (kernel - 1) // 2


def twice_first(pair: list[int]) -> list[int]:
    """Take one number of a pair for both axes."""
    return [pair[0], pair[0]]


def other_way(pair: list[int]) -> list[int]:
    """Exchange height and width."""
    return [pair[1], pair[0]]


def _nothing(_pair: list[int]) -> list[int]:
    return [0, 0]


def step_by_step(place: int, _stride: int) -> int:
    """Forget the stride."""
    return place


# Layouts that are wrong in the same way for the largest number and for the average.
_WRONG_PLANS: dict[str, Step] = {
    "kernel_height_both": planned(kernels=twice_first),
    "kernel_swapped": planned(kernels=other_way),
    "strides_swapped": planned(strides=other_way),
    "stride_is_kernel": planned(stride_of=kernel_always),
    "stride_default_one": planned(stride_of=one_if_none),
    "stride_not_in_window": planned(first=step_by_step),
    "padding_ignored": planned(paddings=_nothing),
    "no_error": planned(refuse=False),
    "no_limit": planned(too_wide=allowed),
}


def plans(names: str, build: Step) -> dict[str, Step]:
    """One mistake for each wrong plan."""
    return {name: build(plan=_WRONG_PLANS[name]) for name in names.split()}


def all_ones(windows: Tensor, *_others: Tensor) -> Tensor:
    """Give all of it to all."""
    return torch.ones_like(windows)


def negative_crop(wide: Tensor, padding: list[int]) -> Tensor:
    """Cut from p to -p, which is nothing where p is 0."""
    return wide[..., padding[0] : -padding[0], padding[1] : -padding[1]]


def corner_crop(wide: Tensor, padding: list[int]) -> Tensor:
    """Cut the border off at one end only."""
    return wide[..., : wide.shape[2] - 2 * padding[0], : wide.shape[3] - 2 * padding[1]]


def no_crop(wide: Tensor, _padding: list[int]) -> Tensor:
    """Leave the border on."""
    return wide


def ends_with_windows(name: str) -> Step:
    """A backward function whose result ends with the last window."""

    def back(dout: Tensor, of: Any, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        dx = RIGHT_AGAIN[name](dout, of, kernel, stride=stride, padding=padding)
        k, p, s = pair_of(kernel), pair_of(padding), pair_of(kernel if stride is None else stride)
        height, width = ((dout.shape[2 + a] - 1) * s[a] + k[a] - 2 * p[a] for a in (0, 1))
        return dx.narrow(2, 0, min(height, dx.shape[2])).narrow(3, 0, min(width, dx.shape[3]))

    return back


def under(prefix: str, function: str, wrong: dict[str, Step]) -> dict[str, dict[str, Any]]:
    """Ids of mistakes with a prefix, in one function."""
    return {f"{prefix}_{name}": {function: version} for name, version in wrong.items()}
