"""The gradient check: what it finds, what it lets pass, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils import layers
from course_utils.gradcheck import check_gradients
from tests.course_utils.gradients import BOTH, conv_backward, conv_forward, conv_inputs


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
