"""Right answers in other styles: a hidden test or a visible check that rejects one of them is broken.

Each entry of `ALTERNATIVES` replaces some functions of a right notebook.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import torch

Normalised = namedtuple("Normalised", "out running_mean running_var")
Gradients = namedtuple("Gradients", "dx dgamma dbeta")
Folded = namedtuple("Folded", "w b")


# Batch norm, forward


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


# Batch norm, backward


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


# With fewer operations


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


# In evaluation


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


# Channels


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


# Layer norm and group norm


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


# What follows from it


def broadcasting_fold(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    scale = gamma * torch.rsqrt(running_var + eps)
    shift = beta - running_mean * scale
    return w * scale.view(-1, *[1] * (w.dim() - 1)), shift if b is None else b * scale + shift


def matrix_fold(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    scale = torch.diag(gamma / torch.sqrt(running_var + eps))
    if b is None:
        b = torch.zeros(w.shape[0], dtype=w.dtype, device=w.device)
    return Folded((scale @ w.reshape(len(w), -1)).reshape(w.shape), scale @ (b - running_mean) + beta)


def einsum_fold(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    istd = 1.0 / (running_var + eps).pow(0.5)
    bias = torch.zeros_like(beta) if b is None else b.clone()
    bias -= running_mean
    bias *= gamma * istd
    bias += beta
    return torch.einsum("o...,o->o...", w, gamma * istd), bias


def summed_dx_bias(dout, x, gamma, running_var, *, eps=1e-5):
    dx, _, _ = formula_simplified(dout, x, gamma, eps=eps)
    dx_eval, _, _ = expanded_eval(dout, x, gamma, torch.zeros_like(gamma), running_var, eps=eps)
    return dx.sum(0), dx_eval.sum(0)


def thinking_bias(dout, x, gamma, running_var, *, eps=1e-5):
    return torch.zeros_like(gamma), (dout * (gamma / torch.sqrt(running_var + eps))).sum(dim=0)


def staged_bias(dout, x, gamma, running_var, *, eps=1e-5):
    both = namedtuple("Both", "in_training in_evaluation")
    return both(paper_backward(dout, x, gamma, eps=eps)[0].sum(0), gamma * dout.sum(0) / (running_var + eps).sqrt())


def itemised_gap(norm, x, scale, shift):
    return torch.max(torch.abs(norm(x) - norm(x * scale + shift))).item()


def infinity_gap(norm, x, scale, shift):
    return float(torch.linalg.vector_norm(norm(scale * x + shift) - norm(x), ord=math.inf))


def two_sided_gap(norm, x, scale, shift):
    change = norm(torch.add(torch.mul(x, scale), shift)) - norm(x)
    return max(change.max().item(), -change.min().item())


def looped_gap(norm, x, scale, shift):
    gap = 0.0
    for before, after in zip(norm(x).flatten(), norm(scale * x + shift).flatten(), strict=True):
        gap = max(gap, abs(float(before) - float(after)))
    return gap


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "forward, torch.var_mean": {"batchnorm_forward": var_mean_forward},
    "forward, loops over features": {"batchnorm_forward": feature_by_feature_forward},
    "forward, statistics changed in own copies": {"batchnorm_forward": affine_forward},
    "forward, Bessel taken back": {"batchnorm_forward": std_forward},
    "forward, as an object": {"batchnorm_forward": object_forward, "batchnorm2d_forward": object_forward},
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
    "folding, broadcast": {"fold_batchnorm": broadcasting_fold},
    "folding, a matrix product": {"fold_batchnorm": matrix_fold},
    "folding, einsum": {"fold_batchnorm": einsum_fold},
    "bias, sums of dx": {"bias_before_batchnorm": summed_dx_bias},
    "bias, thought": {"bias_before_batchnorm": thinking_bias},
    "bias, through the graph": {"bias_before_batchnorm": staged_bias},
    "gap, item": {"scale_invariance_gap": itemised_gap},
    "gap, a norm": {"scale_invariance_gap": infinity_gap},
    "gap, both ends": {"scale_invariance_gap": two_sided_gap},
    "gap, loops": {"scale_invariance_gap": looped_gap},
}
