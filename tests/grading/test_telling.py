"""A call that holds what an earlier one is expected to return is not sent with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.grading.telling import tells_ahead
from autograder.sandbox.protocol import Given, Record

X, Y = np.arange(4.0), np.array([[2.0, 5.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    "calls",
    [
        [((X,), Y), ((Y,), X)],
        [((X,), Y), ((X, 1 + 1e-9 * Y - 1 + (1 - 1e-9) * Y), None)],
        [((X,), (1, {"y": [Y]})), (([(Y.copy(),)],), None)],
        [((X,), torch.from_numpy(Y)), ((Y.astype(np.float32),), None)],
        [((X,), Record("Stats", (("mean", Y),))), ((Given("f", {"w": Y}),), None)],
        [((X,), None), ((X,), Y), ((X,), None), (({"dout": Y},), None)],
    ],
    ids=["plain", "but for rounding", "in containers", "of another kind", "in a given function", "much later"],
)
def test_what_tells(calls):
    """However it is wrapped, and whichever call returned it."""
    assert tells_ahead(calls)


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [((X,), Y), ((X,), Y)],
        [((Y,), Y), ((Y,), None)],
        [((X, Y), None), ((X,), Y), ((Y,), None)],
        [((X,), Y), ((Y.T,), None), ((Y[:1],), None), ((Y + 1e-2,), None)],
        [((X,), np.zeros(3)), ((np.zeros(3),), None)],
        [((X,), 5), ((5, np.array(5)), None)],
    ],
    ids=["nothing", "twice the same", "what was given", "what was given before", "others", "a constant", "numbers"],
)
def test_what_tells_nothing(calls):
    """What a student has seen, and what anybody would guess."""
    assert not tells_ahead(calls)
