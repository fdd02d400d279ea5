"""Right functions of the notebook `normalization`, in several styles."""

from __future__ import annotations

import torch

EPS = 1e-5


def moments(x, axes):
    """Mean and biased variance over some axes, which stay with length 1."""
    mean = x.mean(dim=axes, keepdim=True)
    return mean, ((x - mean) ** 2).mean(dim=axes, keepdim=True)


def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=EPS):
    if not training:
        return (x - running_mean) / torch.sqrt(running_var + eps) * gamma + beta, running_mean, running_var
    n = len(x)
    if n < 2:
        raise ValueError("one sample")
    mean, var = (part[0] for part in moments(x, 0))
    out = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return (
        out,
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (var * n / (n - 1) - running_var),
    )


def with_torch_var(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=EPS):
    if training and x.size(0) == 1:
        raise ValueError
    if training:
        var, mean = torch.var_mean(x, dim=0, unbiased=False)
        unbiased = torch.var(x, dim=0)
        notes = torch.lerp(running_mean, mean, momentum), torch.lerp(running_var, unbiased, momentum)
    else:
        mean, var, notes = running_mean, running_var, (running_mean.clone(), running_var.clone())
    return torch.addcmul(beta, gamma, (x - mean) * torch.rsqrt(var + eps)), *notes


def by_columns(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=EPS):
    out, mean, var = torch.empty_like(x), running_mean.clone(), running_var.clone()
    if training and x.shape[0] == 1:
        raise ValueError
    for j in range(x.shape[1]):
        m, v = running_mean[j], running_var[j]
        if training:
            m = sum(x[:, j]) / len(x)
            v = sum((value - m) ** 2 for value in x[:, j]) / len(x)
            mean[j] = (1 - momentum) * running_mean[j] + momentum * m
            var[j] = (1 - momentum) * running_var[j] + momentum * v * len(x) / (len(x) - 1)
        for i in range(len(x)):
            out[i, j] = gamma[j] * (x[i, j] - m) / (v + eps) ** 0.5 + beta[j]
    return out, mean, var


def batchnorm_backward(dout, x, gamma, *, eps=EPS):
    mean, var = moments(x, 0)
    inv = (var + eps) ** -0.5
    xhat = (x - mean) * inv
    dxhat = dout * gamma
    dx = inv * (dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0))
    return dx, (dout * xhat).sum(0), dout.sum(0)


def staged(dout, x, gamma, *, eps=EPS):
    n = len(x)
    centred = x - x.mean(0)
    var = (centred * centred).mean(0)
    root = torch.sqrt(var + eps)
    xhat = centred / root
    dxhat = dout * gamma
    dcentred = dxhat / root
    dvar = (dxhat * centred).sum(0) * -0.5 * (var + eps) ** -1.5
    dcentred = dcentred + 2 * centred * torch.ones_like(x) * dvar / n
    dx = dcentred - torch.ones_like(x) * dcentred.sum(0) / n
    return dx, (dout * xhat).sum(0), dout.sum(0)


def by_jacobian(dout, x, gamma, *, eps=EPS):
    n = len(x)
    dx = torch.zeros_like(x)
    mean, var = moments(x, 0)
    inv = 1 / torch.sqrt(var + eps)
    xhat = (x - mean) * inv
    for j in range(x.shape[1]):
        eye = torch.eye(n, dtype=x.dtype)
        jacobian = inv[0, j] * (eye - 1 / n - torch.outer(xhat[:, j], xhat[:, j]) / n)
        dx[:, j] = jacobian @ (dout[:, j] * gamma[j])
    return dx, torch.einsum("ij,ij->j", dout, xhat), torch.einsum("ij->j", dout)


def as_in_lectures(dout, x, gamma, *, eps=EPS):
    """The usual short way with all its temporaries: 16 or 17 sweeps."""
    n = x.shape[0]
    mean = x.mean(dim=0)
    var = ((x - mean) ** 2).mean(dim=0)
    xhat = (x - mean) / torch.sqrt(var + eps)
    dxhat = dout * gamma
    dx = (1 / n) / torch.sqrt(var + eps) * (n * dxhat - dxhat.sum(dim=0) - xhat * (dxhat * xhat).sum(dim=0))
    return dx, (dout * xhat).sum(dim=0), dout.sum(dim=0)


