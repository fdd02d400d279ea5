"""Typical mistakes in layer norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    RIGHT,
    Tensor,
    backward,
    channelwise,
    count_over,
    over_batch,
    over_features,
    own_forward,
    sum_per_channel,
    through_mean,
    through_var,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_gradients import (
    gamma_outside,
    mutating,
    no_division,
    no_mean_path,
    no_var_path,
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

LAYER = {"axes": over_features}


def _layer(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"lf_{id}", "layernorm", {"layernorm_forward": own_forward(**LAYER | steps)}, symptom, hint)


def _layer_back(id: str, symptom: str, hint: str, function: Callable[..., Any] | None = None, **steps: Any) -> Mistake:
    function = function or backward(**LAYER | steps)
    return Mistake(f"lb_{id}", "layernorm", {"layernorm_backward": function}, symptom, hint)


def rows_count(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Sums that are divided by the number of samples."""
    wrong = count_over(xhat, axes) / len(xhat)
    return inverse * (dxhat - wrong * through_mean(dxhat, axes) - wrong * through_var(dxhat, xhat, axes))


OWN = "Cover all samples but one: may its output change?"

LAYER_NORM = (
    _layer("over_batch", "Your outputs depend on the other samples of the batch.", OWN, axes=over_batch),
    _layer(
        "scalar_stats",
        "All your samples share one mean and one variance.",
        OWN,
        axes=lambda x: (0, 1),
    ),
    _layer(
        "unbiased_norm",
        "Your outputs are too small by one factor everywhere.",
        "By what is the sum of squares divided: the number of features, or one less?",
        var=unbiased_over,
    ),
    _layer(
        "eps_outside",
        "Your outputs are a little off, most where a sample varies little.",
        "What exactly stands under the root?",
        **EPS_OUTSIDE,
    ),
    _layer(
        "eps_hard", "Your outputs are right for the usual eps only.", "Where does `eps` enter?", eps_of=lambda eps: 1e-5
    ),
    _layer(
        "no_eps",
        "Your outputs are not finite where a sample is the same everywhere.",
        "What do you divide by if all features are equal?",
        inverse=lambda var, eps: 1 / torch.sqrt(var),
    ),
    _layer(
        "divide_by_var",
        "Your normalised samples don't have spread 1, unless they had it before.",
        "In which unit is a variance, if x is in metres?",
        inverse=lambda var, eps: 1 / (var + eps),
    ),
    _layer(
        "no_center",
        "Your normalised samples don't have mean 0.",
        "Normalising takes two steps. Which one comes first?",
        centre=lambda x, mean: x,
    ),
    _layer(
        "no_gamma",
        "The scale of your outputs never changes.",
        "One of the two learned parameters is left out.",
        affine=lambda xhat, gamma, beta: xhat + channelwise(beta, xhat),
    ),
    _layer(
        "no_beta",
        "The mean of your outputs in each sample is that of the normalised numbers.",
        "One of the two learned parameters is left out.",
        affine=lambda xhat, gamma, beta: xhat * channelwise(gamma, xhat),
    ),
    _layer(
        "no_affine",
        "Your outputs don't depend on the learned parameters.",
        "What are gamma and beta for?",
        affine=lambda xhat, gamma, beta: xhat,
    ),
    _layer(
        "gamma_beta_swapped",
        "Your two learned parameters do each other's work.",
        "Which one scales, and which one shifts?",
        affine=lambda xhat, gamma, beta: beta * xhat + gamma,
    ),
    _layer(
        "lossy_variance",
        "Your outputs lose their digits where the numbers are far from zero.",
        "The difference of two large numbers: take the mean off before squaring.",
        var=lossy_var,
    ),
    _layer(
        "dtype_float32",
        "Your result is float32 whatever comes in.",
        "Which dtype do torch.zeros and .float() give?",
        finish=lambda out: out.float(),
    ),
    _layer_back(
        "gamma_outside",
        "Your dx is right only if gamma is the same for all features.",
        "Do the features that are averaged together have the same gamma? Then where may it stand?",
        weigh_by=unscaled,
        after=gamma_outside,
    ),
    _layer_back("over_batch", "Your dx depends on the other samples of the batch.", OWN, axes=over_batch),
    _layer_back(
        "stats_constant",
        "Your dx is proportional to dout times gamma in each sample.",
        "Does the mean of a sample change when one of its features does?",
        combine=stats_constant,
    ),
    _layer_back(
        "no_mean_path",
        "Your dx does not add up to 0 in a sample.",
        "What happens to the output if the same is added to all features of a sample?",
        combine=no_mean_path,
    ),
    _layer_back(
        "no_var_path",
        "Your dx grows along x, as if stretching a sample changed the output.",
        "What happens to the output if a sample is stretched by one factor?",
        combine=no_var_path,
    ),
    _layer_back(
        "var_sign",
        "Of the three parts of your dx, one has the wrong sign.",
        "The root stands below a fraction bar: what is the sign of that derivative?",
        combine=var_sign,
    ),
    _layer_back(
        "missing_1_over_D",
        "Your dx is far too large, more so for many features.",
        "How many numbers does each mean of the forward pass average?",
        combine=no_division,
    ),
    _layer_back(
        "D_is_N",
        "Your dx is right only if there are as many samples as features.",
        "How many numbers does each mean of the forward pass average?",
        combine=rows_count,
    ),
    _layer_back(
        "no_gamma",
        "Your dx does not depend on gamma.",
        "Which box of the graph does dout meet first on its way back?",
        weigh_by=unscaled,
    ),
    _layer_back(
        "first_gamma",
        "Your dx is right only if gamma is the same for all features.",
        "How many different gammas are there?",
        weigh_by=lambda dout, gamma: dout * gamma[0],
    ),
    _layer_back(
        "dgamma_axis",
        "Your dgamma has one entry for each sample.",
        "Gamma has one entry per feature. Which axis has to be summed over?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).sum(1),
        dbeta=lambda dout, gamma: dout.sum(1),
    ),
    _layer_back(
        "dgamma_of_dxhat",
        "Your dgamma is off by a factor in each feature, by another in each.",
        "Is it the gradient of the output that meets xhat, or one that has already passed gamma?",
        dgamma=lambda dout, xhat, x, gamma: sum_per_channel(dout * xhat) * gamma,
    ),
    _layer_back(
        "dgamma_mean",
        "Your dgamma and dbeta are too small by one factor everywhere.",
        "The loss adds up over the samples. Does its gradient?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).mean(0),
        dbeta=lambda dout, gamma: dout.mean(0),
    ),
    _layer_back(
        "unbiased_var",
        "Your gradients belong to another forward pass, more so for few features.",
        "With which of the two variances is a sample normalised?",
        var=unbiased_over,
    ),
    _layer_back(
        "eps_hard",
        "Your gradients are right for the usual eps only.",
        "Where does `eps` enter?",
        eps_of=lambda eps: 1e-5,
    ),
    _layer_back(
        "order",
        "Your second and third result are exchanged.",
        "In which order does the docstring list the results?",
        finish=lambda dx, dgamma, dbeta: (dx, dbeta, dgamma),
    ),
    _layer_back(
        "mutates_dout",
        "After the call the caller's dout holds other numbers.",
        "Does `*=` make a new tensor?",
        mutating(RIGHT["layernorm_backward"]),
    ),
)
