"""The gradient check: what it refuses, and how its report reads."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch

from course_utils.gradcheck import check_gradients
from tests.course_utils.gradients import BOTH, conv_backward, conv_forward, conv_inputs

mpl.use("Agg")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.zeros(3, np.float32)}, r"x: expected float64, got float32\. A numerical gradient .* x\.astype"),
        ({"w": torch.zeros(3)}, r"w: expected float64, got float32.*w\.double\(\)"),
        ({"x": np.arange(3)}, "x: expected float64, got int64"),
        ({"x": np.array([1.0, np.nan])}, "x: expected finite numbers"),
        ({}, "inputs: expected at least one"),
    ],
)
def test_wrong_inputs_are_refused(inputs, message):
    """With a reason and what to do."""
    with pytest.raises(ValueError, match=message):
        check_gradients(lambda x: x, lambda dout, x: dout, inputs)


@pytest.mark.parametrize("value", [[1.0, 2.0], 3, "x", None])
def test_what_is_no_array_is_refused(value):
    """Settings belong into the function."""
    with pytest.raises(TypeError, match=r"x: expected an array or a tensor, got .* goes into the function"):
        check_gradients(lambda x: x, lambda dout, x: dout, {"x": value})


@pytest.mark.parametrize(
    ("forward", "error", "message"),
    [
        (lambda x: x.astype(np.float32), ValueError, "forward: expected float64 for float64 inputs, got float32"),
        (lambda x: (x, x), TypeError, r"expected one array or tensor, got tuple. Take .* lambda x: layer\(x\)\[0\]"),
        (lambda x: None, TypeError, "expected one array or tensor, got NoneType. Return one"),
        (lambda x: np.log(x - x), ValueError, "forward: expected finite numbers, got nan or inf"),
        (
            lambda x: x + np.random.default_rng().normal(),
            ValueError,
            "forward: expected equal results for equal inputs",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_wrong_outputs_are_refused(forward, error, message):
    """What can't be compared, and a function that is random."""
    with pytest.raises(error, match=message):
        check_gradients(forward, lambda dout, x: dout, [np.ones(3)])


def test_wrong_number_of_gradients_is_refused(rng):
    """With the names of those that were expected."""
    with pytest.raises(ValueError, match=r"backward: expected 3 gradients \(dx, dw, db\), got 2"):
        check_gradients(conv_forward, lambda *args: conv_backward(*args)[:2], conv_inputs(rng))


def test_dout_must_fit():
    """The shape of the output."""
    with pytest.raises(ValueError, match=r"dout: expected the shape of the output, \(3,\), got shape \(2,\)"):
        check_gradients(lambda x: x, lambda dout, x: dout, [np.ones(3)], dout=np.ones(2))


def wrong_report(rng, *, fast):
    def backward(dout, x, w, b):
        dx, dw, db = conv_backward(dout, x, w, b)
        dx[1, 2, 3, 4] += 0.25
        return dx, dw * 2, db[:, None]

    return check_gradients(conv_forward, backward, conv_inputs(rng), fast=fast)


def test_report_reads_well(rng):
    """One line for each input: how many, where, and both values."""
    lines = str(wrong_report(rng, fast=False)).splitlines()
    assert lines[0].startswith("Gradients entry by entry, ")
    assert lines[0].endswith(" evaluations: WRONG.")
    assert lines[1].startswith("  dx (2, 3, 6, 5): WRONG in 1 of 180 entries, most at [1, 2, 3, 4]: yours ")
    assert lines[2].startswith("  dw (4, 3, 3, 2): WRONG in 72 of 72 entries, most at [")
    assert lines[3] == "  db (4,): expected the shape of b, (4,), got (4, 1)."
    assert "WRONG in at least 1 of 180 entries, most at [1, 2, 3, 4]" in str(wrong_report(rng, fast=True))
    right = str(check_gradients(conv_forward, conv_backward, conv_inputs(rng), fast=True))
    assert right.splitlines()[1] == "  dx (2, 3, 6, 5): right in all 180 entries."
    assert "along random directions, 14 evaluations: right." in right


def test_report_is_found_by_name(rng):
    """And a wrong name gets the right ones."""
    report = wrong_report(rng, fast=False)
    assert report["w"].shape == (4, 3, 3, 2)
    with pytest.raises(KeyError, match="expected one of x, w, b"):
        report["y"]


@BOTH
def test_report_is_a_picture(rng, fast):
    """One panel for each input; the wrong entry is the darkest place, what isn't known is left empty."""
    figure = wrong_report(rng, fast=fast).figure()
    dx, dw, db = (np.ma.filled(ax.images[0].get_array().astype(float), np.nan) for ax in figure.axes[:3])
    assert figure.get_suptitle() == "Wrong gradients: dx, dw, db"
    assert dx.shape == (6, 5)
    assert np.nanargmax(dx) == 3 * 5 + 4
    assert np.nanmax(dx) == pytest.approx(np.log10(0.25), abs=1e-4)
    assert np.isnan(dx).sum() == (29 if fast else 0)
    assert dw.shape == (3, 2)
    assert np.isnan(db).all()
    right = check_gradients(conv_forward, conv_backward, conv_inputs(rng)).figure()
    assert right.get_suptitle() == "All gradients agree with differences"
    assert np.ma.filled(right.axes[0].images[0].get_array().astype(float), np.nan).max() < -6


def test_same_seed_same_report(rng):
    """Directions and dout are drawn from the seed alone."""
    inputs = conv_inputs(rng)
    one, two = (check_gradients(conv_forward, conv_backward, inputs, fast=True, seed=5) for _ in range(2))
    assert str(one) == str(two)


def test_arrays_need_no_torch():
    """Neither torch nor pyplot is loaded before it is needed."""
    code = """
import sys
import numpy as np
from course_utils.gradcheck import check_gradients
assert check_gradients(np.sin, lambda dout, x: dout * np.cos(x), [np.ones(3)])
print("torch" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
