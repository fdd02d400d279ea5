"""A convolution layer to try the gradient check on, and both ways of checking."""

from __future__ import annotations

import pytest

from course_utils import layers

BOTH = pytest.mark.parametrize("fast", [False, True], ids=["entries", "directions"])


def conv_forward(x, w, b):
    return layers.conv2d_forward(x, w, b, stride=(2, 1), padding=(1, 0))


def conv_backward(dout, x, w, b):
    return layers.conv2d_backward(dout, x, w, stride=(2, 1), padding=(1, 0))


def conv_inputs(rng):
    return {"x": rng.normal(size=(2, 3, 6, 5)), "w": rng.normal(size=(4, 3, 3, 2)), "b": rng.normal(size=4)}
