"""The listed mistakes in normalization, made a second time on the other base: columns, einsum, and the staged graph.

A mistake's name, learned on the first base, must be found on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import (
    CHANNELS,
    GROUPS,
    RIGHT_AGAIN,
    SAMPLES,
    Step,
    Tensor,
    batch_columns,
    bessel,
    bias_columns,
    by_channel,
    folding_rows,
    from_channels,
    largest,
    mean_of,
    nearer,
    own_columns,
    root_of,
    slope_backward,
    spread_of,
    staged,
    summed,
    unchanged,
)

NOT_ON_SECOND: dict[str, str] = {
    "bs_staged": "the second base is the staged graph",
}

# Steps that many functions get wrong alike


def _usual_eps(eps: float) -> float:
    return 1e-5


def _outside(var: Tensor, eps: float) -> Tensor:
    return var**0.5 + eps


def _no_root(var: Tensor, eps: float) -> Tensor:
    return var + eps


def _no_eps(var: Tensor, eps: float) -> Tensor:
    return torch.sqrt(var)


def _at_least(var: Tensor, eps: float) -> Tensor:
    return torch.sqrt(torch.clamp_min(var, eps))


def _lossy(columns: Tensor) -> Tensor:
    return mean_of(columns * columns) - mean_of(columns) ** 2


def _not_centred(columns: Tensor, mean: Tensor) -> Tensor:
    return columns


def _old(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    return old


def _new(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    return new


def _nothing(gradient: Tensor) -> Tensor:
    return torch.zeros_like(gradient)


def _plain(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return rows


def _exchanged(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return rows * beta + gamma


def _shift_first(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return (rows + beta) * gamma


def _shift_only(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return rows + beta


def _scale_only(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return rows * gamma


def _unweighed(dout: Tensor, gamma: Tensor) -> Tensor:
    return dout


def _halves(*parts: Tensor) -> tuple[Tensor, ...]:
    return tuple(part.to(torch.float32) for part in parts)


def _doubles(*parts: Tensor) -> tuple[Tensor, ...]:
    return tuple(part.to(torch.float64) for part in parts)


def _last_two_swapped(first: Tensor, second: Tensor, third: Tensor) -> tuple[Tensor, ...]:
    return first, third, second


def _twice_affine(step: Step) -> dict[str, Step]:
    return {"affine": step, "eval_affine": step}


def _both_updates(step: Step) -> dict[str, Step]:
    return {"update_mean": step, "update_var": step}


def _both_roots(step: Step) -> dict[str, Step]:
    return {"root": step, "eval_root": step}


def _first_taken(start: float) -> Step:
    return lambda old, new, momentum: (
        new if torch.equal(old, torch.full_like(old, start)) else nearer(old, new, momentum)
    )


def _overwrites(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    return old.copy_(nearer(old, new, momentum))


# Batch norm, forward


def _with_rows_of(x: Tensor, groups: int) -> Tensor:
    return x


def _sample_statistics(statistic: Step) -> Step:
    """A statistic of each row in the place of one of each column."""
    return lambda columns: statistic(columns.T)[:, None]


def _centres_callers_x(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    results = RIGHT_AGAIN["batchnorm_forward"](
        x, gamma, beta, running_mean, running_var, training=training, momentum=momentum, eps=eps
    )
    x.sub_(x.clone().mean(0) if training else running_mean)
    return results


def _updates_first(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("one value has no spread")
        running_mean = nearer(running_mean, mean_of(x), momentum)
        running_var = nearer(running_var, bessel(x), momentum)
    out = (x - running_mean) / root_of(running_var, eps) * gamma + beta
    return out, running_mean, running_var


def _demands_two(x, *args, training, **options):
    assert not training or x.shape[0] != 1, "two samples are needed"
    return RIGHT_AGAIN["batchnorm_forward"](x, *args, training=training, **options)


def _remembering() -> Step:
    """Statistics that outlive the call, as long as the number of features stays."""
    statistics: list[Tensor] = []

    def forward(x, gamma, beta, running_mean, running_var, **options):
        if not statistics or statistics[0].shape != running_mean.shape:
            statistics[:] = running_mean, running_var
        out, *statistics[:] = RIGHT_AGAIN["batchnorm_forward"](x, gamma, beta, *statistics, **options)
        return out, *statistics

    return forward


_FORWARD: dict[str, Step] = {
    "unbiased_norm": batch_columns(var=bessel),
    "biased_running": batch_columns(new_var=spread_of),
    "momentum_flipped": batch_columns(**_both_updates(lambda old, new, momentum: nearer(new, old, momentum))),
    "momentum_hard": batch_columns(momentum_of=lambda momentum: 0.1),
    "eps_hard": batch_columns(eps_of=_usual_eps),
    "eps_outside_sqrt": batch_columns(**_both_roots(_outside)),
    "no_eps": batch_columns(**_both_roots(_no_eps)),
    "train_no_eps": batch_columns(root=_no_eps),
    "clamps_var": batch_columns(**_both_roots(_at_least)),
    "divide_by_var": batch_columns(**_both_roots(_no_root)),
    "train_no_sqrt": batch_columns(root=_no_root),
    "no_center": batch_columns(centre=_not_centred),
    "axis1": batch_columns(mean=_sample_statistics(mean_of), var=_sample_statistics(spread_of)),
    "scalar_stats": batch_columns(
        mean=torch.mean,
        var=lambda columns: columns.var(correction=0),
        new_mean=torch.mean,
        new_var=lambda columns: columns.var(correction=0) * (len(columns) / (len(columns) - 1)),
    ),
    "gamma_beta_swapped": batch_columns(**_twice_affine(_exchanged)),
    "gamma_after_beta": batch_columns(**_twice_affine(_shift_first)),
    "no_affine": batch_columns(**_twice_affine(_plain)),
    "no_gamma": batch_columns(**_twice_affine(_shift_only)),
    "no_beta": batch_columns(**_twice_affine(_scale_only)),
    "running_not_updated": batch_columns(**_both_updates(_old)),
    "running_replaced": batch_columns(**_both_updates(_new)),
    "running_first_batch": batch_columns(update_mean=_first_taken(0.0), update_var=_first_taken(1.0)),
    "old_left_out": batch_columns(**_both_updates(lambda old, new, momentum: new * momentum)),
    "running_sums": batch_columns(**_both_updates(lambda old, new, momentum: torch.add(old, new, alpha=momentum))),
    "running_only_mean": batch_columns(update_var=_old),
    "running_std": batch_columns(new_var=lambda columns: columns.std(0)),
    "running_var_gets_mean": batch_columns(new_var=mean_of),
    "running_order": batch_columns(finish=_last_two_swapped),
    "out_only": batch_columns(finish=lambda out, mean, var: out),
    "eval_out_only": lambda *args, training, **options: (
        batch_columns()(*args, training=True, **options)
        if training
        else batch_columns(finish=lambda out, mean, var: out)(*args, training=False, **options)
    ),
    "assertion": _demands_two,
    "running_inplace_alias": batch_columns(**_both_updates(_overwrites)),
    "x_inplace": _centres_callers_x,
    "test_uses_batch": batch_columns(eval_statistics=lambda columns, mean, var: (mean_of(columns), spread_of(columns))),
    "test_updates_running": batch_columns(
        eval_stored=lambda columns, mean, var, momentum: (
            nearer(mean, mean_of(columns), momentum),
            nearer(var, columns.var(0) if len(columns) > 1 else var * torch.nan, momentum),
        )
    ),
    "test_no_affine": batch_columns(eval_affine=_plain),
    "test_no_sqrt": batch_columns(eval_root=_no_root),
    "test_no_eps": batch_columns(eval_root=_no_eps),
    "train_uses_running": _updates_first,
    "dtype_float32": batch_columns(finish=_halves),
    "dtype_float64": batch_columns(finish=_doubles),
    "lossy_variance": batch_columns(var=_lossy),
    "no_error": batch_columns(
        refuse=lambda columns, training, images: False,
        new_var=lambda columns: columns.var(0) if len(columns) > 1 else columns[0] * torch.nan,
    ),
    "error_in_evaluation": batch_columns(refuse=lambda columns, training, images: len(columns) == 1),
    "always_training": batch_columns(
        mode=lambda training: True, refuse=lambda columns, training, images: len(columns) == 1
    ),
    "remembers": _remembering(),
}


# Batch norm, backward


def _leaves_scaled(right: Step) -> Step:
    """A backward that multiplies the caller's dout by gamma."""

    def gradients(dout, x, gamma, **options):
        results = right(dout, x, gamma, **options)
        dout *= gamma
        return results

    return gradients


