"""The listed mistakes about checking and learning, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_checkers import (
    RIGHT_AGAIN,
    regression,
    spread_out,
    taken,
    two_ways,
    unit_steps,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import backwards, overwrite
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import (
    dtype_of_first,
    float64,
    named,
)


def _loss(f: Any, x: np.ndarray, dout: Any) -> Any:
    return np.vdot(np.broadcast_to(f(x), np.shape(dout)), dout)


def _never_goes_back(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    slopes = np.empty(x.shape)
    with np.nditer(x, flags=["multi_index"], op_flags=[["readwrite"]]) as entries:
        for entry in entries:
            index = entries.multi_index
            x[index] = entry + h
            right = _loss(f, x, dout)
            x[index] = x[index] - 2 * h
            slopes[index] = (right - _loss(f, x, dout)) / (2 * h)
    return slopes


def _walks_back(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    slopes = np.empty(x.shape)
    for index, _ in np.ndenumerate(x):
        values = []
        for move in (h, -2 * h):
            x[index] = x[index] + move
            values.append(_loss(f, x, dout))
        x[index] = x[index] + h
        slopes[index] = (values[0] - values[1]) / (2 * h)
    return slopes


def _keeps_the_array(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    slopes = np.empty(x.shape)
    point = x.copy()
    for index in np.ndindex(x.shape):
        values = []
        for move in (h, -h):
            point[index] = x[index] + move
            values.append(f(point))
        point[index] = x[index]
        slopes[index] = np.sum((values[0] - values[1]) * dout) / (2 * h)
    return slopes


def _moves_a_copy(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    numbers = np.ravel(x)
    slopes = np.empty(numbers.size)
    for k, number in enumerate(numbers.copy()):
        values = []
        for move in (h, -h):
            numbers[k] = number + move
            values.append(_loss(f, x, dout))
        numbers[k] = number
        slopes[k] = (values[0] - values[1]) / (2 * h)
    return slopes.reshape(x.shape)


def _together(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    return np.full_like(x, (_loss(f, x + h, dout) - _loss(f, x - h, dout)) / (h + h))


_SLOPES: dict[str, Step] = {
    "forward": unit_steps(sides=((1, 1), (0, -1)), divisor=lambda h: h),
    "backward": unit_steps(sides=((0, 1), (-1, -1)), divisor=lambda h: h),
    "one_side_two_steps": unit_steps(sides=((1, 1), (0, -1))),
    "two_sides_one_step": unit_steps(divisor=lambda h: h),
    "sign": unit_steps(sides=((-1, 1), (1, -1))),
    "step_ignored": unit_steps(step=lambda h: 1e-5),
    "other_step": unit_steps(step=lambda h: 0.1 * h),
    "dout_ignored": unit_steps(weigh=lambda value, dout: np.sum(value)),
    "mean": unit_steps(weigh=lambda value, dout: np.mean(value * dout)),
    "first_entry": unit_steps(entries=lambda units: units[:1]),
    "single": unit_steps(read=lambda x: x.astype(np.float32)),
    "flat": unit_steps(finish=np.ravel),
    "leaves_moved": _never_goes_back,
    "there_and_back": _walks_back,
    "result_is_a_view": _keeps_the_array,
    "flattens_a_copy": _moves_a_copy,
    "calls_with_flat": unit_steps(call=lambda f, flat, shape: f(flat)),
    "all_at_once": _together,
}


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

_LEARN: dict[str, Step] = {
    "uphill": regression(turn=np.negative),
    "no_two": regression(scale=lambda residual, n: 1 / len(residual)),
    "sum": regression(scale=lambda residual, n: 2),
    "over_images": regression(scale=lambda residual, n: 2 / n),
    "one_step_more": regression(rounds=lambda steps: range(steps + 1)),
    "one_step_less": regression(rounds=lambda steps: range(1, steps)),
    "one_step_only": regression(rounds=lambda steps: range(bool(steps))),
    "starts_at_ones": regression(first=np.ones),
    "starts_at_random": regression(first=lambda size: np.random.default_rng(0).normal(size=size) / 100),
    "one_image_at_a_time": regression(
        parts=lambda rows, wanted: list(zip(rows[:, None], wanted[:, None], strict=True))
    ),
    "first_image": regression(parts=lambda rows, wanted: [(rows[:1], wanted[:1])]),
    "flipped": regression(turn=lambda gradient: gradient[::-1]),
    "predicts_by_convolution": regression(model=lambda rows, w: rows @ w[::-1]),
    "square": regression(sides=lambda k: (k[0], k[0])),
    "rate_ignored": regression(rate=lambda lr: 0.1),
}

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("slope", "numerical_gradient", _SLOPES),
    **named("gap", "equivariance_gap", _GAPS),
    **named("compose", "compose_kernels", _COMPOSED),
    **named("learn", "learn_kernel", _LEARN),
}
