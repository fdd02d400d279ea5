"""Typical mistakes about the convolution layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_layer import conv_layer, weigh, zeros_around
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_sizes import window_count
from autograder.hidden_tests.a1_convolution.sliding_windows.wrong_steps import (
    always_float,
    demand_divisible,
    flip,
    like_input,
)
from autograder.mistakes import Mistake


def _conv(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("cf_" + id, "conv2d_forward", {"conv2d_forward": conv_layer(**steps)}, symptom, hint)


def _same_memory(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Read an array's memory front to back, as hand-computed strides do, whatever its layout."""
    base = x if x.base is None else x.base
    return np.resize(np.ravel(base, order="K"), x.shape), w, b


def _overwrites_x(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, ...]:
    before = x.copy()
    x[...] = np.flip(before, (2, 3))
    return before, w, b


def _overwrites_w(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, ...]:
    before = w.copy()
    w[...] = flip(before)
    return x, before, b


def _one_by_one(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
    return RIGHT["conv2d_forward"](x, w, b, stride=1 if w.shape[2:] == (1, 1) else stride, padding=padding)


def _short_rows(window: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Flatten windows as if their rows were as long as they are high."""
    height, width = w.shape[2:]
    flat = np.zeros((*window.shape[:2], height * width), dtype=window.dtype)
    for i, j in np.ndindex(height, width):
        flat[:, :, i * height + j] = window[:, :, i, j]
    return weigh(flat, w)


MISTAKES: tuple[Mistake, ...] = (
    _conv(
        "true_convolution",
        "Your numbers match filters that are turned by 180 degrees.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=flip,
    ),
    _conv(
        "flip_cols_only",
        "Your numbers match filters that are flipped left to right.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=lambda w: w[..., ::-1],
    ),
    _conv(
        "transposed_kernel",
        "Your numbers match filters whose rows and columns are swapped.",
        "Which of the last two axes of w is the height?",
        turn=lambda w: np.swapaxes(w, 2, 3),
    ),
    _conv(
        "no_bias",
        "Your numbers lack the bias.",
        "Where does `b` enter?",
        bias=lambda out, b: out,
    ),
    _conv(
        "bias_per_channel",
        "Your bias is added once per input channel.",
        "Is the bias inside or outside your loop over the channels?",
        prepare=lambda x, w, b: (x, w, None if b is None else b * x.shape[1]),
    ),
    _conv(
        "bias0_for_all",
        "All filters get the bias of the first one.",
        "Which index does the bias have?",
        bias=lambda out, b: out if b is None else out + b[0],
    ),
    _conv(
        "bias_on_last_axis",
        "Your bias is spread along the width.",
        "Which axis of (N, C_out, H_out, W_out) does NumPy match a vector with?",
        bias=lambda out, b: out if b is None else out + b,
    ),
    _conv(
        "bias_needed",
        "A layer without a bias fails.",
        "What is b when there is no bias?",
        bias=lambda out, b: out + b[:, None, None],
    ),
    _conv(
        "pad_ignored",
        "Your border is not padded.",
        "Where does `padding` enter?",
        paddings=lambda p: (0, 0),
    ),
    _conv(
        "pad_hard1",
        "Your padding is always one pixel.",
        "Where does `padding` enter?",
        paddings=lambda p: (1, 1),
    ),
    _conv(
        "pad_rows_only",
        "Rows are added above and below, but no columns at the sides.",
        "Which axes does your padding touch?",
        paddings=lambda p: (p[0], 0),
    ),
    _conv(
        "pad_bottom_right",
        "Your result is shifted: all of the padding lies below and to the right.",
        "How much of the padding belongs on each side?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((0, 2 * p) for p in padding))),
    ),
    _conv(
        "pad_first_of_pair",
        "Your padding is the same along both axes.",
        "A pair says height and width.",
        paddings=lambda p: (p[0], p[0]),
    ),
    _conv(
        "pad_edge",
        "Your border repeats the outermost pixels.",
        "What does this layer put around the image?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), mode="edge"),
    ),
    _conv(
        "pad_reflect",
        "Your border reflects the image.",
        "What does this layer put around the image?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), mode="reflect"),
    ),
    _conv(
        "pad_symmetric",
        "Your border reflects the image, its outermost pixels included.",
        "What does this layer put around the image?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), mode="symmetric"),
    ),
    _conv(
        "stride_ignored",
        "Your stride is always 1.",
        "Where does `stride` enter?",
        strides=lambda s: tuple(1 for _ in s),
    ),
    _conv(
        "stride_not_in_window",
        "Your result has the right size, but its windows lie one pixel apart.",
        "For output pixel i, at which input pixel does the window begin?",
        start=lambda place, strides: place,
    ),
    _conv(
        "stride_rows_only",
        "Your windows move right by single pixels.",
        "For output pixel (i, j), at which column does the window begin?",
        start=lambda place, strides: (place[0] * strides[0], place[1]),
    ),
    Mistake(
        "cf_stride_1x1",
        "conv2d_forward",
        {"conv2d_forward": _one_by_one},
        "Filters of one pixel do not keep to the stride.",
        "Is a filter of one pixel a case of its own? What does the stride do to it?",
    ),
    _conv(
        "stride_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=lambda s: s[::-1],
    ),
    _conv(
        "out_forget_plus1",
        "Your result is one row and one column short.",
        "A window of 3 on 3 pixels: how many places are there?",
        out_size=lambda size: tuple(n - 1 for n in size),
    ),
    _conv(
        "out_single_pad",
        "Your result is too small where the image is padded.",
        "On how many sides of each axis are there zeros?",
        length=window_count(sides=1),
    ),
    _conv(
        "out_ceil",
        "Your result is too large where pixels are left over.",
        "May a window stick out of the input?",
        length=window_count(divide=lambda free, stride: -(-free // stride)),
        pad=lambda x, padding: np.pad(zeros_around(x, padding), ((0, 0), (0, 0), (0, 9), (0, 9))),
    ),
    _conv(
        "out_w_from_h",
        "Images that are not square give a wrong size.",
        "Which length of the image does the width of your result come from?",
        out_size=lambda size: (size[0], size[0]),
        pad=lambda x, padding: np.pad(zeros_around(x, padding), ((0, 0), (0, 0), (0, 30), (0, 30))),
    ),
    _conv(
        "assumes_divisible",
        "You refuse a stride that leaves pixels over.",
        "Pixels that are left over are simply not looked at.",
        length=window_count(demand=demand_divisible),
    ),
    _conv(
        "kernel_height_both",
        "Filters that are not square give a wrong size.",
        "Which length of the filter does each of your loops use?",
        kernel_size=lambda k: (k[0], k[0]),
        turn=lambda w: np.resize(w, (*w.shape[:2], w.shape[2], w.shape[2])),
    ),
    _conv(
        "first_channel_only",
        "Only the first input channel counts.",
        "Over which axes is the sum taken?",
        combine=lambda window, w: weigh(window[:, :1], w[:, :1]),
    ),
    _conv(
        "im2col_order",
        "Your weights meet the right windows, but in another order.",
        "You flatten windows and filters: which axis changes fastest in each?",
        combine=lambda window, w: weigh(np.moveaxis(window, 1, -1), w),
    ),
    _conv(
        "im2col_short_rows",
        "Only square filters give the right numbers.",
        "In a filter that is flattened row by row, how far apart do two rows begin?",
        combine=_short_rows,
    ),
    _conv(
        "mean_over_channels",
        "Your numbers, without the bias, are too small by the number of channels.",
        "Is it a sum or a mean over the channels?",
        combine=lambda window, w: weigh(window, w) / window.shape[1],
    ),
    _conv(
        "batch_first_only",
        "All images of the batch have the result of the first.",
        "Which index of your result is the image?",
        combine=lambda window, w: np.broadcast_to(weigh(window[:1], w), (len(window), len(w))),
    ),
    _conv(
        "filter_first_only",
        "All filters have the result of the first.",
        "Which index of your result is the filter?",
        combine=lambda window, w: np.broadcast_to(weigh(window, w[:1]), (len(window), len(w))),
    ),
    _conv(
        "out_transposed",
        "Height and width of your result are exchanged.",
        "In which order do the axes of the result come?",
        finish=lambda out, x, w: np.swapaxes(out, 2, 3),
    ),
    _conv(
        "channels_last",
        "The channels of your result come last.",
        "In which order do the axes of the result come?",
        finish=lambda out, x, w: np.moveaxis(out, 1, -1),
    ),
    _conv(
        "last_row_col_missing",
        "The last row and column of your result hold the bias only.",
        "How far do your loops run?",
        visited=lambda n: n - 1,
    ),
    _conv(
        "dtype_float32",
        "Your result is right to six digits only.",
        "Which dtype does the array have into which you write?",
        dtype=lambda x, w, b: np.float32,
    ),
    _conv(
        "dtype_float64",
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
        dtype=always_float,
    ),
    _conv(
        "dtype_int",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filters have a say as well.",
        dtype=like_input,
    ),
    _conv(
        "dtype_without_bias",
        "A bias of higher precision loses it.",
        "np.result_type takes more than two arrays.",
        dtype=lambda x, w, b: np.result_type(x, w),
    ),
    _conv(
        "noncontig_strides",
        "Arrays that are parts of larger ones give wrong numbers.",
        "Strides that you compute from the shape hold for fresh arrays only: ask x.strides.",
        prepare=_same_memory,
    ),
    _conv(
        "mutates_x",
        "After the call the caller's images hold other numbers.",
        "Does your line make a new array, or write into the one it was given?",
        prepare=_overwrites_x,
    ),
    _conv(
        "mutates_w",
        "After the call the caller's filters hold other numbers.",
        "Does your line make a new array, or write into the one it was given?",
        prepare=_overwrites_w,
    ),
    _conv(
        "no_error",
        "A window that does not fit gives an empty result.",
        "What does conv_output_size say about such a window?",
        length=lambda size, kernel, **o: max(window_count(fits=lambda *_: True)(size, kernel, **o), 0),
    ),
)
