"""Right versions of what later questions build on, sent as text into a student's process for a second try.

Written with library calls, not like the solution: a student's process may read what is sent to it. The layers of
torch.nn and autograd are gone there, so these are what is left: moments and matrix functions.
"""

from __future__ import annotations

import inspect


def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    """Batch norm over (N, D), and the new statistics."""
    import torch  # noqa: PLC0415 - the text of this function stands alone

    mean, var = running_mean, running_var
    if training:
        if len(x) < 2:
            raise ValueError(f"training: expected more than one sample, got {len(x)}")
        var, mean = torch.var_mean(x, 0, correction=0)
        running_mean = torch.lerp(running_mean, mean, momentum)
        running_var = torch.lerp(running_var, torch.var(x, 0, correction=1), momentum)
    return torch.addcmul(beta, x - mean, gamma * torch.rsqrt(var + eps)), running_mean, running_var


def batchnorm_backward(dout, x, gamma, *, eps=1e-5):
    """Gradients of batch norm over (N, D)."""
    import torch  # noqa: PLC0415 - the text of this function stands alone

    var, mean = torch.var_mean(x, 0, correction=0)
    away = x - mean
    along = torch.einsum("nd,nd->d", dout, away)
    rest = torch.addcmul(dout - torch.mean(dout, 0), away, along / (len(x) * (var + eps)), value=-1)
    return gamma * rest * torch.rsqrt(var + eps), along * torch.rsqrt(var + eps), torch.sum(dout, 0)


def batchnorm_backward_eval(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    """Gradients of batch norm over (N, D) with running statistics."""
    import torch  # noqa: PLC0415 - the text of this function stands alone

    slope = torch.rsqrt(running_var + eps)
    along = torch.einsum("nd,nd->d", dout, x - running_mean)
    return torch.mul(dout, gamma * slope), along * slope, torch.sum(dout, 0)


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    """Layer norm over (N, D)."""
    import torch  # noqa: PLC0415 - the text of this function stands alone

    var, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
    return torch.addcmul(beta, (x - mean) * torch.rsqrt(var + eps), gamma)


def layernorm_backward(dout, x, gamma, *, eps=1e-5):
    """Gradients of layer norm over (N, D)."""
    import torch  # noqa: PLC0415 - the text of this function stands alone

    var, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
    slope = torch.rsqrt(var + eps)
    away, inner = x - mean, dout * gamma
    along = torch.einsum("nd,nd->n", inner, away)[:, None] / x.shape[1]
    dx = torch.addcmul(inner - torch.mean(inner, 1, keepdim=True), away, along * slope * slope, value=-1) * slope
    return dx, torch.einsum("nd,nd->d", dout, away * slope), torch.sum(dout, 0)


SOURCES: dict[str, str] = {
    function.__name__: inspect.getsource(function)
    for function in (
        batchnorm_forward,
        batchnorm_backward,
        batchnorm_backward_eval,
        layernorm_forward,
        layernorm_backward,
    )
}
