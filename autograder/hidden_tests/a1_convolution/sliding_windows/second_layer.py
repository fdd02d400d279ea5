"""The listed mistakes about the convolution layer, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograder.hidden_tests.a1_convolution.sliding_windows.second_sizes import SIZE
from autograder.hidden_tests.a1_convolution.sliding_windows.second_steps import (
    clipped_count,
    edge,
    float64,
    input_dtype,
    only_first,
    turned,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.windows import RIGHT_AGAIN
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, fold, fold_between
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_layer import (
    contract,
    frame,
    symmetric,
    window_layer,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_sizes import per_axis, starts
from autograder.mistakes import named


def _by_place(rule: Step) -> Step:
    """Padding that asks a rule which pixel a place outside takes."""

    def pad(x: np.ndarray, padding: tuple[int, ...]) -> np.ndarray:
        for axis, p in enumerate(padding, start=2):
            x = np.take(x, rule(np.arange(-p, x.shape[axis] + p), x.shape[axis]), axis=axis)
        return x

    return pad


def _front_to_back(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[Any, ...]:
    """Strides worked out from the shape alone, on the memory that the array lives in."""
    memory = x if x.base is None else x.base
    strides = np.cumprod((x.itemsize, *x.shape[:0:-1]))[::-1]
    return as_strided(memory, x.shape, tuple(int(step) for step in strides), writeable=False), w, b


def _turns_callers_images(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[Any, ...]:
    kept = np.array(x)
    np.copyto(x, kept[:, :, ::-1, ::-1])
    return kept, w, b


def _for_each(out: np.ndarray, repeats: int, axis: int) -> np.ndarray:
    return np.repeat(out, repeats, axis)


def _last_left(out: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(out)
    kept[:, :, :-1, :-1] = out[:, :, :-1, :-1]
    return kept


def _squared(w: np.ndarray) -> np.ndarray:
    height = w.shape[2]
    return np.resize(w, (*w.shape[:2], height, height))


def _turns_callers_filters(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[Any, ...]:
    kept = np.array(w)
    np.copyto(w, kept[:, :, ::-1, ::-1])
    return x, kept, b


def _as_pixels(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
    if w[0, 0].size == 1:
        return RIGHT_AGAIN["conv1x1_as_matmul"](symmetric(x, per_axis(padding)), w, b)
    return RIGHT_AGAIN["conv2d_forward"](x, w, b, stride=stride, padding=padding)


def _channels_fastest(windows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    columns = np.einsum("nchwij->nhwijc", windows)
    return np.moveaxis(columns.reshape(*columns.shape[:3], -1) @ filters.reshape(len(filters), -1).T, -1, 1)


def _overlapping_rows(windows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    height, width = filters.shape[2:]
    columns = np.zeros((height * width, *windows.shape[:4]), dtype=windows.dtype)
    for place in range(height * width):
        row, column = divmod(place, width)
        columns[row * height + column] = windows[..., row, column]
    return np.einsum("knchw,fck->nfhw", columns, filters.reshape(*filters.shape[:2], -1))


_CONV: dict[str, Step] = {
    "true_convolution": window_layer(turn=turned),
    "flip_cols_only": window_layer(turn=lambda w: np.flip(w, -1)),
    "transposed_kernel": window_layer(turn=lambda w: np.einsum("fcij->fcji", w)),
    "no_bias": window_layer(bias=lambda out, b: out),
    "bias_per_channel": window_layer(prepare=lambda x, w, b: (x, w, None if b is None else x.shape[1] * b)),
    "bias0_for_all": window_layer(bias=lambda out, b: out if b is None else out + b[:1]),
    "bias_on_last_axis": window_layer(bias=lambda out, b: out if b is None else np.add(out, b)),
    "bias_needed": window_layer(bias=lambda out, b: out + b[:, None, None]),
    "pad_ignored": window_layer(paddings=lambda p: (0,) * len(p)),
    "pad_hard1": window_layer(paddings=lambda p: (1,) * len(p)),
    "pad_rows_only": window_layer(paddings=lambda p: (p[0], 0)),
    "pad_bottom_right": window_layer(pad=lambda x, padding: frame(x, [(0, 2 * p) for p in padding])),
    "pad_first_of_pair": window_layer(paddings=lambda p: p[:1] * len(p)),
    "pad_edge": window_layer(pad=_by_place(edge)),
    "pad_reflect": window_layer(pad=_by_place(fold)),
    "pad_symmetric": window_layer(pad=_by_place(fold_between)),
    "stride_ignored": window_layer(strides=lambda s: (1,) * len(s)),
    "stride_not_in_window": window_layer(jumps=lambda s: (1,) * len(s)),
    "stride_rows_only": window_layer(jumps=lambda s: (s[0], 1)),
    "stride_1x1": _as_pixels,
    "stride_swapped": window_layer(strides=lambda s: (s[1], s[0])),
    "out_forget_plus1": window_layer(size=lambda size: [n - 1 for n in size]),
    "out_single_pad": window_layer(count=SIZE["padding_once"]),
    "out_ceil": window_layer(count=starts(count=lambda last, stride: len(range(0, last + stride, stride)))),
    "out_w_from_h": window_layer(size=lambda size: size[:1] * 2),
    "assumes_divisible": window_layer(count=SIZE["assumes_divisible"]),
    "kernel_height_both": window_layer(turn=_squared),
    "first_channel_only": window_layer(combine=only_first),
    "im2col_order": window_layer(combine=_channels_fastest),
    "im2col_short_rows": window_layer(combine=_overlapping_rows),
    "mean_over_channels": window_layer(combine=lambda windows, w: contract(windows, w) / w.shape[1]),
    "batch_first_only": window_layer(
        combine=lambda windows, w: _for_each(contract(windows[:1], w), len(windows), axis=0)
    ),
    "filter_first_only": window_layer(combine=lambda windows, w: _for_each(contract(windows, w[:1]), len(w), axis=1)),
    "out_transposed": window_layer(finish=lambda out: out.transpose(0, 1, 3, 2)),
    "channels_last": window_layer(finish=lambda out: out.transpose(0, 2, 3, 1)),
    "last_row_col_missing": window_layer(clear=_last_left),
    "dtype_float32": window_layer(dtype=lambda *arrays: np.float32),
    "dtype_float64": window_layer(dtype=float64),
    "dtype_int": window_layer(dtype=input_dtype),
    "dtype_without_bias": window_layer(dtype=lambda x, w, b: np.promote_types(x.dtype, w.dtype)),
    "noncontig_strides": window_layer(prepare=_front_to_back),
    "mutates_x": window_layer(prepare=_turns_callers_images),
    "mutates_w": window_layer(prepare=_turns_callers_filters),
    "no_error": window_layer(count=clipped_count()),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = named("cf", "conv2d_forward", _CONV)
