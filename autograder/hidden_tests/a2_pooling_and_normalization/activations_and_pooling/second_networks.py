"""The listed mistakes in shift_sensitivity, linear_collapse and gradient_by_depth, made a second time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import RIGHT_AGAIN
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import Step
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_networks import (
    augmented,
    moved,
    recursive,
    relative_change,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_steps import under

Tensor = torch.Tensor


# Shifts


def _blank_border(images: Tensor, shift: Any) -> Tensor:
    out = torch.zeros_like(images)
    (down, right), (height, width) = shift, images.shape[2:]
    for row in range(max(down, 0), min(height, height + down)):
        for column in range(max(right, 0), min(width, width + right)):
            out[:, :, row, column] = images[:, :, row - down, column - right]
    return out


def _follows(after: Tensor, before: Tensor, shift: Any) -> Tensor:
    return after - torch.roll(torch.roll(before, shift[0], 2), shift[1], 3)


def _along_line(images: Tensor, shift: Any) -> Tensor:
    line = images.reshape(-1)
    by = shift[0] * images.shape[3] + shift[1]
    return line[(torch.arange(line.numel()) - by) % line.numel()].reshape(images.shape)


def _rolls_channels(images: Tensor, shift: Any) -> Tensor:
    return torch.roll(torch.roll(images, shift[1], 2), shift[0], 1)


def _overwrites_images(features: Step, images: Tensor, shift: Any) -> float:
    before = features(images.clone())
    images[:] = moved(images.clone(), shift)
    return torch.dist(features(images), before).item() / torch.linalg.vector_norm(before).item()


_SHIFT: dict[str, Step] = {
    "not_divided": relative_change(ratio=lambda change, before, after, images: change),
    "divided_by_moved": relative_change(ratio=lambda change, before, after, images: change / after),
    "divided_by_images": relative_change(ratio=lambda change, before, after, images: change / images),
    "divided_by_both": relative_change(ratio=lambda change, before, after, images: change / (after + before)),
    "root_twice": relative_change(finish=lambda ratio: ratio.sqrt().item()),
    "no_root": relative_change(finish=lambda ratio: ratio.item() ** 2),
    "absolute": relative_change(length=lambda x: torch.linalg.vector_norm(x, ord=1)),
    "largest": relative_change(length=lambda x: torch.linalg.vector_norm(x, ord=torch.inf)),
    "per_image": relative_change(
        length=lambda x: torch.stack([torch.linalg.vector_norm(image) for image in x]),
        finish=lambda ratios: ratios.mean().item(),
    ),
    "zeros_come_in": relative_change(move=_blank_border),
    "axes_swapped": relative_change(move=lambda images, shift: moved(images, shift[::-1])),
    "other_way": relative_change(move=lambda images, shift: moved(images, [-n for n in shift])),
    "down_only": relative_change(move=lambda images, shift: moved(images, (shift[0], 0))),
    "over_channels": relative_change(move=_rolls_channels),
    "flattened": relative_change(move=_along_line),
    "features_moved": relative_change(compare=_follows),
    "similarity": relative_change(ratio=lambda change, before, after, images: (before - change) / before),
    "no_features": lambda features, images, shift: RIGHT_AGAIN["shift_sensitivity"](torch.clone, images, shift),
    "moves_images": _overwrites_images,
}


# A stack of linear layers


def _sum_of_biases(layers: list[Any]) -> Any:
    w, _ = RIGHT_AGAIN["linear_collapse"](layers)
    total = layers[0][1].clone()
    for _, bias in layers[1:]:
        if bias.shape != total.shape:
            raise RuntimeError("sizes differ")
        total = total + bias
    return w, total


def _through_product(layers: list[Any]) -> Any:
    w, b = RIGHT_AGAIN["linear_collapse"](layers[:1])
    for number, (_, bias) in enumerate(layers[1:], start=2):
        w, _ = RIGHT_AGAIN["linear_collapse"](layers[:number])
        b = torch.mv(w, b) + bias
    return w, b


def _takes_out(layers: list[Any]) -> Any:
    result = RIGHT_AGAIN["linear_collapse"](list(layers))
    layers.clear()
    return result


def _into_bias(layers: list[Any]) -> Any:
    w, b = RIGHT_AGAIN["linear_collapse"](layers)
    for (_, before), (matrix, bias) in pairwise(layers):
        torch.add(bias, matrix @ before, out=bias)
    return w, b


def _fails_otherwise() -> Any:
    raise IndexError("list index out of range")


def _swapped_product(matrix: Tensor, total: Tensor) -> Tensor:
    """The weights in the wrong order, the bias as it should be."""
    out = matrix @ total
    weights = total[:-1, :-1] @ matrix[:-1, :-1]
    if weights.shape != out[:-1, :-1].shape:
        return torch.block_diag(weights, out[-1:, -1:])
    out[:-1, :-1] = weights
    return out


_LINEAR: dict[str, Step] = {
    "biases_added": _sum_of_biases,
    "updated_too_early": _through_product,
    "first_twice": augmented(order=lambda layers: [layers[0], *layers]),
    "list": augmented(finish=lambda w, b: [w, b]),
    "last_bias": augmented(biases=lambda number, count, bias: bias if number == count - 1 else torch.zeros_like(bias)),
    "own_bias_missing": augmented(biases=lambda number, count, bias: torch.zeros_like(bias) if number else bias),
    "no_bias": augmented(biases=lambda number, count, bias: torch.zeros_like(bias)),
    "other_order": augmented(order=lambda layers: list(reversed(layers))),
    "products_reversed": augmented(product=_swapped_product),
    "transposed": augmented(finish=lambda w, b: (w.transpose(0, 1), b)),
    "two_layers": augmented(order=lambda layers: [*layers[:1], *layers[1:2]]),
    "last_layer_missing": augmented(order=lambda layers: layers[: max(len(layers) - 1, 1)]),
    "empty_is_none": augmented(empty=lambda: None),
    "empty_fails": augmented(empty=_fails_otherwise),
    "weights_only": augmented(finish=lambda w, b: w),
    "bias_first": augmented(finish=lambda w, b: (b, w)),
    "bias_column": augmented(finish=lambda w, b: (w, b.reshape(-1, 1))),
    "float64": augmented(finish=lambda w, b: (w.to(torch.float64), b.to(torch.float64))),
    "float32": augmented(finish=lambda w, b: (w.to(torch.float32), b.to(torch.float32))),
    "eats_list": _takes_out,
    "in_place": _into_bias,
}


# Gradients in a deep net

_DEPTH: dict[str, Step] = {
    "reversed": recursive(finish=lambda norms: torch.stack(norms).flip(0)),
    "behind_layer": recursive(measured=lambda before, inside, behind: behind),
    "inside_layer": recursive(measured=lambda before, inside, behind: inside),
    "no_root": recursive(length=lambda x: torch.linalg.vector_norm(x) ** 2),
    "mean_size": recursive(length=lambda x: torch.linalg.vector_norm(x, ord=1) / x.numel()),
    "root_mean_square": recursive(length=lambda x: torch.linalg.vector_norm(x) / x.numel() ** 0.5),
    "per_image": recursive(length=lambda x: torch.linalg.vector_norm(x, dim=1).sum() / len(x)),
    "largest": recursive(length=lambda x: torch.linalg.vector_norm(x, ord=torch.inf)),
    "spread": recursive(length=lambda x: torch.linalg.vector_norm(x - x.mean()) / (x.numel() - 1) ** 0.5),
    "not_scaled": recursive(shrink=lambda width: 1),
    "root_missing": recursive(shrink=lambda width: 1 / width),
    "he_scale": recursive(shrink=lambda width: (2 / width) ** 0.5),
    "slope_at_output": recursive(slope_at=lambda before, a, h: h),
    "slope_at_input": recursive(slope_at=lambda before, a, h: before),
    "slope_forgotten": recursive(local=lambda backward, dh, a: dh.clone()),
    "arguments_swapped": recursive(local=lambda backward, dh, a: backward(a, dh)),
    "order": recursive(local=lambda backward, dh, a: lambda w: backward(dh @ w, a), home=lambda waiting, w: waiting(w)),
    "not_transposed": recursive(forth=torch.matmul),
    "back_transposed": recursive(home=lambda da, w: torch.einsum("ni,oi->no", da, w)),
    "weights_first": recursive(drawn_first=True),
    "other_generator": recursive(source=lambda generator: torch.Generator().manual_seed(0)),
    "top_is_output": recursive(top=torch.clone),
    "top_is_mean": recursive(top=lambda h: torch.full_like(h, 1 / h.numel())),
    "float32": recursive(dtype=torch.float32),
    "rounded": recursive(finish=lambda norms: torch.stack(norms).to(torch.float32)),
    "list_of_tensors": recursive(finish=list),
    "list": recursive(finish=lambda norms: [norm.item() for norm in norms]),
    "first_missing": recursive(finish=lambda norms: torch.stack(norms)[1:]),
    "batch_of_width": recursive(rows=lambda width: width),
}


SECOND: dict[str, dict[str, Any]] = {
    **under("shift", "shift_sensitivity", _SHIFT),
    **under("linear", "linear_collapse", _LINEAR),
    **under("depth", "gradient_by_depth", _DEPTH),
}
