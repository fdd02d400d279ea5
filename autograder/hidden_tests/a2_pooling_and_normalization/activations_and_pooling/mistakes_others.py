"""Typical mistakes in average pooling as a convolution, and in max pooling along one axis."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_pooling import (
    filters,
    pooling1d,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    COPY,
    DTYPE,
    FITS,
    STARTS,
    Tensor,
    ceil,
    or_one,
    to_double,
    to_single,
)
from autograder.mistakes import Mistake


# Average pooling as a convolution
def _filters(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("aw_" + id, "avg_pool_as_conv", {"avg_pool_weights": filters(**steps)}, symptom, hint)


def _on_the_diagonal(weights: Tensor) -> Tensor:
    channels = len(weights)
    wide = weights.new_zeros(channels, channels, *weights.shape[2:])
    for channel in range(channels):
        wide[channel, channel] = weights[channel, 0]
    return wide


FILTERS = (
    _filters(
        "ones",
        "Your filters add up, they don't average.",
        "What do the weights of an average add up to?",
        weight=lambda c, h, w: 1.0,
    ),
    _filters(
        "height_squared",
        "Windows that are not square give weights that are off by a factor.",
        "How many weights does a filter have?",
        weight=lambda c, h, w: 1 / h**2,
    ),
    _filters(
        "side_by_side",
        "Your weights don't add up to 1.",
        "How many weights does a filter have?",
        weight=lambda c, h, w: 1 / (h + w),
    ),
    _filters(
        "channels_counted",
        "The more channels there are, the smaller your weights.",
        "How many channels does one filter see?",
        weight=lambda c, h, w: 1 / (c * h * w),
    ),
    _filters(
        "all_channels",
        "Your filters see all channels.",
        "How many channels does one filter see?",
        shape=lambda c, h, w: (c, c, h, w),
    ),
    _filters(
        "block_diagonal",
        "Your filters see all channels, with weights of 0 for the others.",
        "With as many groups as channels, how many channels does one filter see?",
        finish=_on_the_diagonal,
    ),
    _filters(
        "rounded_down",
        "Your weights are 0.",
        "What do / and // give?",
        finish=lambda weights: weights.floor(),
    ),
    _filters(
        "channels_first",
        "Your filters stand on the wrong axis.",
        "Filters are (C_out, C_in, K_H, K_W): which is 1?",
        shape=lambda c, h, w: (1, c, h, w),
    ),
    _filters(
        "one_filter",
        "You give one filter, whatever the number of channels.",
        "How many filters does it take if each sees one channel?",
        shape=lambda c, h, w: (1, 1, h, w),
    ),
    _filters(
        "three_axes",
        "Your filters have three axes.",
        "Filters are (C_out, C_in, K_H, K_W), also where C_in is 1.",
        shape=lambda c, h, w: (c, h, w),
    ),
    _filters(
        "sides_swapped",
        "Your filters lie on their side.",
        "A pair says height and width.",
        shape=lambda c, h, w: (c, 1, w, h),
    ),
    _filters(
        "square", "Your filters are always square.", "A pair says height and width.", shape=lambda c, h, w: (c, 1, h, h)
    ),
    _filters(
        "whole_numbers",
        "Your weights are all 0, or whole numbers.",
        "Which dtype can hold 1/6?",
        finish=lambda w: w.to(torch.int64),
    ),
)


# Pooling along one axis
def _line(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("p1_" + id, "pool1d", {"max_pool1d": pooling1d(**steps)}, symptom, hint)


def _lifts_line(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
    lowest = x.min()
    x -= lowest
    return RIGHT["max_pool1d"](x, kernel, stride=stride) + lowest


LINE = (
    _line("mean", "Your numbers are averages.", "What does the name say?", reduce=lambda w: w.mean(2)),
    _line(
        "last_element",
        "Your numbers are the last of each window.",
        "Which number of the window wins?",
        reduce=lambda w: w[:, :, -1],
    ),
    _line(
        "zero_init",
        "Windows that are all negative give 0.",
        "With which value does your running maximum begin?",
        reduce=lambda w: w.amax(2).clamp(min=0),
    ),
    _line(
        "abs_max",
        "Large negative numbers win.",
        "Is it the largest number or the largest size?",
        reduce=lambda w: w.abs().amax(2),
    ),
    _line(
        "max_over_channels",
        "All your channels are alike.",
        "Over which axes is the largest taken?",
        reduce=lambda w: w.amax((1, 2))[:, None].expand(w.shape[:2]),
    ),
    _line(
        "stride_default_one",
        "Without a stride in the call your windows move by single entries.",
        "What does the docstring say about stride=None?",
        stride_of=or_one,
    ),
    _line(
        "stride_is_kernel",
        "The stride changes nothing in your result.",
        "Where does `stride` enter?",
        stride_of=lambda stride, kernel: kernel,
    ),
    _line(
        "stride_not_in_window",
        "Your result has the right length, but its windows lie one step apart.",
        STARTS,
        start=lambda place, stride: place,
    ),
    _line(
        "ceil_mode",
        "Your result is one number too long where entries are left over.",
        "May a window stick out of the sequence?",
        count=ceil,
    ),
    _line(
        "out_one_less",
        "Your result is one number short.",
        "A window of 2 on 3 entries: how many places are there?",
        count=lambda room, s: room // s,
    ),
    _line(
        "last_window_missing",
        "Your result lacks the last window where it ends with the sequence.",
        "In a range the end does not belong to it: how far does yours run?",
        count=lambda room, s: -(-room // s),
    ),
    _line(
        "other_error",
        "A window that does not fit raises an error of another kind.",
        "Which error does the docstring name?",
        error=RuntimeError,
    ),
    _line(
        "windows_first",
        "Your result begins with the axis of the windows.",
        "Along which axis does torch.stack put together?",
        finish=lambda out, x: out.movedim(2, 0),
    ),
    _line(
        "windows_before_channels",
        "Your result has channels and windows exchanged.",
        "Along which axis does torch.stack put together?",
        finish=lambda out, x: out.transpose(1, 2),
    ),
    _line("no_error", "A window that does not fit gives an empty result.", FITS, check=False),
    _line("float32", "Your result is float32 whatever comes in.", DTYPE, dtype=to_single),
    _line("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=to_double),
    _line(
        "extra_axis",
        "Your result keeps an axis of length 1.",
        "If you go by way of two dimensions, which axis must go in the end?",
        finish=lambda out, x: out[:, :, None],
    ),
    Mistake(
        "p1_mutates_x",
        "pool1d",
        {"max_pool1d": _lifts_line},
        "After the call the caller's sequences hold other numbers.",
        COPY,
    ),
)