def _leaves_centred(right: Step) -> Step:
    """A backward that takes the mean off the caller's x."""

    def gradients(dout, x, gamma, **options):
        results = right(dout, x, gamma, **options)
        x.sub_(mean_of(x.clone()))
        return results

    return gradients


# What is wrong with dx, whatever a column is.
_DX: dict[str, dict[str, Step]] = {
    "stats_constant": {"dvar_of": _nothing, "dmean_of": _nothing},
    "no_mean_path": {"dmean_of": _nothing},
    "no_var_path": {"dvar_of": _nothing},
    "var_sign": {"dvar_of": torch.neg},
    "mean_sign": {"dmean_of": torch.neg},
    "missing_1_over_N": {"count": lambda columns, x: 1},
    "N_is_D": {"count": lambda columns, x: x.shape[1]},
    "N_minus_1": {"count": lambda columns, x: max(len(columns) - 1, 1)},
    "N_minus_1_var": {"var_count": lambda columns, x: max(len(columns) - 1, 1)},
    "half_var": {"dvar_of": lambda dvar: dvar / 2},
    "istd_squared": {"finally_": lambda dx, root: dx / root},
    "no_istd": {"finally_": lambda dx, root: dx * root},
    "no_gamma": {"weigh": _unweighed},
    "order": {"finish": _last_two_swapped},
    "eps_hard": {"eps_of": _usual_eps},
    "eps_outside": {"root": _outside},
    "no_eps": {"root": _no_eps},
    "unbiased_var": {"var": bessel},
    "dtype_float32": {"finish": _halves},
    "dbeta_mean": {"dbeta": lambda dout, gamma: mean_of(dout)},
    "dgamma_mean": {"dgamma": lambda dout, xhat, x, gamma: mean_of(dout * xhat)},
    "lossy_variance": {"var": _lossy},
}

