"""Typical mistakes in average pooling, over windows and over whole images."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_pooling import (
    averaging,
    averaging_back,
    border,
    global_average,
    global_back,
    spread,
    windows,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    ADDS,
    COPY,
    DTYPE,
    FITS,
    LIMIT,
    STARTS,
    Tensor,
    ceil,
    crop_by_negative,
    crop_top_left,
    everywhere,
    never,
    or_one,
    overwrite,
    single,
    swap,
    to_double,
    to_single,
    uncropped,
    windows_only,
)
from autograder.mistakes import Mistake


def _average(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("af_" + id, "avg_pool2d", {"avg_pool2d_forward": averaging(**steps)}, symptom, hint)


def _average_back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("ab_" + id, "avg_pool2d", {"avg_pool2d_backward": averaging_back(**steps)}, symptom, hint)


def _global(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("gf_" + id, "avg_pool2d", {"global_avg_pool_forward": global_average(**steps)}, symptom, hint)


def _global_back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("gb_" + id, "avg_pool2d", {"global_avg_pool_backward": global_back(**steps)}, symptom, hint)


def _not_counted(window: Tensor) -> Tensor:
    inside = ~torch.isnan(window)
    return torch.where(inside, window, torch.zeros_like(window)).sum((2, 3)) / inside.sum((2, 3))


def _by_height_squared(window: Tensor) -> Tensor:
    return window.sum((2, 3)) / window.shape[2] ** 2


def _share_by_height(window: Tensor) -> Tensor:
    return torch.ones_like(window) / window.shape[2] ** 2


def _share_inside(window: Tensor) -> Tensor:
    inside = (~torch.isnan(window)).to(window.dtype)
    return inside / inside.sum((2, 3), keepdim=True)


def _corner(window: Tensor) -> Tensor:
    shares = torch.zeros_like(window)
    shares[:, :, 0, 0] = 1
    return shares


def _centres_images(x: Tensor) -> Tensor:
    means = x.mean((2, 3))
    x -= means[:, :, None, None]
    return means


def _over_the_image(dout: Tensor, in_size: Any, kernel: Any, **options: Any) -> Tensor:
    (height, width), dx = spread(kernel), RIGHT["avg_pool2d_backward"](dout, in_size, kernel, **options)
    return dx * height * width / (in_size[0] * in_size[1])


def _divides_dout(dout: Tensor, in_size: Any, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT["avg_pool2d_backward"](dout, in_size, kernel, **options)
    height, width = spread(kernel)
    dout /= height * width
    return dx


AVERAGE = (
    _average("sum", "Your numbers are sums.", "What does the name say?", reduce=lambda w: w.sum((2, 3))),
    _average(
        "largest",
        "Your numbers are the largest of each window.",
        "What does the name say?",
        reduce=lambda w: w.amax((2, 3)),
    ),
    _average(
        "height_squared",
        "Windows that are not square give numbers that are off by a factor.",
        "How many numbers are there in a window?",
        reduce=_by_height_squared,
    ),
    _average(
        "border_not_counted",
        "Your numbers are too large at the border.",
        "How many numbers does a window hold that lies partly on the border? The zeros count.",
        pad=border(float("nan")),
        reduce=_not_counted,
    ),
    _average(
        "row_only",
        "Only the first row of each window counts.",
        "Over which axes is the mean taken?",
        reduce=lambda w: w[:, :, 0].mean(2),
    ),
    _average(
        "stride_default_one",
        "Without a stride in the call your windows move by single pixels.",
        "What does the docstring say about stride=None?",
        lay=windows(stride_of=or_one),
    ),
    _average(
        "stride_is_kernel",
        "The stride changes nothing in your result.",
        "Where does `stride` enter?",
        lay=windows(stride_of=lambda stride, kernel: kernel),
    ),
    _average(
        "stride_not_in_window",
        "Your result has the right size, but its windows lie one step apart.",
        STARTS,
        lay=windows(start=lambda place, stride: place),
    ),
    _average(
        "ceil_mode",
        "Your result has a row or column too many where pixels are left over.",
        "May a window stick out of the images?",
        lay=windows(count=ceil),
    ),
    _average(
        "padding_ignored",
        "Padding changes nothing in your result.",
        "Where does `padding` enter?",
        lay=windows(paddings=lambda p: (0, 0)),
    ),
    _average(
        "strides_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        lay=windows(strides=swap),
    ),
    _average(
        "kernel_swapped", "Your windows lie on their side.", "A pair says height and width.", lay=windows(kernels=swap)
    ),
    _average(
        "padding_swapped",
        "Your border has height and width exchanged.",
        "torch's pad begins with the last axis.",
        lay=windows(paddings=swap, too_wide=never),
    ),
    _average(
        "other_error",
        "A window that does not fit raises an error of another kind.",
        "Which error does the docstring name?",
        lay=windows(error=RuntimeError),
    ),
    _average("no_error", "A window that does not fit gives an empty result.", FITS, lay=windows(fit=False)),
    _average("no_limit", "You take a border that is wider than half the window.", LIMIT, lay=windows(too_wide=never)),
    _average("float32", "Your result is float32 whatever comes in.", DTYPE, dtype=to_single),
    _average("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=to_double),
    _average_back(
        "not_divided",
        "Your gradient is too large by one factor.",
        "By how much does the average change if one of its numbers grows by 1?",
        share=everywhere,
    ),
    Mistake(
        "ab_divided_by_image",
        "avg_pool2d",
        {"avg_pool2d_backward": _over_the_image},
        "Your gradient is the smaller, the larger the images are.",
        "How many numbers did each average have?",
    ),
    _average_back("assign", "A later window wipes out what an earlier one has left.", ADDS, add=overwrite),
    _average_back(
        "height_squared",
        "Windows that are not square give a gradient that is off by a factor.",
        "How many numbers are there in a window?",
        share=_share_by_height,
    ),
    _average_back(
        "border_not_counted",
        "Your gradient is too large near the border.",
        "How many numbers does a window hold that lies partly on the border? The zeros count.",
        pad=border(float("nan")),
        share=_share_inside,
    ),
    _average_back(
        "first_pixel",
        "Only the first pixel of each window gets a gradient.",
        "Which pixels of a window change its average?",
        share=_corner,
    ),
    _average_back(
        "stride_not_in_window",
        "Your windows lie one step apart.",
        STARTS,
        lay=windows(start=lambda place, stride: place),
    ),
    _average_back(
        "stride_is_kernel",
        "The stride changes nothing in your gradient.",
        "Where does `stride` enter?",
        lay=windows(stride_of=lambda stride, kernel: kernel),
    ),
    _average_back(
        "crop_negative", "Without padding your gradient is empty.", "What is x[0:-0]?", crop=crop_by_negative
    ),
    _average_back(
        "crop_top_left",
        "With padding your gradient is shifted.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=crop_top_left,
    ),
    _average_back(
        "not_cropped",
        "With padding your gradient is larger than the images.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=uncropped,
    ),
    Mistake(
        "ab_remainder_shape",
        "avg_pool2d",
        {"avg_pool2d_backward": windows_only("avg_pool2d_backward")},
        "Where pixels are left over, your gradient is too small.",
        "What shape has dx? Pixels that no window saw have a gradient as well.",
    ),
    _average_back("float32", "Your gradient is float32 whatever comes in.", DTYPE, dtype=to_single),
    Mistake(
        "ab_mutates_dout",
        "avg_pool2d",
        {"avg_pool2d_backward": _divides_dout},
        "After the call the caller's gradient holds smaller numbers.",
        COPY,
    ),
    _global("sum", "Your numbers are sums.", "What does the name say?", average=lambda x: x.sum((2, 3))),
    _global(
        "largest",
        "Your numbers are the largest of each channel.",
        "What does the name say?",
        average=lambda x: x.amax((2, 3)),
    ),
    _global(
        "axes_kept",
        "Your result keeps two axes of length 1.",
        "What does `keepdim` do?",
        finish=lambda out, x: out[:, :, None, None],
    ),
    _global(
        "rows_only", "Your result still has a width.", "Over which axes is the mean taken?", average=lambda x: x.mean(2)
    ),
    _global(
        "batch",
        "Your result has lost the batch.",
        "Over which axes is the mean taken?",
        average=lambda x: x.mean((0, 2, 3)),
    ),
    _global(
        "channels",
        "Your result has lost the channels.",
        "Over which axes is the mean taken?",
        average=lambda x: x.mean((1, 2, 3)),
    ),
    _global(
        "height_squared",
        "Images that are not square give numbers that are off by a factor.",
        "How many pixels does an image have?",
        average=_by_height_squared,
    ),
    _global("float32", "Your result is float32 whatever comes in.", DTYPE, finish=single),
    Mistake(
        "gf_mutates_x",
        "avg_pool2d",
        {"global_avg_pool_forward": _centres_images},
        "After the call the caller's images have lost their mean.",
        COPY,
    ),
    _global_back(
        "not_divided",
        "Your gradient is too large by one factor.",
        "By how much does the average change if one pixel grows by 1?",
        divisor=lambda dout, height, width: 1,
    ),
    Mistake(
        "gb_no_dout",
        "avg_pool2d",
        {"global_avg_pool_backward": lambda dout, size: torch.ones((*dout.shape, *size)) / (size[0] * size[1])},
        "Your gradient does not depend on the incoming gradient.",
        "The chain rule multiplies two things: which one is missing?",
    ),
    _global_back(
        "divided_by_batch",
        "Your gradient gets smaller with the number of images.",
        "Over which axes was the mean taken?",
        divisor=lambda dout, height, width: height * width * len(dout),
    ),
    _global_back(
        "height_squared",
        "Images that are not square give a gradient that is off by a factor.",
        "How many pixels does an image have?",
        divisor=lambda dout, height, width: height * height,
    ),
    _global_back(
        "one_pixel",
        "Your gradient has only one row and one column.",
        "What shape has dx?",
        finish=lambda dx, dout: dx[:, :, :1, :1],
    ),
    _global_back(
        "size_swapped",
        "Your gradient has height and width exchanged.",
        "In which order does `in_size` say them?",
        finish=lambda dx, dout: dx.transpose(2, 3),
    ),
    _global_back("float32", "Your gradient is float32 whatever comes in.", DTYPE, finish=single),
)
