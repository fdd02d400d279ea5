"""Ten shapes as functions that say which points of the plane lie inside.

Each shape fits into the disc of radius 1 around (0, 0) and looks like no other one, however it is turned. x points
right and y down. Only +, -, *, / and comparisons: these give the same bits on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Inside = NDArray[np.bool_]
Outline = Callable[[Points, Points], Inside]


def _disc(x: Points, y: Points) -> Inside:
    return x * x + y * y <= 0.81


def _ring(x: Points, y: Points) -> Inside:
    radius2 = x * x + y * y
    return (radius2 <= 0.9) & (radius2 >= 0.3)


def _crescent(x: Points, y: Points) -> Inside:
    bite = (x - 0.5) * (x - 0.5) + y * y
    return (x * x + y * y <= 0.96) & (bite >= 0.64)


def _heart(x: Points, y: Points) -> Inside:
    # The sextic (u^2 + v^2 - 1)^3 = u^2 v^3, drawn a little smaller and higher.
    u, v = 1.32 * x, 0.15 - 1.32 * y
    round_part = u * u + v * v - 1
    return round_part * round_part * round_part <= u * u * v * v * v


def _polygon(corners: Sequence[tuple[float, float]]) -> Outline:
    """Inside is where a ray to the right crosses the outline an odd number of times."""

    def inside(x: Points, y: Points) -> Inside:
        odd = np.zeros(np.broadcast(x, y).shape, dtype=np.bool_)
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if y0 != y1:
                between = (y0 <= y) != (y1 <= y)
                odd ^= between & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
        return odd

    return inside


# Corners of a star with five tips, at radius 1 and 0.42, to three digits: the sine of a library may differ in the last.
_STAR = [
    (0.0, -1.0), (0.247, -0.340), (0.951, -0.309), (0.399, 0.130), (0.588, 0.809),
    (0.0, 0.42), (-0.588, 0.809), (-0.399, 0.130), (-0.951, -0.309), (-0.247, -0.340),
]  # fmt: skip
_CROSS = [
    (-0.28, -0.95), (0.28, -0.95), (0.28, -0.28), (0.95, -0.28), (0.95, 0.28), (0.28, 0.28),
    (0.28, 0.95), (-0.28, 0.95), (-0.28, 0.28), (-0.95, 0.28), (-0.95, -0.28), (-0.28, -0.28),
]  # fmt: skip
_ARROW = [(0.0, -1.0), (0.75, -0.1), (0.27, -0.1), (0.27, 0.95), (-0.27, 0.95), (-0.27, -0.1), (-0.75, -0.1)]

OUTLINES: Mapping[str, Outline] = MappingProxyType(
    {
        "disc": _disc,
        "ring": _ring,
        "crescent": _crescent,
        "square": _polygon([(-0.7, -0.7), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7)]),
        "triangle": _polygon([(0.0, -1.0), (0.866, 0.5), (-0.866, 0.5)]),
        "bar": _polygon([(-0.24, -0.97), (0.24, -0.97), (0.24, 0.97), (-0.24, 0.97)]),
        "cross": _polygon(_CROSS),
        "star": _polygon(_STAR),
        "heart": _heart,
        "arrow": _polygon(_ARROW),
    }
)
