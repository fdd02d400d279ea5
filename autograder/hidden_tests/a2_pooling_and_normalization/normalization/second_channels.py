"""Mistakes in batchnorm2d, made on the second base."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import (
    RIGHT_AGAIN,
    Step,
    Tensor,
    batch_columns,
    bessel,
    by_channel,
    from_channels,
    mean_of,
    root_of,
    spread_of,
    staged,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_backward import DX
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_steps import (
    both_updates,
    keep_old,
    unweighed,
    usual_eps,
)


def _flat(x: Tensor, groups: int) -> Tensor:
    return x.flatten().unflatten(0, (-1, x.shape[1]))


def _flat_back(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    return columns.flatten().unflatten(0, x.shape)


def _turned_back(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    n, _, h, w = x.shape
    return columns.unflatten(0, (n, w, h)).movedim(3, 1).transpose(2, 3)


def _per_pixel(x: Tensor, groups: int) -> Tensor:
    return x.flatten(1)


def _from_pixels(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    return columns.unflatten(1, x.shape[1:])


def per_plane(x: Tensor, groups: int) -> Tensor:
    """(N, C, H, W) to (H * W, N * C)."""
    return x.flatten(0, 1).flatten(1).T


def from_planes(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    """Back from there."""
    return columns.T.reshape(x.shape)


def _per_image(x: Tensor, groups: int) -> Tensor:
    return x.flatten(1).T


def _other_columns(there: Step, back: Step) -> Step:
    """Training normalises other columns than the channels; what is stored, and evaluation, are right."""

    def forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
        options = {"training": training, "momentum": momentum, "eps": eps}
        out, *statistics = RIGHT_AGAIN["batchnorm2d_forward"](x, gamma, beta, running_mean, running_var, **options)
        if training:
            columns = there(x, 1)
            xhat = back((columns - mean_of(columns)) / root_of(spread_of(columns), eps), x, 1)
            out = from_channels(by_channel(xhat, 1) * gamma + beta, x, 1)
        return out, *statistics

    return forward


def _mixed_gradients(there: Step, back: Step) -> Step:
    """dout and x go through the same wrong matrix, and so do gamma's and beta's gradients."""

    def gradients(dout, x, gamma, *, eps=1e-5):
        rows = dict(zip(("dout", "x"), (there(part, 1) for part in (dout, x)), strict=True))
        dx, dgamma, dbeta = RIGHT_AGAIN["batchnorm_backward"](rows["dout"], rows["x"], gamma, eps=eps)
        return back(dx, x, 1), dgamma, dbeta

    return gradients


def _divided_by_nothing(columns: Tensor) -> Tensor:
    """The unbiased variance, which is not a number where there is a single value."""
    return spread_of(columns) * len(columns) / torch.tensor(len(columns) - 1)


_FOUR_AXES = (1, -1, 1, 1)

CHANNELS_FORWARD: dict[str, Step] = {
    "reshape_no_transpose": batch_columns(there=_flat, back=_flat_back),
    "back_HW_swapped": batch_columns(back=_turned_back),
    "back_no_transpose": batch_columns(back=_flat_back),
    "per_pixel": _other_columns(_per_pixel, _from_pixels),
    "instance_norm": _other_columns(per_plane, from_planes),
    "layer_norm": _other_columns(_per_image, from_planes),
    "unbiased_norm": batch_columns(var=bessel),
    "biased_running": batch_columns(new_var=spread_of),
    "bessel_by_images": lambda x, *args, **options: batch_columns(
        new_var=lambda columns: spread_of(columns) * len(x) / max(len(x) - 1, 1)
    )(x, *args, **options),
    "running_not_updated": batch_columns(**both_updates(keep_old)),
    "refuses_one_image": batch_columns(refuse=lambda columns, training, images: training and images == 1),
    "no_error": batch_columns(refuse=lambda columns, training, images: False, new_var=_divided_by_nothing),
    "eps_not_passed": batch_columns(eps_of=usual_eps),
    "settings_not_passed": batch_columns(eps_of=usual_eps, momentum_of=lambda momentum: 0.1),
    "momentum_not_passed": batch_columns(momentum_of=lambda momentum: 0.1),
    "always_training": batch_columns(
        mode=lambda training: True, refuse=lambda columns, training, images: len(columns) == 1
    ),
    "stats_keep_axes": batch_columns(finish=lambda out, mean, var: (out, mean.view(_FOUR_AXES), var.view(_FOUR_AXES))),
}

CHANNELS_BACKWARD: dict[str, Step] = {
    "reshape_no_transpose": _mixed_gradients(_flat, _flat_back),
    "back_HW_swapped": _mixed_gradients(by_channel, _turned_back),
    "back_no_transpose": _mixed_gradients(by_channel, _flat_back),
    "instance_stats": staged(there=per_plane, back=from_planes),
    "per_pixel": staged(there=_per_pixel, back=_from_pixels),
    "dgamma_mean": staged(**DX["dgamma_mean"]),
    "dbeta_mean": staged(**DX["dbeta_mean"]),
    "dgamma_shape4d": staged(finish=lambda dx, *rest: (dx, *(part.view(_FOUR_AXES) for part in rest))),
    "dgamma_per_pixel": lambda dout, x, gamma, *, eps=1e-5: (
        RIGHT_AGAIN["batchnorm2d_backward"](dout, x, gamma, eps=eps)[0],
        torch.einsum("nchw,nchw->chw", dout, from_channels(normalised(by_channel(x, 1), eps), x, 1)),
        torch.einsum("nchw->chw", dout),
    ),
    "N_is_images": staged(count=lambda columns, x: len(x)),
    "missing_1_over_N": staged(**DX["missing_1_over_N"]),
    "stats_constant": staged(**DX["stats_constant"]),
    "no_gamma": staged(weigh=unweighed),
    "eps_not_passed": staged(eps_of=usual_eps),
    "unbiased_var": staged(var=bessel),
}


def normalised(columns: Tensor, eps: float) -> Tensor:
    """Columns with mean 0 and variance 1."""
    return (columns - mean_of(columns)) / root_of(spread_of(columns), eps)
