"""Mistakes in folding, biases and gaps, made on the second base."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import (
    RIGHT_AGAIN,
    Step,
    Tensor,
    bias_columns,
    folding_rows,
    largest,
    mean_of,
    root_of,
    spread_of,
    staged,
    summed,
    unchanged,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.second_steps import (
    no_eps,
    no_root,
    outside,
    usual_eps,
)


def _scales_callers_weights(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    results = RIGHT_AGAIN["fold_batchnorm"](w, b, gamma, beta, running_mean, running_var, eps=eps)
    for row, new in zip(w, results[0], strict=True):
        row.copy_(new)
    return results


def _by_last_axis(w: Tensor, slope: Tensor) -> Tensor:
    index = torch.arange(w.shape[-1]) % len(slope)
    return w * slope[index]


FOLD: dict[str, Step] = {
    "no_eps": folding_rows(deviation=no_eps),
    "eps_hard": folding_rows(eps_of=usual_eps),
    "eps_outside": folding_rows(deviation=outside),
    "no_sqrt": folding_rows(deviation=no_root),
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


BIAS: dict[str, Step] = {
    "always_zero": bias_columns(evaluation=lambda total, gamma, var, eps: total * 0),
    "never_zero": bias_columns(training=_still_statistics),
    "both_evaluation": lambda dout, x, gamma, var, *, eps=1e-5: (summed(dout) * gamma / root_of(var, eps),) * 2,
    "eval_is_dbeta": bias_columns(evaluation=lambda total, gamma, var, eps: total),
    "is_dbeta": bias_columns(training=lambda dout, x, gamma, eps: summed(dout)),
    "no_gamma": bias_columns(evaluation=lambda total, gamma, var, eps: total / root_of(var, eps)),
    "no_istd": bias_columns(evaluation=lambda total, gamma, var, eps: total * gamma),
    "batch_var": bias_columns(read=lambda dout, x, var: (summed(dout), spread_of(x))),
    "no_sqrt": bias_columns(evaluation=lambda total, gamma, var, eps: total * gamma / no_root(var, eps)),
    "mean": bias_columns(read=lambda dout, x, var: (mean_of(dout), var)),
    "no_eps": bias_columns(evaluation=lambda total, gamma, var, eps: total * gamma / no_eps(var, eps)),
    "order": bias_columns(finish=lambda training, evaluation: (evaluation, training)),
    "per_sample": _bias_rows,
}


def _root_of_squares(changes: list[float]) -> float:
    return sum(changes) ** 0.5


def _tops_compared(norm, x, scale, shift):
    before, after = (max(norm(part).flatten().tolist()) for part in (x, x * scale + shift))
    return abs(after - before)


GAP: dict[str, Step] = {
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
