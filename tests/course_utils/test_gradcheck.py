"""The gradient check: what it finds, what it lets pass, what it refuses, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch

from course_utils import layers
from course_utils.gradcheck import check_gradients

mpl.use("Agg")

BOTH = pytest.mark.parametrize("fast", [False, True], ids=["entries", "directions"])


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def conv_forward(x, w, b):
    return layers.conv2d_forward(x, w, b, stride=(2, 1), padding=(1, 0))


def conv_backward(dout, x, w, b):
    return layers.conv2d_backward(dout, x, w, stride=(2, 1), padding=(1, 0))


def conv_inputs(rng):
    return {"x": rng.normal(size=(2, 3, 6, 5)), "w": rng.normal(size=(4, 3, 3, 2)), "b": rng.normal(size=4)}


# What is right


@BOTH
def test_right_gradients_pass(rng, fast):
    """Several inputs at once, by name or in order."""
    inputs = conv_inputs(rng)
    report = check_gradients(conv_forward, conv_backward, inputs, fast=fast)
    assert report
    assert [(entry.name, entry.shape) for entry in report.inputs] == [(k, v.shape) for k, v in inputs.items()]
    assert not any(entry.wrong or entry.kinks or entry.undecided or entry.problem for entry in report.inputs)
    report.assert_right()
    in_order = check_gradients(conv_forward, conv_backward, list(inputs.values()), fast=fast)
    assert in_order
    assert [entry.name for entry in in_order.inputs] == ["x", "w", "b"]


ACTIVATIONS = ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu")


@BOTH
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_activations_pass(rng, fast, name, scale):
    """Steps follow the size of the numbers."""
    x = scale * rng.normal(size=(4, 30))
    forward, backward = (getattr(layers, f"{name}_{way}") for way in ("forward", "backward"))
    assert check_gradients(forward, backward, [x], fast=fast)


@BOTH
@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (1e-3, 0), (1, 1e3), (1e5, 1e6)])
def test_normalisation_passes(rng, fast, scale, shift):
    """Numbers far from zero, and far from one."""
    inputs = [scale * rng.normal(size=(9, 4)) + shift, rng.normal(size=4), rng.normal(size=4)]
    ones = np.ones(4)
    report = check_gradients(
        lambda x, gamma, beta: layers.batchnorm_forward(x, gamma, beta, ones, ones, training=True)[0],
        lambda dout, x, gamma, beta: layers.batchnorm_backward(dout, x, gamma),
        inputs,
        fast=fast,
    )
    assert report, report


@BOTH
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0, 3), (3, 1, 2)])
def test_any_number_of_axes(rng, fast, shape):
    """Scalars and empty arrays too."""
    x = np.asarray(rng.normal(size=shape))
    assert check_gradients(lambda x: x**3, lambda dout, x: 3 * x**2 * dout, {"x": x}, fast=fast)


@BOTH
def test_the_output_may_be_a_number(rng, fast):
    """A loss has a scalar for its dout."""
    x = rng.normal(size=(3, 4))
    assert check_gradients(lambda x: (x**2).sum(), lambda dout, x: 2 * dout * x, [x], fast=fast)
    assert not check_gradients(lambda x: (x**2).sum(), lambda dout, x: 2 * x, [x], fast=fast)
    assert check_gradients(lambda x: (x**2).sum(), lambda dout, x: 2 * x, [x], dout=1.0, fast=fast)


@BOTH
def test_an_input_may_have_no_gradient(rng, fast):
    """None in its place."""
    report = check_gradients(
        lambda x, mask: x * mask, lambda dout, x, mask: (dout * mask, None), [np.ones(3), np.arange(3.0)], fast=fast
    )
    assert [entry.name for entry in report.inputs] == ["x"]
    assert report


@BOTH
@pytest.mark.parametrize("layout", ["fortran", "gaps", "turned", "read-only"])
def test_memory_layout_arrives(rng, fast, layout):
    """The function sees arrays like those that were given, and writes into none of ours."""
    x = rng.normal(size=(4, 6))
    x = {"fortran": np.asfortranarray(x), "gaps": x[:, ::2], "turned": x.T, "read-only": x}[layout]
    x.flags.writeable = layout != "read-only"
    before, seen = x.copy(), []

    def forward(x):
        seen.append((x.flags.c_contiguous, x.flags.f_contiguous))
        out = x * x
        x[...] = 99
        return out

    def backward(dout, x):
        seen.append((x.flags.c_contiguous, x.flags.f_contiguous))
        return 2 * x * dout

    assert check_gradients(forward, backward, [x], fast=fast)
    assert np.array_equal(x, before)
    assert set(seen) == {(x.flags.c_contiguous, x.flags.f_contiguous)}


@BOTH
def test_tensors(rng, fast):
    """The function gets tensors, of the layout that was given; the same entries are found."""
    inputs = {name: torch.from_numpy(value) for name, value in conv_inputs(rng).items()}
    inputs["x"] = inputs["x"].transpose(2, 3)
    seen = []

    def backward(dout, x, w, b):
        seen.append((type(dout), x.is_contiguous()))
        dx, dw, db = conv_backward(dout, x, w, b)
        return dx, dw, db * torch.tensor([1.0, 1, 1, 1.5])

    report = check_gradients(conv_forward, backward, inputs, fast=fast)
    assert seen == [(torch.Tensor, False)] * 2
    assert [entry.wrong for entry in report.inputs] == [0, 0, 1]
    assert report["b"].worst.index == (3,)


# What is wrong


@BOTH
@pytest.mark.parametrize("shape", [(7,), (3, 50), (2, 3, 11, 12)])
@pytest.mark.parametrize("error", [1e-3, 1.0, -1e6])
def test_one_wrong_entry_is_found(rng, fast, shape, error):
    """Wherever it is: its place, and both values."""
    x = rng.normal(size=shape)
    index = tuple(int(rng.integers(length)) for length in shape)

    def backward(dout, x):
        gradient = dout * np.cos(x)
        gradient[index] += error
        return gradient

    report = check_gradients(np.sin, backward, [x], fast=fast)
    (entry,) = report.inputs
    assert not report
    assert entry.wrong == 1
    assert entry.worst.index == index
    assert entry.worst.analytic - entry.worst.numeric == pytest.approx(error, rel=1e-5, abs=1e-9)
    assert entry.errors[index] == pytest.approx(abs(error), rel=1e-5)


@BOTH
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_number_is_no_gradient(fast, value):
    """Where the first one stands."""
    report = check_gradients(
        lambda x: x, lambda dout, x: np.array([[1.0, 2], [value, value]]), [np.ones((2, 2))], fast=fast
    )
    assert not report
    assert report.inputs[0].problem == f"expected finite numbers, got {value} at [1, 0]"


@pytest.mark.parametrize("size", [100, 1000, 10_000, 100_000])
def test_fast_costs(rng, size):
    """A right gradient takes as many evaluations whatever its size; a wrong entry about log2(size) turns of a dozen."""
    x = rng.normal(size=size)
    right = check_gradients(np.sin, lambda dout, x: dout * np.cos(x), [x], fast=True)
    assert right
    assert right.evaluations == 6  # two to see that nothing is random, two for each of two directions

    def backward(dout, x):
        gradient = dout * np.cos(x)
        gradient[size // 3] += 0.5
        return gradient

    wrong = check_gradients(np.sin, backward, [x], fast=True)
    assert wrong.inputs[0].worst.index == (size // 3,)
    assert wrong.evaluations <= 20 + 12 * np.log2(size)


def test_full_check_costs_two_evaluations_an_entry(rng):
    """And two to see that nothing is random."""
    x = rng.normal(size=50)
    assert check_gradients(np.sin, lambda dout, x: dout * np.cos(x), [x]).evaluations == 102


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        lambda dx, dw, db: (2 * dx, dw, db),
        lambda dx, dw, db: (-dx, dw, db),
        lambda dx, dw, db: (dx[:, :, ::-1], dw, db),
        lambda dx, dw, db: (np.zeros_like(dx), dw, db),
        lambda dx, dw, db: (dx, dw / 2, db),
        lambda dx, dw, db: (dx, dw[:, :, ::-1, ::-1], db),
        lambda dx, dw, db: (dx, dw, db / 30),
        lambda dx, dw, db: (dx, dw, db + 1e-4),
        lambda dx, dw, db: (dx * (1 + 1e-4), dw, db),
        lambda dx, dw, db: (dx, dw, db[:, None]),
        lambda dx, dw, db: (dx[:, :, 1:], dw, db),
        lambda dx, dw, db: (dx, dw, db.tolist()),
        lambda dx, dw, db: (dx, dw.astype(np.float32), db),
    ],
)
def test_wrong_gradients_fail(rng, fast, wrong):
    """Factors, signs, places, shapes, types."""
    report = check_gradients(conv_forward, lambda *args: wrong(*conv_backward(*args)), conv_inputs(rng), fast=fast)
    assert not report
    assert sum(not entry.ok for entry in report.inputs) == 1
    with pytest.raises(AssertionError, match="WRONG"):
        report.assert_right()


@BOTH
def test_small_errors_in_all_entries_are_seen(rng, fast):
    """Ten times the tolerance in each of many entries."""
    x = rng.normal(size=(50, 60))
    report = check_gradients(np.sin, lambda dout, x: dout * np.cos(x) * (1 + 1e-5), [x], fast=fast)
    assert not report
    assert report.inputs[0].wrong > 0 or report.inputs[0].problem


def test_fast_says_what_it_can_not_place(rng):
    """An error along a direction that no single entry shows is reported as that."""
    x = rng.normal(size=40)
    shared = rng.normal(size=40)

    # All entries are off by less than the absolute tolerance, in the same direction as the slope.
    def backward(dout, x):
        return dout * 1.0 + np.sign(shared) * 0.9e-3

    reports = [check_gradients(lambda x: x * 1.0, backward, [x], fast=True, atol=1e-3, seed=n) for n in range(20)]
    assert any("along a random direction" in report.inputs[0].problem for report in reports)
    for report in reports:
        assert report.inputs[0].wrong == 0
        assert bool(report) == (not report.inputs[0].problem)


@BOTH
@pytest.mark.parametrize("name", ["dout", "x", "y"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_changed_arguments_are_noticed(rng, fast, name, library):
    """A backward that works in the caller's memory, though its gradients are right."""

    def backward(dout, x, y):
        gradients = dout * y, dout * x
        {"dout": dout, "x": x, "y": y}[name][0] += 1
        return gradients

    inputs = [rng.normal(size=4), rng.normal(size=4)]
    if library == "torch":
        inputs = list(map(torch.from_numpy, inputs))
    report = check_gradients(lambda x, y: x * y, backward, inputs, fast=fast)
    assert not report
    assert all(entry.ok for entry in report.inputs)
    assert str(report).splitlines()[1] == f"  backward changes its arguments ({name}): work on copies."


@BOTH
def test_memory_is_noticed(rng, fast):
    """A backward that gives something else the second time."""
    kept = []

    def backward(dout, x):
        kept.append(1)
        return dout * len(kept)

    report = check_gradients(lambda x: x * 1.0, backward, [rng.normal(size=4)], fast=fast)
    assert not report
    assert "another gradient in a second call" in report.inputs[0].problem


@BOTH
def test_single_precision_inside_is_noticed(rng, fast):
    """Though the result is float64 again, and right in seven digits; a round dout and zeros prove nothing."""
    x = rng.normal(size=(5, 6))

    def single(dout, x):
        return (dout * np.cos(x)).astype(np.float32).astype(np.float64)

    report = check_gradients(np.sin, single, [x], fast=fast, rtol=1e-5)
    assert not report
    assert "rounded to float32" in report.inputs[0].problem
    assert check_gradients(lambda x: 2 * x, lambda dout, x: 2 * dout, [x], dout=np.ones((5, 6)), fast=fast)
    assert check_gradients(lambda x: 0 * x, lambda dout, x: 0 * dout, [x], fast=fast)


# Kinks


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


# What is refused


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


# The report


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
