"""The check of the square detector: what two layers of given filters answer to patches of 5x5 pixels.

An output of two layers of 3x3 filters sees 5x5 pixels. So it is enough to look at single patches of that size: the
outline of 4x4 in the top left corner, or almost it, with anything in the last row and column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.checks.draw import draw
from course_utils.checks.failure import CheckFailed
from course_utils.checks.runner import call, demand_callable
from course_utils.compare import Rung

Array = NDArray[Any]

OUTLINE = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]], dtype=bool)
NAMES = ("w1", "b1", "w2", "b2")
SHAPES = "w1 (C, 1, 3, 3), b1 (C,), w2 (1, C, 3, 3), b2 (1,)"
# The nine pixels that each of the nine windows of a patch of 5x5 sees, as positions in its 25 pixels.
WINDOWS = np.array(
    [[5 * (top + i) + left + j for i in range(3) for j in range(3)] for top in range(3) for left in range(3)]
)


def check(square_detector: Callable[..., Any]) -> int:
    """Check a student's detector.

    Args:
        square_detector: Returns (w1, b1, w2, b2).

    Returns:
        How many checks passed.

    Raises:
        CheckFailed: If the filters have other shapes, miss the outline, or answer to something else.
    """
    demand_callable("square_detector", square_detector)
    filters = _filters(call(square_detector, "square_detector", "no arguments", {}))
    rims = [np.zeros(9, bool), np.ones(9, bool), *(draw(9, salt=salt, largest=1, unit=1) > 0 for salt in range(3))]
    _demand_silence(filters, np.zeros((1, 4, 4), bool), rims, "an empty patch")
    for rim in rims:
        if not answer(filters, _patches(OUTLINE[None], rim))[0] > 0:
            raise CheckFailed(
                _report("the outline must give a positive number, but gives none", OUTLINE, rim), Rung.VALUES
            )
    _demand_silence(filters, np.ones((1, 4, 4), bool), rims, "a filled square is not the outline")
    _demand_silence(filters, _flipped(1), rims, "one pixel is not as in the outline")
    _demand_silence(filters, _flipped(2), rims, "two pixels are not as in the outline")
    _demand_silence(filters, _shifted(), rims, "the outline is there, but shifted")
    _demand_silence(filters, draw(400, 4, 4, salt=9, largest=1, unit=1) > 0, rims, "this is not the outline")
    again = _filters(call(square_detector, "square_detector", "no arguments", {}))
    if any(not np.array_equal(first, second) for first, second in zip(filters, again, strict=True)):
        message = "square_detector: a second call gave other numbers. Write the filters down, don't draw them."
        raise CheckFailed(message, Rung.REPEATABLE)
    return 8


def answer(filters: tuple[Array, ...], patches: Array) -> Array:
    """What the two layers, ReLU after each, answer to patches.

    Args:
        filters: w1, b1, w2, b2.
        patches: (n, 25), the pixels of 5x5 patches row by row.

    Returns:
        (n,), the one output number of each patch.
    """
    w1, b1, w2, b2 = filters
    channels = len(b1)
    hidden = np.maximum(patches[:, WINDOWS] @ w1.reshape(channels, 9).T + b1, 0)
    outputs: Array = np.maximum(
        hidden.reshape(len(patches), 9 * channels) @ w2.reshape(channels, 9).T.ravel() + b2[0], 0
    )
    return outputs


def _filters(result: Any) -> tuple[Array, ...]:
    """Demand four finite arrays of the right shapes; anything else is a failure with its rung."""
    if not isinstance(result, tuple) or len(result) != 4:
        found = f"{len(result)} entries" if isinstance(result, tuple) else type(result).__name__
        raise CheckFailed(f"square_detector: expected a tuple (w1, b1, w2, b2), got {found}.", Rung.TYPE)
    for name, array in zip(NAMES, result, strict=True):
        if not isinstance(array, np.ndarray):
            message = f"{name} of square_detector: expected a NumPy array, got {type(array).__name__}."
            raise CheckFailed(f"{message} np.array(...) makes one.", Rung.TYPE)
        if array.dtype.kind not in "iuf":
            message = f"{name} of square_detector: expected numbers, got dtype {array.dtype}."
            raise CheckFailed(message, Rung.DTYPE)
    channels = result[0].shape[0] if result[0].ndim else 0
    for name, array, shape in zip(
        NAMES, result, ((channels, 1, 3, 3), (channels,), (1, channels, 3, 3), (1,)), strict=True
    ):
        if array.shape != shape or not channels:
            message = f"{name} of square_detector: expected the shapes {SHAPES} with one C, got {array.shape}."
            raise CheckFailed(message, Rung.SHAPE)
        if not np.isfinite(array).all():
            raise CheckFailed(f"{name} of square_detector: expected finite numbers, got some that aren't.", Rung.FINITE)
    return tuple(np.asarray(array, dtype=np.float64) for array in result)


def _demand_silence(filters: tuple[Array, ...], squares: Array, rims: list[Array], why: str) -> None:
    """Demand that no patch but the outline gives a positive number, whatever lies around it."""
    others = squares[(squares != OUTLINE).any(axis=(1, 2))]
    for rim in rims:
        loud = answer(filters, _patches(others, rim)) > 0
        if loud.any():
            message = _report(f"{why}, so the answer must be 0, but it is positive", others[loud.argmax()], rim)
            raise CheckFailed(message, Rung.VALUES)


def _patches(squares: Array, rim: Array) -> Array:
    """Put squares (n, 4, 4) into the top left corner of patches; the rim fills last row and column."""
    patches = np.zeros((len(squares), 5, 5))
    patches[:, :4, :4] = squares
    patches[:, 4, :] = rim[:5]
    patches[:, :4, 4] = rim[5:]
    return patches.reshape(len(squares), 25)


def _flipped(count: int) -> Array:
    """All patches that differ from the outline in one pixel, or in two."""
    pairs = [(first, second) for first in range(16) for second in range(first, 16)]
    chosen = [pair for pair in pairs if (pair[0] == pair[1]) == (count == 1)]
    patches = np.repeat(OUTLINE.reshape(1, 16), len(chosen), axis=0)
    for patch, pair in zip(patches, chosen, strict=True):
        patch[list(pair)] ^= True
    return patches.reshape(-1, 4, 4)


def _shifted() -> Array:
    """What one sees of the outline when it lies one or two pixels aside."""
    wide = np.zeros((8, 8), bool)
    wide[2:6, 2:6] = OUTLINE
    places = [(top, left) for top in range(5) for left in range(5) if (top, left) != (2, 2)]
    return np.array([wide[top : top + 4, left : left + 4] for top, left in places])


def _report(text: str, square: Array, rim: Array) -> str:
    """The message with the patch drawn in it."""
    patch = _patches(square[None], rim).reshape(5, 5) > 0
    rows = "\n".join("  " + " ".join("#" if pixel else "." for pixel in row) for row in patch)
    return f"square_detector: {text}. The 5x5 pixels that this output sees (its 4x4 patch is at the top left):\n{rows}"
