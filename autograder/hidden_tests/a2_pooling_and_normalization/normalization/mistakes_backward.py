"""Typical mistakes in batch norm's gradients: staged, simplified, and in evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    RIGHT,
    backward,
    eval_backward,
    sum_per_channel,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_gradients import (
    centring,
    half_var,
    inverse_squared,
    mean_sign,
    mutating,
    no_division,
    no_inverse,
    no_mean_path,
    no_var_path,
    one_less,
    one_less_twice,
    other_count,
    staged,
    stats_constant,
    unscaled,
    var_sign,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_statistics import (
    EPS_OUTSIDE,
    lossy_var,
    unbiased_over,
)
from autograder.mistakes import Mistake


def _full(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"bb_{id}", "batchnorm_backward", {"batchnorm_backward": backward(**steps)}, symptom, hint)


def _short(id: str, symptom: str, hint: str, function: Callable[..., Any]) -> Mistake:
    name = "batchnorm_backward_simplified"
    return Mistake(f"bs_{id}", name, {name: function}, symptom, hint)


def _eval(id: str, symptom: str, hint: str, function: Callable[..., Any] | None = None, **steps: Any) -> Mistake:
    name = "batchnorm_backward_eval"
    return Mistake(f"be_{id}", name, {name: function or eval_backward(**steps)}, symptom, hint)


_N = "How many numbers does each mean of the forward pass average? Which of your factors knows that?"
_PATHS = "Draw the graph: over how many ways does x reach the output?"

FULL = (
    _full("stats_constant", "Your dx is proportional to dout in each feature.", _PATHS, combine=stats_constant),
    _full(
        "no_mean_path",
        "Your dx in a feature does not add up to 0 over the batch.",
        "What happens to the output if the same is added to all samples? " + _PATHS,
        combine=no_mean_path,
    ),
    _full(
        "no_var_path",
        "Your dx grows along x, as if stretching the batch changed the output.",
        "What happens to the output if all samples are stretched by one factor? " + _PATHS,
        combine=no_var_path,
    ),
    _full(
        "var_sign",
        "Of the three parts of your dx, one has the wrong sign.",
        "The root stands below a fraction bar: what is the sign of that derivative?",
        combine=var_sign,
    ),
    _full(
        "mean_sign",
        "Of the three parts of your dx, one has the wrong sign.",
        "The mean is taken off x: what is the sign of that derivative?",
        combine=mean_sign,
    ),
    _full("missing_1_over_N", "Your dx is far too large, more so for large batches.", _N, combine=no_division),
    _full("N_is_D", "Your dx is right only if there are as many features as samples.", _N, combine=other_count),
    _full("N_minus_1", "Your dx is a little off, more so for small batches.", _N, combine=one_less_twice),
    _full("N_minus_1_var", "Your dx is a little off, more so for small batches.", _N, combine=one_less),
    _full(
        "half_var",
        "One part of your dx is half as large as it should be.",
        "What is the derivative of a square?",
        combine=half_var,
    ),
    _full(
        "istd_squared",
        "Your dx is right for features of spread 1 only.",
        "If x is measured in another unit, by what is its gradient divided: once or twice?",
        combine=inverse_squared,
    ),
    _full(
        "no_istd",
        "Your dx is right for features of spread 1 only.",
        "If x is measured in another unit, by what is its gradient divided?",
        combine=no_inverse,
    ),
    _full(
        "no_gamma",
        "Your dx does not depend on gamma.",
        "Which box of the graph does dout meet first on its way back?",
        weigh_by=unscaled,
    ),
    _full(
        "first_gamma",
        "Your dx is right for the first feature, and off by a factor in the others.",
        "How many different gammas are there?",
        weigh_by=lambda dout, gamma: dout * gamma[0],
    ),
    _full(
        "dgamma_centered",
        "Your dgamma is right for features of spread 1 only.",
        "What is gamma multiplied by on the way forward?",
        dgamma=lambda dout, xhat, x, gamma: sum_per_channel(dout * (x - x.mean(0))),
    ),
    _full(
        "dgamma_mean",
        "Your dgamma is too small by one factor everywhere.",
        "The loss adds up over the samples. Does its gradient?",
        dgamma=lambda dout, xhat, x, gamma: sum_per_channel(dout * xhat) / len(dout),
    ),
    _full(
        "dgamma_axis_scalar",
        "Your dgamma is one number.",
        "Gamma has one entry per feature. How many has its gradient?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).sum(),
    ),
    _full(
        "dgamma_times_gamma",
        "Your dgamma is off by a factor in each feature, by another in each.",
        "Is it the gradient of the output that meets xhat, or one that has already passed gamma?",
        dgamma=lambda dout, xhat, x, gamma: sum_per_channel(dout * xhat) * gamma,
    ),
    _full(
        "dgamma_of_x",
        "Your dgamma changes when the same is added to all samples.",
        "What is gamma multiplied by on the way forward?",
        dgamma=lambda dout, xhat, x, gamma: sum_per_channel(dout * x),
    ),
    _full(
        "dgamma_is_dbeta",
        "Your dgamma equals your dbeta.",
        "What is gamma multiplied by on the way forward, and what is beta?",
        dgamma=lambda dout, xhat, x, gamma: sum_per_channel(dout),
    ),
    _full(
        "dgamma_keeps_axis",
        "Your dgamma and dbeta have one axis too many.",
        "A gradient has the shape of what it belongs to.",
        finish=lambda dx, dgamma, dbeta: (dx, dgamma[None], dbeta[None]),
    ),
    _full(
        "dbeta_mean",
        "Your dbeta is too small by one factor everywhere.",
        "The loss adds up over the samples. Does its gradient?",
        dbeta=lambda dout, gamma: dout.mean(0),
    ),
    _full(
        "order",
        "Your second and third result are exchanged.",
        "In which order does the docstring list the results?",
        finish=lambda dx, dgamma, dbeta: (dx, dbeta, dgamma),
    ),
    _full(
        "eps_hard",
        "Your gradients are right for the usual eps only.",
        "Where does `eps` enter?",
        eps_of=lambda eps: 1e-5,
    ),
    _full(
        "eps_outside",
        "Your gradients are a little off, most where a feature varies little.",
        "What exactly stands under the root on the way forward?",
        **EPS_OUTSIDE,
    ),
    _full(
        "no_eps",
        "Your gradients are not finite where a feature never varies.",
        "What do you divide by if all samples are equal?",
        inverse=lambda var, eps: 1 / torch.sqrt(var),
    ),
    _full(
        "unbiased_var",
        "Your gradients belong to another forward pass, more so for small batches.",
        "With which of the two variances is a batch normalised?",
        var=unbiased_over,
    ),
    _full(
        "lossy_variance",
        "Your gradients lose their digits where the numbers are far from zero.",
        "The difference of two large numbers: take the mean off before squaring.",
        var=lossy_var,
    ),
    _full(
        "dtype_float32",
        "Your results are float32 whatever comes in.",
        "Which dtype do torch.zeros and .float() give?",
        finish=lambda *results: tuple(result.float() for result in results),
    ),
    Mistake(
        "bb_mutates_dout",
        "batchnorm_backward",
        {"batchnorm_backward": mutating(RIGHT["batchnorm_backward"])},
        "After the call the caller's dout holds other numbers.",
        "Does `*=` make a new tensor?",
    ),
    Mistake(
        "bb_centres_x",
        "batchnorm_backward",
        {"batchnorm_backward": centring(RIGHT["batchnorm_backward"])},
        "After the call the caller's x holds other numbers.",
        "Does `-=` make a new tensor?",
    ),
)


def _again(listed: Mistake) -> Mistake:
    """A mistake of the staged backward, made in the simplified one."""
    name = "batchnorm_backward_simplified"
    function = listed.functions["batchnorm_backward"]
    return Mistake(listed.id.replace("bb_", "bs_"), name, {name: function}, listed.symptom, listed.hint)


_IN_PLACE = {"bb_mutates_dout", "bb_centres_x"}

SHORT = (
    _short(
        "staged",
        "Your gradients are right, but they take as many operations as the whole graph.",
        "Write dx as one formula with xhat, and see what cancels, before you write code.",
        staged,
    ),
    _short(
        "gamma_twice",
        "Your dx is off by a factor in each feature, by another in each.",
        "Count how often gamma enters the formula, sums included.",
        backward(after=lambda dx, gamma: dx * gamma),
    ),
    *(_again(listed) for listed in FULL if listed.id not in _IN_PLACE),
    _short(
        "mutates_dout",
        "After the call the caller's dout holds other numbers.",
        "Does `*=` make a new tensor?",
        mutating(RIGHT["batchnorm_backward_simplified"]),
    ),
    _short(
        "centres_x",
        "After the call the caller's x holds other numbers.",
        "Does `-=` make a new tensor?",
        centring(RIGHT["batchnorm_backward_simplified"]),
    ),
)


def _uses_training(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    return RIGHT["batchnorm_backward"](dout, x, gamma, eps=eps)


def _dx_of_training(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    _, dgamma, dbeta = RIGHT["batchnorm_backward_eval"](dout, x, gamma, running_mean, running_var, eps=eps)
    return RIGHT["batchnorm_backward"](dout, x, gamma, eps=eps)[0], dgamma, dbeta


def _dgamma_of_training(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    dx, _, dbeta = RIGHT["batchnorm_backward_eval"](dout, x, gamma, running_mean, running_var, eps=eps)
    return dx, RIGHT["batchnorm_backward"](dout, x, gamma, eps=eps)[1], dbeta


EVALUATION = (
    _eval(
        "uses_train",
        "In evaluation your dx still depends on the other samples of the batch.",
        "Which boxes of the graph does evaluation not have?",
        _uses_training,
    ),
    _eval(
        "dx_of_training",
        "In evaluation your dx still depends on the other samples of the batch.",
        "Which boxes of the graph does evaluation not have?",
        _dx_of_training,
    ),
    _eval(
        "mean_path",
        "Your dx in a feature adds up to 0 over the batch.",
        "Does a stored mean change when x changes?",
        dx=lambda dout, gamma, inverse, xhat: gamma * inverse * (dout - dout.mean(0)),
    ),
    _eval(
        "dgamma_of_training",
        "Your dx is right; your dgamma does not look at the stored statistics.",
        "What did gamma multiply on the way forward, in evaluation?",
        _dgamma_of_training,
    ),
    _eval(
        "dgamma_uncentred",
        "Your dgamma does not depend on the stored mean.",
        "What is gamma multiplied by on the way forward?",
        dgamma=lambda dout, away, inverse, x: sum_per_channel(dout * x * inverse),
    ),
    _eval(
        "dgamma_mean",
        "Your dgamma is too small by one factor everywhere.",
        "The loss adds up over the samples. Does its gradient?",
        dgamma=lambda dout, away, inverse, x: (dout * away * inverse).mean(0),
    ),
    _eval(
        "batch_stats",
        "Your gradients don't look at the stored statistics.",
        "Which two arguments are there in addition, and where do they enter?",
        mean=lambda x, mean: x.mean(0),
        var=lambda x, var: x.var(0, unbiased=False),
    ),
    _eval(
        "batch_mean",
        "Your dx is right; your dgamma does not look at the stored mean.",
        "What was taken off x on the way forward, in evaluation?",
        mean=lambda x, mean: x.mean(0),
    ),
    _eval(
        "no_sqrt",
        "Your dx is right where the stored variance is 1 only.",
        "In which unit is a variance, if x is in metres?",
        inverse=lambda var, eps: 1 / (var + eps),
    ),
    _eval(
        "no_gamma",
        "Your dx does not depend on gamma.",
        "Evaluation is one multiplication per feature: by what?",
        dx=lambda dout, gamma, inverse, xhat: dout * inverse,
    ),
    _eval(
        "no_istd",
        "Your dx does not depend on the stored variance.",
        "Evaluation is one multiplication per feature: by what?",
        dx=lambda dout, gamma, inverse, xhat: dout * gamma,
    ),
    _eval(
        "var_path",
        "In evaluation your dx still depends on the other samples of the batch.",
        "Do stored statistics change when x changes?",
        dx=lambda dout, gamma, inverse, xhat: gamma * inverse * (dout - dout.mean(0) - xhat * (dout * xhat).mean(0)),
    ),
    _eval(
        "dgamma_centered",
        "Your dgamma is right where the stored variance is 1 only.",
        "What is gamma multiplied by on the way forward?",
        dgamma=lambda dout, away, inverse, x: sum_per_channel(dout * away),
    ),
    _eval(
        "dgamma_of_x",
        "Your dgamma changes when x and the stored mean move together.",
        "What is gamma multiplied by on the way forward?",
        dgamma=lambda dout, away, inverse, x: sum_per_channel(dout * x),
    ),
    _eval(
        "dbeta_mean",
        "Your dbeta is too small by one factor everywhere.",
        "The loss adds up over the samples. Does its gradient?",
        dbeta=lambda dout, gamma: dout.mean(0),
    ),
    _eval(
        "dbeta_gamma",
        "Your dbeta depends on gamma.",
        "Where in the forward pass is beta added: before or after the scale?",
        dbeta=lambda dout, gamma: dout.sum(0) * gamma,
    ),
    _eval(
        "eps_hard",
        "Your gradients are right for the usual eps only.",
        "Where does `eps` enter?",
        eps_of=lambda eps: 1e-5,
    ),
    _eval(
        "no_eps",
        "Your gradients are off where the stored variance is small.",
        "What do you divide by if a stored variance is 0?",
        inverse=lambda var, eps: 1 / torch.sqrt(var),
    ),
    _eval(
        "eps_outside",
        "Your gradients are a little off, most where the stored variance is small.",
        "What exactly stands under the root on the way forward?",
        **EPS_OUTSIDE,
    ),
)
