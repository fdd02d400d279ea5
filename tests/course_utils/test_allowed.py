"""What a notebook does not allow is refused by its visible checks, too, and is back afterwards."""

# ruff: noqa: PLW0108 - a student's function calls others in its own body, however short it is
from __future__ import annotations

import math
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
import torch
from torch.nn import functional

from autograder.config import load_course
from autograder.released import load_notebooks
from course_utils import layers
from course_utils.checks import CheckFailed, activations_and_pooling, linear_maps_and_gradients, sliding_windows
from course_utils.checks.allowed import NotAllowed, without
from course_utils.checks.forbidden import FORBIDDEN, forbidden

COURSE = load_course(Path(__file__).parents[2])
NOTEBOOKS = [
    notebook
    for assignment in ("a1_convolution", "a2_pooling_and_normalization")
    for notebook in load_notebooks(COURSE, assignment)
]


def in_a_notebook(function, **names):
    """The function, as if it stood in a notebook that holds these names."""
    return FunctionType(function.__code__, names)


def refusal(check, *functions):
    with pytest.raises(CheckFailed) as caught:
        check(*functions)
    return caught.value.message


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_checks_forbid_what_the_grader_forbids(notebook):
    """The same names for the notebook, and the same for each question."""
    assert sorted(FORBIDDEN[notebook.name]) == sorted(notebook.forbidden)
    for question in notebook.questions:
        own = forbidden(notebook.name, question.id, question.functions)[len(FORBIDDEN[notebook.name]) :]
        finished = {name for name in own if hasattr(layers, name.removeprefix("course_utils.layers."))}
        missing = set(own) - set(question.forbidden)
        assert set(question.forbidden) <= set(own), question.id
        # Where all layers are forbidden, single ones need not be named; functions without a finished one don't exist.
        assert not missing & finished or "course_utils.layers" in notebook.forbidden, question.id
        assert all(name.startswith("course_utils.layers.") for name in missing), question.id


@pytest.mark.parametrize("name", ["np", "anything"])
def test_a_function_of_numpy(name):
    """Under its module's name or under one of its own, the answer that it would give is refused."""
    module = in_a_notebook(lambda x, w: np.correlate(x, w), np=np)
    own = in_a_notebook(lambda x, w: anything(x, w), anything=np.correlate)  # noqa: F821
    function = {"np": module, "anything": own}[name]
    message = refusal(sliding_windows.correlate1d, function, function)
    assert "np.correlate is not allowed here, in the line `" in message
    assert message.endswith("Write this part yourself.")


def test_a_part_of_a_forbidden_module():
    """What was imported from a module that is not allowed is recognised by where it comes from."""
    part = in_a_notebook(lambda x, w: conv(x, w), conv=functional.conv_transpose1d)  # noqa: F821
    written = in_a_notebook(lambda x, w: pad(x, w), pad=functional.pad)  # noqa: F821
    whole = in_a_notebook(lambda x, w: library.nn.functional.conv1d(x, w), library=torch)  # noqa: F821
    for function in (whole, part, written):
        assert "torch is not allowed here" in refusal(sliding_windows.correlate1d, function, function)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: functional.relu(x),
        lambda x: torch.relu(x),
        lambda x: torch.nn.ReLU()(x),
        lambda x: x.relu(),
        lambda x: x.clone().relu_(),
    ],
    ids=["function", "torch", "class", "method", "in place"],
)
def test_ways_to_a_function_of_torch(function):
    """As a function, in a class, and as a method."""
    assert "relu is not allowed here" in refusal(activations_and_pooling.relu, function, function)


def test_the_finished_layer_does_not_answer_its_own_question():
    """Layers that another question may use are gone for the one that asks for them."""

    def im2col(x, kernel, *, stride=1, padding=0):
        return layers.im2col(x, kernel, stride=stride, padding=padding)

    message = refusal(linear_maps_and_gradients.im2col, im2col, im2col)
    assert "layers.im2col is not allowed here" in message


def test_all_is_back_afterwards():
    """Whatever happens inside, libraries and notebooks are what they were."""
    notebook = {"math": math, "tanh": torch.tanh, "np": np}
    function = FunctionType((lambda: tanh).__code__, notebook)  # noqa: F821
    before = dict(notebook), np.correlate, torch.tanh, functional.tanh, set(vars(torch.Tensor))
    names = ("numpy.correlate", "torch.tanh", "torch.nn.functional.tanh", "scipy", "numpy.no_such_thing")
    with pytest.raises(NotAllowed), without(names, [function, function, len]):
        function()(1)
    assert (dict(notebook), np.correlate, torch.tanh, functional.tanh, set(vars(torch.Tensor))) == before
    assert torch.ones(1).tanh() == torch.tanh(torch.ones(1))


def test_a_method_that_only_shares_its_name_stays():
    """Tensor.unfold makes views of windows, torch.nn.functional.unfold makes columns."""
    with without(["torch.nn.functional.unfold"], []):
        assert torch.arange(4).unfold(0, 2, 1).shape == (3, 2)
        with pytest.raises(NotAllowed):
            functional.unfold(torch.ones(1, 1, 2, 2), 2)
