"""Right answers in other styles: shifts, linear layers in a row, and gradients by depth."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch


def sensitivity_by_cat(features, images, shift):
    down, right = shift[0] % images.shape[2], shift[1] % images.shape[3]
    moved = torch.cat([images[:, :, images.shape[2] - down :], images[:, :, : images.shape[2] - down]], 2)
    moved = torch.cat([moved[..., images.shape[3] - right :], moved[..., : images.shape[3] - right]], 3)
    before = features(images)
    return ((features(moved) - before).norm() / before.norm()).item()


def sensitivity_by_two_rolls(features, images, shift):
    first = features(images).flatten()
    second = features(images.roll(shift[0], 2).roll(shift[1], 3)).flatten()
    return float(torch.dist(first, second)) / float(torch.linalg.norm(first))


def sensitivity_by_sums(features, images, shift):
    moved = torch.roll(images, shifts=(int(shift[0]), int(shift[1])), dims=(-2, -1))
    before, after = features(images), features(moved)
    return math.sqrt(((after - before) ** 2).sum().item() / (before**2).sum().item())


def collapsed_from_the_top(layers):
    if len(layers) == 0:
        raise ValueError("no layers")
    w, b = layers[-1]
    for before_w, before_b in reversed(layers[:-1]):
        b = b + w @ before_b
        w = w @ before_w
    return w, b


def collapsed_by_multi_dot(layers):
    if not layers:
        raise ValueError("no layers")
    b = torch.zeros(layers[0][0].shape[1], dtype=layers[0][0].dtype, device=layers[0][0].device)
    for w, bias in layers:
        b = torch.mv(w, b) + bias
    weights = [w for w, _ in layers[::-1]]
    return (torch.linalg.multi_dot(weights) if len(weights) > 1 else weights[0].clone()), b


def collapsed_by_asking(layers):
    if not layers:
        raise ValueError("no layers")

    def net(x):
        for w, b in layers:
            x = x @ w.T + b
        return x

    size = layers[0][0].shape[1]
    like = {"dtype": layers[0][0].dtype, "device": layers[0][0].device}
    b = net(torch.zeros(1, size, **like))[0]
    return (net(torch.eye(size, **like)) - b).T, b


def collapsed_by_reduce(layers):
    if not layers:
        raise ValueError("no layers")
    return functools.reduce(lambda done, layer: (layer[0] @ done[0], layer[0] @ done[1] + layer[1]), layers)


def depth_with_lists(forward, backward, depth, width, generator):
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    h = torch.randn(16, width, **options)
    weights, inputs = [], []
    for _ in range(depth):
        weights.append(torch.randn(width, width, **options) / math.sqrt(width))
        inputs.append(h @ weights[-1].T)
        h = forward(inputs[-1])
    norms = torch.zeros(depth, dtype=torch.float64, device=generator.device)
    dh = torch.ones_like(h)
    for layer in range(depth - 1, -1, -1):
        dh = backward(dh, inputs[layer]) @ weights[layer]
        norms[layer] = torch.linalg.norm(dh)
    return norms


def depth_with_closures(forward, backward, depth, width, generator):
    def draw(rows):
        return torch.randn(rows, width, generator=generator, dtype=torch.float64, device=generator.device)

    h, backs = draw(16), []
    for _ in range(depth):
        w = draw(width) * width**-0.5
        a = torch.einsum("ni,oi->no", h, w)
        backs.insert(0, lambda d, a=a, w=w: torch.matmul(backward(d, a), w))
        h = forward(a)
    gradient, norms = torch.ones_like(h), []
    for back in backs:
        gradient = back(gradient)
        norms.insert(0, gradient.square().sum().sqrt().item())
    return torch.tensor(norms, dtype=torch.float64, device=generator.device)


def depth_by_recursion(forward, backward, depth, width, generator):
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}

    def through(h, left):
        """Gradient at h, and the norms from here to the top."""
        if not left:
            return torch.ones_like(h), []
        w = torch.randn(width, width, **options).div(math.sqrt(width))
        a = h.mm(w.t())
        dh, norms = through(forward(a), left - 1)
        dh = backward(dh, a).mm(w)
        return dh, [dh.norm(), *norms]

    return torch.stack(through(torch.randn(16, width, **options), depth)[1])


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "shifts, concatenated": {"shift_sensitivity": sensitivity_by_cat},
    "shifts, one axis after the other": {"shift_sensitivity": sensitivity_by_two_rolls},
    "shifts, sums of squares": {"shift_sensitivity": sensitivity_by_sums},
    "stack, from the top": {"linear_collapse": collapsed_from_the_top},
    "stack, torch.linalg.multi_dot": {"linear_collapse": collapsed_by_multi_dot},
    "stack, asked about unit vectors": {"linear_collapse": collapsed_by_asking},
    "stack, reduced": {"linear_collapse": collapsed_by_reduce},
    "depth, lists": {"gradient_by_depth": depth_with_lists},
    "depth, closures": {"gradient_by_depth": depth_with_closures},
    "depth, recursion": {"gradient_by_depth": depth_by_recursion},
}
