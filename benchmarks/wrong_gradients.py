"""Layers with right gradients, and the wrong ones that the hidden tests list: what a check has to tell apart."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.mistakes import Mistake, Policy
from course_utils import layers

Function = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A layer with settings and inputs.

    Attributes:
        name: Of the layer.
        forward: Takes the inputs; right.
        backward: A backward function of the exercise, turned into one that takes dout and the inputs.
        right: The right backward function of the exercise.
        inputs: Arrays or tensors in float64, by name.
    """

    name: str
    forward: Function
    backward: Callable[[Function], Function]
    right: Function
    inputs: Mapping[str, Any]

    @property
    def entries(self) -> int:
        """Numbers in all inputs."""
        return sum(int(np.prod(value.shape)) for value in self.inputs.values())


def convolution(shape: Sequence[int], kernel: Sequence[int], filters: int, **how: Any) -> Case:
    """A convolution layer of NumPy arrays, of images (N, C, H, W)."""
    rng = np.random.default_rng(1)
    inputs = {
        "x": rng.normal(size=shape),
        "w": rng.normal(size=(filters, shape[1], *kernel)),
        "b": rng.normal(size=filters),
    }
    return Case(
        "convolution",
        lambda x, w, b: layers.conv2d_forward(x, w, b, **how),
        lambda backward: lambda dout, x, w, b: backward(dout, x, w, **how),
        layers.conv2d_backward,
        inputs,
    )


def batchnorm(samples: int, features: int, eps: float) -> Case:
    """Batch normalisation of tensors, in training."""
    rng = np.random.default_rng(2)
    x, gamma, beta = (torch.from_numpy(rng.normal(size=shape)) for shape in ((samples, features), features, features))
    ones = torch.ones_like(gamma)
    return Case(
        "batch norm",
        lambda x, gamma, beta: layers.batchnorm_forward(x, gamma, beta, ones, ones, training=True, eps=eps)[0],
        lambda backward: lambda dout, x, gamma, beta: backward(dout, x, gamma, eps=eps),
        layers.batchnorm_backward,
        {"x": x * 2 + 1, "gamma": gamma, "beta": beta},
    )


# Strides that leave pixels over, no padding, one stride per axis: a check is asked in each, as a student would.
SMALL: Mapping[str, tuple[Case, ...]] = {
    "conv2d_backward": (
        convolution((2, 3, 6, 8), (3, 2), 4, stride=2, padding=1),
        convolution((3, 2, 5, 7), (2, 3), 3, stride=(1, 3), padding=0),
        convolution((1, 2, 7, 4), (3, 3), 2, stride=(2, 1), padding=(0, 2)),
    ),
    "batchnorm_backward": (batchnorm(6, 4, 1e-5), batchnorm(3, 5, 0.1)),
}


_LISTS = {
    "conv2d_backward": "a1_convolution.linear_maps_and_gradients.mistakes",
    "batchnorm_backward": "a2_pooling_and_normalization.normalization.mistakes",
}


def listed(question: str) -> dict[str, Function]:
    """Wrong backward functions of a question, by the id of the mistake."""
    mistakes: tuple[Mistake, ...] = importlib.import_module(f"autograder.hidden_tests.{_LISTS[question]}").MISTAKES
    return {
        mistake.id: mistake.functions[question]
        for mistake in mistakes
        if mistake.question == question and question in mistake.functions and mistake.policy is Policy.WRONG
    }
