"""Right answers to shift_sensitivity, linear_collapse and gradient_by_depth once more, by other operations."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import (
    Step,
    Tensor,
    unchanged,
)


# Networks
def moved(images: Tensor, shift: Any) -> Tensor:
    """Images that go round, by indices."""
    rows, columns = ((torch.arange(n) - step) % n for n, step in zip(images.shape[2:], shift, strict=True))
    return images[:, :, rows][:, :, :, columns]


def relative_change(
    *,
    move: Step = moved,
    compare: Step = lambda after, before, shift: after - before,
    length: Step = torch.linalg.vector_norm,
    ratio: Step = lambda change, before, after, images: change / before,
    finish: Step = lambda ratio: ratio.item(),
) -> Step:
    """Build shift_sensitivity."""

    def shift_sensitivity(features: Step, images: Tensor, shift: Any) -> float:
        before = features(images)
        after = features(move(images, shift))
        return finish(ratio(length(compare(after, before, shift)), length(before), length(after), length(images)))

    return shift_sensitivity


def augmented(
    *,
    order: Step = list,
    corner: float = 1.0,
    product: Step = lambda matrix, total: matrix @ total,
    biases: Step = lambda number, count, bias: bias,
    empty: Step | None = None,
    finish: Step = lambda w, b: (w, b),
) -> Step:
    """Build linear_collapse: one matrix for each layer, that adds its bias to a further unit of 1."""

    def linear_collapse(layers: list[tuple[Tensor, Tensor]]) -> Any:
        if not layers:
            if empty is not None:
                return empty()
            raise ValueError("there are no layers")
        stack = order(layers)
        total = None
        for number, (w, b) in enumerate(stack):
            column = biases(number, len(stack), b)
            last = w.new_zeros((1, w.shape[1] + 1))
            last[0, -1] = corner
            matrix = torch.cat([torch.cat([w, column[:, None]], 1), last])
            total = matrix if total is None else product(matrix, total)
        return finish(total[:-1, :-1].clone(), total[:-1, -1].clone())

    return linear_collapse


def recursive(
    *,
    source: Step = unchanged,
    dtype: Any = torch.float64,
    rows: Step = lambda width: 16,
    shrink: Step = lambda width: width**-0.5,
    drawn_first: bool = False,
    forth: Step = lambda h, w: torch.einsum("ni,oi->no", h, w),
    slope_at: Step = lambda before, a, h: a,
    local: Step = lambda backward, dh, a: backward(dh, a),
    home: Step = lambda da, w: torch.einsum("no,oi->ni", da, w),
    top: Step = torch.ones_like,
    length: Step = torch.linalg.vector_norm,
    measured: Step = lambda before, inside, behind: before,
    finish: Step = torch.stack,
) -> Step:
    """Build gradient_by_depth: each layer asks the next for its gradient."""

    def gradient_by_depth(forward: Step, backward: Step, depth: int, width: int, generator: Any) -> Any:
        settings = {"generator": source(generator), "dtype": dtype, "device": generator.device}
        early = [torch.randn((width, width), **settings) for _ in range(depth if drawn_first else 0)]

        def from_layer(number: int, h: Tensor) -> tuple[Tensor, list[Tensor]]:
            if number == depth:
                return top(h), []
            raw = early[number] if early else torch.randn((width, width), **settings)
            w = raw * shrink(width)
            a = forth(h, w)
            out = forward(a)
            dh, norms = from_layer(number + 1, out)
            da = local(backward, dh, slope_at(h, a, out))
            dx = home(da, w)
            return dx, [length(measured(dx, da, dh)), *norms]

        return finish(from_layer(0, torch.randn((rows(width), width), **settings))[1])

    return gradient_by_depth
