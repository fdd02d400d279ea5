"""What is right, found by the library functions and the autograd that the notebook forbids, in float64.

Nothing here is shared with the solution of the notebook. Results are rounded to the dtype of the inputs at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

# There is a grader on each core, and tensors are small: further threads would only wait for each other.
torch.set_num_threads(1)

Function = Callable[..., Tensor]
Pair = tuple[int, int]

ACTIVATIONS: dict[str, Function] = {
    "relu": F.relu,
    "leaky_relu": lambda x, slope=0.01: F.leaky_relu(x, slope),
    "elu": lambda x, alpha=1.0: F.elu(x, alpha),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
}


def activation(name: str, x: Tensor, **options: float) -> Tensor:
    """An activation of that name."""
    return ACTIVATIONS[name](x.double(), **options).to(x.dtype)


def activation_backward(name: str, dout: Tensor, x: Tensor, **options: float) -> Tensor:
    """Its gradient with respect to x."""
    return gradient(partial(ACTIVATIONS[name], **options), dout, x)


def maxout(x: Tensor, pieces: int) -> Tensor:
    """Entry by entry: the largest of the channels that lie a whole number of output channels apart."""
    channels = x.shape[1] // pieces
    maps = [torch.stack([x[:, c + piece * channels] for piece in range(pieces)]) for c in range(channels)]
    return torch.stack([together.amax(0) for together in maps], 1)


def max_pool2d(x: Tensor, kernel: int | Pair, *, stride: int | Pair | None = None, padding: int | Pair = 0) -> Tensor:
    """Max pooling, by torch."""
    return F.max_pool2d(x.double(), kernel, stride, padding).to(x.dtype)


def avg_pool2d(x: Tensor, kernel: int | Pair, *, stride: int | Pair | None = None, padding: int | Pair = 0) -> Tensor:
    """Average pooling, by torch."""
    return F.avg_pool2d(x.double(), kernel, stride, padding, count_include_pad=True).to(x.dtype)


def max_pool1d(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
    """Max pooling along one axis, by torch."""
    return F.max_pool1d(x.double(), kernel, stride).to(x.dtype)


def global_avg_pool(x: Tensor) -> Tensor:
    """The average of each channel, by torch."""
    return F.adaptive_avg_pool2d(x.double(), 1).flatten(1).to(x.dtype)


def gradient(function: Function, dout: Tensor, x: Tensor) -> Tensor:
    """Gradient of sum(function(x) * dout) with respect to x, by autograd."""
    leaf = x.detach().double().clone().requires_grad_()
    (dx,) = torch.autograd.grad(function(leaf), leaf, dout.double())
    return dx.to(torch.promote_types(dout.dtype, x.dtype))


def shape_gradient(function: Function, dout: Tensor, shape: Sequence[int]) -> Tensor:
    """The same of a linear function, which only needs the shape of its input."""
    return gradient(function, dout, torch.zeros(tuple(shape), dtype=dout.dtype))


def sensitivity(features: Function, images: Tensor, shift: Pair) -> float:
    """How much features change when images go round: the norm of the change, in parts of the norm."""
    down, right = shift
    height, width = images.shape[2:]
    wide = images.double()
    rows = [(row - down) % height for row in range(height)]
    columns = [(column - right) % width for column in range(width)]
    before, after = features(wide), features(wide[:, :, rows][..., columns])
    return float(torch.linalg.vector_norm(after - before) / torch.linalg.vector_norm(before))


def collapse(layers: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Weights and biases of a stack of linear layers, by asking it: what it makes of zeros, and of each unit vector."""
    unit = torch.eye(layers[0][0].shape[1], dtype=torch.float64)
    bias, answers = _stack(layers, torch.zeros_like(unit[:1])), _stack(layers, unit)
    dtype = layers[0][0].dtype
    return (answers - bias).T.contiguous().to(dtype), bias[0].to(dtype)


def _stack(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    for w, b in layers:
        x = F.linear(x, w.double(), b.double())
    return x


def norms_by_depth(forward: Function, backward: Function, depth: int, width: int, seed: int) -> Tensor:
    """Norms of the gradients at the inputs of the layers of a deep net, by autograd.

    Args:
        forward: The activation.
        backward: What takes the place of its gradient, from dout and x.
        depth: Number of layers.
        width: Units of each.
        seed: Of the generator.
    """

    class Activation(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx: Any, *douts: Any) -> Any:
            return backward(douts[0], *ctx.saved_tensors)

    draws = torch.Generator().manual_seed(seed)
    h = torch.randn(16, width, generator=draws, dtype=torch.float64).requires_grad_()
    inputs = []
    for _ in range(depth):
        inputs.append(h)
        w = torch.randn(width, width, generator=draws, dtype=torch.float64) / width**0.5
        h = Activation.apply(F.linear(h, w))  # type: ignore[no-untyped-call]
    return torch.stack([grad.norm() for grad in torch.autograd.grad(h.sum(), inputs)])