_GRADIENTS: dict[str, Step] = {id: staged(**steps) for id, steps in _DX.items()} | {
    "first_gamma": staged(weigh=lambda dout, gamma: dout * gamma.flatten()[0]),
    "dgamma_centered": staged(dgamma=lambda dout, xhat, x, gamma: summed(dout * (x - mean_of(x)))),
    "dgamma_axis_scalar": staged(dgamma=lambda dout, xhat, x, gamma: torch.sum(dout * xhat)),
    "dgamma_times_gamma": staged(dgamma=lambda dout, xhat, x, gamma: summed(dout * gamma * xhat)),
    "dgamma_of_x": staged(dgamma=lambda dout, xhat, x, gamma: summed(x * dout)),
    "dgamma_is_dbeta": staged(dgamma=lambda dout, xhat, x, gamma: summed(dout)),
    "dgamma_keeps_axis": staged(finish=lambda dx, *rest: (dx, *(part.reshape(1, -1) for part in rest))),
}

_FULL = _GRADIENTS | {
    "mutates_dout": _leaves_scaled(RIGHT_AGAIN["batchnorm_backward"]),
    "centres_x": _leaves_centred(RIGHT_AGAIN["batchnorm_backward"]),
}

_SHORT = _GRADIENTS | {
    "gamma_twice": staged(weigh=lambda dout, gamma: dout * gamma**2),
    "mutates_dout": _leaves_scaled(RIGHT_AGAIN["batchnorm_backward_simplified"]),
    "centres_x": _leaves_centred(RIGHT_AGAIN["batchnorm_backward_simplified"]),
}


