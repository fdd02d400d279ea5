"""Right answers to normalization, taken apart into steps: a mistake is one step done otherwise.

Each function here builds an answer; without arguments it builds a right one. The names of the arguments are the
decisions in which students go wrong. All four kinds of normalisation are one computation here: numbers that belong
together are brought onto the same axes (`apart`), normalised over these (`axes`), and brought back (`together`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

Step = Callable[..., Any]
Tensor = torch.Tensor


def same(value: Any, *_others: Any) -> Any:
    """The step that does nothing."""
    return value


# Which numbers belong together


def over_batch(x: Tensor) -> tuple[int, ...]:
    """All axes but that of the features or channels."""
    return (0, *range(2, x.ndim))


def over_features(x: Tensor) -> tuple[int, ...]:
    """All axes but that of the samples."""
    return tuple(range(1, x.ndim))


def over_group(x: Tensor) -> tuple[int, ...]:
    """All axes behind sample and group."""
    return tuple(range(2, x.ndim))


def in_groups(x: Tensor, groups: int) -> Tensor:
    """(N, C, H, W) to (N, groups, C / groups, H, W)."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])


def shaped_like(values: Tensor, x: Tensor, groups: int) -> Tensor:
    """Back to the shape of x."""
    return values.reshape(x.shape)


def count_over(x: Tensor, axes: Sequence[int]) -> int:
    """How many numbers are normalised together."""
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    return count


# Statistics