def batchnorm_backward_eval(dout, x, gamma, running_mean, running_var, *, eps=EPS):
    inv = (running_var + eps) ** -0.5
    return dout * gamma * inv, (dout * (x - running_mean) * inv).sum(0), dout.sum(0)


def eval_by_division(dout, x, gamma, running_mean, running_var, *, eps=EPS):
    root = torch.sqrt(running_var + eps)
    return gamma / root * dout, torch.sum(dout * (x - running_mean) / root, dim=0), torch.sum(dout, dim=0)


def batchnorm2d_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=EPS):
    n, c, h, w = x.shape
    out, mean, var = batchnorm_forward(
        x.permute(1, 0, 2, 3).reshape(c, -1).T,
        gamma,
        beta,
        running_mean,
        running_var,
        training=training,
        momentum=momentum,
        eps=eps,
    )
    return out.T.reshape(c, n, h, w).permute(1, 0, 2, 3), mean, var


def direct2d(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=EPS):
    count = x.numel() // x.shape[1]
    if training and count == 1:
        raise ValueError
    column = (slice(None), None, None)
    if training:
        mean, var = moments(x, (0, 2, 3))
        notes = (
            (1 - momentum) * running_mean + momentum * mean.flatten(),
            (1 - momentum) * running_var + momentum * var.flatten() * count / (count - 1),
        )
    else:
        mean, var, notes = running_mean[column], running_var[column], (running_mean, running_var)
    return gamma[column] * (x - mean) / torch.sqrt(var + eps) + beta[column], *notes


def normalised_back(dout, x, gamma, axes, affine_axes, eps):
    """The way back of any norm whose mean runs over some axes."""
    mean, var = moments(x, axes)
    inv = (var + eps) ** -0.5
    xhat = (x - mean) * inv
    dxhat = dout * gamma
    dx = inv * (dxhat - dxhat.mean(axes, keepdim=True) - xhat * (dxhat * xhat).mean(axes, keepdim=True))
    return dx, (dout * xhat).sum(affine_axes), dout.sum(affine_axes)


def batchnorm2d_backward(dout, x, gamma, *, eps=EPS):
    return normalised_back(dout, x, gamma[:, None, None], (0, 2, 3), (0, 2, 3), eps)


def columns2d_backward(dout, x, gamma, *, eps=EPS):
    n, c, h, w = x.shape
    flat = [part.permute(0, 2, 3, 1).reshape(-1, c) for part in (dout, x)]
    dx, dgamma, dbeta = batchnorm_backward(*flat, gamma, eps=eps)
    return dx.reshape(n, h, w, c).permute(0, 3, 1, 2), dgamma, dbeta


def layernorm_forward(x, gamma, beta, *, eps=EPS):
    mean, var = moments(x, 1)
    return (x - mean) / torch.sqrt(var + eps) * gamma + beta


def layernorm_transposed(x, gamma, beta, *, eps=EPS):
    rows = x.T
    xhat = (rows - rows.mean(0)) / torch.sqrt(rows.var(0, unbiased=False) + eps)
    return xhat.T * gamma + beta


def layernorm_backward(dout, x, gamma, *, eps=EPS):
    return normalised_back(dout, x, gamma, 1, 0, eps)


def layernorm_back_by_batchnorm(dout, x, gamma, *, eps=EPS):
    dx, _, _ = staged((dout * gamma).T, x.T, torch.ones(len(x), dtype=x.dtype), eps=eps)
    xhat = layernorm_forward(x, torch.ones_like(gamma), torch.zeros_like(gamma), eps=eps)
    return dx.T, (dout * xhat).sum(0), dout.sum(0)


