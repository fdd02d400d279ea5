"""What is right, found in another way than a student would: torch's own layers, their autograd, finite differences.

Nothing here is shared with the solution of the notebook. Everything is computed in float64 and rounded to the dtype of
x at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

# There is a grader on each core, and sums are small: further threads would only wait for each other.
torch.set_num_threads(1)

Tensor = torch.Tensor
Tensors = tuple[Tensor, ...]


def batchnorm(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensors:
    """Batch norm over (N, D) or (N, C, H, W), by torch, which changes the statistics in place: of a copy here."""
    mean, var = _wide(running_mean), _wide(running_var)
    out = F.batch_norm(_wide(x), mean, var, _wide(gamma), _wide(beta), training, momentum, eps)
    return tuple(part.to(x.dtype) for part in (out, mean, var))


def batchnorm_gradients(dout: Tensor, x: Tensor, gamma: Tensor, *, eps: float = 1e-5) -> Tensors:
    """(dx, dgamma, dbeta) with batch statistics, by autograd."""
    return _gradients(lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0.1, eps), dout, x, gamma)


def eval_gradients(
    dout: Tensor, x: Tensor, gamma: Tensor, running_mean: Tensor, running_var: Tensor, *, eps: float = 1e-5
) -> Tensors:
    """The same with running statistics."""
    mean, var = _wide(running_mean), _wide(running_var)
    return _gradients(lambda x, g, b: F.batch_norm(x, mean, var, g, b, False, 0.1, eps), dout, x, gamma)


def layernorm(x: Tensor, gamma: Tensor, beta: Tensor, *, eps: float = 1e-5) -> Tensor:
    """Layer norm over (N, D), by torch."""
    return F.layer_norm(_wide(x), gamma.shape, _wide(gamma), _wide(beta), eps).to(x.dtype)


def layernorm_gradients(dout: Tensor, x: Tensor, gamma: Tensor, *, eps: float = 1e-5) -> Tensors:
    """(dx, dgamma, dbeta), by autograd."""
    return _gradients(lambda x, g, b: F.layer_norm(x, g.shape, g, b, eps), dout, x, gamma)


def groupnorm(x: Tensor, gamma: Tensor, beta: Tensor, groups: int, *, eps: float = 1e-5) -> Tensor:
    """Group norm over (N, C, H, W), by torch."""
    return F.group_norm(_wide(x), groups, _wide(gamma), _wide(beta), eps).to(x.dtype)


def groupnorm_gradients(dout: Tensor, x: Tensor, gamma: Tensor, groups: int, *, eps: float = 1e-5) -> Tensors:
    """(dx, dgamma, dbeta), by autograd."""
    return _gradients(lambda x, g, b: F.group_norm(x, groups, g, b, eps), dout, x, gamma)


def differences(layer: Callable[[Tensor], Tensor], x: Tensor, dout: Tensor, *, step: float = 1e-5) -> Tensor:
    """Gradient of sum(layer(x) * dout), entry by entry, by central differences in float64."""
    gradient = torch.empty(x.shape, dtype=torch.float64)
    for index in range(x.numel()):
        sides = []
        for move in (step, -step):
            moved = _wide(x).reshape(-1)
            moved[index] += move
            sides.append((layer(moved.reshape(x.shape)) * _wide(dout)).sum())
        gradient.view(-1)[index] = (sides[0] - sides[1]) / (2 * step)
    return gradient


def folded(
    w: Tensor,
    b: Tensor | None,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    *,
    eps: float = 1e-5,
) -> Tensors:
    """Weights and bias of the one layer that does what two do, filter by filter."""
    weights, biases = [], []
    for index, filter_ in enumerate(_wide(w)):
        slope = float(gamma[index]) / math.sqrt(float(running_var[index]) + eps)
        start = 0.0 if b is None else float(b[index])
        weights.append(filter_ * slope)
        biases.append(float(beta[index]) + slope * (start - float(running_mean[index])))
    return torch.stack(weights).to(w.dtype), torch.tensor(biases, dtype=torch.float64).to(w.dtype)


def bias_gradient(dout: Tensor, gamma: Tensor, running_var: Tensor, *, eps: float = 1e-5) -> Tensor:
    """Gradient of a bias before batch norm with running statistics: that of x, summed over the batch."""
    still = torch.zeros_like(gamma)
    return eval_gradients(dout, torch.zeros_like(dout), gamma, still, running_var, eps=eps)[0].sum(0)


def gap(norm: Callable[[Tensor], Tensor], x: Tensor, scale: float | Tensor, shift: float | Tensor) -> float:
    """The largest of all changes, number by number."""
    before, after = norm(x), norm(x * scale + shift)
    return max(abs(one - other) for one, other in zip(before.flatten().tolist(), after.flatten().tolist(), strict=True))


def _gradients(layer: Callable[[Tensor, Tensor, Tensor], Tensor], dout: Tensor, x: Tensor, gamma: Tensor) -> Tensors:
    leaves = [_wide(part).requires_grad_() for part in (x, gamma, torch.zeros_like(gamma))]
    found = torch.autograd.grad(layer(*leaves), leaves, _wide(dout))
    return tuple(part.to(x.dtype) for part in found)


def _wide(tensor: Tensor) -> Tensor:
    """A float64 copy."""
    return tensor.detach().clone(memory_format=torch.contiguous_format).double()
