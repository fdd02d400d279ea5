"""The listed mistakes about numerical gradients, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_checkers import unit_steps
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.mistakes import named


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


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = named("slope", "numerical_gradient", _SLOPES)
