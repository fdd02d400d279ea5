"""Right answers to shift_sensitivity, linear_collapse and gradient_by_depth, taken apart into steps."""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    Step,
    Tensor,
    same,
)


# Networks
def norm_of(x: Tensor) -> Tensor:
    """The root of the sum of squares over everything."""
    return (x * x).sum().sqrt()


def shift_change(
    *,
    move: Step = lambda images, shift: torch.roll(images, tuple(shift), dims=(2, 3)),
    change: Step = lambda after, before, shift: after - before,
    measure: Step = norm_of,
    relative: Step = lambda change, before, after, images: change / before,
    finish: Step = float,
) -> Step:
    """Build shift_sensitivity."""

    def shift_sensitivity(features: Step, images: Tensor, shift: Any) -> float:
        before, after = features(images), features(move(images, shift))
        lengths = measure(change(after, before, shift)), measure(before), measure(after), measure(images)
        return finish(relative(*lengths))

    return shift_sensitivity


def collapsing(
    *,
    order: Step = same,
    rest: Step = lambda stack: stack[1:],
    weights: Step = lambda w, total: w @ total,
    biases: Step = lambda w, b, total: w @ total + b,
    empty: Step | None = None,
    finish: Step = lambda w, b, layers: (w, b),
) -> Step:
    """Build linear_collapse: layer by layer, what the layers so far do."""

    def linear_collapse(layers: list[tuple[Tensor, Tensor]]) -> Any:
        if not layers:
            if empty is None:
                raise ValueError("there are no layers")
            return empty()
        stack = order(list(layers))
        w, b = (part.clone() for part in stack[0])
        for next_w, next_b in rest(stack):
            w, b = weights(next_w, w), biases(next_w, next_b, b)
        return finish(w, b, layers)

    return linear_collapse


def by_depth(
    *,
    numbers: Step = lambda generator: generator,
    dtype: Any = torch.float64,
    first: Step = lambda draw, width: draw(16, width),
    scale: Step = math.sqrt,
    drawn: Step = lambda draw, depth, width: [draw(width, width) for _ in range(depth)],
    through: Step = lambda h, w: h @ w.T,
    at: Step = lambda before, a, h: a,
    back: Step = lambda da, w: da @ w,
    top: Step = torch.ones_like,
    measure: Step = norm_of,
    local: Step = lambda backward, dh, a: backward(dh, a),
    keep: Step = lambda before, inside, behind: before,
    finish: Step = lambda norms: torch.stack(norms[::-1]),
) -> Step:
    """Build gradient_by_depth."""

    def gradient_by_depth(forward: Step, backward: Step, depth: int, width: int, generator: Any) -> Any:
        source = numbers(generator)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=source, dtype=dtype, device=generator.device)

        h = first(draw, width)
        passed = []
        for raw in drawn(draw, depth, width):
            w = raw / scale(width)
            before, a = h, through(h, w)
            h = forward(a)
            passed.append((w, at(before, a, h)))
        dh = top(h)
        norms = []
        for w, a in reversed(passed):
            inside = local(backward, dh, a)
            before = back(inside, w)
            norms.append(measure(keep(before, inside, dh)))
            dh = before
        return finish(norms)

    return gradient_by_depth
