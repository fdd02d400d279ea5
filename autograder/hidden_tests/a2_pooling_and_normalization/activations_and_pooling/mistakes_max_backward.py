"""Typical mistakes in the backward pass of max pooling."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_pooling import (
    border,
    first_maximum,
    pooling_back,
    spread,
    unpadded,
    windows,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    ADDS,
    COPY,
    DTYPE,
    STARTS,
    Tensor,
    all_but_last,
    crop_by_negative,
    crop_top_left,
    everywhere,
    first_of_pair,
    or_one,
    overwrite,
    swap,
    to_double,
    to_single,
    uncropped,
    windows_only,
)
from autograder.mistakes import Mistake, Policy


def _backward(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("pb_" + id, "max_pool2d_backward", {"max_pool2d_backward": pooling_back(**steps)}, symptom, hint)


def _lays_back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return _backward(id, symptom, hint, lay=windows(**steps))


def _keep_others(old: Tensor, new: Tensor) -> Tensor:
    return torch.where(new != 0, new, old)


def _all_of_them(window: Tensor) -> Tensor:
    return (window == window.amax((2, 3), keepdim=True)).to(window.dtype)


def _shared(window: Tensor) -> Tensor:
    winners = _all_of_them(window)
    return winners / winners.sum((2, 3), keepdim=True)


def _last_of_ties(window: Tensor) -> Tensor:
    return first_maximum(window.flip((2, 3))).flip((2, 3))


def _nearly(window: Tensor) -> Tensor:
    return ((window - window.amax((2, 3), keepdim=True)).abs() < 1e-2).to(window.dtype)


def _even(window: Tensor) -> Tensor:
    return torch.ones_like(window) / window[0, 0].numel()


def _unravelled_by_height(dout: Tensor, x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
    (height, width), steps, p = spread(kernel), spread(kernel if stride is None else stride), spread(padding)
    padded = border()(x, p)
    dx = torch.zeros_like(padded)
    for n, c, i, j in product(*map(range, dout.shape)):
        top, left = i * steps[0], j * steps[1]
        row, column = divmod(int(padded[n, c, top : top + height, left : left + width].argmax()), height)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return unpadded(dx, p, x.shape[2:])


def _over_all_channels(window: Tensor) -> Tensor:
    return (window == window.amax((1, 2, 3), keepdim=True)).to(window.dtype)


def _smallest(window: Tensor) -> Tensor:
    return first_maximum(-window)


def _first_sample(dx: Tensor, _dout: Tensor, _x: Tensor) -> Tensor:
    return torch.cat([dx[:1], torch.zeros_like(dx[1:])])


def _scales_dout(dout: Tensor, x: Tensor, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT["max_pool2d_backward"](dout, x, kernel, **options)
    dout *= 0
    return dx


def _clears_x(dout: Tensor, x: Tensor, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT["max_pool2d_backward"](dout, x, kernel, **options)
    x[dx != 0] = 0
    return dx


BACKWARD = (
    _backward(
        "assign", "Pixels that several windows chose keep the gradient of the last one only.", ADDS, add=_keep_others
    ),
    _backward("assign_window", "A later window wipes out what an earlier one has left.", ADDS, add=overwrite),
    _backward(
        "nearly_largest",
        "Pixels that are nearly the largest get the gradient, too.",
        "How do you find out which pixel won?",
        share=_nearly,
    ),
    _backward(
        "whole_window_avg",
        "Each window shares its gradient evenly.",
        "How much does the result change if a pixel changes that did not win?",
        share=_even,
    ),
    _backward(
        "whole_window_full",
        "All pixels of a window get the gradient.",
        "How much does the result change if a pixel changes that did not win?",
        share=everywhere,
    ),
    Mistake(
        "pb_unravel_by_height",
        "max_pool2d_backward",
        {"max_pool2d_backward": _unravelled_by_height},
        "Windows that are not square send the gradient to the wrong pixel.",
        "argmax counts row by row: by which length is its number divided?",
    ),
    _backward(
        "no_window_offset",
        "All your gradient lands in the first window.",
        "Is the place of the winner counted from the corner of the window, or of the image?",
        place=lambda at, i, j: at(0, 0),
    ),
    _backward(
        "offset_rows_only",
        "All your gradient lands in the first column of windows.",
        "The place of the winner is counted from the corner of the window: along both axes?",
        place=lambda at, i, j: at(i, 0),
    ),
    _lays_back("stride_not_in_window", "Your windows lie one step apart.", STARTS, start=lambda place, stride: place),
    _lays_back(
        "stride_is_kernel",
        "The stride changes nothing in your gradient.",
        "Where does `stride` enter?",
        stride_of=lambda stride, kernel: kernel,
    ),
    _lays_back(
        "stride_default_one",
        "Without a stride in the call your windows move by single pixels.",
        "What does the docstring say about stride=None?",
        stride_of=or_one,
    ),
    _lays_back(
        "strides_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=swap,
    ),
    _lays_back("kernel_swapped", "Your windows lie on their side.", "A pair says height and width.", kernels=swap),
    _lays_back(
        "kernel_height_both",
        "Windows that are not square send the gradient to the wrong pixel.",
        "Which length does each side of your window use?",
        kernels=first_of_pair,
    ),
    _backward(
        "first_sample",
        "Only the first image gets a gradient.",
        "How far does your loop over the batch run?",
        finish=_first_sample,
    ),
    _backward(
        "ones_not_dout",
        "Your gradient counts how often a pixel won.",
        "The chain rule multiplies two things: which one is missing?",
        incoming=lambda dout, i, j: torch.ones_like(dout[:, :, 0, 0, None, None]),
    ),
    _backward(
        "times_x",
        "Your gradient grows with the largest number of the window.",
        "By how much does the result change if the winner grows by a little?",
        weigh=lambda gradient, share, window: torch.where(
            share > 0, gradient * share * window, torch.zeros_like(window)
        ),
    ),
    _backward(
        "value_not_dout",
        "Your gradient is the largest number itself.",
        "What comes in from above, and where does it go?",
        weigh=lambda gradient, share, window: share * window.amax((2, 3), keepdim=True),
    ),
    _backward(
        "divided",
        "Your gradient is too small by the size of the window.",
        "Does the winner share with the others?",
        weigh=lambda gradient, share, window: gradient * share / window[0, 0].numel(),
    ),
    _backward(
        "first_channel",
        "Only the first channel gets a gradient.",
        "How far does your loop over the channels run?",
        finish=lambda dx, dout, x: torch.cat([dx[:, :1], torch.zeros_like(dx[:, 1:])], 1),
    ),
    _backward(
        "smallest",
        "Your gradient goes to the smallest pixel of each window.",
        "Which number of the window wins?",
        share=_smallest,
    ),
    _backward(
        "max_over_channels",
        "Of all channels only one gets a gradient in each window.",
        "Over which axes is the largest taken?",
        share=_over_all_channels,
    ),
    _backward(
        "last_missing",
        "The last row and column of windows pass no gradient.",
        "How far do your loops run?",
        visited=all_but_last,
    ),
    _backward(
        "pads_zeros",
        "Where all numbers are negative, gradient is lost at the border.",
        "May the border win? Which value never does?",
        pad=border(0.0),
    ),
    _lays_back(
        "padding_ignored",
        "Padding changes nothing in your gradient.",
        "Where does `padding` enter?",
        paddings=lambda p: (0, 0),
    ),
    _backward(
        "crop_negative",
        "Without padding your gradient is empty.",
        "What is x[0:-0]?",
        crop=crop_by_negative,
    ),
    _backward(
        "crop_top_left",
        "With padding your gradient is shifted.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=crop_top_left,
    ),
    _backward(
        "not_cropped",
        "With padding your gradient is larger than the images.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=uncropped,
    ),
    Mistake(
        "pb_remainder_shape",
        "max_pool2d_backward",
        {"max_pool2d_backward": windows_only("max_pool2d_backward")},
        "Where pixels are left over, your gradient is too small.",
        "What shape has dx? Pixels that no window saw have a gradient as well.",
    ),
    _backward("float32", "Your gradient is float32 whatever comes in.", DTYPE, dtype=to_single),
    _backward("float64", "Your gradient is float64 whatever comes in.", DTYPE, dtype=to_double),
    Mistake(
        "pb_mutates_dout",
        "max_pool2d_backward",
        {"max_pool2d_backward": _scales_dout},
        "After the call the caller's gradient is gone.",
        COPY,
    ),
    Mistake(
        "pb_mutates_x",
        "max_pool2d_backward",
        {"max_pool2d_backward": _clears_x},
        "After the call the largest numbers of the caller's images are gone.",
        COPY,
    ),
    *(
        Mistake(
            f"pb_{id}",
            "max_pool2d_backward",
            {"max_pool2d_backward": pooling_back(share=share)},
            symptom,
            "Where numbers are equal, any choice among them is right; most libraries take the first.",
            Policy.REMARK,
        )
        for id, share, symptom in (
            ("ties_all", _all_of_them, "Where the largest numbers are equal, each of them gets all of the gradient."),
            ("ties_split", _shared, "Where the largest numbers are equal, they share the gradient."),
            ("last_of_ties", _last_of_ties, "Where the largest numbers are equal, the last gets the gradient."),
        )
    ),
)
