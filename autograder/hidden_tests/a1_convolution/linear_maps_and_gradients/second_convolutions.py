"""The listed mistakes about gradients as convolutions and the transposed one, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_convolutions import (
    filters_from,
    images_from,
    printing,
    spaced,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import backwards, overwrite
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_gradients import (
    all_of_it,
    cut_negative,
    cut_top_left,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import dtype_of_first, float64
from autograder.mistakes import named


def _spaced_too_far(dout: np.ndarray, s: Any, more: Any = (0, 0)) -> np.ndarray:
    return spaced(dout, [a + 1 for a in s])


def _must_grow(array: np.ndarray, margin: Any) -> np.ndarray:
    if min(margin) < 0:
        raise ValueError("a frame can't be negative")
    return framed(array, margin)


_DX: dict[str, Step] = {
    "not_dilated": images_from(space=lambda dout, s, more: dout),
    "dilated_too_far": images_from(space=_spaced_too_far),
    "rest_missing": images_from(behind=lambda *how: (0, 0)),
    "not_flipped": images_from(turn=lambda w: w),
    "flips_one_axis": images_from(turn=lambda w: np.flip(w, 3)),
    "transposed_not_turned": images_from(turn=lambda w: np.moveaxis(w, 2, 3)),
    "channels_kept": images_from(channels=lambda w: w),
    "full_padding": images_from(margin=lambda k, p: [n - 1 for n in k]),
    "no_padding": images_from(margin=lambda k, p: (0, 0)),
    "same_padding": images_from(margin=lambda k, p: p),
    "wide_padding_fails": images_from(frame=_must_grow),
    "padding_swapped": images_from(paddings=lambda p: (p[1], p[0])),
    "float64": images_from(dtype=float64),
}


_DW: dict[str, Step] = {
    "not_dilated": filters_from(space=lambda dout, s: dout),
    "not_padded": filters_from(frame=lambda x, p: x),
    "flipped": filters_from(turn=lambda dout: np.rot90(dout, 2, (2, 3))),
    "result_flipped": filters_from(finish=lambda dw, n: np.rot90(dw, 2, (2, 3))),
    "rest_not_cropped": filters_from(crop=lambda dw, k: dw),
    "channels_swapped": filters_from(product="ncijuv,nfij->cfuv"),
    "mean": filters_from(finish=lambda dw, n: dw / n),
    "first_image": filters_from(used=lambda array: array[:1]),
    "stride_swapped": filters_from(strides=lambda s: (s[1], s[0])),
    "float64": filters_from(dtype=float64),
}


_TRANSPOSED: dict[str, Step] = {
    "not_cropped": printing(crop=all_of_it),
    "assigns": printing(taps=backwards, put=overwrite),
    "assigns_by_tap": printing(put=overwrite),
    "flipped": printing(filters=lambda w: np.flip(w, (2, 3))),
    "stride_ignored": printing(strides=lambda s: (1, 1)),
    "prints_by_one": printing(apart=lambda s: (1, 1)),
    "stride_swapped": printing(strides=lambda s: (s[1], s[0])),
    "crop_top_left": printing(crop=cut_top_left),
    "crop_negative": printing(crop=cut_negative),
    "weights_of_a_layer": printing(product="ncij,fc->nfij"),
    "one_too_large": printing(length=lambda n, k, s: n * s + k),
    "first_channel": printing(filters=lambda w: w * (np.arange(len(w)) == 0).reshape(-1, 1, 1, 1)),
    "no_error": printing(
        refuse=False,
        crop=lambda out, p, size: out[..., p[0] : p[0] + max(size[0], 0), p[1] : p[1] + max(size[1], 0)],
    ),
    "float64": printing(dtype=float64),
    "truncates": printing(dtype=dtype_of_first),
    "adds_into_whole": printing(room_dtype=dtype_of_first),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("dx_conv", "conv2d_dx_as_conv", _DX),
    **named("dw_conv", "conv2d_dw_as_conv", _DW),
    **named("ct", "conv_transpose2d", _TRANSPOSED),
}
