"""Typical mistakes in shift_sensitivity, linear_collapse and gradient_by_depth."""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import (
    RIGHT,
    Step,
    by_depth,
    collapsing,
    norm_of,
    shift_change,
)
from autograder.mistakes import Mistake

Tensor = torch.Tensor

_COPY = "Does your line make a new tensor, or write into the one it was given?"


# Shifts


def _shift(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("shift_" + id, "shift_sensitivity", {"shift_sensitivity": shift_change(**steps)}, symptom, hint)


def _with_zeros(images: Tensor, shift: Any) -> Tensor:
    moved = torch.roll(images, tuple(shift), dims=(2, 3))
    for axis, step in zip((2, 3), shift, strict=True):
        length = images.shape[axis]
        free = min(abs(step), length)
        first = 0 if step > 0 else length - free
        moved.narrow(axis, first, free).zero_()
    return moved


def _features_moved(after: Tensor, before: Tensor, shift: Any) -> Tensor:
    return after - torch.roll(before, tuple(shift), dims=(2, 3))


def _per_image(change: Tensor) -> Tensor:
    return change.flatten(1).norm(dim=1)


def _moves_images(features: Step, images: Tensor, shift: Any) -> float:
    before = features(images.clone())
    images.copy_(torch.roll(images.clone(), tuple(shift), dims=(2, 3)))
    return float(norm_of(features(images) - before) / norm_of(before))


def _without_features(features: Step, images: Tensor, shift: Any) -> float:
    return RIGHT["shift_sensitivity"](lambda x: x, images, shift)


_SHIFT = (
    _shift(
        "not_divided",
        "Your number grows with the size of the features.",
        "What is the change compared with?",
        relative=lambda change, before, after, images: change,
    ),
    _shift(
        "divided_by_moved",
        "You divide by the features of the moved images.",
        "Whose norm stands below: that of the features before the shift, or after it?",
        relative=lambda change, before, after, images: change / after,
    ),
    _shift(
        "divided_by_images",
        "You divide by the norm of the images.",
        "A thousandfold of the features must give the same number: what is the change compared with?",
        relative=lambda change, before, after, images: change / images,
    ),
    _shift(
        "divided_by_both",
        "You divide by the norms of both features together.",
        "Whose norm stands below?",
        relative=lambda change, before, after, images: change / (before + after),
    ),
    _shift(
        "root_twice",
        "Your number is the root of what it should be.",
        "How many roots does a norm have?",
        finish=lambda ratio: float(ratio) ** 0.5,
    ),
    _shift(
        "no_root",
        "Your number is the square of what it should be.",
        "Is a norm the sum of the squares?",
        measure=lambda x: (x * x).sum(),
    ),
    _shift(
        "absolute",
        "You add up sizes where a norm adds up squares.",
        "Which norm is asked for? It has squares and a root.",
        measure=lambda x: x.abs().sum(),
    ),
    _shift(
        "largest",
        "You look at the largest change only.",
        "Which norm is asked for? It looks at all numbers.",
        measure=lambda x: x.abs().max(),
    ),
    _shift(
        "per_image",
        "Your number is an average over the images.",
        "Is the norm taken over everything, or for each image?",
        measure=_per_image,
        finish=lambda ratios: float(ratios.mean()),
    ),
    _shift(
        "zeros_come_in",
        "In your moved images the pixels that go out on one side don't come in on the other.",
        "What does torch.roll do at the border?",
        move=_with_zeros,
    ),
    _shift(
        "axes_swapped",
        "Your images move down where they should move to the right.",
        "A shift says down, right: which axis is the height?",
        move=lambda images, shift: torch.roll(images, tuple(shift), dims=(3, 2)),
    ),
    _shift(
        "other_way",
        "Your images move in the opposite direction.",
        "Does a positive number of torch.roll move down or up?",
        move=lambda images, shift: torch.roll(images, tuple(-step for step in shift), dims=(2, 3)),
    ),
    _shift(
        "down_only",
        "Your images don't move to the right.",
        "Along how many axes does the shift go?",
        move=lambda images, shift: torch.roll(images, shift[0], dims=2),
    ),
    _shift(
        "over_channels",
        "Your images move along the channels.",
        "Which axes are height and width?",
        move=lambda images, shift: torch.roll(images, tuple(shift), dims=(1, 2)),
    ),
    _shift(
        "flattened",
        "Your pixels move through the flattened images.",
        "What does torch.roll do if it is not told along which axes?",
        move=lambda images, shift: torch.roll(images, shift[0] * images.shape[3] + shift[1]),
    ),
    _shift(
        "features_moved",
        "You take the shift back before you compare.",
        "That would be equivariance: here the features are compared place by place.",
        change=_features_moved,
    ),
    _shift(
        "similarity",
        "Your number is large where nothing changes.",
        "What should come out for features that no shift changes?",
        relative=lambda change, before, after, images: 1 - change / before,
    ),
    Mistake(
        "shift_no_features",
        "shift_sensitivity",
        {"shift_sensitivity": _without_features},
        "The features play no part in your number.",
        "Where does `features` enter?",
    ),
    Mistake(
        "shift_moves_images",
        "shift_sensitivity",
        {"shift_sensitivity": _moves_images},
        "After the call the caller's images are moved.",
        _COPY,
    ),
)


# A stack of linear layers


def _linear(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("linear_" + id, "linear_collapse", {"linear_collapse": collapsing(**steps)}, symptom, hint)


def _pops(layers: list[Any]) -> Any:
    if not layers:
        raise ValueError("there are no layers")
    w, b = layers.pop(0)
    while layers:
        next_w, next_b = layers.pop(0)
        w, b = next_w @ w, next_w @ b + next_b
    return w.clone(), b.clone()


def _adds_in_place(layers: list[Any]) -> Any:
    if not layers:
        raise ValueError("there are no layers")
    w, b = layers[0]
    for next_w, next_b in layers[1:]:
        w, b = next_w @ w, next_b.add_(next_w @ b)
    return w.clone(), b.clone()


def _summed(b: Tensor, total: Tensor) -> Tensor:
    if b.shape != total.shape:
        raise RuntimeError("The size of tensor a must match the size of tensor b")
    return b + total


def _too_early(layers: list[Any]) -> Any:
    if not layers:
        raise ValueError("there are no layers")
    w, b = (part.clone() for part in layers[0])
    for next_w, next_b in layers[1:]:
        w = next_w @ w
        b = w @ b + next_b
    return w, b


def _first_two(layers: list[Any]) -> list[Any]:
    return layers[:2]


_LINEAR = (
    _linear(
        "biases_added",
        "Your weights are right, your bias is the sum of all biases.",
        "What do the later layers do to an earlier bias?",
        biases=lambda w, b, total: _summed(b, total),
    ),
    Mistake(
        "linear_updated_too_early",
        "linear_collapse",
        {"linear_collapse": _too_early},
        "Your weights are right, your bias has gone through a layer too many.",
        "Which matrix does the bias so far go through: the next layer's, or the product?",
    ),
    _linear(
        "first_twice",
        "Your first layer counts twice.",
        "With which layer does your loop begin, and what do you begin with?",
        rest=lambda stack: stack,
    ),
    _linear(
        "list",
        "Your result is a list.",
        "What does the docstring say about the type of the result?",
        finish=lambda w, b, layers: [w, b],
    ),
    _linear(
        "last_bias",
        "Your weights are right, your bias is that of the last layer.",
        "What becomes of the biases of the earlier layers?",
        biases=lambda w, b, total: b,
    ),
    _linear(
        "own_bias_missing",
        "Your weights are right, your bias lacks those of the later layers.",
        "Which bias does each further layer add?",
        biases=lambda w, b, total: w @ total,
    ),
    _linear(
        "no_bias",
        "Your bias is 0.",
        "What does the stack make of an input of zeros?",
        finish=lambda w, b, layers: (w, torch.zeros_like(b)),
    ),
    _linear(
        "other_order",
        "Your layers are applied in reverse order.",
        "Which layer is next to the input, and on which side of the product does its matrix stand?",
        order=lambda layers: layers[::-1],
    ),
    _linear(
        "products_reversed",
        "Your matrices are multiplied in the wrong order.",
        "For two layers write y = W2 (W1 x + b1) + b2 and multiply out.",
        weights=lambda w, total: total @ w,
    ),
    _linear(
        "transposed",
        "Your weights are transposed.",
        "Weights are (out, in): what shape has yours?",
        finish=lambda w, b, layers: (w.T, b),
    ),
    _linear(
        "two_layers",
        "Only the first two layers count.",
        "How far does your loop run?",
        order=_first_two,
    ),
    _linear(
        "last_layer_missing",
        "The last layer does not count.",
        "How far does your loop run?",
        order=lambda layers: layers[:-1] or layers,
    ),
    _linear(
        "empty_is_none",
        "An empty list gives None.",
        "What does the docstring say about an empty list?",
        empty=lambda: None,
    ),
    _linear(
        "empty_fails",
        "An empty list raises an error of another kind.",
        "Which error does the docstring name?",
        empty=lambda: list[int]()[0],
    ),
    _linear(
        "weights_only",
        "You give the weights only.",
        "How many things does the docstring promise?",
        finish=lambda w, b, layers: w,
    ),
    _linear(
        "bias_first",
        "You give bias and weights in the wrong order.",
        "In which order does the docstring name them?",
        finish=lambda w, b, layers: (b, w),
    ),
    _linear(
        "bias_column",
        "Your bias has two axes.",
        "What shape has the bias of a layer?",
        finish=lambda w, b, layers: (w, b[:, None]),
    ),
    _linear(
        "float64",
        "Your result is float64 whatever comes in.",
        "Which dtype has the tensor with which you begin?",
        finish=lambda w, b, layers: (w.double(), b.double()),
    ),
    _linear(
        "float32",
        "Your result is float32 whatever comes in.",
        "Which dtype do torch.eye and torch.zeros give by default?",
        finish=lambda w, b, layers: (w.float(), b.float()),
    ),
    Mistake(
        "linear_eats_list",
        "linear_collapse",
        {"linear_collapse": _pops},
        "After the call the caller's list is empty.",
        "Does pop work on a copy?",
    ),
    Mistake(
        "linear_in_place",
        "linear_collapse",
        {"linear_collapse": _adds_in_place},
        "After the call the caller's last bias holds other numbers.",
        _COPY,
    ),
)


# Gradients in a deep net


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


_DEPTH = (
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


MISTAKES: tuple[Mistake, ...] = (*_SHIFT, *_LINEAR, *_DEPTH)
