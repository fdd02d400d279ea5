"""The listed mistakes about the size of the output, and what a layer costs, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.second_steps import clipped_count
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_sizes import by_shapes, dense, middle_tap, starts
from autograder.mistakes import named

SIZE: dict[str, Step] = {
    "ceil": starts(count=lambda last, stride: len(range(0, last + stride, stride))),
    "round": starts(count=lambda last, stride: len(range(0, last + stride // 2 + 1, stride))),
    "float": starts(count=lambda last, stride: (last + stride) / stride),
    "no_plus_one": starts(count=lambda last, stride: len(range(stride, last + 1, stride))),
    "padding_once": starts(last=lambda size, padding, span: size + padding - span),
    "padding_after_division": starts(
        apart=lambda size, span, stride, padding: 1 + (size - span) // stride + 2 * padding // stride
    ),
    "padding_undivided": starts(
        apart=lambda size, span, stride, padding: (
            len(range(0, size - span + 1, stride)) + padding + padding
            if size >= span
            else (size - span) // stride + 2 * padding + 1
        )
    ),
    "dilation_ignored": starts(span=lambda kernel, dilation: kernel),
    "dilation_times_kernel": starts(span=lambda kernel, dilation: kernel * dilation),
    "no_error": clipped_count(),
    "error_without_padding": starts(refuse=lambda last, size, kernel, stride: kernel > size or last < 0),
    "dilated_fits": starts(refuse=lambda last, size, kernel, stride: kernel > size and last < 0),
    "assumes_divisible": starts(refuse=lambda last, size, kernel, stride: last < 0 or last % stride != 0),
}


_SAME: dict[str, Step] = {
    "half_kernel": middle_tap(refuse=lambda span, kernel: False),
    "dilation_ignored": middle_tap(span=lambda kernel, dilation: kernel),
    "refuses_even": middle_tap(refuse=lambda span, kernel: kernel % 2 == 0),
    "both_sides": middle_tap(before=lambda span: span - 1),
    "float": middle_tap(before=lambda span: (span - 1) / 2),
}


def _as_int32(*numbers: int) -> tuple[int, ...]:
    return tuple(np.array(numbers, dtype=np.int64).astype(np.int32).tolist())


_COUNT: dict[str, Step] = {
    "no_bias": by_shapes(biases=lambda c_in, c_out, bias: 0),
    "bias_always": by_shapes(biases=lambda c_in, c_out, bias: c_out),
    "bias_per_pair": by_shapes(biases=lambda c_in, c_out, bias: c_out * c_in if bias else 0),
    "no_c_in": by_shapes(filters=lambda c_in, c_out, groups: (c_out,)),
    "groups_ignored": by_shapes(filters=lambda c_in, c_out, groups: (c_out, c_in)),
    "groups_twice": by_shapes(filters=lambda c_in, c_out, groups: (c_out, c_in // groups // groups)),
    "square_kernel": by_shapes(window=lambda kernel: np.ravel(kernel)[0]),
    "macs_input_size": by_shapes(visited=lambda in_size, out_size: in_size),
    "macs_bias": by_shapes(work=lambda weights, biases, pixels: (weights + biases) * pixels),
    "flops": by_shapes(work=lambda weights, biases, pixels: weights * pixels + weights * pixels),
    "activations_one_channel": by_shapes(maps=lambda c_in, c_out: 1),
    "activations_c_in": by_shapes(maps=lambda c_in, c_out: c_in),
    "dilation_ignored": by_shapes(size=starts(span=lambda kernel, dilation: kernel)),
    "int32": by_shapes(finish=_as_int32),
    "float": by_shapes(finish=lambda *numbers: tuple(np.array(numbers, dtype=float).tolist())),
    "no_error": by_shapes(size=clipped_count()),
    "order": by_shapes(finish=lambda params, macs, activations: (macs, params, activations)),
}


_MLP: dict[str, Step] = {
    "no_biases": dense(biases=lambda widths: 0),
    "input_bias": dense(biases=sum),
    "last_layer_missing": dense(stack=lambda widths: widths[:-1]),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("size", "conv_output_size", SIZE),
    **named("same", "same_padding", _SAME),
    **named("count", "conv_counts", _COUNT),
    **named("mlp", "mlp_params", _MLP),
}
