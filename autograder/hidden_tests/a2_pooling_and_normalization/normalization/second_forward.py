"""Mistakes in batchnorm_forward, made on the second base."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import (
    RIGHT_AGAIN,
    Step,
    Tensor,
    batch_columns,
    bessel,
    mean_of,
    nearer,
    root_of,
    spread_of,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_steps import (
    at_least,
    both_roots,
    both_updates,
    doubles,
    exchanged,
    first_taken,
    halves,
    keep_old,
    last_two_swapped,
    lossy,
    no_eps,
    no_root,
    not_centred,
    outside,
    overwrites,
    plain,
    scale_only,
    shift_first,
    shift_only,
    take_new,
    twice_affine,
    usual_eps,
)


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


FORWARD: dict[str, Step] = {
    "unbiased_norm": batch_columns(var=bessel),
    "biased_running": batch_columns(new_var=spread_of),
    "momentum_flipped": batch_columns(**both_updates(lambda old, new, momentum: nearer(new, old, momentum))),
    "momentum_hard": batch_columns(momentum_of=lambda momentum: 0.1),
    "eps_hard": batch_columns(eps_of=usual_eps),
    "eps_outside_sqrt": batch_columns(**both_roots(outside)),
    "no_eps": batch_columns(**both_roots(no_eps)),
    "train_no_eps": batch_columns(root=no_eps),
    "clamps_var": batch_columns(**both_roots(at_least)),
    "divide_by_var": batch_columns(**both_roots(no_root)),
    "train_no_sqrt": batch_columns(root=no_root),
    "no_center": batch_columns(centre=not_centred),
    "axis1": batch_columns(mean=_sample_statistics(mean_of), var=_sample_statistics(spread_of)),
    "scalar_stats": batch_columns(
        mean=torch.mean,
        var=lambda columns: columns.var(correction=0),
        new_mean=torch.mean,
        new_var=lambda columns: columns.var(correction=0) * (len(columns) / (len(columns) - 1)),
    ),
    "gamma_beta_swapped": batch_columns(**twice_affine(exchanged)),
    "gamma_after_beta": batch_columns(**twice_affine(shift_first)),
    "no_affine": batch_columns(**twice_affine(plain)),
    "no_gamma": batch_columns(**twice_affine(shift_only)),
    "no_beta": batch_columns(**twice_affine(scale_only)),
    "running_not_updated": batch_columns(**both_updates(keep_old)),
    "running_replaced": batch_columns(**both_updates(take_new)),
    "running_first_batch": batch_columns(update_mean=first_taken(0.0), update_var=first_taken(1.0)),
    "old_left_out": batch_columns(**both_updates(lambda old, new, momentum: new * momentum)),
    "running_sums": batch_columns(**both_updates(lambda old, new, momentum: torch.add(old, new, alpha=momentum))),
    "running_only_mean": batch_columns(update_var=keep_old),
    "running_std": batch_columns(new_var=lambda columns: columns.std(0)),
    "running_var_gets_mean": batch_columns(new_var=mean_of),
    "running_order": batch_columns(finish=last_two_swapped),
    "out_only": batch_columns(finish=lambda out, mean, var: out),
    "eval_out_only": lambda *args, training, **options: (
        batch_columns()(*args, training=True, **options)
        if training
        else batch_columns(finish=lambda out, mean, var: out)(*args, training=False, **options)
    ),
    "assertion": _demands_two,
    "running_inplace_alias": batch_columns(**both_updates(overwrites)),
    "x_inplace": _centres_callers_x,
    "test_uses_batch": batch_columns(eval_statistics=lambda columns, mean, var: (mean_of(columns), spread_of(columns))),
    "test_updates_running": batch_columns(
        eval_stored=lambda columns, mean, var, momentum: (
            nearer(mean, mean_of(columns), momentum),
            nearer(var, columns.var(0) if len(columns) > 1 else var * torch.nan, momentum),
        )
    ),
    "test_no_affine": batch_columns(eval_affine=plain),
    "test_no_sqrt": batch_columns(eval_root=no_root),
    "test_no_eps": batch_columns(eval_root=no_eps),
    "train_uses_running": _updates_first,
    "dtype_float32": batch_columns(finish=halves),
    "dtype_float64": batch_columns(finish=doubles),
    "lossy_variance": batch_columns(var=lossy),
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
