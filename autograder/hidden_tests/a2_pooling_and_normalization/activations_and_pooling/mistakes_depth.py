"""Typical mistakes in gradient_by_depth."""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import Step
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_networks import (
    by_depth,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import Tensor
from autograder.mistakes import Mistake


def _depth(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("depth_" + id, "gradient_by_depth", {"gradient_by_depth": by_depth(**steps)}, symptom, hint)


def _weights_first(forward: Step, backward: Step, depth: int, width: int, generator: Any) -> Tensor:
    kept: list[Tensor] = []

    def first(draw: Step, width: int) -> Tensor:
        kept.extend(draw(width, width) for _ in range(depth))
        return draw(16, width)

    return by_depth(first=first, drawn=lambda draw, depth, width: kept)(forward, backward, depth, width, generator)


def _matrix_first(forward: Step, backward: Step, depth: int, width: int, generator: Any) -> Tensor:
    matrices: list[Tensor] = []

    def through(h: Tensor, w: Tensor) -> Tensor:
        matrices.append(w)
        return h @ w.T

    def local(backward: Step, dh: Tensor, a: Tensor) -> Tensor:
        return backward(dh @ matrices.pop(), a)

    build = by_depth(through=through, local=local, back=lambda da, w: da)
    return build(forward, backward, depth, width, generator)


def _seeded(_generator: Any) -> Any:
    return torch.Generator().manual_seed(0)


def _derived(_backward: Step, dh: Tensor, a: Tensor) -> Tensor:
    return dh


DEPTH = (
    _depth(
        "reversed",
        "Your norms come in reverse order.",
        "Which layer is number 0: the one next to the input?",
        finish=torch.stack,
    ),
    _depth(
        "behind_layer",
        "Each of your norms belongs to the layer before.",
        "Is the norm taken before or after the gradient goes through its layer?",
        keep=lambda before, inside, behind: behind,
    ),
    _depth(
        "inside_layer",
        "Your norms are taken between activation and matrix.",
        "Which gradient is that at the input of a layer?",
        keep=lambda before, inside, behind: inside,
    ),
    _depth(
        "no_root",
        "Your norms are the squares of what they should be.",
        "Is a norm the sum of the squares?",
        measure=lambda x: (x * x).sum(),
    ),
    _depth(
        "mean_size",
        "You average sizes where a norm adds up squares.",
        "Which norm is asked for? It has squares and a root.",
        measure=lambda x: x.abs().mean(),
    ),
    _depth(
        "root_mean_square",
        "Your norms are too small by one factor.",
        "A root of a mean is not the root of a sum.",
        measure=lambda x: (x * x).mean().sqrt(),
    ),
    _depth(
        "per_image",
        "You average the norms of the sixteen rows.",
        "Is the norm taken over everything, or for each row?",
        measure=lambda x: x.norm(dim=1).mean(),
    ),
    _depth(
        "largest",
        "You look at the largest entry only.",
        "Which norm is asked for? It looks at all numbers.",
        measure=lambda x: x.abs().max(),
    ),
    _depth(
        "spread",
        "You give the spread of the gradient, not its norm.",
        "Is the mean taken off in a norm?",
        measure=lambda x: x.std(),
    ),
    _depth(
        "not_scaled",
        "Your gradients grow from layer to layer more than they should.",
        "What is each matrix divided by?",
        scale=lambda width: 1.0,
    ),
    _depth(
        "root_missing",
        "Your gradients shrink from layer to layer more than they should.",
        "What is each matrix divided by: the width?",
        scale=lambda width: width,
    ),
    _depth(
        "he_scale",
        "Your matrices are larger than they should be by one factor.",
        "What is each matrix divided by? The task has no factor for ReLU.",
        scale=lambda width: math.sqrt(width / 2),
    ),
    _depth(
        "slope_at_output",
        "You ask for the slope at the output of the activation.",
        "Which tensor went into the activation?",
        at=lambda before, a, h: h,
    ),
    _depth(
        "slope_at_input",
        "You ask for the slope at the input of the layer.",
        "Which tensor went into the activation?",
        at=lambda before, a, h: before,
    ),
    _depth(
        "slope_forgotten",
        "Your activation lets the gradient pass as it is.",
        "Where does `backward` enter?",
        local=_derived,
    ),
    _depth(
        "arguments_swapped",
        "You hand the gradient and the input to `backward` in the wrong order.",
        "In which order do your own backward functions take them?",
        local=lambda backward, dh, a: backward(a, dh),
    ),
    Mistake(
        "depth_order",
        "gradient_by_depth",
        {"gradient_by_depth": _matrix_first},
        "On the way back your gradient meets the matrix before the activation.",
        "Which came last on the way up? It is the first on the way back.",
    ),
    _depth(
        "not_transposed",
        "Your input goes through the transposed matrix.",
        "Weights are (out, in): which index meets the input?",
        through=lambda h, w: h @ w,
    ),
    _depth(
        "back_transposed",
        "Your gradient goes back through the transposed matrix.",
        "If a = h @ w.T, by what is the gradient multiplied on the way back?",
        back=lambda da, w: da @ w.T,
    ),
    Mistake(
        "depth_weights_first",
        "gradient_by_depth",
        {"gradient_by_depth": _weights_first},
        "Your input is drawn after the matrices.",
        "In which order are the numbers taken from the generator?",
    ),
    _depth(
        "other_generator",
        "Your numbers don't depend on the generator.",
        "Where does `generator` enter? torch.randn takes it as a keyword.",
        numbers=_seeded,
    ),
    _depth(
        "top_is_output",
        "The gradient at the top of your net is the output.",
        "With which gradient does the way back begin?",
        top=lambda h: h,
    ),
    _depth(
        "top_is_mean",
        "Your gradients are all too small by one factor.",
        "With which gradient does the way back begin?",
        top=lambda h: torch.ones_like(h) / h.numel(),
    ),
    _depth(
        "float32",
        "Your norms are float32.",
        "Which dtype does torch.randn give by default?",
        dtype=torch.float32,
    ),
    _depth(
        "rounded",
        "Your norms are right, but in float32.",
        "Which dtype does torch.tensor give to a list of floats?",
        finish=lambda norms: torch.stack(norms[::-1]).float(),
    ),
    _depth(
        "list_of_tensors",
        "Your result is a list of tensors.",
        "What does the docstring say about the type of the result?",
        finish=lambda norms: norms[::-1],
    ),
    _depth(
        "list",
        "Your result is a list.",
        "What does the docstring say about the type of the result?",
        finish=lambda norms: [float(norm) for norm in norms[::-1]],
    ),
    _depth(
        "first_missing",
        "Your norms are one too few.",
        "How many layers does the gradient go through?",
        finish=lambda norms: torch.stack(norms)[:-1].flip(0),
    ),
    _depth(
        "batch_of_width",
        "Your batch has as many images as a layer has units.",
        "How many rows has the input?",
        first=lambda draw, width: draw(width, width),
    ),
)
