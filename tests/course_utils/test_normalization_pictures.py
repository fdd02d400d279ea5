"""What the pictures of `normalization` show: the claims of the notebook's text, with right functions and wrong ones."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils import plotting
from course_utils.data import digits
from course_utils.plotting.learning import BATCH, WIDTHS, Norm, Plan, train
from tests.course_utils.checked import checks_of
from tests.course_utils.pictures.normalization import BATCHES, BOTH_WAYS, COLOURS, PICTURES, normal
from tests.course_utils.printed import said

right = checks_of("normalization").right

mpl.use("Agg")


@cache
def drawn(name):
    functions, draw, _ = PICTURES[name]
    return draw(*functions)


def heights(ax):
    return np.array([bar.get_height() for bar in ax.patches])


def test_evaluation_is_as_good_as_its_notes():
    """After one batch the three features are still far apart, after sixty they lie on each other as in training."""
    centres = []
    for ax in drawn("before_and_after").axes:
        outlines = [patch.get_xy()[:, 0] for patch in ax.patches]
        centres.append([float(outline.mean()) for outline in outlines])
    inputs, training, early, late = (max(found) - min(found) for found in centres)
    assert inputs > 20 < early * 2
    assert training < 1 > late


def test_the_graph_needs_no_function():
    """Eleven boxes with their shapes, and two dots where something is used twice."""
    figure = plotting.batchnorm_graph()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert sum("(N, D)" in text for text in texts) == 6
    assert sum("(D,)" in text for text in texts) == 5
    assert len(figure.axes[0].lines) == 2


def test_sweeps_are_those_that_the_check_counts():
    """Two bars; the staged way takes more than the simplified one."""
    first, second = (bar.get_width() for bar in drawn("sweeps_taken").axes[0].patches)
    assert 20 < first < 25
    assert 12 < second < 18


def test_one_loss_moves_all_samples_in_training_only():
    """In evaluation one bar; in training many, which cancel."""
    training, evaluation = (heights(ax) for ax in drawn("whose_gradient").axes)
    assert np.count_nonzero(evaluation) == 1
    assert np.count_nonzero(np.abs(training) > 1e-6) > 5
    assert abs(training.sum()) < 1e-9


def test_networks_with_norm_learn_where_plain_ones_do_not():
    """With weights a tenth of the usual, only the network with batch norm reads digits."""
    norm = Norm(*BOTH_WAYS)
    plain, normed = (train(Plan(0.3, 0.1, used)).accuracy for used in (None, norm))
    assert plain < 0.3
    assert normed > 0.85
    assert train(Plan(0.1, 1.0)).accuracy > 0.7


def test_training_follows_the_true_gradient():
    """A step by hand-made gradients is the step that autograd makes."""
    plan = Plan(0.1, 1.0, Norm(*BOTH_WAYS), steps=3)
    assert train(plan).losses == pytest.approx(autograd_losses(plan), rel=1e-4)


def autograd_losses(plan):
    """The same network, trained by autograd."""
    images, labels = digits(split="train").tensors()
    images = images.flatten(1) - images.mean()
    rng = torch.Generator().manual_seed(plan.seed)
    shapes = list(pairwise(WIDTHS))
    weights = [torch.randn(a, b, generator=rng) * plan.scale * (2 / a) ** 0.5 for a, b in shapes]
    gammas, betas = [torch.ones(b) for _, b in shapes], [torch.zeros(b) for _, b in shapes]
    order = torch.randperm(len(images), generator=rng)
    parameters = [part.requires_grad_() for part in (*weights, *gammas[:-1], *betas)]
    losses = []
    for step in range(plan.steps):
        chosen = order[step * BATCH : (step + 1) * BATCH]
        h = images[chosen]
        for w, gamma, beta in zip(weights[:-1], gammas, betas, strict=False):
            h = functional.relu(functional.batch_norm(h @ w, None, None, gamma, beta, training=True))
        loss = functional.cross_entropy(h @ weights[-1] + betas[-1], labels[chosen])
        losses.append(loss.item())
        with torch.no_grad():
            for part, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                part.sub_(plan.lr * gradient)
    return losses


def test_random_shifts_move_the_target_and_do_not_stop_learning():
    """The finding in the title: most movement with the random shifts, which learn all the same; plain stays."""
    left, right_axes = drawn("moving_target").axes
    plain, normed, shifted = (line.get_ydata() for line in left.lines)
    assert plain[-5:].mean() > 2.2
    assert normed[-5:].mean() < shifted[-5:].mean() < 1
    moved = [np.median(line.get_ydata()) for line in right_axes.lines]
    assert moved[1] < moved[0] < moved[2]


def test_slow_functions_train_fewer_networks_or_none(monkeypatch, capsys):
    """Beyond what patience allows, every second column and row is left out; far beyond it, a note says why."""
    seconds = "course_utils.plotting.learning._seconds"
    monkeypatch.setattr(seconds, lambda *_: 10.0)
    figure = plotting.learning_map(*BOTH_WAYS, "cpu", rates=(0.1, 0.3, 1.0), scales=(0.3, 1.0))
    assert figure.axes[0].images[0].get_array().shape == (2, 1)
    monkeypatch.setattr(seconds, lambda *_: 120.0)
    assert plotting.learning_map(*BOTH_WAYS, "cpu", rates=(0.1,), scales=(1.0,)) is None
    assert plotting.moving_target(*BOTH_WAYS, "cpu", steps=60) is None
    assert "it would take 2 minutes" in said(capsys)


def test_the_cast_is_gone():
    """After the norm the channels have the same mean."""
    after = np.stack([np.asarray(ax.images[0].get_array()) for ax in drawn("white_balance").axes[5:9]])
    assert np.ptp(after.mean(axis=(0, 1, 2))) < 0.02


def test_spread_falls_with_the_root_of_the_batch():
    """The line of batch norm follows the dotted one; layer norm is zero and in the legend only."""
    batch, empty, root = drawn("company").axes[0].lines
    ratio = batch.get_ydata() / root.get_ydata()
    assert 0.5 < ratio.min() < ratio.max() < 2
    assert len(empty.get_ydata()) == 0
    figure = plotting.company(right.batchnorm_forward, lambda x, g, b: (x - x.mean(0)) * g, normal(99, 4), tries=9)
    assert len(figure.axes[0].lines[1].get_ydata()) == 9


def test_who_shares_a_mean():
    """As many little cubes are orange as share a statistic: 16, 24, 8 and 4 of 96."""
    counts = []
    for ax in drawn("shared_statistics").axes:
        faces = [tuple(np.round(part.get_facecolor()[0], 3)) for part in ax.collections]
        counts.append((len(faces), sum(face[2] < 0.5 for face in faces)))
    # Only cubes on the outside are drawn: four of the sixteen of batch norm lie inside.
    assert [orange for _, orange in counts] == [12, 24, 8, 4]
    assert {total for total, _ in counts} == {80}


def test_fold_measures_the_gap():
    """The headline says how far the two are apart, also if they are far apart."""
    assert float(drawn("folded").get_suptitle().split()[-3]) < 1e-9

    def wrong(w, b, *args):
        return w, b

    assert float(plotting.folded(wrong, right.batchnorm2d_forward, COLOURS).get_suptitle().split()[-3]) > 0.1


def test_bias_has_a_gradient_in_evaluation_only():
    """No bars on the left, bars on the right."""
    training, evaluation = (heights(ax) for ax in drawn("bias_gradients").axes)
    assert np.abs(training).max() < 1e-9
    assert np.abs(evaluation).min() > 1e-3


def test_each_norm_is_blind_to_what_it_divides_out():
    """White cells: batch norm to what is the same for a feature, layer norm to what is the same for a sample."""
    felt = np.asarray(drawn("invariance").axes[0].images[0].get_array())
    assert felt.tolist() == [[1, 0, 0], [1, 0, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]


def test_a_gap_that_is_no_number_is_named(capsys):
    """A list instead of a number gives a note."""
    functions = PICTURES["invariance"][0]
    assert plotting.invariance(lambda *_: [1], *functions[1:]) is None
    assert "it needs a number" in said(capsys)


def test_inputs_stay_as_they_are():
    """Functions that change their inputs spoil no later picture."""
    before = BATCHES.clone()

    def greedy(x, *args, **options):
        result = right.batchnorm_forward(x.clone(), *args, **options)
        x.zero_()
        return result

    assert plotting.before_and_after(greedy, BATCHES) is not None
    assert torch.equal(BATCHES, before)


def test_small_networks_learn_on_one_thread():
    """Where other programs run, a second thread makes such networks many times slower; afterwards all are back."""
    threads = []

    def forward(*args, **options):
        threads.append(torch.get_num_threads())
        return right.batchnorm_forward(*args, **options)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        plotting.moving_target(forward, right.batchnorm_backward, "cpu", steps=2)
        assert set(threads) == {1}
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_histograms_of_what_is_no_number_wait_for_the_check(capsys):
    """NaN has no place on an axis: the note says what came."""

    def nowhere(x, *args, **options):
        out, mean, var = right.batchnorm2d_forward(x, *args, **options)
        return out * math.nan, mean, var

    assert plotting.white_balance(nowhere, torch.stack([COLOURS] * 4)) is None
    assert "nowhere returned numbers that are not finite" in said(capsys)
