"""Batch, layer and group normalisation, with PyTorch's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.layers.dispatch import F, Values, gradients, layer, tensors

if TYPE_CHECKING:
    import torch

Array = NDArray[Any]
Axes = tuple[int, ...]


@layer
def batchnorm_forward(
    x: Values,
    gamma: Values,
    beta: Values,
    running_mean: Values,
    running_var: Values,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Values, Values, Values]:
    """Batch normalisation of features.

    Args:
        x: (N, D).
        gamma: (D,), scale.
        beta: (D,), shift.
        running_mean: (D,).
        running_var: (D,).
        training: Normalise with the batch's own mean and biased variance, and update the running ones; else with
            the running ones.
        momentum: Weight of the batch in the running statistics, whose variance is the unbiased one.
        eps: Added to the variance, below the root.

    Returns:
        out (N, D), and the new running mean and variance.

    Raises:
        ValueError: If there is one value per feature in training.
    """
    return _batchnorm(x, gamma, beta, running_mean, running_var, training, momentum, eps)


@layer
def batchnorm2d_forward(
    x: Values,
    gamma: Values,
    beta: Values,
    running_mean: Values,
    running_var: Values,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Values, Values, Values]:
    """Batch normalisation of channels: x (N, C, H, W), all others (C,); see batchnorm_forward."""
    return _batchnorm(x, gamma, beta, running_mean, running_var, training, momentum, eps)


@tensors("batchnorm_forward")
@tensors("batchnorm2d_forward")
def _(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mean, var = running_mean.clone(), running_var.clone()
    return F.batch_norm(x, mean, var, gamma, beta, training, momentum, eps), mean, var


@layer
def batchnorm_backward(dout: Values, x: Values, gamma: Values, *, eps: float = 1e-5) -> tuple[Values, Values, Values]:
    """Gradients of batch normalisation in training.

    Args:
        dout: (N, D).
        x: (N, D), as in the forward pass.
        gamma: (D,), as in the forward pass.
        eps: As in the forward pass.

    Returns:
        dx, dgamma and dbeta.
    """
    return _backward(dout, x, gamma, _all_but_channels(x), eps)


@layer
def batchnorm2d_backward(dout: Values, x: Values, gamma: Values, *, eps: float = 1e-5) -> tuple[Values, Values, Values]:
    """Gradients of batch normalisation of channels in training: dout, x (N, C, H, W), gamma (C,)."""
    return _backward(dout, x, gamma, _all_but_channels(x), eps)


@tensors("batchnorm_backward")
@tensors("batchnorm2d_backward")
def _(dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, *, eps: float = 1e-5) -> tuple[torch.Tensor, ...]:
    def forward(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)

    return gradients(forward, (x, gamma, gamma.new_zeros(gamma.shape)), dout)


@layer
def layernorm_forward(x: Values, gamma: Values, beta: Values, *, eps: float = 1e-5) -> Values:
    """Layer normalisation: each row of x (N, D) by itself; gamma, beta (D,)."""
    return _standardised(x, (1,), eps)[0] * gamma + beta


@tensors("layernorm_forward")
def _(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, *, eps: float = 1e-5) -> torch.Tensor:
    return F.layer_norm(x, gamma.shape, gamma, beta, eps)


@layer
def layernorm_backward(dout: Values, x: Values, gamma: Values, *, eps: float = 1e-5) -> tuple[Values, Values, Values]:
    """Gradients of layer normalisation: dx (N, D), dgamma and dbeta (D,)."""
    return _backward(dout, x, gamma, (1,), eps)


@tensors("layernorm_backward")
def _(dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, *, eps: float = 1e-5) -> tuple[torch.Tensor, ...]:
    def forward(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, gamma.shape, gamma, beta, eps)

    return gradients(forward, (x, gamma, gamma.new_zeros(gamma.shape)), dout)


@layer
def groupnorm_forward(x: Values, gamma: Values, beta: Values, groups: int, *, eps: float = 1e-5) -> Values:
    """Group normalisation: the channels of each image in groups of neighbours.

    Args:
        x: (N, C, H, W).
        gamma: (C,), scale.
        beta: (C,), shift.
        groups: Number of groups.
        eps: Added to the variance, below the root.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: If the channels can't be divided into so many groups.
    """
    hat, _ = _standardised(_grouped(x, groups), (2, 3, 4), eps)
    return hat.reshape(x.shape) * _per_channel(gamma, x) + _per_channel(beta, x)


@tensors("groupnorm_forward")
def _(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, groups: int, *, eps: float = 1e-5) -> torch.Tensor:
    _check_groups(x.shape[1], groups)
    return F.group_norm(x, groups, gamma, beta, eps)


@layer
def groupnorm_backward(
    dout: Values, x: Values, gamma: Values, groups: int, *, eps: float = 1e-5
) -> tuple[Values, Values, Values]:
    """Gradients of group normalisation: dx (N, C, H, W), dgamma and dbeta (C,)."""
    hat, scale = _standardised(_grouped(x, groups), (2, 3, 4), eps)
    dhat = _grouped(dout * _per_channel(gamma, x), groups)
    dx = _back_to_x(dhat, hat, scale, (2, 3, 4)).reshape(x.shape)
    return dx, (dout * hat.reshape(x.shape)).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


@tensors("groupnorm_backward")
def _(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, groups: int, *, eps: float = 1e-5
) -> tuple[torch.Tensor, ...]:
    _check_groups(x.shape[1], groups)

    def forward(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
        return F.group_norm(x, groups, gamma, beta, eps)

    return gradients(forward, (x, gamma, gamma.new_zeros(gamma.shape)), dout)


def _batchnorm(
    x: Array, gamma: Array, beta: Array, mean: Array, var: Array, training: bool, momentum: float, eps: float
) -> tuple[Array, Array, Array]:
    axes = _all_but_channels(x)
    if training:
        count = x.size // x.shape[1]
        if count < 2:
            raise ValueError(f"x: expected more than one value per channel in training, got {x.shape}. Add samples.")
        hat, _ = _standardised(x, axes, eps)
        mean = (1 - momentum) * mean + momentum * x.mean(axis=axes)
        var = (1 - momentum) * var + momentum * x.var(axis=axes, ddof=1)
    else:
        hat = (x - _per_channel(mean, x)) / np.sqrt(_per_channel(var, x) + eps)
        mean, var = mean.copy(), var.copy()
    return hat * _per_channel(gamma, x) + _per_channel(beta, x), mean, var


def _backward(dout: Array, x: Array, gamma: Array, axes: Axes, eps: float) -> tuple[Array, Array, Array]:
    """Gradients of gamma * hat + beta, where the axes are those over which x was standardised."""
    hat, scale = _standardised(x, axes, eps)
    dx = _back_to_x(dout * _per_channel(gamma, x), hat, scale, axes)
    others = _all_but_channels(x)
    return dx, (dout * hat).sum(axis=others), dout.sum(axis=others)


def _standardised(x: Array, axes: Axes, eps: float) -> tuple[Array, Array]:
    """x with mean 0 and variance 1 along some axes, and what it was multiplied by."""
    centred = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + eps)
    return centred * scale, scale


def _back_to_x(dhat: Array, hat: Array, scale: Array, axes: Axes) -> Array:
    """Gradient of `_standardised`: without what would move the mean or the variance, which stay 0 and 1."""
    moves_mean = dhat.mean(axis=axes, keepdims=True)
    moves_variance = hat * (dhat * hat).mean(axis=axes, keepdims=True)
    back: Array = scale * (dhat - moves_mean - moves_variance)
    return back


def _all_but_channels(x: Array) -> Axes:
    return (0, *range(2, x.ndim))


def _per_channel(values: Array, x: Array) -> Array:
    """(C,) in a form that broadcasts along axis 1 of x."""
    return values.reshape(-1, *[1] * (x.ndim - 2))


def _grouped(x: Array, groups: int) -> Array:
    """(N, C, H, W) to (N, groups, C / groups, H, W)."""
    _check_groups(x.shape[1], groups)
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])


def _check_groups(channels: int, groups: int) -> None:
    if groups < 1 or channels % groups:
        raise ValueError(f"groups: expected a divisor of {channels} channels, got {groups}. Take another number.")
