"""The listed mistakes in all kinds of pooling, made a second time."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import RIGHT_AGAIN
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import Step
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_pooling import (
    averaged,
    averaged_back,
    made,
    pair_of,
    planned,
    pooled1d,
    whole_average,
    whole_back,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_max import BACKWARD, FORWARD
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_steps import (
    Tensor,
    all_ones,
    allowed,
    corner_crop,
    ends_with_windows,
    in_double,
    in_single,
    kernel_always,
    negative_crop,
    no_crop,
    one_if_none,
    one_less,
    other_way,
    plans,
    rounded_up,
    step_by_step,
    under,
)


# Average pooling
def _within_image(windows: Tensor, inside: Tensor, _border: Tensor) -> Tensor:
    return windows.sum((4, 5)) / inside.sum((2, 3))


def _only_inside(windows: Tensor, inside: Tensor, _border: Tensor) -> Tensor:
    return (inside.to(windows.dtype) / inside.sum((2, 3))[:, :, None, None]).expand_as(windows)


def _square_of_height(windows: Tensor, *_others: Tensor) -> Tensor:
    return torch.ones_like(windows) / windows.shape[4] ** 2


def _corner(windows: Tensor, *_others: Tensor) -> Tensor:
    shares = torch.zeros_like(windows)
    shares[..., 0, 0] = 1.0
    return shares


def _shrinks_dout(dout: Tensor, in_size: Any, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT_AGAIN["avg_pool2d_backward"](dout, in_size, kernel, **options)
    height, width = pair_of(kernel)
    dout.div_(height * width)
    return dx


def _by_image(dout: Tensor, in_size: Any, kernel: Any, **options: Any) -> Tensor:
    back = averaged_back(shares=lambda w, *others: torch.full_like(w, 1 / (in_size[0] * in_size[1])))
    return back(dout, in_size, kernel, **options)


def _takes_mean_off(x: Tensor) -> Tensor:
    means = x.mean((2, 3), keepdim=True)
    x.sub_(means)
    return means[:, :, 0, 0]


_AVERAGE: dict[str, Step] = {
    "sum": averaged(reduce=lambda w, inside, border: w.sum((4, 5))),
    "largest": averaged(reduce=lambda w, inside, border: w.amax((4, 5))),
    "height_squared": averaged(reduce=lambda w, inside, border: w.sum((4, 5)) / w.shape[4] ** 2),
    "border_not_counted": averaged(reduce=_within_image),
    "row_only": averaged(reduce=lambda w, inside, border: w[..., 0, :].mean(4)),
    **plans(
        "strides_swapped stride_is_kernel stride_default_one stride_not_in_window padding_ignored no_error no_limit "
        "kernel_swapped",
        averaged,
    ),
    "padding_swapped": averaged(plan=planned(paddings=other_way, too_wide=allowed)),
    "other_error": averaged(plan=planned(error=RuntimeError)),
    "ceil_mode": averaged(plan=planned(windows=rounded_up)),
    "float32": averaged(finish=in_single),
    "float64": averaged(finish=in_double),
}


_AVERAGE_BACK: dict[str, Step] = {
    "not_divided": averaged_back(shares=all_ones),
    "divided_by_image": _by_image,
    "assign": averaged_back(accumulate=False),
    "height_squared": averaged_back(shares=_square_of_height),
    "border_not_counted": averaged_back(shares=_only_inside),
    "first_pixel": averaged_back(shares=_corner),
    **plans("stride_not_in_window stride_is_kernel", averaged_back),
    "crop_negative": averaged_back(into=negative_crop),
    "crop_top_left": averaged_back(into=corner_crop),
    "not_cropped": averaged_back(into=no_crop),
    "remainder_shape": ends_with_windows("avg_pool2d_backward"),
    "float32": averaged_back(finish=in_single),
    "mutates_dout": _shrinks_dout,
}


_WHOLE: dict[str, Step] = {
    "sum": whole_average(lambda pixels: pixels.sum(2)),
    "largest": whole_average(lambda pixels: pixels.amax(2)),
    "axes_kept": whole_average(finish=lambda out: out.reshape(*out.shape, 1, 1)),
    "rows_only": lambda x: x.sum(2) / x.shape[2],
    "batch": whole_average(finish=lambda out: out.mean(0)),
    "channels": whole_average(finish=lambda out: out.mean(1)),
    "height_squared": lambda x: x.sum((2, 3)) / (x.shape[2] * x.shape[2]),
    "float32": whole_average(finish=in_single),
    "mutates_x": _takes_mean_off,
}


_WHOLE_BACK: dict[str, Step] = {
    "not_divided": whole_back(lambda dout, height, width: 1),
    "no_dout": lambda dout, in_size: torch.full((*dout.shape, *in_size), 1 / (in_size[0] * in_size[1])),
    "divided_by_batch": whole_back(lambda dout, height, width: dout.shape[0] * height * width),
    "height_squared": whole_back(lambda dout, height, width: height**2),
    "one_pixel": whole_back(finish=lambda dx: dx[:, :, 0:1, 0:1]),
    "size_swapped": lambda dout, in_size: RIGHT_AGAIN["global_avg_pool_backward"](dout, in_size[::-1]),
    "float32": whole_back(finish=in_single),
}


# Average pooling as a convolution
_FILTERS: dict[str, Step] = {
    "ones": made(total=lambda c, h, w: 1),
    "height_squared": made(total=lambda c, h, w: h * h),
    "side_by_side": made(total=lambda c, h, w: h + w),
    "channels_counted": made(total=lambda c, h, w: c * h * w),
    "all_channels": made(shape=lambda c, h, w: (c, c, h, w)),
    "block_diagonal": made(finish=lambda w: torch.eye(len(w)).double()[:, :, None, None] * w),
    "rounded_down": made(finish=torch.floor),
    "channels_first": made(shape=lambda c, h, w: (1, c, h, w)),
    "one_filter": made(shape=lambda c, h, w: (1, 1, h, w)),
    "three_axes": made(finish=lambda weights: weights.squeeze(1)),
    "sides_swapped": made(finish=lambda weights: weights.transpose(2, 3)),
    "square": made(shape=lambda c, h, w: (c, 1, h, h)),
    "whole_numbers": made(finish=lambda weights: weights.floor().long()),
}


# Pooling along one axis
def _raises_sequence(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
    floor = x.amin()
    return RIGHT_AGAIN["max_pool1d"](x.sub_(floor), kernel, stride=stride).add(floor)


_LINE: dict[str, Step] = {
    "mean": pooled1d(reduce=lambda w: w.sum(3) / w.shape[3]),
    "last_element": pooled1d(reduce=lambda w: w.select(3, w.shape[3] - 1)),
    "zero_init": pooled1d(finish=lambda out: torch.maximum(out, torch.zeros_like(out))),
    "abs_max": pooled1d(reduce=lambda w: torch.maximum(w.amax(3), -w.amin(3))),
    "max_over_channels": pooled1d(finish=lambda out: out.amax(1, keepdim=True).expand_as(out)),
    "stride_default_one": pooled1d(stride_of=one_if_none),
    "stride_is_kernel": pooled1d(stride_of=kernel_always),
    "stride_not_in_window": pooled1d(first=step_by_step),
    "ceil_mode": pooled1d(windows=rounded_up),
    "out_one_less": pooled1d(windows=one_less),
    "last_window_missing": pooled1d(windows=lambda last, stride: len(range(0, last, stride))),
    "other_error": pooled1d(error=RuntimeError),
    "windows_first": pooled1d(finish=lambda out: out.permute(2, 0, 1)),
    "windows_before_channels": pooled1d(finish=lambda out: out.permute(0, 2, 1)),
    "no_error": pooled1d(refuse=False),
    "float32": pooled1d(finish=in_single),
    "float64": pooled1d(finish=in_double),
    "extra_axis": pooled1d(finish=lambda out: out.unsqueeze(2)),
    "mutates_x": _raises_sequence,
}


SECOND: dict[str, dict[str, Any]] = {
    **under("pf", "max_pool2d_forward", FORWARD),
    **under("pb", "max_pool2d_backward", BACKWARD),
    **under("af", "avg_pool2d_forward", _AVERAGE),
    **under("ab", "avg_pool2d_backward", _AVERAGE_BACK),
    **under("gf", "global_avg_pool_forward", _WHOLE),
    **under("gb", "global_avg_pool_backward", _WHOLE_BACK),
    **under("aw", "avg_pool_weights", _FILTERS),
    **under("p1", "max_pool1d", _LINE),
}
