"""The listed mistakes about shifts, and layers in a row, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_equivariance import (
    RIGHT_AGAIN,
    spread_out,
    taken,
    two_ways,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import backwards, overwrite
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import dtype_of_first, float64
from autograder.mistakes import named


def _sideways_everywhere(out: Any) -> Any:
    return np.ix_(np.arange(out[0] // 4, out[0] - out[0] // 4), np.arange(out[1]))


def _third(out: Any) -> Any:
    return np.ix_(*(np.arange(n // 3, n - n // 3) for n in out))


def _batch(array: np.ndarray, shift: Any) -> np.ndarray:
    first, second = ((np.arange(n) - s) % n for n, s in zip(array.shape[:2], shift, strict=True))
    return array[first[:, None], second]


_GAPS: dict[str, Step] = {
    "everywhere": two_ways(part=lambda out: np.ix_(*map(np.arange, out))),
    "interior_of_rows": two_ways(part=_sideways_everywhere),
    "interior_too_small": two_ways(part=_third),
    "output_not_moved": two_ways(after=lambda out, shift: out),
    "input_not_moved": two_ways(before=lambda x, shift: x),
    "both_outputs": two_ways(apart=lambda one, other: abs(other - other)),
    "other_way": two_ways(after=lambda out, shift: taken(out, -shift)),
    "stride_ignored": two_ways(ratio=lambda size, out: 1),
    "stride_rounded_down": two_ways(ratio=np.floor_divide),
    "towards_zero": two_ways(moved=lambda shift, ratio: np.trunc(np.divide(shift, ratio)).astype(int)),
    "axes_swapped": two_ways(
        before=lambda x, shift: taken(x, shift[::-1]), after=lambda x, shift: taken(x, shift[::-1])
    ),
    "moves_batch": two_ways(before=_batch, after=_batch),
    "rows_only": two_ways(
        before=lambda x, shift: taken(x, (shift[0], 0)), after=lambda x, shift: taken(x, (shift[0], 0))
    ),
    "mean": two_ways(summary=lambda gaps, out: np.average(gaps)),
    "signed": two_ways(apart=np.subtract),
    "relative": two_ways(summary=lambda gaps, out: gaps.max() / max(out.max(), -out.min())),
    "squared": two_ways(summary=lambda gaps, out: gaps.max() ** 2),
    "first_image": two_ways(summary=lambda gaps, out: gaps[0].max()),
}


def _one_way(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    if len(w1) != w2.shape[1]:
        raise ValueError("the channels don't fit")
    return RIGHT_AGAIN["compose_kernels"](w1[[0]], w2[:, [0]])


def _whatever_fits(w2: np.ndarray, tap: np.ndarray) -> np.ndarray:
    n = min(w2.shape[1], len(tap))
    return np.einsum("abuv,bc->acuv", w2[:, :n], tap[:n])


_COMPOSED: dict[str, Step] = {
    "flipped": spread_out(second=lambda w: np.flip(w, (2, 3))),
    "assigns": spread_out(order=backwards, put=overwrite),
    "assigns_by_tap": spread_out(put=overwrite),
    "too_large": spread_out(room=np.add),
    "output_first": spread_out(finish=lambda out: np.moveaxis(out, 0, 1)),
    "other_order": spread_out(exchange=True),
    "first_channel": _one_way,
    "mean_of_channels": spread_out(
        mix=lambda w2, tap: np.mean(w2[:, :, None] * tap[:, :, None, None], axis=1),
        dtype=lambda w1, w2: np.result_type(w1, w2, np.float32),
    ),
    "no_error": spread_out(refuse=False, mix=_whatever_fits),
    "broadcasts": spread_out(refuse=False),
    "float64": spread_out(dtype=float64),
    "truncates": spread_out(dtype=dtype_of_first),
    "adds_into_whole": spread_out(room_dtype=dtype_of_first),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("gap", "equivariance_gap", _GAPS),
    **named("compose", "compose_kernels", _COMPOSED),
}
