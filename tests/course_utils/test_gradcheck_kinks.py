"""The gradient check where a function has a kink, or nearly."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import layers
from course_utils.gradcheck import check_gradients
from tests.course_utils.gradients import BOTH


@BOTH
def test_kinks_are_set_aside_and_counted(fast):
    """ReLU at 0: each slope from 0 to 1 is right there, and no other one."""
    x = np.array([-2.0, 0.0, 1.0, 0.0, 3.0])
    dout = np.ones(5)
    for slope, kinks, ok in [(0.0, 2, True), (1.0, 2, True), (0.3, 2, True), (1.5, 0, False), (-0.5, 0, False)]:

        def backward(dout, x, slope=slope):
            return dout * np.where(x == 0, slope, x > 0)

        report = check_gradients(layers.relu_forward, backward, [x], dout=dout, fast=fast)
        assert bool(report) == ok, slope
        assert report.inputs[0].kinks == kinks
        assert report.inputs[0].wrong == (0 if ok else 2)
        assert np.isnan(report.inputs[0].errors[[1, 3]]).all() == ok


def test_kinks_do_not_excuse_other_entries(rng):
    """A wrong entry beside kinks is found."""
    x = np.round(rng.normal(size=(6, 7)))
    assert (x == 0).any()
    place = np.unravel_index(np.argmax(x), x.shape)

    def backward(dout, x):
        gradient = layers.relu_backward(dout, x)
        gradient[place] *= 1.1
        return gradient

    for fast in (False, True):
        report = check_gradients(layers.relu_forward, backward, [x], fast=fast)
        assert report.inputs[0].wrong == 1
        assert report.inputs[0].worst.index == place


@pytest.mark.parametrize("away", [1e-9, 1e-6, 3e-6, 1e-5])
@pytest.mark.parametrize("side", [-1, 1])
@BOTH
def test_near_a_kink(side, away, fast):
    """Right beside it the one slope is right; what is wrong is so for a step that doesn't reach the kink."""
    x = np.array([side * away, 1.0, -1.0])
    right = check_gradients(layers.relu_forward, layers.relu_backward, [x], fast=fast)
    assert right, right
    wrong = check_gradients(layers.relu_forward, lambda dout, x: 3 * layers.relu_backward(dout, x), [x], fast=fast)
    assert not wrong


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_kinks_that_cancel(rng, fast, seed):
    """A difference of two ReLUs at 0 is smooth along (1, -1), with a slope that neither has by itself."""
    x, w = np.round(rng.normal(size=(3, 12)), 0), rng.normal(size=(12, 4))
    assert (x == 0).sum() > 5
    report = check_gradients(
        lambda x, w: layers.relu_forward(x) @ w,
        lambda dout, x, w: (layers.relu_backward(dout @ w.T, x), layers.relu_forward(x).T @ dout),
        [x, w],
        fast=fast,
        seed=seed,
    )
    assert report, report
    assert report["x"].kinks == (x == 0).sum()
    assert report["w"].kinks == 0


def test_ties_of_a_maximum(rng):
    """Whichever of equal numbers a window takes; taking a smaller one is wrong."""
    x = rng.integers(0, 4, size=(2, 2, 7, 8)).astype(np.float64)

    def forward(x):
        return layers.max_pool2d_forward(x, 3, stride=2)

    report = check_gradients(forward, lambda dout, x: layers.max_pool2d_backward(dout, x, 3, stride=2), [x])
    assert report
    assert 0 < report.inputs[0].kinks < x.size
    smaller = check_gradients(forward, lambda dout, x: layers.max_pool2d_backward(dout, -x, 3, stride=2), [x])
    assert not smaller


def test_too_many_kinks_for_a_fast_check(rng):
    """It says so, and doesn't pass what it has not seen."""
    x = np.zeros((40, 50))
    report = check_gradients(layers.relu_forward, layers.relu_backward, [x], fast=True)
    assert not report
    assert report.inputs[0].undecided > 0
    assert "UNDECIDED among too many kinks" in str(report)
    assert report.evaluations < 2000


def test_nothing_but_kinks_is_no_success():
    """A check that has compared nothing does not pass."""
    report = check_gradients(layers.relu_forward, layers.relu_backward, [np.zeros(3)])
    assert not report
    assert "NOTHING is left to compare" in str(report)


@BOTH
def test_curvature_is_no_kink(rng, fast):
    """A slope that changes fast, and a wrong gradient there."""
    x = rng.normal(size=20)
    assert check_gradients(lambda x: np.sin(50 * x), lambda dout, x: 50 * np.cos(50 * x) * dout, [x], fast=fast)
    report = check_gradients(
        lambda x: np.sin(50 * x), lambda dout, x: 50 * np.cos(50 * x) * dout * 1.001, [x], fast=fast
    )
    assert not report
    assert report.inputs[0].kinks == 0


@BOTH
@pytest.mark.filterwarnings("ignore:invalid value encountered in log")
def test_a_step_may_leave_the_domain(rng, fast):
    """Where a large step meets no number any more, the others decide."""
    x = np.array([3e-4, 1.0, 2.0, 3.0])
    assert check_gradients(np.log, lambda dout, x: dout / x, [x], fast=fast)
    report = check_gradients(np.log, lambda dout, x: dout / x * 1.01, [x], fast=fast)
    assert report.inputs[0].wrong == 4
