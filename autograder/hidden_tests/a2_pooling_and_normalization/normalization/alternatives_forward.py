"""Right answers in other styles: batch norm, forwards."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import torch

Normalised = namedtuple("Normalised", "out running_mean running_var")


def var_mean_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    if not training:
        return (x - running_mean) * torch.rsqrt(running_var + eps) * gamma + beta, running_mean, running_var
    if x.shape[0] == 1:
        raise ValueError("one sample")
    var, mean = torch.var_mean(x, dim=0, unbiased=False)
    bessel = torch.var(x, dim=0, unbiased=True)
    out = (x - mean) * torch.rsqrt(var + eps) * gamma + beta
    return out, torch.lerp(running_mean, mean, momentum), torch.lerp(running_var, bessel, momentum)


def feature_by_feature_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    n, features = x.shape
    if training and n < 2:
        raise ValueError("expected more than one value per channel when training")
    out = torch.zeros_like(x)
    new_mean, new_var = running_mean.clone(), running_var.clone()
    for d in range(features):
        if training:
            mean = sum(x[i, d] for i in range(n)) / n
            var = sum((x[i, d] - mean) ** 2 for i in range(n)) / n
            new_mean[d] = (1 - momentum) * running_mean[d] + momentum * mean
            new_var[d] = (1 - momentum) * running_var[d] + momentum * var * n / (n - 1)
        else:
            mean, var = running_mean[d], running_var[d]
        out[:, d] = gamma[d] * (x[:, d] - mean) / (var + eps).sqrt() + beta[d]
    return out, new_mean, new_var


def affine_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    """One multiplication and one addition per number; what is stored is copied first, then changed in place."""
    mean, var = running_mean, running_var
    stored_mean, stored_var = running_mean.clone(), running_var.clone()
    if training:
        if len(x) <= 1:
            raise ValueError
        shifted = x - x[0]
        mean = x[0] + shifted.mean(dim=0)
        centred = x - mean
        squares = (centred * centred).sum(dim=0)
        var = squares / len(x)
        stored_mean.mul_(1 - momentum).add_(mean * momentum)
        stored_var.mul_(1 - momentum).add_(squares / (len(x) - 1) * momentum)
    return Normalised((x - mean) * (gamma / torch.sqrt(var + eps)) + beta, stored_mean, stored_var)


def std_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    """Moments from torch.std, and means by matrix products."""
    if training:
        n = x.shape[0]
        if n == 1:
            raise ValueError("training needs a batch")
        mean = (torch.ones(1, n, dtype=x.dtype, device=x.device) @ (x - x[:1]) / n + x[:1]).squeeze(0)
        unbiased = torch.std(x, 0) ** 2
        running_mean = running_mean * (1 - momentum) + mean * momentum
        running_var = running_var * (1 - momentum) + unbiased * momentum
        xhat = (x - mean) / torch.sqrt(unbiased * (n - 1) / n + eps)
    else:
        xhat = torch.div(torch.sub(x, running_mean), torch.sqrt(torch.add(running_var, eps)))
    return torch.add(torch.mul(xhat, gamma), beta), running_mean, running_var


class BatchNorm:
    """The layer as an object that is made anew in each call."""

    def __init__(self, gamma, beta, momentum, eps):
        self.gamma, self.beta, self.momentum, self.eps = gamma, beta, momentum, eps

    def statistics(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        return x.mean(axes), x.var(axes, correction=0), x.var(axes, correction=1)

    def __call__(self, x, mean, var):
        shape = [1] * x.dim()
        shape[1] = -1
        xhat = (x - mean.view(shape)) / (var.view(shape) + self.eps).sqrt()
        return xhat * self.gamma.reshape(shape) + self.beta.reshape(shape)


def object_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    layer = BatchNorm(gamma, beta, momentum, eps)
    if not training:
        return layer(x, running_mean, running_var), running_mean, running_var
    if x.numel() // x.size(1) < 2:
        raise ValueError("one value per channel")
    mean, biased, unbiased = layer.statistics(x)
    blend = [old + momentum * (new - old) for old, new in ((running_mean, mean), (running_var, unbiased))]
    return layer(x, mean, biased), *blend


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "forward, torch.var_mean": {"batchnorm_forward": var_mean_forward},
    "forward, loops over features": {"batchnorm_forward": feature_by_feature_forward},
    "forward, statistics changed in own copies": {"batchnorm_forward": affine_forward},
    "forward, Bessel taken back": {"batchnorm_forward": std_forward},
    "forward, as an object": {"batchnorm_forward": object_forward, "batchnorm2d_forward": object_forward},
}
