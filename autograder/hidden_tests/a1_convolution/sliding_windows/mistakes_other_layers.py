"""Typical mistakes about 1x1 convolutions, layers over one and three axes, groups and holes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_layer import conv_layer, take_group, weigh
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_other_layers import pixelwise
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_sizes import spread, window_count
from autograder.hidden_tests.a1_convolution.sliding_windows.wrong_steps import always_float, flip, like_input
from autograder.mistakes import Mistake


def _pixel(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("1x1_" + id, "conv1x1_as_matmul", {"conv1x1_as_matmul": pixelwise(**steps)}, symptom, hint)


_PIXELWISE = (
    _pixel(
        "channels_not_last",
        "Your product mixes pixels and channels.",
        "After reshape(-1, C), does a row hold the channels of one pixel?",
        rows=lambda x: x.reshape(-1, x.shape[1]),
    ),
    _pixel(
        "no_transpose_back",
        "Your product is right, but its numbers are put back in the wrong places.",
        "Which axis is last after the product, and which must it become?",
        back=lambda out, x: out.reshape(len(x), -1, *x.shape[2:]),
    ),
    _pixel(
        "height_width_swapped",
        "Height and width of your result are exchanged.",
        "In which order do the pixels come out of reshape?",
        back=lambda out, x: np.moveaxis(out.reshape(len(x), *x.shape[:1:-1], -1), -1, 1),
    ),
    _pixel(
        "no_bias",
        "Your numbers lack the bias.",
        "Where does `b` enter?",
        bias=lambda out, b: out,
    ),
    _pixel(
        "bias_needed",
        "A layer without a bias fails.",
        "What is b when there is no bias?",
        bias=lambda out, b: out + b,
    ),
    _pixel(
        "weights_reshaped",
        "Your weights meet the wrong channels.",
        "Reshaping is not transposing.",
        matrix=lambda w: w.reshape(w.shape[1], w.shape[0]).T,
    ),
    _pixel(
        "dtype_float64",
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
        dtype=lambda x, w, b: np.float64,
    ),
    _pixel(
        "dtype_int",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filters have a say as well.",
        dtype=like_input,
    ),
)


def _nd(id: str, axes: int, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"conv{axes}d_{id}", "conv_nd", {f"conv{axes}d_forward": conv_layer(axes, **steps)}, symptom, hint)


_ND = (
    _nd(
        "pads_one_side",
        1,
        "Your sequence is padded at one end only.",
        "How much of the padding belongs at each end?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), (2 * padding[0], 0))),
    ),
    _nd(
        "layer_flips",
        1,
        "Your numbers match filters that are turned round.",
        "Which tap meets the first number of the window?",
        turn=flip,
    ),
    _nd(
        "layer_stride_ignored",
        1,
        "Your result has the right length, but its windows lie one step apart.",
        "For output i, where does the window begin?",
        start=lambda place, strides: place,
    ),
    _nd(
        "layer_bias_needed",
        1,
        "A layer without a bias fails.",
        "What is b when there is no bias?",
        bias=lambda out, b: out + b[:, None],
    ),
    _nd(
        "layer_first_channel",
        1,
        "Only the first input channel counts.",
        "Over which axes is the sum taken?",
        combine=lambda window, w: weigh(window[:, :1], w[:, :1]),
    ),
    _nd(
        "layer_float64",
        1,
        "Your result is float64 whatever comes in.",
        "What does np.result_type say?",
        dtype=always_float,
    ),
    _nd(
        "layer_extra_axis",
        1,
        "Your result keeps an axis of length 1.",
        "If you go by way of two dimensions, which axis must go in the end?",
        finish=lambda out, x, w: out[:, :, None],
    ),
    _nd(
        "flips_depth",
        3,
        "Your numbers match filters that are turned along the depth.",
        "Does the first slice of the filter meet the first slice of the window?",
        turn=lambda w: w[:, :, ::-1],
    ),
    _nd(
        "triples_reversed",
        3,
        "Your strides and paddings come in the order width, height, depth.",
        "A triple says depth, height, width.",
        strides=lambda s: s[::-1],
    ),
    _nd(
        "depth_not_padded",
        3,
        "Your depth is padded behind only.",
        "How many axes does the padding touch?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), (0, 2 * padding[0]), *((p, p) for p in padding[1:]))),
    ),
    _nd(
        "first_slice_only",
        3,
        "Only the first slice of each window counts.",
        "Over which axes is the sum taken?",
        combine=lambda window, w: weigh(window[:, :, 0], w[:, :, 0]),
    ),
    _nd(
        "depth_summed",
        3,
        "Your result has no depth.",
        "A filter of this layer moves along the depth as well; depth is not a channel.",
        finish=lambda out, x, w: out.sum(axis=2),
    ),
    _nd(
        "depth_as_channels",
        3,
        "Your filters see the first slices only, and your result has no depth.",
        "Channels are summed up at once. Does a filter of this layer stand still along the depth?",
        paddings=lambda p: (0, *p[1:]),
        finish=lambda out, x, w: out[:, :, 0],
    ),
    _nd(
        "depth_stride_ignored",
        3,
        "Your windows move along the depth by single steps.",
        "Which of the three strides is for the depth?",
        start=lambda place, strides: (place[0], place[1] * strides[1], place[2] * strides[2]),
    ),
    _nd("bias_missing", 3, "Your numbers lack the bias.", "Where does `b` enter?", bias=lambda out, b: out),
)


def _grouped(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("groups_" + id, "conv2d_grouped", {"conv2d_grouped": conv_layer(**steps)}, symptom, hint)


def _interleaved(window: np.ndarray, group: int, channels: int) -> np.ndarray:
    return window[:, group :: window.shape[1] // channels]


def _shuffled(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    out = RIGHT["conv2d_grouped"](x, w, b, **options)
    groups = options.get("groups", 1)
    return out.reshape(len(x), groups, -1, *out.shape[2:]).swapaxes(1, 2).reshape(out.shape)


def _depthwise_summed(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    out = RIGHT["conv2d_grouped"](x, w, b, **options)
    depthwise = options.get("groups", 1) == x.shape[1] > 1
    return out.sum(axis=1, keepdims=True) if depthwise else out


def _depthwise_only(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    groups = options.get("groups", 1)
    if groups not in (1, x.shape[1]):
        raise IndexError("index 1 is out of bounds for axis 1 with size 1")
    return RIGHT["conv2d_grouped"](x, w, b, **options)


def _bias_per_group(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    groups = options.get("groups", 1)
    shared = None if b is None else np.repeat(b[:groups], len(w) // groups)
    return RIGHT["conv2d_grouped"](x, w, shared, **options)


def _spread_pixels(x: Any, w: Any, b: Any, *, dilation: Any = 1, **options: Any) -> np.ndarray:
    down, across = spread(dilation, 2)
    wide = np.zeros((*x.shape[:2], down * (x.shape[2] - 1) + 1, across * (x.shape[3] - 1) + 1), dtype=x.dtype)
    wide[:, :, ::down, ::across] = x
    return RIGHT["conv2d_grouped"](wide, w, b, dilation=dilation, **options)


_GROUPED = (
    _grouped(
        "first_channels",
        "Every group sees the channels of the first.",
        "At which channel does group g begin?",
        group=lambda window, group, channels: take_group(window, 0, channels),
    ),
    _grouped(
        "interleaved",
        "Your groups take every other channel.",
        "Groups are blocks of neighbouring channels.",
        group=_interleaved,
    ),
    _grouped(
        "offset_one",
        "Your groups begin one channel apart.",
        "How many channels does a group have?",
        group=lambda window, group, channels: window[:, group : group + channels],
    ),
    Mistake(
        "groups_outputs_shuffled",
        "conv2d_grouped",
        {"conv2d_grouped": _shuffled},
        "Your filters are right, but their results come in another order.",
        "Which filters belong to group 0?",
    ),
    Mistake(
        "groups_depthwise_summed",
        "conv2d_grouped",
        {"conv2d_grouped": _depthwise_summed},
        "With one filter per channel, your result has a single channel.",
        "What is there to sum over when a filter sees one channel?",
    ),
    Mistake(
        "groups_depthwise_only",
        "conv2d_grouped",
        {"conv2d_grouped": _depthwise_only},
        "Groups of several channels fail.",
        "How many channels does a group have?",
    ),
    _grouped(
        "dilation_ignored",
        "Dilation changes nothing in your result.",
        "Which pixels does a dilated window skip?",
        dilations=lambda d: (1, 1),
    ),
    Mistake(
        "groups_input_dilated",
        "conv2d_grouped",
        {"conv2d_grouped": _spread_pixels},
        "Your images have gaps, too.",
        "Between whose entries does a dilation leave gaps: the filter's, the image's, or both?",
    ),
    _grouped(
        "dilation_swapped",
        "Your dilations of height and width are exchanged.",
        "A pair says height and width.",
        dilations=lambda d: d[::-1],
    ),
    _grouped(
        "dilation_times_kernel",
        "Your result is too small where the window is dilated.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        length=window_count(span=lambda kernel, dilation: dilation * kernel),
    ),
    _grouped(
        "stride_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=lambda s: s[::-1],
    ),
    _grouped(
        "flips",
        "Your numbers match filters that are turned by 180 degrees.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=flip,
    ),
    Mistake(
        "groups_bias_per_group",
        "conv2d_grouped",
        {"conv2d_grouped": _bias_per_group},
        "Filters of a group share one bias.",
        "How many biases are there?",
    ),
    _grouped(
        "dtype_float64",
        "Your result is float64 whatever comes in.",
        "What does np.result_type say?",
        dtype=always_float,
    ),
    _grouped(
        "undilated_fits",
        "A dilated window that does not fit is not refused.",
        "How long is the window with its gaps?",
        length=lambda size, kernel, **o: max(window_count(fits=lambda *_: True)(size, kernel, **o), 0),
    ),
)


MISTAKES: tuple[Mistake, ...] = (*_PIXELWISE, *_ND, *_GROUPED)
