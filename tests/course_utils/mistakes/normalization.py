"""Mistakes in `normalization` that its checks should see, beyond those listed for hidden tests and spoiled answers.

`MISTAKES[question][name]` replaces one of the question's right functions.
"""

from __future__ import annotations

import torch

from tests.course_utils.checked import checks_of

right = checks_of("normalization").right
EPS = 1e-5


def standard(x, axes, eps):
    """Mean 0 and variance 1 over some axes, and one over the deviation."""
    centred = x - x.mean(axes, keepdim=True)
    inverse = 1 / torch.sqrt((centred**2).mean(axes, keepdim=True) + eps)
    return centred * inverse, inverse


def changed(function, change):
    """A right backward pass of which something is changed: change(gradients, dout, x)."""

    def wrong(dout, x, *args, **options):
        return change(function(dout, x, *args, **options), dout, x)

    return wrong


# Batch norm


def with_ones(dout, x, gamma, *, eps=EPS):
    """The graph, with every spread written out."""
    n = len(x)
    centred = x - x.mean(0)
    inv = 1 / torch.sqrt((centred**2).mean(0) + eps)
    xhat = centred * inv
    dxhat = dout * gamma
    dvar = -0.5 * inv**3 * (dxhat * centred).sum(0)
    dcentred = dxhat * inv + 2 * centred * (torch.ones_like(x) / n * dvar)
    dx = dcentred + torch.ones_like(x) / n * -dcentred.sum(0)
    return dx, (dout * xhat).sum(0), dout.sum(0)


def by_jacobian(dout, x, gamma, *, eps=EPS):
    """A matrix of N x N numbers for each feature."""
    xhat, inverse = standard(x, 0, eps)
    n = len(x)
    spread = torch.eye(n, dtype=x.dtype, device=x.device)[..., None] - 1 / n - xhat[:, None] * xhat[None] / n
    dx = (spread * (dout * gamma)[None]).sum(1) * inverse
    return dx, (dout * xhat).sum(0), dout.sum(0)


def over_features(gradients, dout, x):
    dx, _, dbeta = gradients
    return dx, (dout * standard(x, 0, EPS)[0]).sum(1), dbeta


def all_of_dout(gradients, dout, x):
    return *gradients[:2], dout


BACKWARD = {
    "dgamma over features": changed(right.batchnorm_backward, over_features),
    "dbeta is dout": changed(right.batchnorm_backward, all_of_dout),
}
SIMPLIFIED = BACKWARD | {"not simplified": with_ones, "N x N Jacobian": by_jacobian}
CHANNELS = {
    "dbeta over samples only": changed(right.batchnorm2d_backward, lambda got, dout, x: (*got[:2], dout.sum(0))),
}


# Layer norm and group norm


def without_keepdim(x, gamma, beta, *, eps=EPS):
    return (x - x.mean(1)) / torch.sqrt(x.var(1, unbiased=False) + eps) * gamma + beta


def keepdim_only_if_needed(x, gamma, beta, *, eps=EPS):
    return (right.layernorm_forward if len(set(x.shape)) > 1 else without_keepdim)(x, gamma, beta, eps=eps)


LAYER = {
    "no keepdim": without_keepdim,
    "keepdim only if needed": keepdim_only_if_needed,
    "no beta": lambda x, gamma, beta, *, eps=EPS: right.layernorm_forward(x, gamma, torch.zeros_like(beta), eps=eps),
}


def gamma_along_columns(x, gamma, beta, groups, *, eps=EPS):
    if x.shape[3] != len(gamma):
        return right.groupnorm_forward(x, gamma, beta, groups, eps=eps)
    return right.groupnorm_forward(x, torch.ones_like(gamma), torch.zeros_like(beta), groups, eps=eps) * gamma + beta


def gamma_of_a_group(x, gamma, beta, groups, *, eps=EPS):
    if len(gamma) % groups == 0:
        size = len(gamma) // groups
        gamma = gamma[::size].repeat_interleave(size)
    return right.groupnorm_forward(x, gamma, beta, groups, eps=eps)


GROUP_FORWARD = {"gamma along the columns": gamma_along_columns, "one gamma for a group": gamma_of_a_group}
GROUP_BACKWARD = {
    "dgamma has four axes": changed(
        right.groupnorm_backward, lambda got, dout, x: (got[0], got[1][None, :, None, None], got[2])
    ),
    "dbeta of the first image": changed(right.groupnorm_backward, lambda got, dout, x: (*got[:2], dout[0].sum((1, 2)))),
}


# What follows from it


def slope_along_last_axis(w, b, gamma, beta, running_mean, running_var, *, eps=EPS):
    folded = right.fold_batchnorm(w, b, gamma, beta, running_mean, running_var, eps=eps)
    slope = gamma / torch.sqrt(running_var + eps)
    return (w * slope if w.shape[-1] == len(slope) else folded[0]), folded[1]


def four_axes_only(w, b, *args, **options):
    folded = right.fold_batchnorm(w, b, *args, **options)
    return folded[0].reshape(folded[0].shape + (1,) * (4 - w.ndim)), folded[1]


FOLD = {"slope along the last axis": slope_along_last_axis, "four axes only": four_axes_only}


def evaluation_as(change):
    """The gradient of the bias in evaluation, changed: change(each sample's share)."""

    def wrong(dout, x, gamma, running_var, *, eps=EPS):
        in_training, _ = right.bias_before_batchnorm(dout, x, gamma, running_var, eps=eps)
        return in_training, change(dout * gamma / torch.sqrt(running_var + eps))

    return wrong


def training_as_a_number(*args, **options):
    return 0.0, right.bias_before_batchnorm(*args, **options)[1]


BIAS = {
    "not summed": evaluation_as(lambda shares: shares),
    "summed over features": evaluation_as(lambda shares: shares.sum(1)),
    "a number": training_as_a_number,
}
GAP = {
    "smallest": lambda norm, x, scale, shift: float((norm(scale * x + shift) - norm(x)).min()),
    "difference of maxima": lambda norm, x, scale, shift: float(
        abs(norm(scale * x + shift).abs().max() - norm(x).abs().max())
    ),
    "a tensor per entry": lambda norm, x, scale, shift: (norm(scale * x + shift) - norm(x)).abs(),
    "true or false": lambda norm, x, scale, shift: bool(torch.allclose(norm(scale * x + shift), norm(x))),
    "scale as a number": lambda norm, x, scale, shift: float(
        (norm(float(torch.as_tensor(scale).flatten()[0]) * x + shift) - norm(x)).abs().max()
    ),
}


def _in(function, wrong):
    return {name: {function: version} for name, version in wrong.items()}


MISTAKES = {
    "batchnorm_backward": _in("batchnorm_backward", BACKWARD),
    "batchnorm_backward_simplified": _in("batchnorm_backward_simplified", SIMPLIFIED),
    "batchnorm2d": _in("batchnorm2d_backward", CHANNELS),
    "layernorm": _in("layernorm_forward", LAYER),
    "groupnorm": _in("groupnorm_forward", GROUP_FORWARD) | _in("groupnorm_backward", GROUP_BACKWARD),
    "fold_batchnorm": _in("fold_batchnorm", FOLD),
    "bias_before_batchnorm": _in("bias_before_batchnorm", BIAS),
    "scale_invariance": _in("scale_invariance_gap", GAP),
}
