"""The visible checks of `normalization` accept every right way, and catch the mistakes with a readable message."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import torch

from course_utils.checks import CheckFailed, stored
from course_utils.checks import normalization as check
from course_utils.checks.case import Case
from course_utils.checks.normalization_cases import CASES
from course_utils.checks.passes import passes
from course_utils.compare import Rung, compare
from tests.course_utils import normalization_oracles as oracles
from tests.course_utils import normalization_reference as right
from tests.course_utils.normalization_mistakes import MISTAKES
from tests.course_utils.normalization_reference import RIGHT

QUESTIONS = sorted(RIGHT)
STORED = stored.load("normalization")


def failure(question, functions):
    """What a check says to some functions; None if it lets them through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            getattr(check, question)(**{**RIGHT[question][0], **functions})
        except CheckFailed as failed:
            return failed
    return None


def said(question, mistake):
    return failure(question, MISTAKES[question][mistake])


def test_every_question_has_cases_right_ways_and_mistakes():
    """The ten automatic questions of the notebook, no more and no less."""
    assert list(CASES) == list(RIGHT) == list(MISTAKES)
    assert len(RIGHT) == 10
    for question, ways in RIGHT.items():
        assert {case.function for case in CASES[question]} == set(ways[0])


def test_stored_results_are_up_to_date():
    """Every case with a result has one, none is left over, and torch and autograd give the same again."""
    fresh = oracles.results()
    assert list(fresh) == list(STORED)
    for key, want in fresh.items():
        assert compare(STORED[key], want, rtol=1e-6, atol=1e-9, what=key) is None


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


def test_cases_have_names_of_their_own():
    """No two cases of a function share a name, and those that ask for an error come last."""
    for cases in CASES.values():
        assert len({case.key for case in cases}) == len(cases)
        asks = [bool(case.raises) for case in cases]
        assert asks == sorted(asks)


@pytest.mark.parametrize(
    ("question", "way"), [(question, way) for question in QUESTIONS for way in range(len(RIGHT[question]))]
)
def test_right_ways_pass_with_one_line(question, way, capsys):
    """Loops, columns, whole tensors and matrices pass, and one line is printed, with the sweeps where they count."""
    getattr(check, question)(**RIGHT[question][way])
    counted = r"Sweeps over arrays of N × D numbers: \d+\.\d of at most 18\.\n" if "simplified" in question else ""
    line = rf"{counted}✓ {question}: \d+ checks passed\. Hidden tests [^.]+\.\n"
    assert re.fullmatch(line, capsys.readouterr().out)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nine_in_ten_mistakes_are_caught(question):
    """Of the listed mistakes, at least nine in ten are caught at once; those that are not are printed."""
    missed = [name for name in MISTAKES[question] if said(question, name) is None]
    print(f"{question}: {len(MISTAKES[question]) - len(missed)} of {len(MISTAKES[question])} caught; missed: {missed}")
    assert len(MISTAKES[question]) >= 15
    assert len(missed) <= len(MISTAKES[question]) / 10


@pytest.mark.parametrize("question", QUESTIONS)
def test_messages_are_short_and_say_which_function(question):
    """A message names a function of the question, stays short, and dumps neither tensors nor tracebacks."""
    for name in MISTAKES[question]:
        failed = said(question, name)
        if failed is None:
            continue
        first = failed.message.splitlines()[0]
        assert any(function in first for function in RIGHT[question][0]), (name, failed.message)
        assert len(failed.message) < 900, (name, failed.message)
        assert "tensor([" not in failed.message, (name, failed.message)
        assert "Traceback" not in failed.message


@pytest.mark.parametrize("question", QUESTIONS)
def test_not_implemented_is_said_kindly(question):
    """An untouched stub fails with a sentence, not with a traceback."""
    failed = said(question, "not implemented")
    assert failed.rung is Rung.RAN
    assert failed.message.endswith("is not implemented yet. Write it in the cell above, run that cell, then this one.")


