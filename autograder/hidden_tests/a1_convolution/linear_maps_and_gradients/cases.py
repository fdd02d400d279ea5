"""Layers that several sections of these hidden tests ask about."""

from __future__ import annotations

import pytest

from autograder.hidden_tests.a1_convolution.inputs import layer, normal
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles as oracle

GEOMETRY = [
    ((3, 2), {}),
    ((2, 3), {"stride": 2}),
    ((3, 2), {"padding": (2, 1)}),
    ((2, 3), {"stride": (3, 2)}),
    ((3, 4), {"stride": (2, 3), "padding": (1, 2)}),
]
GEOMETRY_IDS = [
    "every position",
    "a stride that leaves pixels over",
    "padding per axis",
    "stride per axis",
    "stride and padding per axis",
]
geometry = pytest.mark.parametrize(("kernel", "options"), GEOMETRY, ids=GEOMETRY_IDS)

LAYERS = {
    "every position": ((3, 2), {}),
    "padding per axis": ((3, 4), {"padding": (1, 2)}),
    "a stride that leaves pixels over": ((2, 3), {"stride": 2}),
    "stride and padding per axis": ((4, 3), {"stride": (2, 3), "padding": (1, 2)}),
    "windows that don't touch": ((2, 1), {"stride": (3, 2)}),
}


def layers(*ids):
    """Some of the layers whose gradients are asked for, by their ids."""
    return pytest.mark.parametrize("which", ids)


def drawn(rng, which, **more):
    """One of them, and a gradient for its output."""
    kernel, options = LAYERS[which]
    case = layer(rng, kernel, (3, 4), **options, **more)
    return upstream(rng, case), case


def upstream(rng, case):
    """A random gradient for the layer's output: never ones."""
    return normal(rng, *oracle.conv2d(case.x, case.w, case.b, **case.options).shape)