def mean_over(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Mean, with axes of length 1 where it was taken."""
    return x.mean(axes, keepdim=True)


def var_over(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Biased variance, likewise."""
    return ((x - mean_over(x, axes)) ** 2).mean(axes, keepdim=True)


def var_in_one(x: Tensor, axes: Sequence[int]) -> Tensor:
    """The same in one operation, where operations are counted."""
    return x.var(axes, unbiased=False, keepdim=True)


def inverse_root(var: Tensor, eps: float) -> Tensor:
    """One over the standard deviation."""
    return 1 / torch.sqrt(var + eps)


def channelwise(values: Tensor, x: Tensor) -> Tensor:
    """One number per feature or channel, in a shape that multiplies x."""
    return values.reshape(1, -1, *(1,) * (x.ndim - 2))


def scale_and_shift(xhat: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """The affine part."""
    return channelwise(gamma, xhat) * xhat + channelwise(beta, xhat)


def no_division(channels: int, groups: int) -> bool:
    """Whether the groups don't divide the channels."""
    return channels % groups != 0


# Batch norm, forward


def stored_mean(x: Tensor) -> Tensor:
    """The mean of each feature, (D,)."""
    return mean_over(x, over_batch(x)).reshape(-1)


def stored_var(x: Tensor) -> Tensor:
    """The unbiased variance of each feature, (D,)."""
    count = count_over(x, over_batch(x))
    return var_over(x, over_batch(x)).reshape(-1) * count / (count - 1)


def weigh(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """Momentum weighs the new value."""
    return (1 - momentum) * old + momentum * new


def batch_forward(
    *,
    prepare: Step = same,
    axes: Step = over_batch,
    mean: Step = mean_over,
    var: Step = var_over,
    centre: Step = lambda x, mean: x - mean,
    inverse: Step = inverse_root,
    affine: Step = scale_and_shift,
    new_mean: Step = stored_mean,
    new_var: Step = stored_var,
    update_mean: Step = weigh,
    update_var: Step = weigh,
    eps_of: Step = same,
    momentum_of: Step = same,
    training_of: Step = same,
    eval_statistics: Step = lambda x, mean, var: (channelwise(mean, x), channelwise(var, x)),
    eval_inverse: Step = inverse_root,
    eval_affine: Step = scale_and_shift,
    eval_stored: Step = lambda x, mean, var, momentum: (mean, var),
    refuse: Step = lambda x, training: training and x.numel() == x.shape[1],
    finish: Step = lambda out, mean, var: (out, mean, var),
) -> Step:
    """Build batchnorm_forward and batchnorm2d_forward."""

    def forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
        if refuse(x, training):
            raise ValueError("expected more than one value per feature")
        x, eps, momentum = prepare(x), eps_of(eps), momentum_of(momentum)
        if not training_of(training):
            old_mean, old_var = eval_statistics(x, running_mean, running_var)
            out = eval_affine(centre(x, old_mean) * eval_inverse(old_var, eps), gamma, beta)
            return finish(out, *eval_stored(x, running_mean, running_var, momentum))
        out = affine(centre(x, mean(x, axes(x))) * inverse(var(x, axes(x)), eps), gamma, beta)
        running_mean = update_mean(running_mean, new_mean(x), momentum)
        return finish(out, running_mean, update_var(running_var, new_var(x), momentum))

    return forward


# Layer norm and group norm, forward


def own_forward(
    *,
    groups_of: Step = same,
    apart: Step = same,
    together: Step = shaped_like,
    axes: Step = over_features,
    mean: Step = mean_over,
    var: Step = var_over,
    centre: Step = lambda x, mean: x - mean,
    inverse: Step = inverse_root,
    affine: Step = scale_and_shift,
    eps_of: Step = same,
    refuse: Step = no_division,
    finish: Step = same,
) -> Step:
    """Build layernorm_forward, and with other axes groupnorm_forward: statistics of each sample's own numbers."""

    def forward(x, gamma, beta, groups=1, *, eps=1e-5):
        if refuse(x.shape[1], groups):
            raise ValueError("the groups don't divide the channels")
        groups = groups_of(groups)
        y = apart(x, groups)
        xhat = centre(y, mean(y, axes(y))) * inverse(var(y, axes(y)), eps_of(eps))
        return finish(affine(together(xhat, x, groups), gamma, beta))

    return forward


# Backward, of all of them


def through_all(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Sequence[int]) -> Tensor:
    """Gradient with respect to what was normalised."""
    return inverse * (dxhat - through_mean(dxhat, axes) - through_var(dxhat, xhat, axes))


def through_mean(dxhat: Tensor, axes: Sequence[int]) -> Tensor:
    """What flows back through the mean, in units of the standard deviation."""
    return mean_over(dxhat, axes)


def through_var(dxhat: Tensor, xhat: Tensor, axes: Sequence[int]) -> Tensor:
    """What flows back through the variance, likewise."""
    return xhat * mean_over(dxhat * xhat, axes)


def sum_per_channel(values: Tensor) -> Tensor:
    """Sum over samples and positions, (C,)."""
    return values.sum(over_batch(values))


def backward(
    *,
    prepare: Step = lambda dout, x: (dout, x),
    groups_of: Step = same,
    apart: Step = same,
    together: Step = shaped_like,
    axes: Step = over_batch,
    mean: Step = mean_over,
    var: Step = var_over,
    centre: Step = lambda x, mean: x - mean,
    inverse: Step = inverse_root,
    eps_of: Step = same,
    weigh_by: Step = lambda dout, gamma: dout * channelwise(gamma, dout),
    combine: Step = through_all,
    after: Step = lambda dx, gamma: dx,
    dgamma: Step = lambda dout, xhat, x, gamma: sum_per_channel(dout * xhat),
    dbeta: Step = lambda dout, gamma: sum_per_channel(dout),
    refuse: Step = no_division,
    finish: Step = lambda dx, dgamma, dbeta: (dx, dgamma, dbeta),
) -> Step:
    """Build the backward of batch norm; with other axes, of layer norm and group norm."""

    def gradients(dout, x, gamma, groups=1, *, eps=1e-5):
        if refuse(x.shape[1], groups):
            raise ValueError("the groups don't divide the channels")
        dout, x = prepare(dout, x)
        groups = groups_of(groups)
        y = apart(x, groups)
        inv = inverse(var(y, axes(y)), eps_of(eps))
        xhat = centre(y, mean(y, axes(y))) * inv
        dxhat = apart(weigh_by(dout, gamma), groups)
        dx = after(together(combine(dxhat, xhat, inv, axes(y)), x, groups), gamma)
        return finish(dx, dgamma(dout, together(xhat, x, groups), x, gamma), dbeta(dout, gamma))

    return gradients


def eval_backward(
    *,
    mean: Step = lambda x, mean: channelwise(mean, x),
    var: Step = lambda x, var: channelwise(var, x),
    inverse: Step = inverse_root,
    eps_of: Step = same,
    dx: Step = lambda dout, gamma, inverse, xhat: dout * channelwise(gamma, dout) * inverse,
    dgamma: Step = lambda dout, away, inverse, x: sum_per_channel(dout * away * inverse),
    dbeta: Step = lambda dout, gamma: sum_per_channel(dout),
    finish: Step = lambda dx, dgamma, dbeta: (dx, dgamma, dbeta),
) -> Step:
    """Build batchnorm_backward_eval."""

    def gradients(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
        inv = inverse(var(x, running_var), eps_of(eps))
        away = x - mean(x, running_mean)
        return finish(dx(dout, gamma, inv, away * inv), dgamma(dout, away, inv, x), dbeta(dout, gamma))

    return gradients


# What follows from it


def per_filter(values: Tensor, w: Tensor) -> Tensor:
    """One number per output channel, in a shape that multiplies the weights."""
    return values.reshape(-1, *(1,) * (w.ndim - 1))


def folding(
    *,
    eps_of: Step = same,
    factor: Step = lambda gamma, var, eps: gamma / torch.sqrt(var + eps),
    weights: Step = lambda w, factor: w * per_filter(factor, w),
    no_bias: Step = lambda b, mean: torch.zeros_like(mean) if b is None else b,
    bias: Step = lambda b, mean, factor, beta: (b - mean) * factor + beta,
    finish: Step = lambda w, b, given: (w, b),
) -> Step:
    """Build fold_batchnorm."""

    def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
        by = factor(gamma, running_var, eps_of(eps))
        return finish(weights(w, by), bias(no_bias(b, running_mean), running_mean, by, beta), b)

    return fold_batchnorm


def bias_gradients(
    *,
    in_training: Step = lambda dout, x, gamma, eps: RIGHT["batchnorm_backward"](dout, x, gamma, eps=eps)[0].sum(0),
    in_evaluation: Step = lambda dout, x, gamma, var, eps: dout.sum(0) * gamma / torch.sqrt(var + eps),
    finish: Step = lambda training, evaluation: (training, evaluation),
) -> Step:
    """Build bias_before_batchnorm."""

    def bias_before_batchnorm(dout, x, gamma, running_var, *, eps=1e-5):
        return finish(in_training(dout, x, gamma, eps), in_evaluation(dout, x, gamma, running_var, eps))

    return bias_before_batchnorm


def gap(
    *,
    move: Step = lambda x, scale, shift: scale * x + shift,
    against: Step = lambda norm, x, scale, shift: norm(x),
    size: Step = torch.abs,
    reduce: Step = torch.max,
    finish: Step = float,
) -> Step:
    """Build scale_invariance_gap."""

    def scale_invariance_gap(norm, x, scale, shift):
        moved = norm(move(x, scale, shift))
        return finish(reduce(size(moved - against(norm, x, scale, shift))))

    return scale_invariance_gap


QUESTIONS = {
    "batchnorm_forward": ("batchnorm_forward",),
    "batchnorm_backward": ("batchnorm_backward",),
    "batchnorm_backward_simplified": ("batchnorm_backward_simplified",),
    "batchnorm_backward_eval": ("batchnorm_backward_eval",),
    "batchnorm2d": ("batchnorm2d_forward", "batchnorm2d_backward"),
    "layernorm": ("layernorm_forward", "layernorm_backward"),
    "groupnorm": ("groupnorm_forward", "groupnorm_backward"),
    "fold_batchnorm": ("fold_batchnorm",),
    "bias_before_batchnorm": ("bias_before_batchnorm",),
    "scale_invariance": ("scale_invariance_gap",),
}

GROUP = {"apart": in_groups, "axes": over_group}

RIGHT: dict[str, Step] = {
    "batchnorm_forward": batch_forward(),
    "batchnorm_backward": backward(),
    "batchnorm_backward_simplified": backward(var=var_in_one),
    "batchnorm_backward_eval": eval_backward(),
    "batchnorm2d_forward": batch_forward(),
    "batchnorm2d_backward": backward(),
    "layernorm_forward": own_forward(),
    "layernorm_backward": backward(axes=over_features),
    "groupnorm_forward": own_forward(**GROUP),
    "groupnorm_backward": backward(**GROUP),
    "fold_batchnorm": folding(),
    "bias_before_batchnorm": bias_gradients(),
    "scale_invariance_gap": gap(),
}
