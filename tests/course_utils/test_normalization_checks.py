"""The checks of `normalization`: stored results, what they say to a mistake, and the counting of sweeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.checks import stored
from course_utils.checks.case import Case
from course_utils.checks.normalization_cases import CASES
from course_utils.checks.passes import passes
from course_utils.compare import Rung
from tests.course_utils.checked import checks_of, expect_reason
from tests.course_utils.spoiled import WAYS

CHECKED = checks_of("normalization")
right = CHECKED.right
STORED = stored.load("normalization")


def test_the_example_of_the_text_is_stored():
    """The numbers that the text arrives at by pencil."""
    normed = STORED["batchnorm_forward: the example of the text"]
    assert np.allclose(normed.out[:, 0], [-0.5, -0.5, -0.5, -0.5, 7], atol=1e-4)
    assert np.allclose([normed.running_mean[0], normed.running_var[0]], [0.2, 1.4])
    dx = STORED["batchnorm_backward: the example of the text"].dx
    assert np.allclose(dx[:, 0], [0.375, -0.125, -0.125, -0.125, 0], atol=1e-5)
    dx = STORED["layernorm_backward: the example of the text"].dx
    assert np.allclose(dx[0], [-0.375, -0.375, 1.125, -0.375, 0], atol=1e-5)
    folded = STORED["fold_batchnorm: the example of the text"]
    assert np.allclose([*folded.w[0], *folded.b], [6, -3, 7], atol=1e-4)


@pytest.mark.parametrize(
    ("question", "mistake", "rung", "parts"),
    [
        ("batchnorm_forward", "bf_unbiased_norm", Rung.VALUES, ["out of", "step by step"]),
        ("batchnorm_forward", "bf_biased_running", Rung.VALUES, ["running_var of", "(N - 1) is stored"]),
        ("batchnorm_forward", "bf_momentum_flipped", Rung.VALUES, ["running_mean of", "weight of the new"]),
        ("batchnorm_forward", "bf_momentum_hard", Rung.VALUES, ["momentum 0.3", "the caller says how large"]),
        ("batchnorm_forward", "bf_eps_outside_sqrt", Rung.VALUES, ["a large eps", "inside the root"]),
        ("batchnorm_forward", "bf_eps_hard", Rung.VALUES, ["a large eps", "added to the variance"]),
        ("batchnorm_forward", "bf_test_uses_batch", Rung.VALUES, ["training False", "running statistics count"]),
        (
            "batchnorm_forward",
            "bf_test_updates_running",
            Rung.VALUES,
            ["running_mean of", "stay as they are"],
        ),
        ("batchnorm_forward", "bf_eval_out_only", Rung.TYPE, ["a tuple of 3 entries, got a Tensor"]),
        (
            "batchnorm_forward",
            "bf_no_error",
            Rung.RAN,
            ["only one value", "got a tuple of 3 entries. Test"],
        ),
        ("batchnorm_forward", "bf_running_inplace_alias", Rung.UNCHANGED, ["its input running_mean"]),
        ("batchnorm_forward", "bf_lossy_variance", Rung.VALUES, ["lose their digits"]),
        ("batchnorm_forward", "bf_dtype_float64", Rung.DTYPE, ["expected dtype torch.float32"]),
        (
            "batchnorm_forward",
            "bf_running_std",
            Rung.VALUES,
            ["x (5, 1), gamma, beta, running_mean and running_var of 1 number, training True"],
        ),
        ("batchnorm_backward", "bb_stats_constant", Rung.VALUES, ["dx of", "the example of the text"]),
        ("batchnorm_backward", "bb_first_gamma", Rung.VALUES, ["in the last 2 features, where every value is wrong"]),
        ("batchnorm_backward", "bb_eps_hard", Rung.VALUES, ["eps 0.5", "under the root"]),
        ("batchnorm_backward", "bb_dgamma_axis_scalar", Rung.SHAPE, ["dgamma of", "expected shape (1,), got ()"]),
        ("batchnorm_backward", "bb_mutates_dout", Rung.UNCHANGED, ["its input dout"]),
        ("batchnorm_backward_simplified", "not simplified", Rung.VALUES, ["take 23.0 sweeps", "at most 18"]),
        ("batchnorm_backward_eval", "be_uses_train", Rung.VALUES, ["dx of batchnorm_backward_eval"]),
        ("batchnorm2d", "sf_bessel_by_images", Rung.VALUES, ["running_var of", "N * H * W values"]),
        ("batchnorm2d", "dbeta over samples only", Rung.SHAPE, ["dbeta of", "sum over all of them"]),
        ("batchnorm2d", "sf_no_error", Rung.RAN, ["only one value for each channel"]),
        ("batchnorm2d", "sf_reshape_no_transpose", Rung.VALUES, ["reshape moves no numbers"]),
        ("layernorm", "keepdim only if needed", Rung.VALUES, ["as many samples as features", "keepdim=True"]),
        ("layernorm", "lb_gamma_outside", Rung.VALUES, ["dx of layernorm_backward"]),
        ("groupnorm", "gf_strided_groups", Rung.VALUES, ["neighbouring channels of one sample"]),
        ("groupnorm", "gb_no_error", Rung.RAN, ["groupnorm_backward", "can't be divided into that many groups"]),
        ("fold_batchnorm", "fold_none_stays_none", Rung.TYPE, ["b None", "got None"]),
        ("fold_batchnorm", "slope along the last axis", Rung.VALUES, ["a square matrix", "axis 0 of w"]),
        ("bias_before_batchnorm", "bias_never_zero", Rung.VALUES, ["in_training of", "mean of the batch"]),
        ("scale_invariance", "gap_no_abs", Rung.VALUES, ["norm lambda x: x, x of 2 numbers", "above or below"]),
    ],
)
def test_mistakes_are_caught_for_the_right_reason(question, mistake, rung, parts):
    """The first rung that fails is the one that the mistake breaks, and the message points at it."""
    expect_reason(CHECKED.said(question, mistake), rung, parts)


def test_a_changed_input_is_named():
    """The one that the function wrote into."""
    wrong = WAYS["changes the first array"](right.scale_invariance_gap)
    failed = CHECKED.failure("scale_invariance", {"scale_invariance_gap": wrong})
    expect_reason(failed, Rung.UNCHANGED, ["its input x"])


def test_passes_count_what_is_read_or_written():
    """Each operation as much as its largest input or output; views and reserved memory are free."""
    x = torch.ones(4, 5)
    counted = {
        20: lambda: x * 2,
        40: lambda: (x * 2).sum(0),
        5: lambda: x[0] + 1,
        0: lambda: x.view(20)[::2].reshape(5, 2),
        21: lambda: x.sum() + 1,
        25: lambda: torch.cat([x, x[:1]]),
    }
    for want, call in counted.items():
        assert passes(call) == want
    assert passes(lambda: torch.empty(50)) == 0
    assert passes(lambda: torch.empty(50).fill_(1)) == 50


def test_counting_goes_on_after_an_error():
    """An error inside leaves no counting behind."""
    with pytest.raises(ZeroDivisionError):
        passes(lambda: 1 // 0)
    assert passes(lambda: torch.ones(3)) == 3


def test_what_to_look_at_follows_the_entry():
    """Where a case knows a reminder for each entry of a result, the wrong entry's is given."""
    case = next(case for case in CASES["batchnorm_forward"] if case.about == "another momentum")
    assert isinstance(case, Case)
    assert set(case.look) == {"out", "running_mean", "running_var"}

    def other_mean(*args, **options):
        out, mean, var = right.batchnorm_forward(*args, **options)
        return out, mean + (options.get("momentum") == 0.3), var

    failed = CHECKED.failure("batchnorm_forward", {"batchnorm_forward": other_mean})
    assert failed.message.endswith(case.look["running_mean"])
