"""Checks of notebooks with tensors: the same cases and stored numbers, on the notebook's device."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
import torch

from course_utils import device
from course_utils.checks import CheckFailed, draw
from course_utils.checks.case import Case, Made
from course_utils.checks.material import material, on_cpu, same_memory, snapshot
from course_utils.checks.runner import check_cases
from course_utils.compare import Rung, compare

X = draw.draw(3, 4)
Pair = namedtuple("Pair", ["w", "b"])
CASE = Case("double", "a matrix", {"x": X}, axes=("N", "D"))
RIGHT = {CASE.key: 2 * X}


def double(x):
    return 2 * x


def failed(function, *cases, right=RIGHT, on="cpu"):
    with pytest.raises(CheckFailed) as caught:
        check_cases({"double": function}, cases or (CASE,), right, on)
    return caught.value


def test_right_function_passes():
    """It is called with tensors, and counted like one with arrays."""
    seen = []

    def noted(x):
        seen.append(type(x))
        return double(x)

    assert check_cases({"double": noted}, [CASE], RIGHT, "cpu") == 3
    assert set(seen) == {torch.Tensor}


@pytest.mark.parametrize(
    ("function", "rung", "part"),
    [
        (lambda x: None, Rung.TYPE, "expected a torch tensor of shape (3, 4), got None"),
        (lambda x: 2 * x.numpy(), Rung.TYPE, "got an array of shape (3, 4). Keep to tensors: NumPy arrays"),
        (lambda x: x.tolist(), Rung.TYPE, "got a list. torch.tensor(...) makes a tensor"),
        (lambda x: x.max(dim=1), Rung.TYPE, "got the tuple that torch.max returns. Take what you need of it: its `.va"),
        (lambda x: 2 * x.T, Rung.SHAPE, "got (4, 3). Look: your array equals the right one with its last two axes"),
        (lambda x: 2 * x[:1], Rung.SHAPE, "N is 2 too small"),
        (lambda x: 2 * x.float(), Rung.DTYPE, "expected dtype torch.float64, got torch.float32"),
        (lambda x: 2 * x / 0, Rung.FINITE, "infinite"),
        (lambda x: 3 * x, Rung.VALUES, "3/2 times the right ones"),
        (lambda x: x.mul_(2), Rung.UNCHANGED, "its input x is not what it was before the call"),
    ],
)
def test_mistakes_with_tensors(function, rung, part):
    """Each fails at its rung, in words of tensors."""
    failure = failed(function)
    assert failure.rung is rung
    assert part in failure.message


def test_wrong_device_is_named():
    """A result elsewhere than its inputs is refused, unless any device will do."""
    failure = failed(lambda x: (2 * x).to("meta"))
    assert failure.rung is Rung.DTYPE
    assert "expected a tensor on cpu, got one on meta. Make new tensors on the device of the inputs." in failure.message


def test_lent_memory_is_found():
    """A tensor that two calls share, and one that a later call changes."""
    buffer = torch.empty(3, 4, dtype=torch.float64)
    failure = failed(lambda x: buffer.copy_(2 * x))
    assert failure.rung is Rung.REPEATABLE
    assert "two calls gave the same tensor" in failure.message
    kept = []

    def lends(x):
        for earlier in kept:
            earlier.zero_()
        kept.append(2 * x)
        return kept[-1]

    assert "the result was right, but it changed" in failed(lends).message


def test_errors_that_are_asked_for():
    """A tensor in the place of a ValueError is told by its shape."""
    case = Case("double", "nothing", {"x": X[:0]}, raises="there is nothing to double")
    assert "because there is nothing to double, got a tensor of shape (0, 4)." in failed(double, CASE, case).message


def test_results_may_be_anywhere_or_only_on_the_cpu():
    """Where there is no input to follow, any device will do; a generator's numbers are wanted on the CPU."""
    assert on_cpu((1, torch.ones(2)))[1].device.type == "cpu"
    case = Case("double", "made inputs", {"f": Made("lambda: 1", lambda: lambda: 1)}, place="cpu")
    functions = {"double": lambda f: torch.tensor([2.0 * f()]).double()}
    assert check_cases(functions, [case], {case.key: np.array([2.0])}, "meta") == 3
    assert case.words == "f lambda: 1"


@pytest.mark.parametrize("layout", ["plain", "gaps", "turned"])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 5), (4,)])
def test_layouts_of_tensors(layout, shape):
    """However it lies in memory, it holds the same numbers; gaps and turned ones are not contiguous."""
    array = draw.distinct(*shape, dtype="float32")
    tensor = material(array, layout, "cpu")
    assert compare(tensor, torch.from_numpy(array), rtol=0, atol=0) is None
    assert tensor.is_contiguous() == (layout == "plain" or (layout == "turned" and len(shape) == 1))


def test_gaps_leave_nothing_to_view():
    """`view` needs evenly spaced entries, and a student's function must not rely on them."""
    with pytest.raises(RuntimeError, match="reshape"):
        material(X, "gaps", "cpu").view(-1)


def test_tensors_that_cannot_be_written_to_do_not_exist():
    """A case that asks for one is a mistake of its author."""
    with pytest.raises(ValueError, match="tensors can have, got read-only"):
        material(X, "read-only", "cpu")


def test_material_goes_into_lists_and_tuples():
    """Layers are lists of pairs; named pairs keep their names, and what is no array is copied."""
    layers = [(X, X[0]), Pair(X, None)]
    made = material(layers, device="cpu")
    assert isinstance(made[0][1], torch.Tensor)
    assert made[1]._fields == ("w", "b")
    assert made[1].b is None
    assert material(layers)[0][0] is not X
    assert Case("f", "layers", {"layers": layers[:1]}).words == "layers of shapes [((3, 4), (4,))]"


def test_snapshots_and_shared_memory():
    """A snapshot is a copy, also of tensors that carry gradients; shared memory is found inside tuples."""
    x = torch.ones(3, requires_grad=True) * 2
    kept = snapshot((x, [1]))
    assert not kept[0].requires_grad
    assert not same_memory(kept, (x, [1]))
    assert same_memory((1, x), (1, x[1:]))
    assert not same_memory(torch.empty(0), torch.empty(0))


def test_a_float_may_come_as_a_tensor_without_axes():
    """`torch.linalg.norm` gives one; a tensor with axes is no number."""
    assert compare(torch.tensor(0.5), 0.5) is None
    assert compare(torch.tensor([0.5]), 0.5).rung is Rung.TYPE
    assert compare(torch.tensor(torch.nan), 0.5).rung is Rung.FINITE


def test_distinct_numbers():
    """No two are equal and none is 0, whatever the salt; a quarter of an odd number each."""
    numbers = draw.distinct(3, 5, 7, salt=2)
    assert len(np.unique(numbers)) == numbers.size
    assert (np.abs(numbers * 4) % 2 == 1).all()
    assert (numbers < 0).any()
    assert not np.array_equal(numbers, draw.distinct(3, 5, 7, salt=3))


@pytest.mark.parametrize(("float64", "name"), [(False, "mps"), (True, "cpu")])
def test_checks_use_the_device_that_was_chosen(monkeypatch, float64, name):
    """Apple's GPUs have no double precision."""
    monkeypatch.setattr(device, "_chosen", "nothing yet")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device.choose_device(float64=float64).type == name
    assert device.chosen_device() == name
