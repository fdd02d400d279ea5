"""The listed mistakes about learning a kernel, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_learning import regression
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.mistakes import named

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


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = named("learn", "learn_kernel", _LEARN)
