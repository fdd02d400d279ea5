"""The second base of right answers: everything becomes a matrix whose columns are normalised one by one.

Sums are written out with einsum, and gradients flow back through the graph, box by box. `kind` says what a column is:
a feature or channel of the batch, a sample, or a group of channels of one sample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Step = Callable[..., Any]
Tensor = torch.Tensor


def unchanged(value: Any, *_others: Any) -> Any:
    """The step that does nothing."""
    return value


# To columns and back


def by_channel(x: Tensor, groups: int) -> Tensor:
    """(N, C, ...) to (N * ..., C)."""
    return torch.movedim(x, 1, -1).flatten(0, -2)


def from_channels(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    """Back from there."""
    return torch.movedim(columns.unflatten(0, (x.shape[0], *x.shape[2:])), -1, 1)


def by_sample(x: Tensor, groups: int) -> Tensor:
    """(N, D) to (D, N)."""
    return x.flatten(1).T


def from_samples(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    """Back from there."""
    return columns.T.unflatten(1, x.shape[1:])


def by_group(x: Tensor, groups: int) -> Tensor:
    """(N, C, H, W) to (C / groups * H * W, N * groups)."""
    return torch.stack([part for image in x for part in image.flatten().chunk(groups)], 1)


def from_groups(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    """Back from there."""
    return torch.stack([part.flatten() for part in columns.T.chunk(len(x))]).view(x.shape)


CHANNELS = {"there": by_channel, "back": from_channels}
SAMPLES = {"there": by_sample, "back": from_samples}
GROUPS = {"there": by_group, "back": from_groups}


# Columns


def mean_of(columns: Tensor) -> Tensor:
    """(K,)."""
    return torch.einsum("mk->k", columns) / len(columns)


def spread_of(columns: Tensor) -> Tensor:
    """The biased variance, (K,)."""
    away = columns - mean_of(columns)
    return torch.einsum("mk,mk->k", away, away) / len(columns)


def bessel(columns: Tensor) -> Tensor:
    """The unbiased variance, (K,)."""
    return spread_of(columns) * (len(columns) / (len(columns) - 1))


def root_of(var: Tensor, eps: float) -> Tensor:
    """The standard deviation."""
    return (var + eps) ** 0.5


def affinely(columns: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """The learned part, of (M, C)."""
    return torch.addcmul(beta, columns, gamma)


def nearer(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """A step of this length towards the new value."""
    return old + momentum * (new - old)


# Forward


def batch_columns(
    *,
    prepare: Step = unchanged,
    there: Step = by_channel,
    back: Step = from_channels,
    mean: Step = mean_of,
    var: Step = spread_of,
    centre: Step = lambda columns, mean: columns - mean,
    root: Step = root_of,
    affine: Step = affinely,
    new_mean: Step = mean_of,
    new_var: Step = bessel,
    update_mean: Step = nearer,
    update_var: Step = nearer,
    eps_of: Step = unchanged,
    momentum_of: Step = unchanged,
    mode: Step = unchanged,
    eval_statistics: Step = lambda columns, mean, var: (mean, var),
    eval_root: Step = root_of,
    eval_affine: Step = affinely,
    eval_stored: Step = lambda columns, mean, var, momentum: (mean, var),
    refuse: Step = lambda columns, training, images: training and len(columns) < 2,
    finish: Step = lambda out, mean, var: (out, mean, var),
) -> Step:
    """Build batchnorm_forward and batchnorm2d_forward."""

    def forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
        x = prepare(x)
        columns, eps, momentum = there(x, 1), eps_of(eps), momentum_of(momentum)
        if refuse(columns, training, len(x)):
            raise ValueError("one value has no spread")
        if mode(training):
            centred = centre(columns, mean(columns))
            out = affine(centred / root(var(columns), eps), gamma, beta)
            running_mean = update_mean(running_mean, new_mean(columns), momentum)
            running_var = update_var(running_var, new_var(columns), momentum)
        else:
            old_mean, old_var = eval_statistics(columns, running_mean, running_var)
            out = eval_affine(centre(columns, old_mean) / eval_root(old_var, eps), gamma, beta)
            running_mean, running_var = eval_stored(columns, running_mean, running_var, momentum)
        return finish(back(out, x, 1), running_mean, running_var)

    return forward


def own_columns(
    *,
    there: Step = by_sample,
    back: Step = from_samples,
    groups_of: Step = unchanged,
    mean: Step = mean_of,
    var: Step = spread_of,
    centre: Step = lambda columns, mean: columns - mean,
    root: Step = root_of,
    affine: Step = affinely,
    eps_of: Step = unchanged,
    refuse: Step = lambda channels, groups: channels % groups != 0,
    finish: Step = unchanged,
) -> Step:
    """Build layernorm_forward and groupnorm_forward."""

    def forward(x, gamma, beta, groups=1, *, eps=1e-5):
        if refuse(x.shape[1], groups):
            raise ValueError("some channels are left over")
        groups = groups_of(groups)
        columns = there(x, groups)
        xhat = back(centre(columns, mean(columns)) / root(var(columns), eps_of(eps)), x, groups)
        return finish(from_channels(affine(by_channel(xhat, 1), gamma, beta), x, 1))

    return forward


# Backward


def summed(columns: Tensor) -> Tensor:
    """(K,)."""
    return torch.einsum("mk->k", columns)


def staged(
    *,
    there: Step = by_channel,
    back: Step = from_channels,
    groups_of: Step = unchanged,
    mean: Step = mean_of,
    var: Step = spread_of,
    root: Step = root_of,
    eps_of: Step = unchanged,
    weigh: Step = lambda dout, gamma: dout * gamma,
    count: Step = lambda columns, x: len(columns),
    var_count: Step | None = None,
    dvar_of: Step = unchanged,
    dmean_of: Step = unchanged,
    finally_: Step = lambda dx, root: dx,
    after: Step = lambda dx, gamma: dx,
    dgamma: Step = lambda dout, xhat, x, gamma: summed(dout * xhat),
    dbeta: Step = lambda dout, gamma: summed(dout),
    refuse: Step = lambda channels, groups: channels % groups != 0,
    finish: Step = lambda dx, dgamma, dbeta: (dx, dgamma, dbeta),
) -> Step:
    """Build the backwards with statistics of x; gradients of gamma and beta are given rows of channels."""

    def gradients(dout, x, gamma, groups=1, *, eps=1e-5):
        if refuse(x.shape[1], groups):
            raise ValueError("some channels are left over")
        groups = groups_of(groups)
        columns, rows = there(x, groups), by_channel(dout, 1)
        m = count(columns, x)
        deviation = root(var(columns), eps_of(eps))
        away = columns - mean(columns)
        dxhat = there(from_channels(weigh(rows, gamma), x, 1), groups)
        dvar = dvar_of(summed(dxhat * away) * -0.5 / deviation**3)
        daway = dxhat / deviation + 2 * away * dvar / (m if var_count is None else var_count(columns, x))
        dmean = dmean_of(-summed(daway))
        dx = back(finally_(daway + dmean / m, deviation), x, groups)
        dx = from_channels(after(by_channel(dx, 1), gamma), x, 1)
        xhat = by_channel(back(away / deviation, x, groups), 1)
        return finish(dx, dgamma(rows, xhat, by_channel(x, 1), gamma), dbeta(rows, gamma))

    return gradients


def in_one_formula(dout, x, gamma, *, eps=1e-5):
    """The simplified backward: what is left of dout once its mean and its part along x are taken off."""
    away = x - mean_of(x)
    deviation = root_of(torch.einsum("nd,nd->d", away, away) / len(x), eps)
    xhat = away / deviation
    along = torch.einsum("nd,nd->d", dout, xhat)
    rest = len(x) * dout - summed(dout) - along * xhat
    return rest * (gamma / (len(x) * deviation)), along, summed(dout)


def slope_backward(
    *,
    mean: Step = lambda x, mean: mean,
    var: Step = lambda x, var: var,
    root: Step = root_of,
    eps_of: Step = unchanged,
    slope: Step = lambda gamma, root: gamma / root,
    dx: Step = lambda dout, slope, xhat: slope * dout,
    dgamma: Step = lambda dout, away, root, x: torch.einsum("nd,nd->d", dout, away / root),
    dbeta: Step = lambda dout, gamma: summed(dout),
) -> Step:
    """Build batchnorm_backward_eval: a straight line per feature."""

    def gradients(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
        deviation = root(var(x, running_var), eps_of(eps))
        away = x - mean(x, running_mean)
        through = dx(dout, slope(gamma, deviation), away / deviation)
        return through, dgamma(dout, away, deviation, x), dbeta(dout, gamma)

    return gradients


# What follows from it


def folding_rows(
    *,
    eps_of: Step = unchanged,
    deviation: Step = root_of,
    slope: Step = lambda gamma, deviation: gamma / deviation,
    rows: Step = lambda w, slope: torch.stack([row * by for row, by in zip(w, slope, strict=True)]),
    old: Step = lambda b: 0.0 if b is None else b,
    shift: Step = lambda b, mean, slope, beta: beta + slope * (b - mean),
    finish: Step = lambda w, b, given: (w, b),
) -> Step:
    """Build fold_batchnorm, filter by filter."""

    def fold(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
        by = slope(gamma, deviation(running_var, eps_of(eps)))
        return finish(rows(w, by), shift(old(b), running_mean, by, beta), b)

    return fold


def bias_columns(
    *,
    training: Step = lambda dout, x, gamma, eps: torch.zeros_like(gamma),
    evaluation: Step = lambda total, gamma, var, eps: total * (gamma / root_of(var, eps)),
    read: Step = lambda dout, x, var: (summed(dout), var),
    finish: Step = lambda training, evaluation: (training, evaluation),
) -> Step:
    """Build bias_before_batchnorm."""

    def both(dout, x, gamma, running_var, *, eps=1e-5):
        total, var = read(dout, x, running_var)
        return finish(training(dout, x, gamma, eps), evaluation(total, gamma, var, eps))

    return both


def largest(
    *,
    moved: Step = lambda x, scale, shift: x * scale + shift,
    other: Step = lambda norm, x, scale, shift: norm(x),
    change: Step = lambda one, other: abs(one - other),
    gather: Step = max,
) -> Step:
    """Build scale_invariance_gap: over a list of numbers."""

    def gap(norm, x, scale, shift):
        before = other(norm, x, scale, shift).flatten().tolist()
        after = norm(moved(x, scale, shift)).flatten().tolist()
        return float(gather([change(*pair) for pair in zip(after, before, strict=True)]))

    return gap


RIGHT_AGAIN: dict[str, Step] = {
    "batchnorm_forward": batch_columns(),
    "batchnorm_backward": staged(),
    "batchnorm_backward_simplified": in_one_formula,
    "batchnorm_backward_eval": slope_backward(),
    "batchnorm2d_forward": batch_columns(),
    "batchnorm2d_backward": staged(),
    "layernorm_forward": own_columns(**SAMPLES),
    "layernorm_backward": staged(**SAMPLES),
    "groupnorm_forward": own_columns(**GROUPS),
    "groupnorm_backward": staged(**GROUPS),
    "fold_batchnorm": folding_rows(),
    "bias_before_batchnorm": bias_columns(),
    "scale_invariance_gap": largest(),
}