def _parts_of(training: tuple[int, ...]) -> Step:
    """A backward of evaluation some of whose results are those of training."""

    def gradients(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
        still = RIGHT_AGAIN["batchnorm_backward_eval"](dout, x, gamma, running_mean, running_var, eps=eps)
        moving = staged()(dout, x, gamma, eps=eps)
        return tuple((moving if index in training else still)[index] for index in range(3))

    return gradients


_EVALUATION: dict[str, Step] = {
    "uses_train": lambda dout, x, gamma, running_mean, running_var, *, eps=1e-5: staged()(dout, x, gamma, eps=eps),
    "dx_of_training": _parts_of((0,)),
    "dgamma_of_training": _parts_of((1,)),
    "mean_path": slope_backward(dx=lambda dout, slope, xhat: slope * dout - slope * mean_of(dout)),
    "dgamma_uncentred": slope_backward(dgamma=lambda dout, away, root, x: summed(dout * x / root)),
    "dgamma_mean": slope_backward(dgamma=lambda dout, away, root, x: mean_of(dout * away / root)),
    "batch_stats": slope_backward(mean=lambda x, mean: mean_of(x), var=lambda x, var: spread_of(x)),
    "batch_mean": slope_backward(mean=lambda x, mean: mean_of(x)),
    "no_sqrt": slope_backward(root=_no_root),
    "no_gamma": slope_backward(slope=lambda gamma, root: 1 / root),
    "no_istd": slope_backward(slope=lambda gamma, root: gamma),
    "var_path": slope_backward(
        dx=lambda dout, slope, xhat: slope * dout - slope * (mean_of(dout) + xhat * mean_of(dout * xhat))
    ),
    "dgamma_centered": slope_backward(dgamma=lambda dout, away, root, x: summed(dout * away)),
    "dgamma_of_x": slope_backward(dgamma=lambda dout, away, root, x: summed(dout * x)),
    "dbeta_mean": slope_backward(dbeta=lambda dout, gamma: mean_of(dout)),
    "dbeta_gamma": slope_backward(dbeta=lambda dout, gamma: summed(dout * gamma)),
    "eps_hard": slope_backward(eps_of=_usual_eps),
    "no_eps": slope_backward(root=_no_eps),
    "eps_outside": slope_backward(root=_outside),
}


# Channels


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


def _per_plane(x: Tensor, groups: int) -> Tensor:
    return x.flatten(0, 1).flatten(1).T


def _from_planes(columns: Tensor, x: Tensor, groups: int) -> Tensor:
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

_CHANNELS_FORWARD: dict[str, Step] = {
    "reshape_no_transpose": batch_columns(there=_flat, back=_flat_back),
    "back_HW_swapped": batch_columns(back=_turned_back),
    "back_no_transpose": batch_columns(back=_flat_back),
    "per_pixel": _other_columns(_per_pixel, _from_pixels),
    "instance_norm": _other_columns(_per_plane, _from_planes),
    "layer_norm": _other_columns(_per_image, _from_planes),
    "unbiased_norm": batch_columns(var=bessel),
    "biased_running": batch_columns(new_var=spread_of),
    "bessel_by_images": lambda x, *args, **options: batch_columns(
        new_var=lambda columns: spread_of(columns) * len(x) / max(len(x) - 1, 1)
    )(x, *args, **options),
    "running_not_updated": batch_columns(**_both_updates(_old)),
    "refuses_one_image": batch_columns(refuse=lambda columns, training, images: training and images == 1),
    "no_error": batch_columns(refuse=lambda columns, training, images: False, new_var=_divided_by_nothing),
    "eps_not_passed": batch_columns(eps_of=_usual_eps),
    "settings_not_passed": batch_columns(eps_of=_usual_eps, momentum_of=lambda momentum: 0.1),
    "momentum_not_passed": batch_columns(momentum_of=lambda momentum: 0.1),
    "always_training": batch_columns(
        mode=lambda training: True, refuse=lambda columns, training, images: len(columns) == 1
    ),
    "stats_keep_axes": batch_columns(finish=lambda out, mean, var: (out, mean.view(_FOUR_AXES), var.view(_FOUR_AXES))),
}

_CHANNELS_BACKWARD: dict[str, Step] = {
    "reshape_no_transpose": _mixed_gradients(_flat, _flat_back),
    "back_HW_swapped": _mixed_gradients(by_channel, _turned_back),
    "back_no_transpose": _mixed_gradients(by_channel, _flat_back),
    "instance_stats": staged(there=_per_plane, back=_from_planes),
    "per_pixel": staged(there=_per_pixel, back=_from_pixels),
    "dgamma_mean": staged(**_DX["dgamma_mean"]),
    "dbeta_mean": staged(**_DX["dbeta_mean"]),
    "dgamma_shape4d": staged(finish=lambda dx, *rest: (dx, *(part.view(_FOUR_AXES) for part in rest))),
    "dgamma_per_pixel": lambda dout, x, gamma, *, eps=1e-5: (
        RIGHT_AGAIN["batchnorm2d_backward"](dout, x, gamma, eps=eps)[0],
        torch.einsum("nchw,nchw->chw", dout, from_channels(_normalised(by_channel(x, 1), eps), x, 1)),
        torch.einsum("nchw->chw", dout),
    ),
    "N_is_images": staged(count=lambda columns, x: len(x)),
    "missing_1_over_N": staged(**_DX["missing_1_over_N"]),
    "stats_constant": staged(**_DX["stats_constant"]),
    "no_gamma": staged(weigh=_unweighed),
    "eps_not_passed": staged(eps_of=_usual_eps),
    "unbiased_var": staged(var=bessel),
}


def _normalised(columns: Tensor, eps: float) -> Tensor:
    return (columns - mean_of(columns)) / root_of(spread_of(columns), eps)


# Layer norm and group norm


def _scalar(statistic: Step) -> Step:
    """One number for all columns."""
    return lambda columns: statistic(columns.flatten()[:, None])


def _outer_gamma(dx: Tensor, gamma: Tensor) -> Tensor:
    return dx * gamma


def _per_sample(values: Tensor, x: Tensor) -> Tensor:
    """Sums over all but the first of x's axes, of rows of channels."""
    return torch.einsum("nd->n", from_channels(values, x, 1))


_LAYER_FORWARD: dict[str, Step] = {
    "over_batch": own_columns(**CHANNELS),
    "scalar_stats": own_columns(**SAMPLES, mean=_scalar(mean_of), var=_scalar(spread_of)),
    "unbiased_norm": own_columns(**SAMPLES, var=bessel),
    "eps_outside": own_columns(**SAMPLES, root=_outside),
    "eps_hard": own_columns(**SAMPLES, eps_of=_usual_eps),
    "no_eps": own_columns(**SAMPLES, root=_no_eps),
    "divide_by_var": own_columns(**SAMPLES, root=_no_root),
    "no_center": own_columns(**SAMPLES, centre=_not_centred),
    "no_gamma": own_columns(**SAMPLES, affine=_shift_only),
    "no_beta": own_columns(**SAMPLES, affine=_scale_only),
    "no_affine": own_columns(**SAMPLES, affine=_plain),
    "gamma_beta_swapped": own_columns(**SAMPLES, affine=_exchanged),
    "lossy_variance": own_columns(**SAMPLES, var=_lossy),
    "dtype_float32": own_columns(**SAMPLES, finish=lambda out: out.to(torch.float32)),
}


def _sums_of_rows(dout, x, gamma, *, eps=1e-5):
    dx, *_ = RIGHT_AGAIN["layernorm_backward"](dout, x, gamma, eps=eps)
    return dx, torch.einsum("nd,nd->n", dout, _normalised(x.T, eps).T), torch.einsum("nd->n", dout)


_LAYER_BACKWARD: dict[str, Step] = {
    "gamma_outside": staged(**SAMPLES, weigh=_unweighed, after=_outer_gamma),
    "over_batch": staged(),
    "stats_constant": staged(**SAMPLES, **_DX["stats_constant"]),
    "no_mean_path": staged(**SAMPLES, **_DX["no_mean_path"]),
    "no_var_path": staged(**SAMPLES, **_DX["no_var_path"]),
    "var_sign": staged(**SAMPLES, **_DX["var_sign"]),
    "missing_1_over_D": staged(**SAMPLES, **_DX["missing_1_over_N"]),
    "D_is_N": staged(**SAMPLES, count=lambda columns, x: len(x)),
    "no_gamma": staged(**SAMPLES, weigh=_unweighed),
    "first_gamma": staged(**SAMPLES, weigh=lambda dout, gamma: dout * gamma.flatten()[0]),
    "dgamma_axis": _sums_of_rows,
    "dgamma_of_dxhat": staged(**SAMPLES, dgamma=lambda dout, xhat, x, gamma: summed(dout * gamma * xhat)),
    "dgamma_mean": staged(**SAMPLES, **_DX["dgamma_mean"], **_DX["dbeta_mean"]),
    "unbiased_var": staged(**SAMPLES, var=bessel),
    "eps_hard": staged(**SAMPLES, eps_of=_usual_eps),
    "order": staged(**SAMPLES, finish=_last_two_swapped),
    "mutates_dout": _leaves_scaled(RIGHT_AGAIN["layernorm_backward"]),
}


def _interleaved(x: Tensor, groups: int) -> Tensor:
    """Each groups-th channel of an image in one column."""
    return torch.stack([image[first::groups].flatten() for image in x for first in range(groups)], 1)


def _apart_again(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    out = torch.empty_like(x)
    for column, values in enumerate(columns.T):
        image, first = divmod(column, groups)
        out[image, first::groups] = values.reshape(-1, *x.shape[2:])
    return out


def _across_images(x: Tensor, groups: int) -> Tensor:
    return torch.stack([part.flatten() for part in x.chunk(groups, 1)], 1)


def _from_across(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    shape = len(x), x.shape[1] // groups, *x.shape[2:]
    return torch.cat([column.reshape(shape) for column in columns.T], 1)


def _pixel_of_group(x: Tensor, groups: int) -> Tensor:
    """Each pixel of each group of channels in a column."""
    return x.unflatten(1, (groups, -1)).movedim(2, 0).flatten(1)


def _from_pixels_of_groups(columns: Tensor, x: Tensor, groups: int) -> Tensor:
    return columns.unflatten(1, (len(x), groups, *x.shape[2:])).movedim(0, 2).flatten(1, 2)


def _one_where_it_fits(x: Tensor, groups: int) -> Tensor:
    return GROUPS["there"](x, groups if x.shape[1] % groups == 0 else 1)


_NO_REFUSAL = {"refuse": lambda channels, groups: False, "there": _one_where_it_fits, "back": GROUPS["back"]}

_GROUP_FORWARD: dict[str, Step] = {
    "strided_groups": own_columns(there=_interleaved, back=_apart_again),
    "groups_ignored": own_columns(**GROUPS, groups_of=lambda groups: 1),
    "instance_norm": own_columns(there=_per_plane, back=_from_planes),
    "per_pixel": own_columns(there=_pixel_of_group, back=_from_pixels_of_groups),
    "over_batch": own_columns(there=_across_images, back=_from_across),
    "group_size": lambda x, gamma, beta, groups, *, eps=1e-5: own_columns(
        **GROUPS, groups_of=lambda _: x.shape[1] // groups
    )(x, gamma, beta, groups, eps=eps),
    "unbiased_norm": own_columns(**GROUPS, var=bessel),
    "eps_outside": own_columns(**GROUPS, root=_outside),
    "eps_hard": own_columns(**GROUPS, eps_of=_usual_eps),
    "no_gamma": own_columns(**GROUPS, affine=_shift_only),
    "no_beta": own_columns(**GROUPS, affine=_scale_only),
    "no_affine": own_columns(**GROUPS, affine=_plain),
    "first_gamma": own_columns(**GROUPS, affine=lambda rows, gamma, beta: rows * gamma[:1] + beta[:1]),
    "no_error": own_columns(**_NO_REFUSAL),
    "lossy_variance": own_columns(**GROUPS, var=_lossy),
}


def _sums_of_images(dout, x, gamma, groups, *, eps=1e-5):
    dx, *_ = RIGHT_AGAIN["groupnorm_backward"](dout, x, gamma, groups, eps=eps)
    xhat = GROUPS["back"](_normalised(GROUPS["there"](x, groups), eps), x, groups)
    return dx, torch.einsum("nchw,nchw->nc", dout, xhat), torch.einsum("nchw->nc", dout)


_GROUP_BACKWARD: dict[str, Step] = {
    "gamma_outside": staged(**GROUPS, weigh=_unweighed, after=_outer_gamma),
    "strided_groups": staged(there=_interleaved, back=_apart_again),
    "groups_ignored": staged(**GROUPS, groups_of=lambda groups: 1),
    "group_size": lambda dout, x, gamma, groups, *, eps=1e-5: staged(
        **GROUPS, groups_of=lambda _: x.shape[1] // groups
    )(dout, x, gamma, groups, eps=eps),
    "instance_norm": staged(there=_per_plane, back=_from_planes),
    "over_batch": staged(there=_across_images, back=_from_across),
    "stats_constant": staged(**GROUPS, **_DX["stats_constant"]),
    "no_var_path": staged(**GROUPS, **_DX["no_var_path"]),
    "missing_1_over_M": staged(**GROUPS, **_DX["missing_1_over_N"]),
    "M_is_pixels": staged(**GROUPS, count=lambda columns, x: x[0, 0].numel()),
    "no_gamma": staged(**GROUPS, weigh=_unweighed),
    "dgamma_mean": staged(**GROUPS, **_DX["dgamma_mean"], **_DX["dbeta_mean"]),
    "dgamma_per_image": _sums_of_images,
    "eps_hard": staged(**GROUPS, eps_of=_usual_eps),
    "no_error": staged(**_NO_REFUSAL),
    "unbiased_var": staged(**GROUPS, var=bessel),
}


# What follows from it


def _scales_callers_weights(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    results = RIGHT_AGAIN["fold_batchnorm"](w, b, gamma, beta, running_mean, running_var, eps=eps)
    for row, new in zip(w, results[0], strict=True):
        row.copy_(new)
    return results


def _by_last_axis(w: Tensor, slope: Tensor) -> Tensor:
    index = torch.arange(w.shape[-1]) % len(slope)
    return w * slope[index]


_FOLD: dict[str, Step] = {
    "no_eps": folding_rows(deviation=_no_eps),
    "eps_hard": folding_rows(eps_of=_usual_eps),
    "eps_outside": folding_rows(deviation=_outside),
    "no_sqrt": folding_rows(deviation=_no_root),
    "no_gamma": folding_rows(slope=lambda gamma, deviation: 1 / deviation),
    "bias_not_scaled": folding_rows(shift=lambda b, mean, slope, beta: b + beta - slope * mean),
    "mean_not_scaled": folding_rows(shift=lambda b, mean, slope, beta: slope * b + beta - mean),
    "mean_added": folding_rows(shift=lambda b, mean, slope, beta: slope * (mean + b) + beta),
    "mean_missing": folding_rows(shift=lambda b, mean, slope, beta: slope * b + beta),
    "beta_missing": folding_rows(shift=lambda b, mean, slope, beta: slope * b - slope * mean),
    "beta_scaled": folding_rows(shift=lambda b, mean, slope, beta: slope * (b + beta - mean)),
    "old_bias_lost": folding_rows(old=lambda b: 0.0),
    "bias_kept": folding_rows(shift=lambda b, mean, slope, beta: b + torch.zeros_like(mean)),
    "none_stays_none": folding_rows(finish=lambda w, b, given: (w, b if given is not None else None)),
    "weights_not_scaled": folding_rows(rows=unchanged),
    "weights_by_gamma": lambda w, b, gamma, *rest, eps=1e-5: (
        torch.einsum("o...,o->o...", w, gamma),
        RIGHT_AGAIN["fold_batchnorm"](w, b, gamma, *rest, eps=eps)[1],
    ),
    "scales_last_axis": folding_rows(rows=_by_last_axis),
    "mean_factor": folding_rows(rows=lambda w, slope: w * (summed(slope[:, None]) / len(slope))),
    "w_inplace": _scales_callers_weights,
}


def _still_statistics(dout: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    return summed(dout) * gamma / root_of(spread_of(x), eps)


def _bias_rows(dout, x, gamma, running_var, *, eps=1e-5):
    return staged()(dout, x, gamma, eps=eps)[0], dout * (gamma / root_of(running_var, eps))


_BIAS: dict[str, Step] = {
    "always_zero": bias_columns(evaluation=lambda total, gamma, var, eps: total * 0),
    "never_zero": bias_columns(training=_still_statistics),
    "both_evaluation": lambda dout, x, gamma, var, *, eps=1e-5: (summed(dout) * gamma / root_of(var, eps),) * 2,
    "eval_is_dbeta": bias_columns(evaluation=lambda total, gamma, var, eps: total),
    "is_dbeta": bias_columns(training=lambda dout, x, gamma, eps: summed(dout)),
    "no_gamma": bias_columns(evaluation=lambda total, gamma, var, eps: total / root_of(var, eps)),
    "no_istd": bias_columns(evaluation=lambda total, gamma, var, eps: total * gamma),
    "batch_var": bias_columns(read=lambda dout, x, var: (summed(dout), spread_of(x))),
    "no_sqrt": bias_columns(evaluation=lambda total, gamma, var, eps: total * gamma / _no_root(var, eps)),
    "mean": bias_columns(read=lambda dout, x, var: (mean_of(dout), var)),
    "no_eps": bias_columns(evaluation=lambda total, gamma, var, eps: total * gamma / _no_eps(var, eps)),
    "order": bias_columns(finish=lambda training, evaluation: (evaluation, training)),
    "per_sample": _bias_rows,
}


def _root_of_squares(changes: list[float]) -> float:
    return sum(changes) ** 0.5


def _tops_compared(norm, x, scale, shift):
    before, after = (max(norm(part).flatten().tolist()) for part in (x, x * scale + shift))
    return abs(after - before)


_GAP: dict[str, Step] = {
    "no_abs": largest(change=lambda one, other: one - other),
    "smallest": largest(gather=min),
    "mean": largest(gather=lambda changes: sum(changes) / len(changes)),
    "squares": largest(change=lambda one, other: (one - other) ** 2),
    "norm_of_all": largest(change=lambda one, other: (one - other) ** 2, gather=_root_of_squares),
    "shift_ignored": largest(moved=lambda x, scale, shift: x * scale),
    "scale_ignored": largest(moved=lambda x, scale, shift: x + shift),
    "shift_first": largest(moved=lambda x, scale, shift: (x + shift) * scale),
    "against_moved": largest(other=lambda norm, x, scale, shift: norm(x) * scale + shift),
    "against_input": largest(other=lambda norm, x, scale, shift: x),
    "outside": lambda norm, x, scale, shift: float(torch.amax(torch.abs(norm(x) * scale + shift - norm(x)))),
    "without_norm": lambda norm, x, scale, shift: max(map(abs, (x * scale + shift - x).flatten().tolist())),
    "of_difference": largest(
        moved=lambda x, scale, shift: x * scale + shift - x,
        other=lambda norm, x, scale, shift: torch.zeros(x.shape),
    ),
    "difference_of_largest": _tops_compared,
    "one_per_column": lambda norm, x, scale, shift: torch.stack(list((norm(x * scale + shift) - norm(x)).abs())).amax(
        0
    ),
}


def _in(name: str, prefix: str, functions: Mapping[str, Callable[..., Any]]) -> dict[str, dict[str, Step]]:
    return {f"{prefix}_{id}": {name: function} for id, function in functions.items()}


SECOND: dict[str, dict[str, Step]] = (
    _in("batchnorm_forward", "bf", _FORWARD)
    | _in("batchnorm_backward", "bb", _FULL)
    | _in("batchnorm_backward_simplified", "bs", _SHORT)
    | _in("batchnorm_backward_eval", "be", _EVALUATION)
    | _in("batchnorm2d_forward", "sf", _CHANNELS_FORWARD)
    | _in("batchnorm2d_backward", "sb", _CHANNELS_BACKWARD)
    | _in("layernorm_forward", "lf", _LAYER_FORWARD)
    | _in("layernorm_backward", "lb", _LAYER_BACKWARD)
    | _in("groupnorm_forward", "gf", _GROUP_FORWARD)
    | _in("groupnorm_backward", "gb", _GROUP_BACKWARD)
    | _in("fold_batchnorm", "fold", _FOLD)
    | _in("bias_before_batchnorm", "bias", _BIAS)
    | _in("scale_invariance_gap", "gap", _GAP)
)
