"""Typical mistakes in shift_sensitivity."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import Step
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_networks import (
    norm_of,
    shift_change,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import COPY, Tensor
from autograder.mistakes import Mistake


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


SHIFT = (
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
        COPY,
    ),
)
