"""Right answers in other styles: layer norm and group norm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_backward import (
    Gradients,
    reusing_simplified,
)


def transposed_layer_forward(x, gamma, beta, *, eps=1e-5):
    columns = x.T
    xhat = (columns - columns.mean(0)) / torch.sqrt(columns.var(0, unbiased=False) + eps)
    return gamma * xhat.T + beta


def transposed_layer_backward(dout, x, gamma, *, eps=1e-5):
    ones = torch.ones(len(x), dtype=x.dtype, device=x.device)
    dx, _, _ = reusing_simplified((dout * gamma).T, x.T, ones, eps=eps)
    xhat = ((x.T - x.mean(1)) / torch.sqrt(x.var(1, unbiased=False) + eps)).T
    return dx.T, (dout * xhat).sum(0), dout.sum(0)


def rowwise_layer_forward(x, gamma, beta, *, eps=1e-5):
    rows = []
    for row in x:
        centred = row - row.mean()
        rows.append(centred / (torch.dot(centred, centred) / row.numel() + eps) ** 0.5 * gamma + beta)
    return torch.stack(rows)


def rowwise_layer_backward(dout, x, gamma, *, eps=1e-5):
    dx = torch.zeros_like(x)
    dgamma = torch.zeros_like(gamma)
    for i, (upstream, row) in enumerate(zip(dout, x, strict=True)):
        centred = row - row.mean()
        sigma = torch.sqrt(centred.pow(2).mean() + eps)
        dxhat = upstream * gamma
        dvar = (dxhat * centred).sum() * -0.5 * sigma**-3
        dmean = -(dxhat / sigma).sum() - 2 * dvar * centred.mean()
        dx[i] = dxhat / sigma + (2 * dvar * centred + dmean) / len(row)
        dgamma += upstream * centred / sigma
    return Gradients(dx, dgamma, dout.sum(0))


def normal_rows(x, eps):
    """Rows with mean 0 and standard deviation 1, and one over what they had."""
    var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    inverse = torch.rsqrt(var + eps)
    return torch.sub(x, mean).mul_(inverse), inverse


def rows_back(dxhat, x, eps):
    xhat, inverse = normal_rows(x, eps)
    along = (dxhat * xhat).mean(-1, keepdim=True)
    return (dxhat - dxhat.mean(-1, keepdim=True) - xhat * along) * inverse, xhat


def normal_layer_forward(x, gamma, beta, *, eps=1e-5):
    return torch.addcmul(beta, normal_rows(x, eps)[0], gamma)


def normal_layer_backward(dout, x, gamma, *, eps=1e-5):
    dx, xhat = rows_back(dout * gamma, x, eps)
    return dx, torch.einsum("nd,nd->d", dout, xhat), dout.sum(0)


def normal_group_forward(x, gamma, beta, groups, *, eps=1e-5):
    if x.size(1) % groups:
        raise ValueError("channels and groups")
    xhat = normal_rows(x.reshape(x.size(0), groups, -1), eps)[0].reshape(x.shape)
    return torch.addcmul(beta[:, None, None], xhat, gamma[:, None, None])


def normal_group_backward(dout, x, gamma, groups, *, eps=1e-5):
    if x.size(1) % groups:
        raise ValueError("channels and groups")
    grouped = (x.size(0), groups, -1)
    dx, xhat = rows_back((dout * gamma[:, None, None]).reshape(grouped), x.reshape(grouped), eps)
    return dx.reshape(x.shape), (dout * xhat.reshape(x.shape)).sum((0, 2, 3)), dout.sum((0, 2, 3))


def looped_group_forward(x, gamma, beta, groups, *, eps=1e-5):
    n, c = x.shape[:2]
    if c % groups:
        raise ValueError("groups")
    size = c // groups
    out = torch.empty_like(x)
    for i in range(n):
        for g in range(groups):
            part = x[i, g * size : (g + 1) * size]
            out[i, g * size : (g + 1) * size] = (part - part.mean()) / torch.sqrt(part.var(unbiased=False) + eps)
    return out * gamma[:, None, None] + beta[:, None, None]


def looped_group_backward(dout, x, gamma, groups, *, eps=1e-5):
    n, c = x.shape[:2]
    if c % groups != 0:
        raise ValueError("groups")
    dx, xhat = torch.zeros_like(x), torch.zeros_like(x)
    for i in range(n):
        for channels in torch.arange(c).chunk(groups):
            part = x[i, channels]
            m = part.numel()
            std = torch.sqrt(part.var(unbiased=False) + eps)
            normal = (part - part.mean()) / std
            dnormal = dout[i, channels] * gamma[channels, None, None]
            dx[i, channels] = (m * dnormal - dnormal.sum() - normal * (dnormal * normal).sum()) / (m * std)
            xhat[i, channels] = normal
    return dx, (dout * xhat).sum(dim=(0, 2, 3)), dout.sum(dim=(0, 2, 3))


def layered_group_forward(x, gamma, beta, groups, *, eps=1e-5):
    """Group norm is layer norm over the rows of a matrix."""
    n, c, h, w = x.shape
    if c % groups:
        raise ValueError
    rows = x.reshape(n * groups, -1)
    still = torch.ones(rows.shape[1], dtype=x.dtype, device=x.device)
    xhat = transposed_layer_forward(rows, still, torch.zeros_like(still), eps=eps).reshape(n, c, h, w)
    return xhat * gamma.view(1, c, 1, 1) + beta.view(1, c, 1, 1)


def layered_group_backward(dout, x, gamma, groups, *, eps=1e-5):
    n, c = x.shape[:2]
    if c % groups:
        raise ValueError
    rows = x.reshape(n * groups, -1)
    still = torch.ones(rows.shape[1], dtype=x.dtype, device=x.device)
    dxhat = (dout * gamma.view(1, c, 1, 1)).reshape(n * groups, -1)
    dx, _, _ = transposed_layer_backward(dxhat, rows, still, eps=eps)
    xhat = transposed_layer_forward(rows, still, torch.zeros_like(still), eps=eps).reshape(x.shape)
    return dx.reshape(x.shape), torch.einsum("nchw,nchw->c", dout, xhat), torch.einsum("nchw->c", dout)


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "layer, transposed": {
        "layernorm_forward": transposed_layer_forward,
        "layernorm_backward": transposed_layer_backward,
    },
    "layer, row by row": {"layernorm_forward": rowwise_layer_forward, "layernorm_backward": rowwise_layer_backward},
    "layer, torch.var_mean": {
        "layernorm_forward": normal_layer_forward,
        "layernorm_backward": normal_layer_backward,
    },
    "groups, torch.var_mean": {
        "groupnorm_forward": normal_group_forward,
        "groupnorm_backward": normal_group_backward,
    },
    "groups, loops": {"groupnorm_forward": looped_group_forward, "groupnorm_backward": looped_group_backward},
    "groups, as rows of layer norm": {
        "groupnorm_forward": layered_group_forward,
        "groupnorm_backward": layered_group_backward,
    },
}
