"""What the pictures look at, beside the photo of course_utils.data: small drawn scenes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def square_scene() -> Array:
    """Drawn shapes, (18, 26), zeros and ones: two outlines of 4x4 among lookalikes."""
    scene = np.zeros((18, 26), dtype=np.int64)
    for top, left, height, width in [(2, 2, 4, 4), (11, 16, 4, 4), (2, 9, 5, 5), (2, 17, 4, 6), (11, 9, 3, 3)]:
        scene[top : top + height, left : left + width] = 1
        scene[top + 1 : top + height - 1, left + 1 : left + width - 1] = 0
    scene[10:14, 2:6] = 1
    # An outline with a gap, and a speck that touches a whole one from outside.
    scene[11, 22:25], scene[14, 21:25], scene[11:15, 21], scene[12:15, 24] = 1, 1, 1, 1
    scene[11, 23] = 0
    scene[6, 6] = 1
    return scene


def moving_dots(frames: int = 7) -> Array:
    """A film of two dots, (frames, 7, 13): the upper one moves right, the lower one left, a pixel per frame."""
    film = np.zeros((frames, 7, 13))
    for frame in range(frames):
        film[frame, 2, 3 + frame] = 1
        film[frame, 4, 9 - frame] = 1
    return film
