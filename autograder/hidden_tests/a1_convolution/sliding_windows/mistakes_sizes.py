"""Typical mistakes about the size of the output, and what a layer costs."""

from __future__ import annotations

import math
from operator import truediv
from typing import Any

from autograder.hidden_tests.a1_convolution.sliding_windows.steps_sizes import (
    counts,
    keeping,
    mlp,
    spread,
    window_count,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.wrong_steps import demand_divisible
from autograder.mistakes import Mistake


def _size(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_output_size", {"conv_output_size": window_count(**steps)}, symptom, hint)


def _keep(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_output_size", {"same_padding": keeping(**steps)}, symptom, hint)


_SIZES = (
    _size(
        "size_ceil",
        "Your size is one too large where pixels are left over.",
        "May a window stick out of the input?",
        divide=lambda free, stride: -(-free // stride),
    ),
    _size(
        "size_round",
        "Your size is sometimes one too large where pixels are left over.",
        "May a window stick out of the input? round() goes up as well as down.",
        divide=lambda free, stride: math.floor(free / stride + 0.5),
    ),
    _size("size_float", "Your size is a float.", "What does / give, and what does // give?", divide=truediv),
    _size(
        "size_no_plus_one",
        "Your size is one too small.",
        "A window of 3 on 3 pixels: how many places are there?",
        more=0,
    ),
    _size(
        "size_padding_once",
        "Padding counts on one side only.",
        "On how many sides of the axis are there zeros?",
        sides=1,
    ),
    _size(
        "size_padding_after_division",
        "Your size is off where stride and padding come together.",
        "What is divided by the stride: the input, or the padded input?",
        room=lambda size, kernel, stride, padding, dilation: (
            (size - dilation * (kernel - 1) - 1) // stride + 2 * padding // stride + 1
        ),
    ),
    _size(
        "size_padding_undivided",
        "Your size is too large where stride and padding come together.",
        "What is divided by the stride: the input, or the padded input?",
        room=lambda size, kernel, stride, padding, dilation: (
            (size - dilation * (kernel - 1) - 1) // stride + 2 * padding + 1
        ),
    ),
    _size(
        "size_dilation_ignored",
        "Dilation changes nothing in your size.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        span=lambda kernel, dilation: kernel,
    ),
    _size(
        "size_dilation_times_kernel",
        "Your dilated window is too long.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        span=lambda kernel, dilation: dilation * kernel,
    ),
    _size(
        "size_no_error",
        "A window that does not fit gives zero or a negative size.",
        "What should happen where there is no place for the window?",
        fits=lambda free, size, kernel: True,
    ),
    _size(
        "size_error_without_padding",
        "You refuse windows that fit once the input is padded.",
        "What must the window fit into?",
        fits=lambda free, size, kernel: kernel <= size and free >= 0,
    ),
    _size(
        "size_dilated_fits",
        "A dilated window that does not fit is not refused.",
        "How long is the window with its gaps?",
        fits=lambda free, size, kernel: kernel <= size or free >= 0,
    ),
    _size(
        "size_assumes_divisible",
        "You refuse a stride that leaves pixels over.",
        "Pixels that are left over are simply not looked at.",
        demand=demand_divisible,
    ),
    _keep(
        "same_half_kernel",
        "Windows of even length get a padding, though none keeps the size.",
        "Try a window of 2 on 5 pixels with padding 0 and with padding 1.",
        impossible=lambda total, kernel: False,
        half=lambda total: (total + 1) // 2,
    ),
    _keep(
        "same_dilation_ignored",
        "Dilation changes nothing in your padding.",
        "How long is the window with its gaps?",
        total=lambda kernel, dilation: kernel - 1,
    ),
    _keep(
        "same_refuses_even",
        "You refuse windows of even length whose dilated length is odd.",
        "How long is a window of two taps with a gap of one between them?",
        impossible=lambda total, kernel: kernel % 2 == 0,
    ),
    _keep(
        "same_both_sides",
        "Your padding is twice too large.",
        "Padding is said per side.",
        half=lambda total: total,
    ),
    _keep("same_float", "Your padding is a float.", "What does / give, and what does // give?", half=lambda t: t / 2),
)


def _count(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_counts", {"conv_counts": counts(**steps)}, symptom, hint)


def _mlp(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_counts", {"mlp_params": mlp(**steps)}, symptom, hint)


def _int32(*numbers: int) -> tuple[int, ...]:
    return tuple((number + 2**31) % 2**32 - 2**31 for number in numbers)


_COUNTS = (
    _count(
        "count_no_bias",
        "Your parameters lack the biases.",
        "How many biases does a filter have?",
        biases=lambda c_in, c_out, bias: 0,
    ),
    _count(
        "count_bias_always",
        "Biases count even where the layer has none.",
        "Where does `bias` enter?",
        biases=lambda c_in, c_out, bias: c_out,
    ),
    _count(
        "count_bias_per_pair",
        "You have a bias for each pair of channels.",
        "How many biases does a filter have?",
        biases=lambda c_in, c_out, bias: c_in * c_out * bias,
    ),
    _count(
        "count_no_c_in",
        "Your filters see one channel only.",
        "How deep is a filter?",
        per_filter=lambda c_in, c_out, groups: 1,
    ),
    _count(
        "count_groups_ignored",
        "Groups change nothing in your counts.",
        "How many input channels does a filter of a group see?",
        per_filter=lambda c_in, c_out, groups: c_in,
    ),
    _count(
        "count_groups_twice",
        "Groups make your counts smaller than they are.",
        "Filters of a group see fewer channels; are there fewer filters as well?",
        per_filter=lambda c_in, c_out, groups: c_in // groups**2,
    ),
    _count(
        "count_square_kernel",
        "Filters that are not square are counted as if they were.",
        "A pair says height and width.",
        pair=lambda value: (spread(value, 2)[0],) * 2,
    ),
    _count(
        "count_macs_input_size",
        "Your MACs count input pixels.",
        "For how many places of the filter is the sum computed?",
        places=lambda in_size, out_size: in_size,
    ),
    _count(
        "count_macs_bias",
        "Your MACs count the adding of the bias.",
        "A MAC is one multiplication together with one addition.",
        macs=lambda weights, c_out, pixels, bias: (weights + c_out * bias) * pixels,
    ),
    _count(
        "count_flops",
        "Your MACs are twice too many.",
        "A MAC is one multiplication together with one addition: it counts once.",
        macs=lambda weights, c_out, pixels, bias: 2 * weights * pixels,
    ),
    _count(
        "count_activations_one_channel",
        "Your activations are those of one channel.",
        "How many maps does the layer give?",
        activations=lambda c_in, c_out, pixels: pixels,
    ),
    _count(
        "count_activations_c_in",
        "Your activations count the input's channels.",
        "How many maps does the layer give?",
        activations=lambda c_in, c_out, pixels: c_in * pixels,
    ),
    _count(
        "count_dilation_ignored",
        "Dilation changes nothing in your counts.",
        "Does a dilated window fit as often?",
        out_size=window_count(span=lambda kernel, dilation: kernel),
    ),
    _count(
        "count_int32",
        "Large counts come out negative or far too small.",
        "How large can a number be in 32 bits? Python's own ints have no limit.",
        finish=_int32,
    ),
    _count(
        "count_float",
        "Your counts are floats.",
        "What does / give, and what does // give?",
        finish=lambda *numbers: tuple(float(number) for number in numbers),
    ),
    _count(
        "count_no_error",
        "A window that does not fit is counted.",
        "What does conv_output_size say about such a window?",
        out_size=window_count(fits=lambda free, size, kernel: True),
    ),
    _count(
        "count_order",
        "Your numbers come in another order.",
        "In which order does ConvCounts name them?",
        finish=lambda params, macs, activations: (macs, params, activations),
    ),
    _mlp(
        "mlp_no_biases",
        "Your fully connected layers have no biases.",
        "What does each unit add to its weighted sum?",
        layer=lambda before, after: before * after,
    ),
    _mlp(
        "mlp_input_bias",
        "Your input has biases too.",
        "Which numbers of the list are widths of layers that compute something?",
        more=lambda widths: widths[0],
    ),
    _mlp(
        "mlp_last_layer_missing",
        "Your last layer is not counted.",
        "How many layers of weights lie between three widths?",
        pairs=lambda pairs: pairs[:-1],
    ),
)


MISTAKES: tuple[Mistake, ...] = (*_SIZES, *_COUNTS)
