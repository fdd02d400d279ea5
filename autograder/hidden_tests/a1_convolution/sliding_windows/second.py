"""The listed mistakes in sliding_windows, made a second time on the other base: whole arrays instead of loops.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import mul
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograder.hidden_tests.a1_convolution.sliding_windows.windows import (
    RIGHT_AGAIN,
    SOURCES,
    Step,
    all_windows,
    arms,
    bell_by_distance,
    by_index,
    by_shapes,
    closed_field,
    contract,
    dense,
    differ,
    fold,
    fold_between,
    frame,
    jumps_of,
    middle_tap,
    per_axis,
    pixel_product,
    rows1d,
    separable_edges,
    shifts2d,
    starts,
    steps_out,
    symmetric,
    unchanged,
    window_layer,
)


def _float64(*_arrays: np.ndarray | None) -> type:
    return np.float64


def _input_dtype(x: np.ndarray, *_others: np.ndarray | None) -> np.dtype:
    return x.dtype


# One axis


def _crops_full(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    wide = np.concatenate([np.zeros_like(x, shape=len(w) - 1), x, np.zeros_like(x, shape=len(w) - 1)])
    middle = (len(w) - 1) // 2
    return RIGHT_AGAIN["convolve1d"](wide, w)[middle : middle + len(x)]


def _reverses_callers_filter(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    np.copyto(w, np.flip(w).copy())
    return RIGHT_AGAIN["correlate1d"](x, w)


class _Accumulator:
    """A correlate1d whose result array outlives the call, as long as the shapes stay."""

    def __init__(self) -> None:
        self.shapes: Any = None
        self.total: Any = None

    def __call__(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        new = RIGHT_AGAIN["correlate1d"](x, w)
        if (x.shape, w.shape) != self.shapes:
            self.shapes, self.total = (x.shape, w.shape), np.zeros_like(new)
        self.total = self.total + new
        return self.total


def _lists_sums(x: np.ndarray, w: np.ndarray) -> list[Any]:
    if len(w) > len(x):
        raise ValueError("the filter does not fit")
    return [sum(pixel * tap for pixel, tap in zip(x[i:], w, strict=False)) for i in range(len(x) - len(w) + 1)]


_ONE_D: dict[str, Mapping[str, Step]] = {
    "corr1d_flips": {"correlate1d": rows1d(turn=np.flip)},
    "conv1d_not_flipped": {"convolve1d": rows1d()},
    "conv1d_flips_signal": {"convolve1d": rows1d(arrange=lambda rows: rows[::-1, ::-1])},
    "corr1d_last_missing": {"correlate1d": rows1d(places=lambda x, w: len(x) - len(w))},
    "conv1d_same_length": {"convolve1d": _crops_full},
    "corr1d_mean": {
        "correlate1d": rows1d(
            turn=lambda w: w / len(w), dtype=lambda x, w: np.result_type(x, w / w.dtype.type(1), np.float32)
        )
    },
    "corr1d_always_float64": {"correlate1d": rows1d(dtype=_float64)},
    "corr1d_truncates": {"correlate1d": rows1d(dtype=_input_dtype)},
    "corr1d_list": {"correlate1d": _lists_sums},
    "corr1d_prints": {"correlate1d": lambda x, w: print(RIGHT_AGAIN["correlate1d"](x, w))},
    "conv1d_truncates": {"convolve1d": rows1d(turn=np.flip, dtype=_input_dtype)},
    "corr1d_no_error": {"correlate1d": rows1d(refuse=lambda x, w: False)},
    "conv1d_flips_in_place": {"convolve1d": _reverses_callers_filter},
    "corr1d_remembers": {"correlate1d": _Accumulator()},
}


# Two axes


def _turns_callers_kernel(image: np.ndarray, kernel: np.ndarray, **options: Any) -> np.ndarray:
    out = RIGHT_AGAIN["correlate2d"](image, kernel, **options)
    np.copyto(kernel, np.rot90(kernel, 2).copy())
    return out


def _without_last(total: np.ndarray) -> np.ndarray:
    """Leave the last row and column at zero, but for the first."""
    out = np.zeros_like(total)
    rows, columns = (max(n - 1, 1) for n in total.shape)
    out[:rows, :columns] = total[:rows, :columns]
    return out


def _edge(i: np.ndarray, n: int) -> np.ndarray:
    return np.clip(i, 0, n - 1)


def _padded(sides: Step) -> Step:
    return shifts2d(pad=by_index(SOURCES, sides))


def _sourced(**sources: Step | None) -> Step:
    return shifts2d(pad=by_index(SOURCES | sources))


_TWO_D: dict[str, Step] = {
    "true_convolution": shifts2d(turn=lambda w: np.rot90(w, 2)),
    "flips_columns": shifts2d(turn=np.fliplr),
    "transposed_kernel": shifts2d(turn=lambda w: np.einsum("ij->ji", w)),
    "kernel_rows_both": shifts2d(window=lambda w: (len(w), len(w))),
    "width_from_height": shifts2d(size=lambda padded, k: (len(padded) - k[0] + 1, len(padded) - k[1] + 1)),
    "last_row_missing": shifts2d(finish=_without_last),
    "padding_ignored": _padded(lambda p: ((0, 0), (0, 0))),
    "padding_hard1": _padded(lambda p: ((min(p, 1),) * 2,) * 2),
    "pads_rows_only": _padded(lambda p: ((p, p), (0, 0))),
    "pads_after": _padded(lambda p: ((0, p + p), (0, p + p))),
    "reflect_repeats_edge": _sourced(reflect=fold_between),
    "reflect_is_edge": _sourced(reflect=_edge),
    "circular_is_reflect": _sourced(circular=fold),
    "modes_ignored": _sourced(reflect=None, circular=None),
    "unknown_mode": shifts2d(unknown=lambda mode: "zeros"),
    "always_float64": shifts2d(dtype=_float64),
    "truncates": shifts2d(dtype=_input_dtype),
    "changes_kernel": _turns_callers_kernel,
}


# Template matching


def _own_dtype_centre(windows: np.ndarray, _image: np.ndarray) -> np.ndarray:
    return windows - windows.mean((2, 3), keepdims=True).astype(windows.dtype)


def _moments(windows: np.ndarray, template: np.ndarray) -> np.ndarray:
    variance = (windows**2).mean((2, 3)) - windows.mean((2, 3)) ** 2
    return np.sqrt(np.abs(variance)) * np.sqrt(template.size) * np.linalg.norm(template)


def _middle_of_best(scores: np.ndarray, template: np.ndarray) -> tuple[int, int]:
    row, column = divmod(int(scores.argmax()), scores.shape[1])
    return row + template.shape[0] // 2, column + template.shape[1] // 2


_MATCH: dict[str, Step] = {
    "raw_product": all_windows(
        centre=lambda windows, image: windows,
        centre_template=unchanged,
        norms=lambda windows, template: np.ones(windows.shape[:2]),
    ),
    "window_not_centred": all_windows(centre=lambda windows, image: windows),
    "image_mean": all_windows(centre=lambda windows, image: windows - image.mean()),
    "template_not_centred": all_windows(centre_template=unchanged),
    "window_norm_missing": all_windows(
        norms=lambda windows, template: np.full(windows.shape[:2], np.linalg.norm(template))
    ),
    "template_norm_missing": all_windows(norms=lambda windows, template: np.linalg.norm(windows, axis=(2, 3))),
    "std_not_norm": all_windows(norms=lambda windows, template: windows.std((2, 3)) * template.std()),
    "no_root": all_windows(
        norms=lambda windows, template: np.square(windows).sum((2, 3)) * np.square(template).sum(),
        is_flat=lambda norms: norms < 1e-20,
    ),
    "absolute": all_windows(score=np.abs),
    "best_of_absolute": all_windows(
        best=lambda scores, template: divmod(int(np.abs(scores).argmax()), scores.shape[1])
    ),
    "worst": all_windows(best=lambda scores, template: divmod(int(scores.argmin()), scores.shape[1])),
    "place_swapped": all_windows(best=lambda scores, template: divmod(int(scores.argmax()), scores.shape[1])[::-1]),
    "place_flat": all_windows(best=lambda scores, template: int(np.argmax(scores.ravel()))),
    "place_centre": all_windows(best=_middle_of_best),
    "flat_is_nan": all_windows(flat=np.nan),
    "flat_is_one": all_windows(flat=1.0),
    "bytes_overflow": all_windows(
        read=np.array,
        centre=_own_dtype_centre,
        centre_template=lambda template: template - template.mean().astype(template.dtype),
        norms=lambda windows, template: np.sqrt((windows**2).sum((2, 3)) * (template**2).sum()),
    ),
    "turned_template": all_windows(read=np.float64, centre_template=lambda t: np.rot90(t - t.mean(), 2)),
    "lossy_variance": all_windows(
        centre=lambda windows, image: windows, norms=_moments, is_flat=lambda norms: norms < 1e-9
    ),
}


# Bells, edges, squares

_GAUSS: dict[str, Step] = {
    "not_normalised": bell_by_distance(scale=lambda kernel, sigma: kernel),
    "by_formula": bell_by_distance(scale=lambda kernel, sigma: kernel / (sigma * np.sqrt(2 * np.pi)) ** 2),
    "two_missing": bell_by_distance(height=lambda distance, sigma: np.exp(-((distance / sigma) ** 2))),
    "sigma_not_squared": bell_by_distance(height=lambda distance, sigma: np.exp(-(distance**2) / sigma / 2)),
    "sigma_ignored": bell_by_distance(height=lambda distance, sigma: np.exp(-(distance**2) / 2)),
    "distance_not_squared": bell_by_distance(height=lambda distance, sigma: np.exp(-distance / sigma**2 / 2)),
    "off_centre": bell_by_distance(middle=lambda size: size / 2),
}


def _back(image: np.ndarray, axis: int) -> np.ndarray:
    return -differ(image, axis)


def _three_alike(image: np.ndarray, axis: int) -> np.ndarray:
    image = np.moveaxis(image, axis, 0)
    return np.moveaxis(image[:-2] + image[1:-1] + image[2:], 0, axis)


def _widened(image: np.ndarray) -> np.ndarray:
    wide = np.zeros([n + 2 for n in image.shape], dtype=np.result_type(image, int))
    wide[1:-1, 1:-1] = image
    return wide


_SOBEL: dict[str, Step] = {
    "swapped": separable_edges(order=lambda gx, gy, magnitude: (gy, gx, magnitude)),
    "turned": separable_edges(differ_x=_back, differ_y=_back),
    "gy_sign": separable_edges(differ_y=_back),
    "prewitt": separable_edges(smooth=_three_alike),
    "sum_of_absolutes": separable_edges(length=lambda gx, gy: abs(gx) + abs(gy)),
    "no_root": separable_edges(length=lambda gx, gy: np.square(gx) + np.square(gy)),
    "padded": separable_edges(read=_widened),
    "bytes": separable_edges(read=unchanged, length=np.hypot),
}

_SQUARE: dict[str, Step] = {
    "filled_too": arms(dark=0.0),
    "tolerant": arms(first=-6.0, second=-7.0),
    "three_corners": arms(second=-4.0),
    "corner_unused": arms(used=3, second=-4.0),
    "too_large": arms(apart=2),
    "never": arms(second=-8.0),
    "one_filter": arms(finish=lambda w1, b1, w2, b2: (w1.squeeze(1), b1, w2, b2)),
    "places_swapped": arms(turned=True),
}


# Sizes and counts


def _clipped_count(**steps: Any) -> Step:
    """A size that is 0 where the window does not fit."""
    return starts(refuse=lambda *_: False, **steps)


_SIZE: dict[str, Step] = {
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
    "no_error": _clipped_count(),
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
    "no_error": by_shapes(size=_clipped_count()),
    "order": by_shapes(finish=lambda params, macs, activations: (macs, params, activations)),
}

_MLP: dict[str, Step] = {
    "no_biases": dense(biases=lambda widths: 0),
    "input_bias": dense(biases=sum),
    "last_layer_missing": dense(stack=lambda widths: widths[:-1]),
}


# Layers


def _turned(w: np.ndarray) -> np.ndarray:
    return w[(slice(None), slice(None), *(slice(None, None, -1),) * (w.ndim - 2))]


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


def _only_first(windows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    return contract(windows[:, :1], filters[:, :1])


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
    "true_convolution": window_layer(turn=_turned),
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
    "pad_edge": window_layer(pad=_by_place(_edge)),
    "pad_reflect": window_layer(pad=_by_place(fold)),
    "pad_symmetric": window_layer(pad=_by_place(fold_between)),
    "stride_ignored": window_layer(strides=lambda s: (1,) * len(s)),
    "stride_not_in_window": window_layer(jumps=lambda s: (1,) * len(s)),
    "stride_rows_only": window_layer(jumps=lambda s: (s[0], 1)),
    "stride_1x1": _as_pixels,
    "stride_swapped": window_layer(strides=lambda s: (s[1], s[0])),
    "out_forget_plus1": window_layer(size=lambda size: [n - 1 for n in size]),
    "out_single_pad": window_layer(count=_SIZE["padding_once"]),
    "out_ceil": window_layer(count=starts(count=lambda last, stride: len(range(0, last + stride, stride)))),
    "out_w_from_h": window_layer(size=lambda size: size[:1] * 2),
    "assumes_divisible": window_layer(count=_SIZE["assumes_divisible"]),
    "kernel_height_both": window_layer(turn=_squared),
    "first_channel_only": window_layer(combine=_only_first),
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
    "dtype_float64": window_layer(dtype=_float64),
    "dtype_int": window_layer(dtype=_input_dtype),
    "dtype_without_bias": window_layer(dtype=lambda x, w, b: np.promote_types(x.dtype, w.dtype)),
    "noncontig_strides": window_layer(prepare=_front_to_back),
    "mutates_x": window_layer(prepare=_turns_callers_images),
    "mutates_w": window_layer(prepare=_turns_callers_filters),
    "no_error": window_layer(count=_clipped_count()),
}

_PIXEL: dict[str, Step] = {
    "channels_not_last": pixel_product(pixels=lambda x: x.reshape(len(x), *x.shape[2:], x.shape[1])),
    "no_transpose_back": pixel_product(back=lambda out, x: out.reshape(len(x), out.shape[-1], *x.shape[2:])),
    "height_width_swapped": pixel_product(
        back=lambda out, x: np.moveaxis(out.reshape(len(x), x.shape[3], x.shape[2], out.shape[-1]), -1, 1)
    ),
    "no_bias": pixel_product(bias=lambda out, b: out),
    "bias_needed": pixel_product(bias=np.add),
    "weights_reshaped": pixel_product(matrix=lambda w: w.reshape(w.shape[1::-1]).T),
    "dtype_float64": pixel_product(dtype=_float64),
    "dtype_int": pixel_product(dtype=_input_dtype),
}


def _alone(x: np.ndarray, sides: Mapping[int, tuple[int, int]], padding: tuple[int, ...]) -> np.ndarray:
    """Pad one axis on other sides than the rest."""
    return frame(x, [sides.get(axis, (p, p)) for axis, p in enumerate(padding)])


_LINE: dict[str, Step] = {
    "pads_one_side": window_layer(1, pad=lambda x, padding: _alone(x, {0: (2 * padding[0], 0)}, padding)),
    "layer_flips": window_layer(1, turn=_turned),
    "layer_stride_ignored": window_layer(1, jumps=lambda s: (1,)),
    "layer_bias_needed": window_layer(1, bias=lambda out, b: out + b[:, None]),
    "layer_first_channel": window_layer(1, combine=_only_first),
    "layer_float64": window_layer(1, dtype=_float64),
    "layer_extra_axis": window_layer(1, finish=lambda out: np.expand_dims(out, 2)),
}


def _by_slices(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
    """A layer over two axes whose channels are the slices, as many as a filter has."""
    if x.shape[2] < w.shape[2]:
        raise ValueError("the filter is too deep")
    slices, filters = x[:, :, : w.shape[2]], w.reshape(len(w), -1, *w.shape[3:])
    flat = slices.reshape(len(x), -1, *x.shape[3:])
    return RIGHT_AGAIN["conv2d_forward"](
        flat, filters, b, stride=per_axis(stride, 3)[1:], padding=per_axis(padding, 3)[1:]
    )


_VOLUME: dict[str, Step] = {
    "flips_depth": window_layer(3, turn=lambda w: np.flip(w, 2)),
    "triples_reversed": window_layer(3, strides=lambda s: tuple(reversed(s))),
    "depth_not_padded": window_layer(3, pad=lambda x, padding: _alone(x, {0: (0, 2 * padding[0])}, padding)),
    "first_slice_only": window_layer(3, combine=lambda windows, w: contract(windows[..., :1, :, :], w[:, :, :1])),
    "depth_summed": window_layer(3, finish=lambda out: np.einsum("nfdhw->nfhw", out)),
    "depth_as_channels": _by_slices,
    "depth_stride_ignored": window_layer(3, jumps=lambda s: (1, *s[1:])),
    "bias_missing": window_layer(3, bias=lambda out, b: out),
}


def _deals_out(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    out = RIGHT_AGAIN["conv2d_grouped"](x, w, b, groups=groups, **options)
    return out[:, np.arange(len(w)).reshape(groups, -1).T.ravel()]


def _one_map(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    out = RIGHT_AGAIN["conv2d_grouped"](x, w, b, groups=groups, **options)
    return np.einsum("nfhw->nhw", out)[:, None] if 1 < groups == x.shape[1] else out


def _single_channels(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    if groups > 1:
        alone = np.arange(x.shape[1])[None, :groups].T
        alone[:, x.shape[1] // groups - 1]
    return RIGHT_AGAIN["conv2d_grouped"](x, w, b, groups=groups, **options)


def _few_biases(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    shared = None if b is None else b[np.arange(len(w)) // (len(w) // groups)]
    return RIGHT_AGAIN["conv2d_grouped"](x, w, shared, groups=groups, **options)


def _with_gaps(x: Any, w: Any, b: Any, *, dilation: Any = 1, **options: Any) -> np.ndarray:
    steps = per_axis(dilation)
    dot = np.zeros(steps, dtype=x.dtype)
    dot[0, 0] = 1
    size = [step * (n - 1) + 1 for step, n in zip(steps, x.shape[2:], strict=True)]
    gaps = np.kron(x, dot[None, None])[:, :, : size[0], : size[1]]
    return RIGHT_AGAIN["conv2d_grouped"](gaps, w, b, dilation=steps, **options)


_GROUPED: dict[str, Step] = {
    "first_channels": window_layer(channels=lambda group, each, groups: np.arange(each)),
    "interleaved": window_layer(channels=lambda group, each, groups: np.arange(each) * groups + group),
    "offset_one": window_layer(channels=lambda group, each, groups: np.arange(each) + group),
    "outputs_shuffled": _deals_out,
    "depthwise_summed": _one_map,
    "depthwise_only": _single_channels,
    "dilation_ignored": window_layer(dilations=lambda d: (1,) * len(d)),
    "input_dilated": _with_gaps,
    "dilation_swapped": window_layer(dilations=lambda d: (d[1], d[0])),
    "dilation_times_kernel": window_layer(count=starts(span=lambda kernel, dilation: kernel * dilation)),
    "stride_swapped": window_layer(strides=lambda s: (s[1], s[0])),
    "flips": window_layer(turn=_turned),
    "bias_per_group": _few_biases,
    "dtype_float64": window_layer(dtype=_float64),
    "undilated_fits": window_layer(count=_clipped_count()),
}


# Receptive fields


def _sum_of_strides(strides: tuple[int, ...]) -> list[int]:
    return [1 + sum(strides[:n]) - n for n in range(len(strides) + 1)]


def _reads_first(layers: Any) -> Any:
    _first, *_rest = layers[0], *layers[1:]
    return layers


def _empties(layers: list[Any]) -> list[Any]:
    return [layers.pop(0) for _ in range(len(layers))]


def _true_start(paddings: tuple[int, ...], strides: list[int]) -> int:
    return -sum(map(mul, paddings, jumps_of(strides)))


_FIELD: dict[str, Step] = {
    "adds_kernel": closed_field(reach=lambda kernel, dilation: dilation * (kernel - 1) + 1),
    "strides_ignored": closed_field(size=lambda reaches, jumps, paddings: 1 + sum(reaches)),
    "own_stride": closed_field(
        size=lambda reaches, jumps, paddings: 1 + sum(r * j for r, j in zip(reaches, jumps[1:], strict=True))
    ),
    "only_own_stride": closed_field(jumps=lambda strides: [*strides, math.prod(strides)], start=_true_start),
    "one_pixel_adds": closed_field(reach=lambda kernel, dilation: dilation * (kernel - 1) or 1),
    "last_stride_only": closed_field(jumps=lambda strides: [1, *strides]),
    "strides_added": closed_field(jumps=_sum_of_strides),
    "reversed": closed_field(read=lambda layers: list(reversed(layers))),
    "dilation_ignored": closed_field(reach=lambda kernel, dilation: kernel - 1),
    "dilation_times_kernel": closed_field(reach=lambda kernel, dilation: kernel * dilation - 1),
    "padding_widens": closed_field(
        size=lambda reaches, jumps, paddings: (
            1 + 2 * sum(paddings) + sum(r * j for r, j in zip(reaches, jumps, strict=False))
        )
    ),
    "start_without_jump": closed_field(start=lambda paddings, jumps: -sum(paddings)),
    "start_sign": closed_field(start=lambda paddings, jumps: sum(p * j for p, j in zip(paddings, jumps, strict=False))),
    "start_zero": closed_field(start=lambda paddings, jumps: 0),
    "start_centre": closed_field(finish=lambda size, jump, start: (size, jump, start + (size - 1) // 2)),
    "empty_fails": closed_field(read=_reads_first),
    "eats_list": closed_field(read=_empties),
}

_SEE: dict[str, Step] = {
    "rounds_down": steps_out(seen=lambda size, kernel: range(kernel, size + 1, kernel - 1)),
    "forgets_first_pixel": steps_out(seen=lambda size, kernel: range(0, size, kernel - 1)),
    "one_more": steps_out(count=lambda seen: len(seen) + 1),
    "at_least_one": steps_out(count=lambda seen: len(seen) or 1),
    "float": steps_out(count=lambda seen: float(len(seen))),
}


def _named(prefix: str, function: str, made: Mapping[str, Step]) -> dict[str, Mapping[str, Callable[..., Any]]]:
    return {f"{prefix}_{name}": {function: wrong} for name, wrong in made.items()}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **_ONE_D,
    **_named("corr2d", "correlate2d", _TWO_D),
    **_named("match", "match_template", _MATCH),
    **_named("gauss", "gaussian_kernel", _GAUSS),
    **_named("sobel", "sobel_edges", _SOBEL),
    **_named("square", "square_detector", _SQUARE),
    **_named("size", "conv_output_size", _SIZE),
    **_named("same", "same_padding", _SAME),
    **_named("count", "conv_counts", _COUNT),
    **_named("mlp", "mlp_params", _MLP),
    **_named("cf", "conv2d_forward", _CONV),
    **_named("1x1", "conv1x1_as_matmul", _PIXEL),
    **_named("conv1d", "conv1d_forward", _LINE),
    **_named("conv3d", "conv3d_forward", _VOLUME),
    **_named("groups", "conv2d_grouped", _GROUPED),
    **_named("field", "receptive_field", _FIELD),
    **_named("see", "layers_to_see", _SEE),
}

NOT_ON_SECOND: dict[str, str] = {"match_last_of_ties": "No mistake: it is accepted."}
"""Mistakes that can't be made on the second base, with the reason."""
