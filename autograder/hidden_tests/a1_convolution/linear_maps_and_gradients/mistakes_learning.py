"""Typical mistakes about learning a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_learning import descent
from autograder.mistakes import Mistake


def _learn(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"learn_{id}", "learn_kernel", {"learn_kernel": descent(**steps)}, symptom, hint)


FACTOR = "Differentiate the mean of the squares: which factors stand before the sum?"


MISTAKES: tuple[Mistake, ...] = (
    _learn(
        "uphill",
        "Your kernel runs away.",
        "The gradient points uphill. Which way does a step go?",
        rate=lambda lr: -lr,
    ),
    _learn("no_two", "Your steps are half as long as they should be.", FACTOR, factor=lambda r: 1 / r.size),
    _learn("sum", "Your steps are far too long.", FACTOR, factor=lambda r: 2.0),
    _learn("over_images", "Your steps are too long by the number of positions.", FACTOR, factor=lambda r: 2 / len(r)),
    _learn(
        "one_step_more",
        "Your kernel is one step ahead.",
        "How often does your loop run?",
        count=lambda steps: steps + 1,
    ),
    _learn(
        "one_step_less",
        "Your kernel is one step behind.",
        "How often does your loop run?",
        count=lambda steps: max(steps - 1, 0),
    ),
    _learn(
        "one_step_only",
        "More steps change nothing in your kernel.",
        "What does each step begin with: with zeros, or with the kernel of the step before?",
        count=lambda steps: min(steps, 1),
    ),
    _learn(
        "starts_at_ones",
        "Your kernel has not started at zero.",
        "What does the docstring say about the first kernel?",
        start=np.ones,
    ),
    _learn(
        "starts_at_random",
        "Your kernel has not started at zero.",
        "What does the docstring say about the first kernel?",
        start=lambda k: 0.01 * np.random.default_rng(0).normal(size=k),
    ),
    _learn(
        "one_image_at_a_time",
        "You take a step after each image.",
        "Over which images is the mean of the loss?",
        batches=lambda windows, targets: [(windows[n : n + 1], targets[n : n + 1]) for n in range(len(windows))],
    ),
    _learn(
        "first_image",
        "Your kernel has seen the first image only.",
        "Over which images is the mean of the loss?",
        batches=lambda windows, targets: [(windows[:1], targets[:1])],
    ),
    _learn(
        "flipped",
        "Your gradient is turned by 180 degrees.",
        "Which pixels has the top left weight met?",
        turn=lambda gradient: gradient[::-1, ::-1],
    ),
    _learn(
        "predicts_by_convolution",
        "Your prediction is a true convolution.",
        "Does the top left weight meet the top left pixel of the window?",
        predict=lambda windows, w: np.einsum("nijuv,uv->nij", windows, w[::-1, ::-1]),
    ),
    _learn(
        "square",
        "Your kernel is always square.",
        "Which entry of the pair belongs to the rows?",
        kernel_size=lambda k: (k[0], k[0]),
    ),
    _learn(
        "rate_ignored",
        "The learning rate changes nothing.",
        "Where does `lr` enter?",
        rate=lambda lr: 0.1,
    ),
)
