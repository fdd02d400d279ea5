"""Mistakes in batch norm's gradients, made on the second base."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import (
    RIGHT_AGAIN,
    Step,
    bessel,
    mean_of,
    slope_backward,
    spread_of,
    staged,
    summed,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_steps import (
    halves,
    last_two_swapped,
    lossy,
    no_eps,
    no_root,
    nothing,
    outside,
    unweighed,
    usual_eps,
)


def leaves_scaled(right: Step) -> Step:
    """A backward that multiplies the caller's dout by gamma."""

    def gradients(dout, x, gamma, **options):
        results = right(dout, x, gamma, **options)
        dout *= gamma
        return results

    return gradients


def leaves_centred(right: Step) -> Step:
    """A backward that takes the mean off the caller's x."""

    def gradients(dout, x, gamma, **options):
        results = right(dout, x, gamma, **options)
        x.sub_(mean_of(x.clone()))
        return results

    return gradients


# What is wrong with dx, whatever a column is.
DX: dict[str, dict[str, Step]] = {
    "stats_constant": {"dvar_of": nothing, "dmean_of": nothing},
    "no_mean_path": {"dmean_of": nothing},
    "no_var_path": {"dvar_of": nothing},
    "var_sign": {"dvar_of": torch.neg},
    "mean_sign": {"dmean_of": torch.neg},
    "missing_1_over_N": {"count": lambda columns, x: 1},
    "N_is_D": {"count": lambda columns, x: x.shape[1]},
    "N_minus_1": {"count": lambda columns, x: max(len(columns) - 1, 1)},
    "N_minus_1_var": {"var_count": lambda columns, x: max(len(columns) - 1, 1)},
    "half_var": {"dvar_of": lambda dvar: dvar / 2},
    "istd_squared": {"finally_": lambda dx, root: dx / root},
    "no_istd": {"finally_": lambda dx, root: dx * root},
    "no_gamma": {"weigh": unweighed},
    "order": {"finish": last_two_swapped},
    "eps_hard": {"eps_of": usual_eps},
    "eps_outside": {"root": outside},
    "no_eps": {"root": no_eps},
    "unbiased_var": {"var": bessel},
    "dtype_float32": {"finish": halves},
    "dbeta_mean": {"dbeta": lambda dout, gamma: mean_of(dout)},
    "dgamma_mean": {"dgamma": lambda dout, xhat, x, gamma: mean_of(dout * xhat)},
    "lossy_variance": {"var": lossy},
}

_GRADIENTS: dict[str, Step] = {id: staged(**steps) for id, steps in DX.items()} | {
    "first_gamma": staged(weigh=lambda dout, gamma: dout * gamma.flatten()[0]),
    "dgamma_centered": staged(dgamma=lambda dout, xhat, x, gamma: summed(dout * (x - mean_of(x)))),
    "dgamma_axis_scalar": staged(dgamma=lambda dout, xhat, x, gamma: torch.sum(dout * xhat)),
    "dgamma_times_gamma": staged(dgamma=lambda dout, xhat, x, gamma: summed(dout * gamma * xhat)),
    "dgamma_of_x": staged(dgamma=lambda dout, xhat, x, gamma: summed(x * dout)),
    "dgamma_is_dbeta": staged(dgamma=lambda dout, xhat, x, gamma: summed(dout)),
    "dgamma_keeps_axis": staged(finish=lambda dx, *rest: (dx, *(part.reshape(1, -1) for part in rest))),
}

FULL = _GRADIENTS | {
    "mutates_dout": leaves_scaled(RIGHT_AGAIN["batchnorm_backward"]),
    "centres_x": leaves_centred(RIGHT_AGAIN["batchnorm_backward"]),
}

SHORT = _GRADIENTS | {
    "gamma_twice": staged(weigh=lambda dout, gamma: dout * gamma**2),
    "mutates_dout": leaves_scaled(RIGHT_AGAIN["batchnorm_backward_simplified"]),
    "centres_x": leaves_centred(RIGHT_AGAIN["batchnorm_backward_simplified"]),
}


def _parts_of(training: tuple[int, ...]) -> Step:
    """A backward of evaluation some of whose results are those of training."""

    def gradients(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
        still = RIGHT_AGAIN["batchnorm_backward_eval"](dout, x, gamma, running_mean, running_var, eps=eps)
        moving = staged()(dout, x, gamma, eps=eps)
        return tuple((moving if index in training else still)[index] for index in range(3))

    return gradients


EVALUATION: dict[str, Step] = {
    "uses_train": lambda dout, x, gamma, running_mean, running_var, *, eps=1e-5: staged()(dout, x, gamma, eps=eps),
    "dx_of_training": _parts_of((0,)),
    "dgamma_of_training": _parts_of((1,)),
    "mean_path": slope_backward(dx=lambda dout, slope, xhat: slope * dout - slope * mean_of(dout)),
    "dgamma_uncentred": slope_backward(dgamma=lambda dout, away, root, x: summed(dout * x / root)),
    "dgamma_mean": slope_backward(dgamma=lambda dout, away, root, x: mean_of(dout * away / root)),
    "batch_stats": slope_backward(mean=lambda x, mean: mean_of(x), var=lambda x, var: spread_of(x)),
    "batch_mean": slope_backward(mean=lambda x, mean: mean_of(x)),
    "no_sqrt": slope_backward(root=no_root),
    "no_gamma": slope_backward(slope=lambda gamma, root: 1 / root),
    "no_istd": slope_backward(slope=lambda gamma, root: gamma),
    "var_path": slope_backward(
        dx=lambda dout, slope, xhat: slope * dout - slope * (mean_of(dout) + xhat * mean_of(dout * xhat))
    ),
    "dgamma_centered": slope_backward(dgamma=lambda dout, away, root, x: summed(dout * away)),
    "dgamma_of_x": slope_backward(dgamma=lambda dout, away, root, x: summed(dout * x)),
    "dbeta_mean": slope_backward(dbeta=lambda dout, gamma: mean_of(dout)),
    "dbeta_gamma": slope_backward(dbeta=lambda dout, gamma: summed(dout * gamma)),
    "eps_hard": slope_backward(eps_of=usual_eps),
    "no_eps": slope_backward(root=no_eps),
    "eps_outside": slope_backward(root=outside),
}
