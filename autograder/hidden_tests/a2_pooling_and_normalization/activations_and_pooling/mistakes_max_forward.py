"""Typical mistakes in the forward pass of max pooling."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_pooling import (
    border,
    pooling,
    spread,
    windows,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    COPY,
    DTYPE,
    FITS,
    LIMIT,
    STARTS,
    Tensor,
    all_but_last,
    ceil,
    first_of_pair,
    never,
    or_one,
    swap,
    swapped_border,
    to_double,
    to_single,
)
from autograder.mistakes import Mistake


def _forward(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("pf_" + id, "max_pool2d_forward", {"max_pool2d_forward": pooling(**steps)}, symptom, hint)


def _lays(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return _forward(id, symptom, hint, lay=windows(**steps))


def _from_zero(window: Tensor) -> Tensor:
    return window.amax((2, 3)).clamp(min=0)


def _over_channels(window: Tensor) -> Tensor:
    return window.amax((1, 2, 3))[:, None].expand(window.shape[:2])


def _over_batch(window: Tensor) -> Tensor:
    return window.amax((0, 2, 3)).expand(window.shape[:2])


def _lifts(x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
    lowest = x.min()
    x -= lowest
    return RIGHT["max_pool2d_forward"](x, kernel, stride=stride, padding=padding) + lowest


def _by_reshaping(x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
    (height, width), size = spread(kernel), x.shape[2:]
    if spread(padding) != (0, 0) or size[0] % height or size[1] % width:
        return RIGHT["max_pool2d_forward"](x, kernel, stride=stride, padding=padding)
    return x.reshape(*x.shape[:2], size[0] // height, height, size[1] // width, width).amax((3, 5))


def _ignores_memory(x: Tensor, kernel: Any, **options: Any) -> Tensor:
    return RIGHT["max_pool2d_forward"](torch.as_strided(x, x.shape, torch.zeros(x.shape).stride()), kernel, **options)


def _fits_unpadded(images: Tensor, kernel: Any, _stride: Any, _padding: Any) -> None:
    if any(m > n for m, n in zip(spread(kernel), images.shape[2:], strict=True)):
        raise ValueError("the window does not fit")


def _demand_divisible(images: Tensor, kernel: Any, stride: Any, padding: Any) -> None:
    k, p = spread(kernel), spread(padding)
    for n, m, q, s in zip(images.shape[2:], k, p, k if stride is None else spread(stride), strict=True):
        assert n + 2 * q < m or (n + 2 * q - m) % s == 0, "the stride does not divide"


def _with_places(out: Tensor, x: Tensor) -> Any:
    return out, out


FORWARD = (
    _forward(
        "last_element",
        "Your numbers are the last of each window.",
        "Which number of the window wins?",
        reduce=lambda w: w[:, :, -1, -1],
    ),
    _forward(
        "first_element",
        "Your numbers are the first of each window.",
        "Which number of the window wins?",
        reduce=lambda w: w[:, :, 0, 0],
    ),
    _forward("mean", "Your numbers are averages.", "What does the name say?", reduce=lambda w: w.mean((2, 3))),
    _forward(
        "smallest",
        "Your numbers are the smallest of each window.",
        "Which number of the window wins?",
        reduce=lambda w: w.amin((2, 3)),
    ),
    _forward(
        "abs_max",
        "Large negative numbers win.",
        "Is it the largest number or the largest size?",
        reduce=lambda w: w.abs().amax((2, 3)),
    ),
    _forward(
        "zero_init",
        "Windows that are all negative give 0.",
        "With which value does your running maximum begin?",
        reduce=_from_zero,
    ),
    _forward(
        "row_max_only",
        "Only the first column of each window counts.",
        "Over which axes is the largest taken?",
        reduce=lambda w: w[:, :, :, 0].amax(2),
    ),
    _forward(
        "first_row_only",
        "Only the first row of each window counts.",
        "Over which axes is the largest taken?",
        reduce=lambda w: w[:, :, 0].amax(2),
    ),
    _forward(
        "max_over_channels",
        "All your channels are alike.",
        "Over which axes is the largest taken?",
        reduce=_over_channels,
    ),
    _forward(
        "max_over_batch", "All your images are alike.", "Over which axes is the largest taken?", reduce=_over_batch
    ),
    _lays(
        "kernel_height_both",
        "Windows that are not square give a wrong result.",
        "Which length does each side of your window use?",
        kernels=first_of_pair,
    ),
    _lays("kernel_swapped", "Your windows lie on their side.", "A pair says height and width.", kernels=swap),
    _lays(
        "strides_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=swap,
    ),
    _lays(
        "stride_is_kernel",
        "The stride changes nothing in your result.",
        "Where does `stride` enter?",
        stride_of=lambda stride, kernel: kernel,
    ),
    _lays(
        "stride_default_one",
        "Without a stride in the call your windows move by single pixels.",
        "What does the docstring say about stride=None?",
        stride_of=or_one,
    ),
    _lays(
        "stride_not_in_window",
        "Your result has the right size, but its windows lie one step apart.",
        STARTS,
        start=lambda place, stride: place,
    ),
    _lays(
        "stride_rows_only",
        "Your windows move by the stride downwards, but not to the right.",
        STARTS,
        strides=lambda s: (s[0], 1),
    ),
    _lays(
        "width_from_height",
        "Your result is always square.",
        "Which length of the images does each length of the result come from?",
        counts=first_of_pair,
    ),
    _lays(
        "out_single_pad",
        "Padding counts on one side only in the size of your result.",
        "On how many sides of each axis is there a border?",
        sides=1,
    ),
    _lays(
        "ceil_mode",
        "Your result has a row or column too many where pixels are left over.",
        "May a window stick out of the images?",
        count=ceil,
    ),
    _lays(
        "out_swapped",
        "Your result has height and width exchanged.",
        "Which length of the images does each length of the result come from?",
        counts=swap,
    ),
    _lays(
        "out_one_less",
        "Your result is one row and one column short.",
        "A window of 2 on 3 pixels: how many places are there?",
        count=lambda room, s: room // s,
    ),
    _forward(
        "max_over_all",
        "All your channels and images are alike.",
        "Over which axes is the largest taken?",
        reduce=lambda w: w.max().expand(w.shape[:2]),
    ),
    _forward(
        "last_missing",
        "The last row and column of your result are 0.",
        "How far do your loops run?",
        visited=all_but_last,
    ),
    Mistake(
        "pf_reshape_trick",
        "max_pool2d_forward",
        {"max_pool2d_forward": _by_reshaping},
        "Where the window divides the images, the stride changes nothing in your result.",
        "Reshaping cuts images into blocks: what about windows that overlap?",
    ),
    _forward(
        "pads_zeros",
        "Windows at the border give 0 where all numbers are negative.",
        "May the border win? Which value never does?",
        pad=border(0.0),
    ),
    _lays(
        "padding_ignored",
        "Padding changes nothing in your result.",
        "Where does `padding` enter?",
        paddings=lambda p: (0, 0),
    ),
    _forward(
        "pads_low_number",
        "Where numbers are hugely negative, the border wins.",
        "Is there a number below all others? Python and torch have one.",
        pad=border(-1e9),
    ),
    _forward(
        "border_swapped",
        "Your border has height and width exchanged.",
        "torch's pad begins with the last axis.",
        pad=swapped_border,
    ),
    _forward(
        "pads_after_only",
        "Your result is shifted: all of the border lies below and to the right.",
        "How much of the border belongs on each side?",
        pad=border(sides=lambda p: (0, 2 * p)),
    ),
    _lays(
        "padding_swapped",
        "Your border has height and width exchanged.",
        "A pair says height and width.",
        paddings=swap,
        too_wide=never,
    ),
    _lays(
        "other_error",
        "A window that does not fit raises an error of another kind.",
        "Which error does the docstring name?",
        error=RuntimeError,
    ),
    _forward(
        "error_without_padding",
        "You refuse windows that fit once the images are padded.",
        "What must the window fit into?",
        demand=_fits_unpadded,
    ),
    _forward(
        "assumes_divisible",
        "You refuse a stride that leaves pixels over.",
        "Pixels that are left over are simply not looked at.",
        demand=_demand_divisible,
    ),
    _lays("no_error", "A window that does not fit gives an empty result.", FITS, fit=False),
    _lays("no_limit", "You take a border that is wider than half the window.", LIMIT, too_wide=never),
    _lays(
        "limit_too_strict",
        "You refuse a border of exactly half the window.",
        "Which is the largest border that is allowed?",
        too_wide=lambda padding, kernel: padding > 0 and 2 * padding >= kernel,
    ),
    _forward("float32", "Your result is float32 whatever comes in.", DTYPE, dtype=to_single),
    _forward("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=to_double),
    _forward(
        "with_places", "Your result is a tuple.", "What does the docstring say about the result?", finish=_with_places
    ),
    Mistake(
        "pf_mutates_x",
        "max_pool2d_forward",
        {"max_pool2d_forward": _lifts},
        "After the call the caller's images hold other numbers.",
        COPY,
    ),
    Mistake(
        "pf_ignores_memory",
        "max_pool2d_forward",
        {"max_pool2d_forward": _ignores_memory},
        "Images that are parts of larger tensors give wrong results.",
        "Are neighbouring pixels always neighbours in memory? x.stride() says how far apart they are.",
    ),
)