def in_groups(x, groups):
    n, c, h, w = x.shape
    if c % groups:
        raise ValueError
    return x.reshape(n, groups, c // groups, h, w)


def groupnorm_forward(x, gamma, beta, groups, *, eps=EPS):
    parts = in_groups(x, groups)
    mean, var = moments(parts, (2, 3, 4))
    xhat = ((parts - mean) / torch.sqrt(var + eps)).reshape(x.shape)
    return xhat * gamma[:, None, None] + beta[:, None, None]


def groupnorm_loops(x, gamma, beta, groups, *, eps=EPS):
    in_groups(x, groups)
    out, size = torch.empty_like(x), x.shape[1] // groups
    for n in range(len(x)):
        for first in range(0, x.shape[1], size):
            part = x[n, first : first + size]
            var = ((part - part.mean()) ** 2).mean()
            out[n, first : first + size] = (part - part.mean()) / (var + eps) ** 0.5
    return out * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


def groupnorm_backward(dout, x, gamma, groups, *, eps=EPS):
    parts = in_groups(x, groups)
    dxhat = in_groups(dout * gamma[:, None, None], groups)
    ones = torch.ones((), dtype=x.dtype)
    dx, _, _ = normalised_back(dxhat, parts, ones, (2, 3, 4), (0, 2, 3, 4), eps)
    zeros = torch.zeros_like(gamma)
    xhat = groupnorm_forward(x, zeros + 1, zeros, groups, eps=eps)
    return dx.reshape(x.shape), (dout * xhat).sum((0, 2, 3)), dout.sum((0, 2, 3))


def groupnorm_back_by_rows(dout, x, gamma, groups, *, eps=EPS):
    in_groups(x, groups)
    rows = x.reshape(len(x) * groups, -1)
    above = (dout * gamma[:, None, None]).reshape(rows.shape)
    dx, _, _ = layernorm_backward(above, rows, torch.ones(rows.shape[1], dtype=x.dtype), eps=eps)
    mean, var = moments(rows, 1)
    xhat = ((rows - mean) / torch.sqrt(var + eps)).reshape(x.shape)
    return dx.reshape(x.shape), (dout * xhat).sum(dim=(0, 2, 3)), dout.sum(dim=(0, 2, 3))


def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps=EPS):
    slope = gamma / torch.sqrt(running_var + eps)
    b = torch.zeros_like(beta) if b is None else b
    return w * slope.reshape(-1, *[1] * (w.ndim - 1)), beta + slope * (b - running_mean)


def fold_by_einsum(w, b, gamma, beta, running_mean, running_var, *, eps=EPS):
    slope = gamma * (running_var + eps) ** -0.5
    shift = beta - slope * running_mean
    return torch.einsum("o,o...->o...", slope, w), shift if b is None else shift + slope * b


def bias_before_batchnorm(dout, x, gamma, running_var, *, eps=EPS):
    return batchnorm_backward(dout, x, gamma, eps=eps)[0].sum(0), dout.sum(0) * gamma * (running_var + eps) ** -0.5


def bias_known(dout, x, gamma, running_var, *, eps=EPS):
    return torch.zeros_like(gamma), (gamma / torch.sqrt(running_var + eps) * dout).sum(dim=0)


def scale_invariance_gap(norm, x, scale, shift):
    return float(torch.max(torch.abs(norm(scale * x + shift) - norm(x))))


def gap_with_max_and_min(norm, x, scale, shift):
    gap = norm(x * scale + shift) - norm(x)
    return max(gap.max().item(), (-gap.min()).item())


# Question to ways of answering it; every one is right.
RIGHT = {
    "batchnorm_forward": [{"batchnorm_forward": way} for way in (batchnorm_forward, with_torch_var, by_columns)],
    "batchnorm_backward": [
        {"batchnorm_backward": way} for way in (batchnorm_backward, staged, by_jacobian, as_in_lectures)
    ],
    "batchnorm_backward_simplified": [
        {"batchnorm_backward_simplified": way} for way in (batchnorm_backward, as_in_lectures)
    ],
    "batchnorm_backward_eval": [
        {"batchnorm_backward_eval": way} for way in (batchnorm_backward_eval, eval_by_division)
    ],
    "batchnorm2d": [
        {"batchnorm2d_forward": batchnorm2d_forward, "batchnorm2d_backward": batchnorm2d_backward},
        {"batchnorm2d_forward": direct2d, "batchnorm2d_backward": columns2d_backward},
    ],
    "layernorm": [
        {"layernorm_forward": layernorm_forward, "layernorm_backward": layernorm_backward},
        {"layernorm_forward": layernorm_transposed, "layernorm_backward": layernorm_back_by_batchnorm},
    ],
    "groupnorm": [
        {"groupnorm_forward": groupnorm_forward, "groupnorm_backward": groupnorm_backward},
        {"groupnorm_forward": groupnorm_loops, "groupnorm_backward": groupnorm_back_by_rows},
    ],
    "fold_batchnorm": [{"fold_batchnorm": way} for way in (fold_batchnorm, fold_by_einsum)],
    "bias_before_batchnorm": [{"bias_before_batchnorm": way} for way in (bias_before_batchnorm, bias_known)],
    "scale_invariance": [{"scale_invariance_gap": way} for way in (scale_invariance_gap, gap_with_max_and_min)],
}
