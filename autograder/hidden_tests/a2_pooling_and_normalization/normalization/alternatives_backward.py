"""Right answers in other styles: batch norm, backwards step by step, in one formula, and in evaluation."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import torch

Gradients = namedtuple("Gradients", "dx dgamma dbeta")


def kratzert_backward(dout, x, gamma, *, eps=1e-5):
    """The staged graph, with spread gradients as full arrays."""
    n, d = x.shape
    mu = 1.0 / n * torch.sum(x, dim=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / n * torch.sum(sq, dim=0)
    sqrtvar = torch.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    dbeta = torch.sum(dout, dim=0)
    dgamma = torch.sum(dout * xhat, dim=0)
    dxhat = dout * gamma
    divar = torch.sum(dxhat * xmu, dim=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * 1.0 / torch.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / n * torch.ones((n, d), dtype=x.dtype, device=x.device) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * torch.sum(dx1, dim=0)
    dx2 = 1.0 / n * torch.ones((n, d), dtype=x.dtype, device=x.device) * dmu
    return dx1 + dx2, dgamma, dbeta


def paper_backward(dout, x, gamma, *, eps=1e-5):
    """The equations of the paper, one by one."""
    n = x.shape[0]
    mean, var = x.mean(0), x.var(0, unbiased=False)
    dxhat = dout * gamma
    dvar = (dxhat * (x - mean) * -0.5 * (var + eps) ** (-1.5)).sum(0)
    dmean = (dxhat * -1 / torch.sqrt(var + eps)).sum(0) + dvar * (-2 * (x - mean)).sum(0) / n
    dx = dxhat / torch.sqrt(var + eps) + dvar * 2 * (x - mean) / n + dmean / n
    return dx, (dout * (x - mean) / torch.sqrt(var + eps)).sum(0), dout.sum(0)


def jacobian_backward(dout, x, gamma, *, eps=1e-5):
    """The whole matrix of derivatives of each feature."""
    n, features = x.shape
    dx = torch.empty_like(x)
    dgamma = torch.empty_like(gamma)
    for d in range(features):
        centred = x[:, d] - x[:, d].mean()
        sigma = torch.sqrt((centred @ centred) / n + eps)
        xhat = centred / sigma
        eye = torch.eye(n, dtype=x.dtype, device=x.device)
        matrix = (eye - 1 / n - torch.outer(xhat, xhat) / n) / sigma
        dx[:, d] = gamma[d] * (matrix @ dout[:, d])
        dgamma[d] = dout[:, d] @ xhat
    return Gradients(dx, dgamma, dout.sum(dim=0))


def plain_loops_backward(dout, x, gamma, *, eps=1e-5):
    n, features = x.shape
    dx = torch.zeros_like(x)
    dgamma, dbeta = torch.zeros_like(gamma), torch.zeros_like(gamma)
    for d in range(features):
        column, upstream = x[:, d].tolist(), dout[:, d].tolist()
        mean = math.fsum(column) / n
        sigma = math.sqrt(math.fsum((value - mean) ** 2 for value in column) / n + eps)
        xhat = [(value - mean) / sigma for value in column]
        dbeta[d] = math.fsum(upstream)
        dgamma[d] = math.fsum(one * other for one, other in zip(upstream, xhat, strict=True))
        for i in range(n):
            dx[i, d] = gamma[d] / (n * sigma) * (n * upstream[i] - dbeta[d] - xhat[i] * dgamma[d])
    return dx, dgamma, dbeta


def formula_simplified(dout, x, gamma, *, eps=1e-5):
    """The usual formula, with a temporary for everything."""
    n = x.shape[0]
    mu = x.mean(dim=0)
    xmu = x - mu
    var = (xmu**2).mean(dim=0)
    istd = 1 / torch.sqrt(var + eps)
    xhat = xmu * istd
    dxhat = dout * gamma
    dx = istd / n * (n * dxhat - dxhat.sum(dim=0) - xhat * (dxhat * xhat).sum(dim=0))
    return dx, (dout * xhat).sum(dim=0), dout.sum(dim=0)


def reusing_simplified(dout, x, gamma, *, eps=1e-5):
    """dx from dgamma and dbeta."""
    n = x.shape[0]
    var, mean = torch.var_mean(x, 0, correction=0)
    istd = (var + eps).rsqrt()
    xhat = (x - mean) * istd
    dbeta = dout.sum(0)
    dgamma = (dout * xhat).sum(0)
    return (gamma * istd / n) * (n * dout - dbeta - xhat * dgamma), dgamma, dbeta


def means_simplified(dout, x, gamma, *, eps=1e-5):
    """With means in the place of sums."""
    centred = x - x.mean(0, keepdim=True)
    std = torch.sqrt(centred.square().mean(0, keepdim=True) + eps)
    xhat = centred / std
    product = dout * xhat
    dx = gamma / std * (dout - dout.mean(0, keepdim=True) - xhat * product.mean(0, keepdim=True))
    return dx, product.sum(0), dout.sum(0)


def linear_simplified(dout, x, gamma, *, eps=1e-5):
    """dx = a * dout + b * x + c, with one a, b and c for each feature."""
    n = x.shape[0]
    var, mean = torch.var_mean(x, 0, correction=0)
    istd = torch.rsqrt(var + eps)
    xhat = torch.mul(x - mean, istd)
    dbeta, dgamma = dout.sum(0), torch.einsum("nd,nd->d", dout, xhat)
    return torch.addcmul(dout - dbeta / n, xhat, dgamma / n, value=-1) * (gamma * istd), dgamma, dbeta


def in_place_simplified(dout, x, gamma, *, eps=1e-5):
    """Work on own copies, in place."""
    n = len(x)
    xhat = x - x.mean(0)
    std = xhat.pow(2).sum(0).div_(n).add_(eps).sqrt_()
    xhat.div_(std)
    dx = dout.clone()
    dgamma, dbeta = (dx * xhat).sum(0), dx.sum(0)
    dx.sub_(dbeta / n).sub_(xhat.mul_(dgamma / n)).mul_(gamma / std)
    return dx, dgamma, dbeta


def loose_simplified(dout, x, gamma, *, eps=1e-5):
    """The formula with nothing reused: the mean is taken off twice, factors are multiplied one by one."""
    n = x.shape[0]
    xhat = (x - x.mean(0)) / torch.sqrt(((x - x.mean(0)) ** 2).mean(0) + eps)
    std = torch.sqrt(x.var(0, unbiased=False) + eps)
    dgamma = torch.sum(dout * xhat, 0)
    dbeta = torch.sum(dout, 0)
    dx = gamma * (1 / n) / std * (n * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta


def loops_eval(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    dx, dgamma, dbeta = torch.zeros_like(x), torch.zeros_like(gamma), torch.zeros_like(gamma)
    for d in range(x.shape[1]):
        slope = (running_var[d] + eps) ** -0.5
        for i in range(x.shape[0]):
            dx[i, d] = dout[i, d] * gamma[d] * slope
            dgamma[d] += dout[i, d] * (x[i, d] - running_mean[d]) * slope
            dbeta[d] += dout[i, d]
    return dx, dgamma, dbeta


def expanded_eval(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    """dgamma from sums of products, with the stored mean taken off a sum."""
    istd = torch.rsqrt(running_var + eps)
    dbeta = torch.einsum("nd->d", dout)
    dgamma = torch.einsum("nd,nd->d", dout, x - running_mean) * istd
    return Gradients(torch.einsum("nd,d,d->nd", dout, gamma, istd), dgamma, dbeta)


def diagonal_eval(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    matrix = torch.diag(gamma / torch.sqrt(running_var + eps))
    xhat = (x - running_mean[None]) / torch.sqrt(running_var[None] + eps)
    return dout @ matrix, torch.diagonal(dout.T @ xhat).clone(), dout.sum(axis=0)


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "backward, gradients spread to full size": {"batchnorm_backward": kratzert_backward},
    "backward, the paper's equations": {"batchnorm_backward": paper_backward},
    "backward, whole Jacobians": {"batchnorm_backward": jacobian_backward},
    "backward, plain loops": {"batchnorm_backward": plain_loops_backward},
    "backward, already simplified": {"batchnorm_backward": reusing_simplified},
    "simplified, a temporary for everything": {"batchnorm_backward_simplified": formula_simplified},
    "simplified, from dgamma and dbeta": {"batchnorm_backward_simplified": reusing_simplified},
    "simplified, means": {"batchnorm_backward_simplified": means_simplified},
    "simplified, torch.addcmul": {"batchnorm_backward_simplified": linear_simplified},
    "simplified, in place on copies": {"batchnorm_backward_simplified": in_place_simplified},
    "simplified, nothing reused": {"batchnorm_backward_simplified": loose_simplified},
    "evaluation, loops": {"batchnorm_backward_eval": loops_eval},
    "evaluation, einsum": {"batchnorm_backward_eval": expanded_eval},
    "evaluation, a diagonal matrix": {"batchnorm_backward_eval": diagonal_eval},
}
