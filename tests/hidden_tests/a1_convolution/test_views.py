"""What a detector amounts to: where it fires, whatever its weights are."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.diagnosis.fingerprint import same
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_detectors import squares
from autograder.hidden_tests.a1_convolution.sliding_windows.views import VIEWS
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_detectors import arms
from autograder.sandbox.protocol import Record

fires = VIEWS["square_detector"]


def test_a_right_detector_fires_at_the_outline_only():
    """Of all patches, on both grounds, it answers to one."""
    assert np.unpackbits(fires(squares()())).sum() == 2


def test_detectors_that_do_the_same_are_alike():
    """Other weights, a named tuple and single precision make no difference; another threshold does."""
    right = squares()()
    names = Record("Layers", tuple(zip(("w1", "b1", "w2", "b2"), right, strict=True)))
    for other in (arms()(), names, tuple(part.astype(np.float32) for part in right)):
        assert same(fires(other), fires(right))
    assert not same(fires(squares(second_bias=-2.0)()), fires(right))
    assert same(fires(squares(second_bias=-2.0)()), fires(arms(second=-4.0)()))


@pytest.mark.parametrize(
    "value",
    [None, 3, (), (1, 2, 3, 4), [np.zeros(1)] * 4, (np.array(["a"]),) * 4, (np.full((4, 1, 3, 3), np.nan),) * 4],
)
def test_what_is_no_detector_stays_as_it_is(value):
    """Students return all sorts of things."""
    assert fires(value) is value


@pytest.mark.parametrize("part", range(4))
def test_layers_in_other_shapes_are_known_by_their_axes(part):
    """How many axes each part has says what is wrong with them."""
    parts = list(squares()())
    parts[part] = parts[part][None]
    assert fires(tuple(parts)) == tuple(np.ndim(entry) for entry in parts)