@pytest.mark.parametrize(
    ("question", "mistake", "rung", "parts"),
    [
        ("batchnorm_forward", "normalises with the unbiased variance", Rung.VALUES, ["out of", "step by step"]),
        ("batchnorm_forward", "stores the biased variance", Rung.VALUES, ["running_var of", "(N - 1) is stored"]),
        ("batchnorm_forward", "momentum weighs the old value", Rung.VALUES, ["running_mean of", "weight of the new"]),
        ("batchnorm_forward", "momentum hard-coded", Rung.VALUES, ["momentum 0.3", "the caller says how large"]),
        ("batchnorm_forward", "eps outside the root", Rung.VALUES, ["a large eps", "inside the root"]),
        ("batchnorm_forward", "no eps", Rung.VALUES, ["a large eps", "added to the variance"]),
        ("batchnorm_forward", "evaluation uses the batch", Rung.VALUES, ["training False", "running statistics count"]),
        (
            "batchnorm_forward",
            "evaluation updates the statistics",
            Rung.VALUES,
            ["running_mean of", "stay as they are"],
        ),
        ("batchnorm_forward", "evaluation returns the output only", Rung.TYPE, ["a tuple of 3 entries, got a Tensor"]),
        (
            "batchnorm_forward",
            "no error for one sample",
            Rung.RAN,
            ["only one value", "got a tuple of 3 entries. Test"],
        ),
        ("batchnorm_forward", "changes the running mean in place", Rung.UNCHANGED, ["its input running_mean"]),
        ("batchnorm_forward", "variance as a difference of squares", Rung.VALUES, ["lose their digits"]),
        ("batchnorm_forward", "batchnorm_forward always float64", Rung.DTYPE, ["expected dtype torch.float32"]),
        (
            "batchnorm_forward",
            "stores a deviation",
            Rung.VALUES,
            ["x (5, 1), gamma, beta, running_mean and running_var of 1 number, training True"],
        ),
        ("batchnorm_backward", "statistics are constants", Rung.VALUES, ["dx of", "the example of the text"]),
        ("batchnorm_backward", "constant gamma", Rung.VALUES, ["in the last 2 features, where every value is wrong"]),
        ("batchnorm_backward", "eps hard-coded", Rung.VALUES, ["eps 0.5", "under the root"]),
        ("batchnorm_backward", "dgamma is a number", Rung.SHAPE, ["dgamma of", "expected shape (1,), got ()"]),
        ("batchnorm_backward", "changes dout", Rung.UNCHANGED, ["its input dout"]),
        ("batchnorm_backward_simplified", "not simplified", Rung.VALUES, ["take 23.0 sweeps", "at most 18"]),
        ("batchnorm_backward_eval", "training formula", Rung.VALUES, ["dx of batchnorm_backward_eval"]),
        ("batchnorm2d", "unbiased by samples", Rung.VALUES, ["running_var of", "N * H * W values"]),
        ("batchnorm2d", "dbeta over samples only", Rung.SHAPE, ["dbeta of", "sum over all of them"]),
        ("batchnorm2d", "one value is no error", Rung.RAN, ["only one value for each channel"]),
        ("batchnorm2d", "forward: reshape without moving channels", Rung.VALUES, ["reshape moves no numbers"]),
        ("layernorm", "keepdim only if needed", Rung.VALUES, ["as many samples as features", "keepdim=True"]),
        ("layernorm", "gamma after the sums", Rung.VALUES, ["dx of layernorm_backward"]),
        ("groupnorm", "forward: E75 channels dealt out", Rung.VALUES, ["neighbouring channels of one sample"]),
        ("groupnorm", "backward: no error", Rung.RAN, ["groupnorm_backward", "can't be divided into that many groups"]),
        ("fold_batchnorm", "no bias stays none", Rung.TYPE, ["b None", "got None"]),
        ("fold_batchnorm", "slope along the last axis", Rung.VALUES, ["a square matrix", "axis 0 of w"]),
        ("bias_before_batchnorm", "training like evaluation", Rung.VALUES, ["in_training of", "mean of the batch"]),
        ("scale_invariance", "no absolute value", Rung.VALUES, ["norm lambda x: x, x of 2 numbers", "above or below"]),
        ("scale_invariance", "changes x", Rung.UNCHANGED, ["its input x"]),
    ],
)
def test_mistakes_are_caught_for_the_right_reason(question, mistake, rung, parts):
    """The first rung that fails is the one that the mistake breaks, and the message points at it."""
    failed = said(question, mistake)
    assert failed.rung is rung, failed.message
    for part in parts:
        assert part in failed.message


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

    failed = failure("batchnorm_forward", {"batchnorm_forward": other_mean})
    assert failed.message.endswith(case.look["running_mean"])
