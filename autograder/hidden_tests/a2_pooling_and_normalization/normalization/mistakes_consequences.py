"""Typical mistakes in fold_batchnorm, bias_before_batchnorm and scale_invariance_gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    RIGHT,
    Tensor,
    bias_gradients,
    folding,
    gap,
    per_filter,
    same,
)
from autograder.mistakes import Mistake


def _fold(id: str, symptom: str, hint: str, function: Callable[..., Any] | None = None, **steps: Any) -> Mistake:
    return Mistake(f"fold_{id}", "fold_batchnorm", {"fold_batchnorm": function or folding(**steps)}, symptom, hint)


def _bias(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"bias_before_batchnorm": bias_gradients(**steps)}
    return Mistake(f"bias_{id}", "bias_before_batchnorm", functions, symptom, hint)


def _gap(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"gap_{id}", "scale_invariance", {"scale_invariance_gap": gap(**steps)}, symptom, hint)


def scaling_in_place(right: Callable[..., Any]) -> Callable[..., Any]:
    """A fold_batchnorm that leaves the caller's weights scaled."""

    def fold(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
        found = right(w, b, gamma, beta, running_mean, running_var, eps=eps)
        w.copy_(found[0])
        return found

    return fold


_TWO = "Write the two layers as one formula, then sort it: what multiplies x, and what is left?"

FOLD = (
    _fold(
        "no_eps",
        "Your folded layer is off where the stored variance is small.",
        "Which small number does batch norm add, and where?",
        factor=lambda gamma, var, eps: gamma / torch.sqrt(var),
    ),
    _fold(
        "eps_hard",
        "Your folded layer is right for the usual eps only.",
        "Where does `eps` enter?",
        eps_of=lambda eps: 1e-5,
    ),
    _fold(
        "eps_outside",
        "Your folded layer is a little off, most where the stored variance is small.",
        "What exactly stands under the root?",
        factor=lambda gamma, var, eps: gamma / (torch.sqrt(var) + eps),
    ),
    _fold(
        "no_sqrt",
        "Your folded layer is right where the stored variance is 1 only.",
        "In which unit is a variance, if x is in metres?",
        factor=lambda gamma, var, eps: gamma / (var + eps),
    ),
    _fold(
        "no_gamma",
        "Your folded layer does not depend on gamma.",
        _TWO,
        factor=lambda gamma, var, eps: 1 / torch.sqrt(var + eps),
    ),
    _fold(
        "bias_not_scaled",
        "Your weights are right, your bias is not.",
        _TWO,
        bias=lambda b, mean, factor, beta: b - mean * factor + beta,
    ),
    _fold(
        "mean_not_scaled",
        "Your weights are right, your bias is not.",
        _TWO,
        bias=lambda b, mean, factor, beta: b * factor - mean + beta,
    ),
    _fold(
        "mean_added",
        "Your weights are right, your bias is not.",
        "Is the stored mean added or taken off?",
        bias=lambda b, mean, factor, beta: (b + mean) * factor + beta,
    ),
    _fold(
        "mean_missing",
        "Your bias does not depend on the stored mean.",
        "What does batch norm do first with a number that comes in?",
        bias=lambda b, mean, factor, beta: b * factor + beta,
    ),
    _fold(
        "beta_missing",
        "Your bias does not depend on beta.",
        "What does batch norm do last?",
        bias=lambda b, mean, factor, beta: (b - mean) * factor,
    ),
    _fold(
        "beta_scaled",
        "Your weights are right, your bias is not.",
        _TWO,
        bias=lambda b, mean, factor, beta: (b - mean + beta) * factor,
    ),
    _fold(
        "old_bias_lost",
        "Your bias does not depend on the bias that was there.",
        "Where does `b` enter?",
        no_bias=lambda b, mean: torch.zeros_like(mean),
    ),
    _fold(
        "bias_kept",
        "Your bias is the one that came in.",
        "A number is taken off and another added: which of the two new parameters does that?",
        bias=lambda b, mean, factor, beta: b,
    ),
    _fold(
        "none_stays_none",
        "A layer without a bias has none when it is folded.",
        "What happens to the shift of batch norm if there is no bias to put it in?",
        finish=lambda w, b, given: (w, None if given is None else b),
    ),
    _fold(
        "weights_not_scaled",
        "Your weights are those that came in.",
        _TWO,
        weights=lambda w, factor: w,
    ),
    _fold(
        "weights_by_gamma",
        "Your weights don't depend on the stored variance.",
        _TWO,
        lambda w, b, gamma, beta, mean, var, *, eps=1e-5: (
            w * per_filter(gamma, w),
            RIGHT["fold_batchnorm"](w, b, gamma, beta, mean, var, eps=eps)[1],
        ),
    ),
    _fold(
        "scales_last_axis",
        "Your weights are scaled along another axis than that of the filters.",
        "Which axis of w counts the output channels?",
        weights=lambda w, factor: w * factor.repeat(w.shape[-1])[: w.shape[-1]],
    ),
    _fold(
        "mean_factor",
        "All your filters are scaled alike.",
        "How many output channels are there, and how many factors?",
        weights=lambda w, factor: w * factor.mean(),
    ),
    _fold(
        "w_inplace",
        "After the call the caller's weights hold other numbers.",
        "Does `*=` make a new tensor?",
        scaling_in_place(RIGHT["fold_batchnorm"]),
    ),
)


def _as_constant(dout: Tensor, x: Tensor, gamma: Tensor, eps: float) -> Tensor:
    return dout.sum(0) * gamma / torch.sqrt(x.var(0, unbiased=False) + eps)


def _evaluation_twice(dout, x, gamma, running_var, *, eps=1e-5):
    evaluation = RIGHT["bias_before_batchnorm"](dout, x, gamma, running_var, eps=eps)[1]
    return evaluation, evaluation.clone()


BIAS = (
    _bias(
        "always_zero",
        "Your gradient is 0 in evaluation, too.",
        "Does a stored mean move along when the bias does?",
        in_evaluation=lambda dout, x, gamma, var, eps: torch.zeros_like(gamma),
    ),
    _bias(
        "never_zero",
        "Your gradient in training is that of a layer whose statistics never move.",
        "Add 1 to all samples: which of your statistics change, and what comes out?",
        in_training=_as_constant,
    ),
    Mistake(
        "bias_both_evaluation",
        "bias_before_batchnorm",
        {"bias_before_batchnorm": _evaluation_twice},
        "Your two gradients are the same.",
        "Does the mean of a batch move along when the bias does? And a stored mean?",
    ),
    _bias(
        "eval_is_dbeta",
        "Your gradient in evaluation is that of beta.",
        "Which of the two shifts comes before the scale?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout.sum(0),
    ),
    _bias(
        "is_dbeta",
        "Your gradient in training is that of beta.",
        "Which of the two shifts comes before the normalisation?",
        in_training=lambda dout, x, gamma, eps: dout.sum(0),
    ),
    _bias(
        "no_gamma",
        "Your gradient in evaluation does not depend on gamma.",
        "By what is a number multiplied on its way through evaluation?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout.sum(0) / torch.sqrt(var + eps),
    ),
    _bias(
        "no_istd",
        "Your gradient in evaluation does not depend on the stored variance.",
        "By what is a number multiplied on its way through evaluation?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout.sum(0) * gamma,
    ),
    _bias(
        "batch_var",
        "Your gradient in evaluation does not look at the stored variance.",
        "Where does `running_var` enter?",
        in_evaluation=lambda dout, x, gamma, var, eps: _as_constant(dout, x, gamma, eps),
    ),
    _bias(
        "no_sqrt",
        "Your gradient in evaluation is right where the stored variance is 1 only.",
        "In which unit is a variance, if x is in metres?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout.sum(0) * gamma / (var + eps),
    ),
    _bias(
        "mean",
        "Your gradient in evaluation is too small by one factor everywhere.",
        "The loss adds up over the samples. Does its gradient?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout.mean(0) * gamma / torch.sqrt(var + eps),
    ),
    _bias(
        "no_eps",
        "Your gradient in evaluation is off where the stored variance is small.",
        "Which small number does batch norm add, and where?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout.sum(0) * gamma / torch.sqrt(var),
    ),
    _bias(
        "order",
        "Your two results are exchanged.",
        "In which order does the docstring list the results?",
        finish=lambda training, evaluation: (evaluation, training),
    ),
    _bias(
        "per_sample",
        "Your gradient has a row for each sample.",
        "A gradient has the shape of what it belongs to: how many entries does the bias have?",
        in_evaluation=lambda dout, x, gamma, var, eps: dout * gamma / torch.sqrt(var + eps),
        in_training=lambda dout, x, gamma, eps: RIGHT["batchnorm_backward"](dout, x, gamma, eps=eps)[0],
    ),
)


def largest_compared(norm, x, scale, shift):
    """How far the largest output moves."""
    return abs(float(norm(scale * x + shift).max() - norm(x).max()))


_DRAW = "Draw x, the moved x, and what the layer makes of both."

SCALE = (
    _gap(
        "no_abs",
        "You see no gap where the moved outputs are all smaller.",
        "How far are -3 and 0 apart?",
        size=same,
    ),
    _gap(
        "smallest",
        "Your gap is the smallest change, not the largest.",
        "When is a layer invariant: if some number stays, or if all do?",
        reduce=torch.min,
    ),
    _gap(
        "mean",
        "Your gap is an average.",
        "When is a layer invariant: if most numbers stay, or if all do?",
        reduce=torch.mean,
    ),
    _gap(
        "squares",
        "Your gap is in another unit than the outputs.",
        "What is the distance of 0 and 3: 3 or 9?",
        size=torch.square,
    ),
    _gap(
        "norm_of_all",
        "Your gap grows with the number of outputs.",
        "Is it the largest change that is asked for, or all of them together?",
        size=torch.square,
        reduce=lambda sizes: torch.sqrt(sizes.sum()),
    ),
    _gap(
        "shift_ignored",
        "Your gap does not depend on the shift.",
        "Where does `shift` enter?",
        move=lambda x, scale, shift: scale * x,
    ),
    _gap(
        "scale_ignored",
        "Your gap does not depend on the scale.",
        "Where does `scale` enter?",
        move=lambda x, scale, shift: x + shift,
    ),
    _gap(
        "shift_first",
        "Your gap is off where x is both scaled and shifted.",
        "In which order are the two applied?",
        move=lambda x, scale, shift: scale * (x + shift),
    ),
    _gap(
        "against_moved",
        "Your gap asks whether the output moves along with the input.",
        _DRAW,
        against=lambda norm, x, scale, shift: scale * norm(x) + shift,
    ),
    _gap(
        "against_input",
        "Your gap compares an output with an input.",
        _DRAW,
        against=lambda norm, x, scale, shift: x,
    ),
    _gap(
        "outside",
        "Your gap never asks the layer about the moved numbers.",
        _DRAW,
        move=same,
        against=lambda norm, x, scale, shift: 2 * norm(x) - scale * norm(x) - shift,
    ),
    Mistake(
        "gap_without_norm",
        "scale_invariance",
        {"scale_invariance_gap": lambda norm, x, scale, shift: float((scale * x + shift - x).abs().max())},
        "Your gap is the same for every layer.",
        _DRAW,
    ),
    _gap(
        "of_difference",
        "Your gap is what the layer makes of a difference.",
        _DRAW,
        move=lambda x, scale, shift: scale * x + shift - x,
        against=lambda norm, x, scale, shift: torch.zeros_like(x),
    ),
    Mistake(
        "gap_difference_of_largest",
        "scale_invariance",
        {"scale_invariance_gap": largest_compared},
        "Your gap is 0 wherever the largest output stays the same.",
        "Which is larger: the change of the largest number, or the largest change?",
    ),
    _gap(
        "one_per_column",
        "Your gap is a tensor of several numbers.",
        "How many gaps does the docstring ask for?",
        reduce=lambda sizes: sizes.amax(0),
        finish=same,
    ),
)
