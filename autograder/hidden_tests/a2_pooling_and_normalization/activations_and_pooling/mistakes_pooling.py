"""Typical mistakes in pooling, in two dimensions and one: each is a right answer with one step done otherwise."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import (
    RIGHT,
    Step,
    averaging,
    averaging_back,
    border,
    filters,
    first_maximum,
    global_average,
    global_back,
    pooling,
    pooling1d,
    pooling_back,
    spread,
    unpadded,
    windows,
)
from autograder.mistakes import Mistake, Policy

Tensor = torch.Tensor

_COPY = "Does your line make a new tensor, or write into the one it was given?"
_DTYPE = "Which dtype do torch.zeros and its like give by default, and which do the inputs have?"
_FITS = "What should happen where there is no place for the window?"
_LIMIT = "What does the docstring say about a border wider than half the window?"
_STARTS = "For output i, where does the window begin?"
_ADDS = "Windows overlap: what happens to a pixel that two of them look at?"


def _single(out: Tensor, *_others: Tensor) -> Tensor:
    return out.to(torch.float32)


def _to_single(_x: Tensor) -> torch.dtype:
    return torch.float32


def _to_double(_x: Tensor) -> torch.dtype:
    return torch.float64


def _ceil(room: int, stride: int) -> int:
    return -(-room // stride) + 1


def _first_of_pair(pair: tuple[int, int]) -> tuple[int, int]:
    return (pair[0], pair[0])


def _swap(pair: tuple[int, int]) -> tuple[int, int]:
    return pair[::-1]


def _or_one(stride: Any, _kernel: Any) -> Any:
    return 1 if stride is None else stride


def _never(_padding: int, _kernel: int) -> bool:
    return False


def _all_but_last(count: int) -> int:
    return max(count - 1, 1)


# The forward pass of max pooling


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


def _swapped_border(x: Tensor, padding: tuple[int, int]) -> Tensor:
    return border()(x, padding[::-1])


def _fits_unpadded(images: Tensor, kernel: Any, _stride: Any, _padding: Any) -> None:
    if any(m > n for m, n in zip(spread(kernel), images.shape[2:], strict=True)):
        raise ValueError("the window does not fit")


def _demand_divisible(images: Tensor, kernel: Any, stride: Any, padding: Any) -> None:
    k, p = spread(kernel), spread(padding)
    for n, m, q, s in zip(images.shape[2:], k, p, k if stride is None else spread(stride), strict=True):
        assert n + 2 * q < m or (n + 2 * q - m) % s == 0, "the stride does not divide"


def _with_places(out: Tensor, x: Tensor) -> Any:
    return out, out


_FORWARD = (
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
        kernels=_first_of_pair,
    ),
    _lays("kernel_swapped", "Your windows lie on their side.", "A pair says height and width.", kernels=_swap),
    _lays(
        "strides_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=_swap,
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
        stride_of=_or_one,
    ),
    _lays(
        "stride_not_in_window",
        "Your result has the right size, but its windows lie one step apart.",
        _STARTS,
        start=lambda place, stride: place,
    ),
    _lays(
        "stride_rows_only",
        "Your windows move by the stride downwards, but not to the right.",
        _STARTS,
        strides=lambda s: (s[0], 1),
    ),
    _lays(
        "width_from_height",
        "Your result is always square.",
        "Which length of the images does each length of the result come from?",
        counts=_first_of_pair,
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
        count=_ceil,
    ),
    _lays(
        "out_swapped",
        "Your result has height and width exchanged.",
        "Which length of the images does each length of the result come from?",
        counts=_swap,
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
        visited=_all_but_last,
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
        pad=_swapped_border,
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
        paddings=_swap,
        too_wide=_never,
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
    _lays("no_error", "A window that does not fit gives an empty result.", _FITS, fit=False),
    _lays("no_limit", "You take a border that is wider than half the window.", _LIMIT, too_wide=_never),
    _lays(
        "limit_too_strict",
        "You refuse a border of exactly half the window.",
        "Which is the largest border that is allowed?",
        too_wide=lambda padding, kernel: padding > 0 and 2 * padding >= kernel,
    ),
    _forward("float32", "Your result is float32 whatever comes in.", _DTYPE, dtype=_to_single),
    _forward("float64", "Your result is float64 whatever comes in.", _DTYPE, dtype=_to_double),
    _forward(
        "with_places", "Your result is a tuple.", "What does the docstring say about the result?", finish=_with_places
    ),
    Mistake(
        "pf_mutates_x",
        "max_pool2d_forward",
        {"max_pool2d_forward": _lifts},
        "After the call the caller's images hold other numbers.",
        _COPY,
    ),
    Mistake(
        "pf_ignores_memory",
        "max_pool2d_forward",
        {"max_pool2d_forward": _ignores_memory},
        "Images that are parts of larger tensors give wrong results.",
        "Are neighbouring pixels always neighbours in memory? x.stride() says how far apart they are.",
    ),
)


# The backward pass of max pooling


def _backward(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("pb_" + id, "max_pool2d_backward", {"max_pool2d_backward": pooling_back(**steps)}, symptom, hint)


def _lays_back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return _backward(id, symptom, hint, lay=windows(**steps))


def _overwrite(_old: Tensor, new: Tensor) -> Tensor:
    return new


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


def _everywhere(window: Tensor) -> Tensor:
    return torch.ones_like(window)


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


def _crop_by_negative(dpadded: Tensor, padding: tuple[int, int], _size: Any) -> Tensor:
    (down, right) = padding
    return dpadded[:, :, down:-down, right:-right]


def _crop_top_left(dpadded: Tensor, _padding: Any, size: Any) -> Tensor:
    return dpadded[:, :, : size[0], : size[1]]


def _uncropped(dpadded: Tensor, _padding: Any, _size: Any) -> Tensor:
    return dpadded


def _first_sample(dx: Tensor, _dout: Tensor, _x: Tensor) -> Tensor:
    return torch.cat([dx[:1], torch.zeros_like(dx[1:])])


def _windows_only(name: str) -> Step:
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


def _scales_dout(dout: Tensor, x: Tensor, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT["max_pool2d_backward"](dout, x, kernel, **options)
    dout *= 0
    return dx


def _clears_x(dout: Tensor, x: Tensor, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT["max_pool2d_backward"](dout, x, kernel, **options)
    x[dx != 0] = 0
    return dx


_BACKWARD = (
    _backward(
        "assign", "Pixels that several windows chose keep the gradient of the last one only.", _ADDS, add=_keep_others
    ),
    _backward("assign_window", "A later window wipes out what an earlier one has left.", _ADDS, add=_overwrite),
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
        share=_everywhere,
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
    _lays_back("stride_not_in_window", "Your windows lie one step apart.", _STARTS, start=lambda place, stride: place),
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
        stride_of=_or_one,
    ),
    _lays_back(
        "strides_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=_swap,
    ),
    _lays_back("kernel_swapped", "Your windows lie on their side.", "A pair says height and width.", kernels=_swap),
    _lays_back(
        "kernel_height_both",
        "Windows that are not square send the gradient to the wrong pixel.",
        "Which length does each side of your window use?",
        kernels=_first_of_pair,
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
        visited=_all_but_last,
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
        crop=_crop_by_negative,
    ),
    _backward(
        "crop_top_left",
        "With padding your gradient is shifted.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=_crop_top_left,
    ),
    _backward(
        "not_cropped",
        "With padding your gradient is larger than the images.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=_uncropped,
    ),
    Mistake(
        "pb_remainder_shape",
        "max_pool2d_backward",
        {"max_pool2d_backward": _windows_only("max_pool2d_backward")},
        "Where pixels are left over, your gradient is too small.",
        "What shape has dx? Pixels that no window saw have a gradient as well.",
    ),
    _backward("float32", "Your gradient is float32 whatever comes in.", _DTYPE, dtype=_to_single),
    _backward("float64", "Your gradient is float64 whatever comes in.", _DTYPE, dtype=_to_double),
    Mistake(
        "pb_mutates_dout",
        "max_pool2d_backward",
        {"max_pool2d_backward": _scales_dout},
        "After the call the caller's gradient is gone.",
        _COPY,
    ),
    Mistake(
        "pb_mutates_x",
        "max_pool2d_backward",
        {"max_pool2d_backward": _clears_x},
        "After the call the largest numbers of the caller's images are gone.",
        _COPY,
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


# Average pooling


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


_AVERAGE = (
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
        lay=windows(stride_of=_or_one),
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
        _STARTS,
        lay=windows(start=lambda place, stride: place),
    ),
    _average(
        "ceil_mode",
        "Your result has a row or column too many where pixels are left over.",
        "May a window stick out of the images?",
        lay=windows(count=_ceil),
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
        lay=windows(strides=_swap),
    ),
    _average(
        "kernel_swapped", "Your windows lie on their side.", "A pair says height and width.", lay=windows(kernels=_swap)
    ),
    _average(
        "padding_swapped",
        "Your border has height and width exchanged.",
        "torch's pad begins with the last axis.",
        lay=windows(paddings=_swap, too_wide=_never),
    ),
    _average(
        "other_error",
        "A window that does not fit raises an error of another kind.",
        "Which error does the docstring name?",
        lay=windows(error=RuntimeError),
    ),
    _average("no_error", "A window that does not fit gives an empty result.", _FITS, lay=windows(fit=False)),
    _average("no_limit", "You take a border that is wider than half the window.", _LIMIT, lay=windows(too_wide=_never)),
    _average("float32", "Your result is float32 whatever comes in.", _DTYPE, dtype=_to_single),
    _average("float64", "Your result is float64 whatever comes in.", _DTYPE, dtype=_to_double),
    _average_back(
        "not_divided",
        "Your gradient is too large by one factor.",
        "By how much does the average change if one of its numbers grows by 1?",
        share=_everywhere,
    ),
    Mistake(
        "ab_divided_by_image",
        "avg_pool2d",
        {"avg_pool2d_backward": _over_the_image},
        "Your gradient is the smaller, the larger the images are.",
        "How many numbers did each average have?",
    ),
    _average_back("assign", "A later window wipes out what an earlier one has left.", _ADDS, add=_overwrite),
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
        _STARTS,
        lay=windows(start=lambda place, stride: place),
    ),
    _average_back(
        "stride_is_kernel",
        "The stride changes nothing in your gradient.",
        "Where does `stride` enter?",
        lay=windows(stride_of=lambda stride, kernel: kernel),
    ),
    _average_back(
        "crop_negative", "Without padding your gradient is empty.", "What is x[0:-0]?", crop=_crop_by_negative
    ),
    _average_back(
        "crop_top_left",
        "With padding your gradient is shifted.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=_crop_top_left,
    ),
    _average_back(
        "not_cropped",
        "With padding your gradient is larger than the images.",
        "Which rows and columns of the padded gradient belong to the images?",
        crop=_uncropped,
    ),
    Mistake(
        "ab_remainder_shape",
        "avg_pool2d",
        {"avg_pool2d_backward": _windows_only("avg_pool2d_backward")},
        "Where pixels are left over, your gradient is too small.",
        "What shape has dx? Pixels that no window saw have a gradient as well.",
    ),
    _average_back("float32", "Your gradient is float32 whatever comes in.", _DTYPE, dtype=_to_single),
    Mistake(
        "ab_mutates_dout",
        "avg_pool2d",
        {"avg_pool2d_backward": _divides_dout},
        "After the call the caller's gradient holds smaller numbers.",
        _COPY,
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
    _global("float32", "Your result is float32 whatever comes in.", _DTYPE, finish=_single),
    Mistake(
        "gf_mutates_x",
        "avg_pool2d",
        {"global_avg_pool_forward": _centres_images},
        "After the call the caller's images have lost their mean.",
        _COPY,
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
    _global_back("float32", "Your gradient is float32 whatever comes in.", _DTYPE, finish=_single),
)


# Average pooling as a convolution


def _filters(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("aw_" + id, "avg_pool_as_conv", {"avg_pool_weights": filters(**steps)}, symptom, hint)


def _on_the_diagonal(weights: Tensor) -> Tensor:
    channels = len(weights)
    wide = weights.new_zeros(channels, channels, *weights.shape[2:])
    for channel in range(channels):
        wide[channel, channel] = weights[channel, 0]
    return wide


_FILTERS = (
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


_LINE = (
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
        stride_of=_or_one,
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
        _STARTS,
        start=lambda place, stride: place,
    ),
    _line(
        "ceil_mode",
        "Your result is one number too long where entries are left over.",
        "May a window stick out of the sequence?",
        count=_ceil,
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
    _line("no_error", "A window that does not fit gives an empty result.", _FITS, check=False),
    _line("float32", "Your result is float32 whatever comes in.", _DTYPE, dtype=_to_single),
    _line("float64", "Your result is float64 whatever comes in.", _DTYPE, dtype=_to_double),
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
        _COPY,
    ),
)


MISTAKES: tuple[Mistake, ...] = (*_FORWARD, *_BACKWARD, *_AVERAGE, *_FILTERS, *_LINE)
