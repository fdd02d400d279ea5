"""Typical mistakes in batchnorm_forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    RIGHT,
    Tensor,
    batch_forward,
    over_features,
    stored_mean,
    stored_var,
    weigh,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_statistics import (
    EPS_OUTSIDE,
    Remembering,
    biased,
    first_copied,
    kept,
    lossy_var,
    replaced,
    unbiased_over,
    whole_array,
)
from autograder.mistakes import Mistake


def _forward(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "batchnorm_forward", {"batchnorm_forward": batch_forward(**steps)}, symptom, hint)


def _written(id: str, symptom: str, hint: str, function: Callable[..., Any]) -> Mistake:
    return Mistake(id, "batchnorm_forward", {"batchnorm_forward": function}, symptom, hint)


def _in_place(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    return old.mul_(1 - momentum).add_(momentum * new)


def _centred_in_place(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    shift = stored_mean(x) if training else running_mean
    out = RIGHT["batchnorm_forward"](
        x.clone(), gamma, beta, running_mean, running_var, training=training, momentum=momentum, eps=eps
    )
    x -= shift
    return out


def _normalises_with_new(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    options = {"momentum": momentum, "eps": eps}
    if not training:
        return RIGHT["batchnorm_forward"](x, gamma, beta, running_mean, running_var, training=False, **options)
    _, mean, var = RIGHT["batchnorm_forward"](x, gamma, beta, running_mean, running_var, training=True, **options)
    return RIGHT["batchnorm_forward"](x, gamma, beta, mean, var, training=False, **options)


def _out_only_in_evaluation(x, gamma, beta, running_mean, running_var, *, training, **options):
    results = RIGHT["batchnorm_forward"](x, gamma, beta, running_mean, running_var, training=training, **options)
    return results if training else results[0]


def _asserts(x, gamma, beta, running_mean, running_var, *, training, **options):
    if training and len(x) == 1:
        raise AssertionError("a batch is needed")
    return RIGHT["batchnorm_forward"](x, gamma, beta, running_mean, running_var, training=training, **options)


def _no_eps(var: Tensor, eps: float) -> Tensor:
    return 1 / torch.sqrt(var)


def _no_root(var: Tensor, eps: float) -> Tensor:
    return 1 / (var + eps)


FORWARD = (
    _forward(
        "bf_unbiased_norm",
        "Your outputs in training are too small by one factor everywhere, more so for small batches.",
        "There are two variances. Which one is used to normalise, and which one is stored?",
        var=unbiased_over,
    ),
    _forward(
        "bf_biased_running",
        "Your stored variance is too small, more so for small batches.",
        "There are two variances. Which one is used to normalise, and which one is stored?",
        new_var=biased,
    ),
    _forward(
        "bf_momentum_flipped",
        "Your stored statistics follow the newest batch too closely.",
        "With the usual momentum, how much of the old value should be left after one batch?",
        update_mean=lambda old, new, momentum: weigh(old, new, 1 - momentum),
        update_var=lambda old, new, momentum: weigh(old, new, 1 - momentum),
    ),
    _forward(
        "bf_momentum_hard",
        "Your stored statistics are right for the usual momentum only.",
        "Where does `momentum` enter?",
        momentum_of=lambda momentum: 0.1,
    ),
    _forward(
        "bf_eps_hard",
        "Your outputs are right for the usual eps only.",
        "Where does `eps` enter?",
        eps_of=lambda eps: 1e-5,
    ),
    _forward(
        "bf_eps_outside_sqrt",
        "Your outputs are a little off, most where a feature varies little.",
        "What exactly stands under the root?",
        **EPS_OUTSIDE,
        eval_inverse=EPS_OUTSIDE["inverse"],
    ),
    _forward(
        "bf_no_eps",
        "Your outputs in training are not finite where a feature never varies.",
        "What do you divide by if all samples are equal?",
        inverse=_no_eps,
        eval_inverse=_no_eps,
    ),
    _forward(
        "bf_train_no_eps",
        "Your outputs in training are not finite where a feature never varies.",
        "Compare the roots of training and evaluation.",
        inverse=_no_eps,
    ),
    _forward(
        "bf_clamps_var",
        "Your outputs are right except where a feature varies little.",
        "Is eps a lower limit, or something that is added?",
        inverse=lambda var, eps: 1 / torch.sqrt(var.clamp(min=eps)),
        eval_inverse=lambda var, eps: 1 / torch.sqrt(var.clamp(min=eps)),
    ),
    _forward(
        "bf_divide_by_var",
        "Your normalised features don't have spread 1, unless they had it before.",
        "In which unit is a variance, if x is in metres?",
        inverse=_no_root,
        eval_inverse=_no_root,
    ),
    _forward(
        "bf_train_no_sqrt",
        "Your outputs in training have another scale than in evaluation.",
        "In which unit is a variance, if x is in metres?",
        inverse=_no_root,
    ),
    _forward(
        "bf_no_center",
        "Your normalised features don't have mean 0.",
        "Normalising takes two steps. Which one comes first?",
        centre=lambda x, mean: x,
    ),
    _forward(
        "bf_axis1",
        "In training each of your samples has mean 0, not each feature.",
        "Which axis of x counts the samples? That is the one to average over.",
        axes=over_features,
    ),
    _forward(
        "bf_scalar_stats",
        "Your features share one mean and one variance in training.",
        "How many means does a batch of D features have?",
        mean=whole_array,
        var=lambda x, axes: x.var(unbiased=False),
        new_mean=lambda x: x.mean().expand(x.shape[1]),
        new_var=lambda x: (x.var(unbiased=False) * len(x) / (len(x) - 1)).expand(x.shape[1]),
    ),
    _forward(
        "bf_gamma_beta_swapped",
        "Your two learned parameters do each other's work.",
        "Which one scales, and which one shifts?",
        affine=lambda xhat, gamma, beta: beta * xhat + gamma,
        eval_affine=lambda xhat, gamma, beta: beta * xhat + gamma,
    ),
    _forward(
        "bf_gamma_after_beta",
        "Your outputs are off by one amount for each feature.",
        "In which order are the scale and the shift applied?",
        affine=lambda xhat, gamma, beta: gamma * (xhat + beta),
        eval_affine=lambda xhat, gamma, beta: gamma * (xhat + beta),
    ),
    _forward(
        "bf_no_affine",
        "Your outputs don't depend on the learned parameters.",
        "What are gamma and beta for?",
        affine=lambda xhat, gamma, beta: xhat,
        eval_affine=lambda xhat, gamma, beta: xhat,
    ),
    _forward(
        "bf_no_gamma",
        "The scale of your outputs never changes.",
        "One of the two learned parameters is left out.",
        affine=lambda xhat, gamma, beta: xhat + beta,
        eval_affine=lambda xhat, gamma, beta: xhat + beta,
    ),
    _forward(
        "bf_no_beta",
        "The mean of your outputs is always 0.",
        "One of the two learned parameters is left out.",
        affine=lambda xhat, gamma, beta: gamma * xhat,
        eval_affine=lambda xhat, gamma, beta: gamma * xhat,
    ),
    _forward(
        "bf_running_not_updated",
        "Training returns the statistics that came in.",
        "Which two numbers per feature does evaluation need later, and who computes them?",
        update_mean=kept,
        update_var=kept,
    ),
    _forward(
        "bf_running_replaced",
        "Your stored statistics forget all earlier batches.",
        "How much of the old value should be left after one batch?",
        update_mean=replaced,
        update_var=replaced,
    ),
    _forward(
        "bf_running_first_batch",
        "Your stored statistics are off after the very first batch only.",
        "Does the formula ask where the old statistics come from?",
        update_mean=first_copied(0.0),
        update_var=first_copied(1.0),
    ),
    _forward(
        "bf_old_left_out",
        "Your stored statistics are far too small, and forget all earlier batches.",
        "What do the weights of old and new have to add up to?",
        update_mean=lambda old, new, momentum: momentum * new,
        update_var=lambda old, new, momentum: momentum * new,
    ),
    _forward(
        "bf_running_sums",
        "Your stored statistics grow with every batch.",
        "What do the two weights of old and new have to add up to?",
        update_mean=lambda old, new, momentum: old + momentum * new,
        update_var=lambda old, new, momentum: old + momentum * new,
    ),
    _forward(
        "bf_running_only_mean",
        "Your stored variance never changes.",
        "Two statistics are stored.",
        update_var=kept,
    ),
    _forward(
        "bf_running_std",
        "Your stored variance is not a variance.",
        "Which of variance and standard deviation does evaluation expect to find?",
        new_var=lambda x: torch.sqrt(stored_var(x)),
    ),
    _forward(
        "bf_running_var_gets_mean",
        "Your stored variance looks like a mean.",
        "Compare the two lines that update the statistics, word by word.",
        new_var=stored_mean,
    ),
    _forward(
        "bf_running_order",
        "Your second and third result are exchanged.",
        "In which order does the docstring list the results?",
        finish=lambda out, mean, var: (out, var, mean),
    ),
    _forward(
        "bf_out_only",
        "Your function returns one thing.",
        "How many results does the docstring list?",
        finish=lambda out, mean, var: out,
    ),
    _written(
        "bf_eval_out_only",
        "Your function returns one thing in evaluation.",
        "Does the docstring list other results for evaluation?",
        _out_only_in_evaluation,
    ),
    _forward(
        "bf_running_inplace_alias",
        "After the call the caller's statistics hold other numbers.",
        "Does your line make a new tensor, or write into the one it was given?",
        update_mean=_in_place,
        update_var=_in_place,
    ),
    _written(
        "bf_x_inplace",
        "After the call the caller's x holds other numbers.",
        "Does `-=` make a new tensor?",
        _centred_in_place,
    ),
    _forward(
        "bf_test_uses_batch",
        "Your evaluation depends on which other samples are in the batch.",
        "Whose mean and variance does evaluation use?",
        eval_statistics=lambda x, mean, var: (x.mean(0, keepdim=True), x.var(0, unbiased=False, keepdim=True)),
    ),
    _forward(
        "bf_test_updates_running",
        "Your statistics change in evaluation.",
        "What should be left of a test image once it has been classified?",
        eval_stored=lambda x, mean, var, momentum: (
            weigh(mean, stored_mean(x), momentum),
            weigh(var, stored_var(x), momentum),
        ),
    ),
    _forward(
        "bf_test_no_affine",
        "Your evaluation leaves the learned parameters out.",
        "What comes after normalising, in training? Is evaluation different there?",
        eval_affine=lambda xhat, gamma, beta: xhat,
    ),
    _forward(
        "bf_test_no_sqrt",
        "Your evaluation gives outputs of another scale than training.",
        "In which unit is a variance, if x is in metres?",
        eval_inverse=_no_root,
    ),
    _forward(
        "bf_test_no_eps",
        "Your evaluation is off where the stored variance is small.",
        "Compare the roots of training and evaluation.",
        eval_inverse=_no_eps,
    ),
    _written(
        "bf_train_uses_running",
        "Your outputs in training hardly depend on the batch.",
        "Whose mean and variance does training use?",
        _normalises_with_new,
    ),
    _forward(
        "bf_dtype_float32",
        "Your results are float32 whatever comes in.",
        "Which dtype do torch.zeros and .float() give?",
        finish=lambda *results: tuple(result.float() for result in results),
    ),
    _forward(
        "bf_dtype_float64",
        "Your results are float64 whatever comes in.",
        "Which line makes a tensor without asking what x is made of?",
        finish=lambda *results: tuple(result.double() for result in results),
    ),
    _forward(
        "bf_lossy_variance",
        "Your outputs lose their digits where the numbers are far from zero.",
        "The difference of two large numbers: take the mean off before squaring.",
        var=lossy_var,
    ),
    _forward(
        "bf_no_error",
        "A single sample in training gives numbers, though it has no spread.",
        "What does the docstring say about a batch of one?",
        refuse=lambda x, training: False,
    ),
    _written(
        "bf_assertion",
        "A single sample in training raises an error of another class.",
        "Which error does the docstring name?",
        _asserts,
    ),
    _forward(
        "bf_error_in_evaluation",
        "Your evaluation refuses a single sample.",
        "Which of the two modes needs several samples, and what for?",
        refuse=lambda x, training: len(x) == 1,
    ),
    _forward(
        "bf_always_training",
        "Your evaluation does what training does.",
        "Where does `training` enter?",
        training_of=lambda training: True,
        refuse=lambda x, training: len(x) == 1,
    ),
    _written(
        "bf_remembers",
        "Your statistics are not those that came in: the last call's are still there.",
        "Does your function keep something outside of itself?",
        Remembering(RIGHT["batchnorm_forward"]),
    ),
)
