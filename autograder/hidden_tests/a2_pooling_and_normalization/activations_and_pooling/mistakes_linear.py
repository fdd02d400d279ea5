"""Typical mistakes in linear_collapse."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_networks import (
    collapsing,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import COPY, Tensor
from autograder.mistakes import Mistake


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


LINEAR = (
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
        COPY,
    ),
)
