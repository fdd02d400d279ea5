"""Mistakes in layer norm and group norm, made on the second base."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import (
    CHANNELS,
    GROUPS,
    RIGHT_AGAIN,
    SAMPLES,
    Step,
    Tensor,
    bessel,
    from_channels,
    mean_of,
    own_columns,
    spread_of,
    staged,
    summed,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_backward import DX, leaves_scaled
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_channels import (
    from_planes,
    normalised,
    per_plane,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_steps import (
    exchanged,
    last_two_swapped,
    lossy,
    no_eps,
    no_root,
    not_centred,
    outside,
    plain,
    scale_only,
    shift_only,
    unweighed,
    usual_eps,
)


def _scalar(statistic: Step) -> Step:
    """One number for all columns."""
    return lambda columns: statistic(columns.flatten()[:, None])


def _outer_gamma(dx: Tensor, gamma: Tensor) -> Tensor:
    return dx * gamma


def _per_sample(values: Tensor, x: Tensor) -> Tensor:
    """Sums over all but the first of x's axes, of rows of channels."""
    return torch.einsum("nd->n", from_channels(values, x, 1))


LAYER_FORWARD: dict[str, Step] = {
    "over_batch": own_columns(**CHANNELS),
    "scalar_stats": own_columns(**SAMPLES, mean=_scalar(mean_of), var=_scalar(spread_of)),
    "unbiased_norm": own_columns(**SAMPLES, var=bessel),
    "eps_outside": own_columns(**SAMPLES, root=outside),
    "eps_hard": own_columns(**SAMPLES, eps_of=usual_eps),
    "no_eps": own_columns(**SAMPLES, root=no_eps),
    "divide_by_var": own_columns(**SAMPLES, root=no_root),
    "no_center": own_columns(**SAMPLES, centre=not_centred),
    "no_gamma": own_columns(**SAMPLES, affine=shift_only),
    "no_beta": own_columns(**SAMPLES, affine=scale_only),
    "no_affine": own_columns(**SAMPLES, affine=plain),
    "gamma_beta_swapped": own_columns(**SAMPLES, affine=exchanged),
    "lossy_variance": own_columns(**SAMPLES, var=lossy),
    "dtype_float32": own_columns(**SAMPLES, finish=lambda out: out.to(torch.float32)),
}


def _sums_of_rows(dout, x, gamma, *, eps=1e-5):
    dx, *_ = RIGHT_AGAIN["layernorm_backward"](dout, x, gamma, eps=eps)
    return dx, torch.einsum("nd,nd->n", dout, normalised(x.T, eps).T), torch.einsum("nd->n", dout)


LAYER_BACKWARD: dict[str, Step] = {
    "gamma_outside": staged(**SAMPLES, weigh=unweighed, after=_outer_gamma),
    "over_batch": staged(),
    "stats_constant": staged(**SAMPLES, **DX["stats_constant"]),
    "no_mean_path": staged(**SAMPLES, **DX["no_mean_path"]),
    "no_var_path": staged(**SAMPLES, **DX["no_var_path"]),
    "var_sign": staged(**SAMPLES, **DX["var_sign"]),
    "missing_1_over_D": staged(**SAMPLES, **DX["missing_1_over_N"]),
    "D_is_N": staged(**SAMPLES, count=lambda columns, x: len(x)),
    "no_gamma": staged(**SAMPLES, weigh=unweighed),
    "first_gamma": staged(**SAMPLES, weigh=lambda dout, gamma: dout * gamma.flatten()[0]),
    "dgamma_axis": _sums_of_rows,
    "dgamma_of_dxhat": staged(**SAMPLES, dgamma=lambda dout, xhat, x, gamma: summed(dout * gamma * xhat)),
    "dgamma_mean": staged(**SAMPLES, **DX["dgamma_mean"], **DX["dbeta_mean"]),
    "unbiased_var": staged(**SAMPLES, var=bessel),
    "eps_hard": staged(**SAMPLES, eps_of=usual_eps),
    "order": staged(**SAMPLES, finish=last_two_swapped),
    "mutates_dout": leaves_scaled(RIGHT_AGAIN["layernorm_backward"]),
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

GROUP_FORWARD: dict[str, Step] = {
    "strided_groups": own_columns(there=_interleaved, back=_apart_again),
    "groups_ignored": own_columns(**GROUPS, groups_of=lambda groups: 1),
    "instance_norm": own_columns(there=per_plane, back=from_planes),
    "per_pixel": own_columns(there=_pixel_of_group, back=_from_pixels_of_groups),
    "over_batch": own_columns(there=_across_images, back=_from_across),
    "group_size": lambda x, gamma, beta, groups, *, eps=1e-5: own_columns(
        **GROUPS, groups_of=lambda _: x.shape[1] // groups
    )(x, gamma, beta, groups, eps=eps),
    "unbiased_norm": own_columns(**GROUPS, var=bessel),
    "eps_outside": own_columns(**GROUPS, root=outside),
    "eps_hard": own_columns(**GROUPS, eps_of=usual_eps),
    "no_gamma": own_columns(**GROUPS, affine=shift_only),
    "no_beta": own_columns(**GROUPS, affine=scale_only),
    "no_affine": own_columns(**GROUPS, affine=plain),
    "first_gamma": own_columns(**GROUPS, affine=lambda rows, gamma, beta: rows * gamma[:1] + beta[:1]),
    "no_error": own_columns(**_NO_REFUSAL),
    "lossy_variance": own_columns(**GROUPS, var=lossy),
}


def _sums_of_images(dout, x, gamma, groups, *, eps=1e-5):
    dx, *_ = RIGHT_AGAIN["groupnorm_backward"](dout, x, gamma, groups, eps=eps)
    xhat = GROUPS["back"](normalised(GROUPS["there"](x, groups), eps), x, groups)
    return dx, torch.einsum("nchw,nchw->nc", dout, xhat), torch.einsum("nchw->nc", dout)


GROUP_BACKWARD: dict[str, Step] = {
    "gamma_outside": staged(**GROUPS, weigh=unweighed, after=_outer_gamma),
    "strided_groups": staged(there=_interleaved, back=_apart_again),
    "groups_ignored": staged(**GROUPS, groups_of=lambda groups: 1),
    "group_size": lambda dout, x, gamma, groups, *, eps=1e-5: staged(
        **GROUPS, groups_of=lambda _: x.shape[1] // groups
    )(dout, x, gamma, groups, eps=eps),
    "instance_norm": staged(there=per_plane, back=from_planes),
    "over_batch": staged(there=_across_images, back=_from_across),
    "stats_constant": staged(**GROUPS, **DX["stats_constant"]),
    "no_var_path": staged(**GROUPS, **DX["no_var_path"]),
    "missing_1_over_M": staged(**GROUPS, **DX["missing_1_over_N"]),
    "M_is_pixels": staged(**GROUPS, count=lambda columns, x: x[0, 0].numel()),
    "no_gamma": staged(**GROUPS, weigh=unweighed),
    "dgamma_mean": staged(**GROUPS, **DX["dgamma_mean"], **DX["dbeta_mean"]),
    "dgamma_per_image": _sums_of_images,
    "eps_hard": staged(**GROUPS, eps_of=usual_eps),
    "no_error": staged(**_NO_REFUSAL),
    "unbiased_var": staged(**GROUPS, var=bessel),
}
