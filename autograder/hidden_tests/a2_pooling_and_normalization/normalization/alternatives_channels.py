"""Right answers in other styles: batch norm for images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_backward import (
    kratzert_backward,
    means_simplified,
    reusing_simplified,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_forward import (
    affine_forward,
    var_mean_forward,
)


def permuting_2d_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    n, c, h, w = x.shape
    rows = x.permute(0, 2, 3, 1).reshape(-1, c)
    options = {"training": training, "momentum": momentum, "eps": eps}
    out, mean, var = var_mean_forward(rows, gamma, beta, running_mean, running_var, **options)
    return out.reshape(n, h, w, c).permute(0, 3, 1, 2), mean, var


def permuting_2d_backward(dout, x, gamma, *, eps=1e-5):
    n, c, h, w = x.shape
    rows, upstream = (part.permute(0, 2, 3, 1).reshape(-1, c) for part in (x, dout))
    dx, dgamma, dbeta = reusing_simplified(upstream, rows, gamma, eps=eps)
    return dx.view(n, h, w, c).permute(0, 3, 1, 2), dgamma, dbeta


def transposing_2d_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    n, c, h, w = x.shape
    rows = x.transpose(0, 1).contiguous().view(c, -1).t()
    options = {"training": training, "momentum": momentum, "eps": eps}
    out, mean, var = affine_forward(rows, gamma, beta, running_mean, running_var, **options)
    return out.t().reshape(c, n, h, w).transpose(0, 1), mean, var


def transposing_2d_backward(dout, x, gamma, *, eps=1e-5):
    n, c, h, w = x.shape
    rows, upstream = (part.transpose(0, 1).reshape(c, -1).t() for part in (x, dout))
    dx, dgamma, dbeta = kratzert_backward(upstream, rows, gamma, eps=eps)
    return dx.t().reshape(c, n, h, w).transpose(0, 1).contiguous(), dgamma, dbeta


def channelwise_2d_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    if training and x.numel() == x.shape[1]:
        raise ValueError
    outs, means, variances = [], [], []
    for c in range(x.shape[1]):
        plane, mean, var = x[:, c], running_mean[c], running_var[c]
        means.append(mean)
        variances.append(var)
        if training:
            mean, var = plane.mean(), plane.var(unbiased=False)
            means[-1] = (1 - momentum) * means[-1] + momentum * mean
            variances[-1] = (1 - momentum) * variances[-1] + momentum * plane.var()
        outs.append(gamma[c] * (plane - mean) / torch.sqrt(var + eps) + beta[c])
    return torch.stack(outs, 1), torch.stack(means), torch.stack(variances)


def channelwise_2d_backward(dout, x, gamma, *, eps=1e-5):
    dx, dgamma, dbeta = torch.empty_like(x), torch.empty_like(gamma), torch.empty_like(gamma)
    for c in range(x.shape[1]):
        parts = dout[:, c].reshape(-1, 1), x[:, c].reshape(-1, 1), gamma[c : c + 1]
        one, dgamma[c : c + 1], dbeta[c : c + 1] = means_simplified(*parts, eps=eps)
        dx[:, c] = one.reshape(dout[:, c].shape)
    return dx, dgamma, dbeta


def einsum_2d_backward(dout, x, gamma, *, eps=1e-5):
    m = x.numel() / x.shape[1]
    mean = torch.einsum("nchw->c", x) / m
    away = x - mean[:, None, None]
    istd = (torch.einsum("nchw,nchw->c", away, away) / m + eps) ** -0.5
    dbeta = torch.einsum("nchw->c", dout)
    dgamma = torch.einsum("nchw,nchw,c->c", dout, away, istd)
    inner = dout - (dbeta / m)[:, None, None] - away * (istd * dgamma / m)[:, None, None]
    return torch.einsum("nchw,c->nchw", inner, gamma * istd), dgamma, dbeta


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "channels, permute": {"batchnorm2d_forward": permuting_2d_forward, "batchnorm2d_backward": permuting_2d_backward},
    "channels, transpose": {
        "batchnorm2d_forward": transposing_2d_forward,
        "batchnorm2d_backward": transposing_2d_backward,
    },
    "channels, one by one": {
        "batchnorm2d_forward": channelwise_2d_forward,
        "batchnorm2d_backward": channelwise_2d_backward,
    },
    "channels, einsum": {"batchnorm2d_backward": einsum_2d_backward},
}
