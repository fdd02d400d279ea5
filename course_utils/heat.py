"""Where an array is wrong, as a small picture: how large a share of the values is wrong at each place.

One picture for the notebook and for the feedback page. It is read without colour: a full square is wrong throughout,
a small one in part, an empty cell is right. It holds shares of wrong values, and no value.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from course_utils.where import SPACE, Where, axis_names, base_name, word

Shares = tuple[tuple[float, ...], ...]

LEGEND = "A full square is wrong throughout, a small one in part, an empty cell is right."
MOST = 24
# Errors that come from a stride repeat after as many entries; longer strides are rare.
_STEPS = 6
_WIDTH = 216
_CELL = 20
# A share that is neither 0 nor 1 is never rounded to one of them.
_DIGITS = 4
_LEAST = 10.0**-_DIGITS


@dataclass(frozen=True)
class Heat:
    """Shares of wrong values over one or two axes.

    Attributes:
        rows: Between 0 and 1, row by row; at most 24 rows of at most 24.
        row_axis: What the rows are: "rows 0 to 6", or "" where there is one row only.
        column_axis: What the columns are: "columns 0 to 47, 2 to a cell", "columns 0 to 23, and so on to 47".
    """

    rows: Shares
    row_axis: str
    column_axis: str

    @property
    def caption(self) -> str:
        """What lies where, in words."""
        return caption(self.row_axis, self.column_axis)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        text = f"{self.caption} {LEGEND}"
        return (
            f'<figure style="margin:0">{svg(self.rows, text)}'
            f"<figcaption><small>{html.escape(text)}</small></figcaption></figure>"
        )

    def __repr__(self) -> str:
        """What a terminal shows."""
        return f"{as_text(self.rows)}\n{self.caption} # is wrong throughout, + in part, . is right."


def heat_of(where: Where) -> Heat | None:
    """The picture of a sentence about a place."""
    return heat(where.mask, where.axes)


def heat(mask: NDArray[np.bool_], axes: Sequence[str] = ()) -> Heat | None:
    """The share of wrong values at each place, over all other axes.

    The places are those of the last two axes in space. Where all of those are equally wrong, the place doesn't matter,
    and other axes are shown: depth, samples and channels, and at last any pair along which the errors change. A long
    axis is binned; a bin holds the share over all its entries. Where the errors repeat along it every few entries, as a
    stride makes them, bins would hide that: its beginning is shown instead, and the label says so.

    Args:
        mask: Boolean, any shape, True where something is wrong.
        axes: One name per axis, as for `course_utils.where.locate`.

    Returns:
        The shares, or None where a picture has nothing to show: a scalar, or equally wrong everywhere.
    """
    names = axis_names(mask.ndim, axes)
    space = [axis for axis in range(mask.ndim) if base_name(names[axis]) in SPACE]
    others = [axis for axis in range(mask.ndim) if axis not in space]
    for shown in (space[-2:], space[:-2][-2:], others[-2:], *combinations(range(mask.ndim), 2)):
        if not shown or mask.size == 0:
            continue
        rest = tuple(axis for axis in range(mask.ndim) if axis not in shown)
        grid = mask.mean(axis=rest)
        labels = []
        for place, axis in enumerate(shown):
            grid, cut, bin_size = _shortened(grid, place)
            labels.append(_label(names[axis], mask.shape[axis], cut, bin_size))
        if grid.max() > grid.min():
            rows = tuple(tuple(_share(float(value)) for value in row) for row in np.atleast_2d(grid))
            return Heat(rows, labels[0] if len(shown) > 1 else "", labels[-1])
    return None


def svg(rows: Shares, alt: str) -> str:
    """The picture as an `<svg>` element, at most 220 pixels wide.

    Lines take the colour of the text around them, so it is seen on light and dark ground; the classes `grid` and
    `wrong` are for a page that has colours of its own.

    Args:
        rows: Shares of wrong values.
        alt: What is said to those who don't see it; escaped here.
    """
    height, width = len(rows), len(rows[0])
    cell = min(_CELL, _WIDTH // max(width, height))
    lines = [f"M0 {row * cell}h{width * cell}" for row in range(height + 1)]
    lines += [f"M{column * cell} 0v{height * cell}" for column in range(width + 1)]
    squares = [
        _square(column * cell, row * cell, cell, share)
        for row, shares in enumerate(rows)
        for column, share in enumerate(shares)
        if share > 0
    ]
    across, down = width * cell + 2, height * cell + 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{across}" height="{down}" '
        f'viewBox="-1 -1 {across} {down}"><title>{html.escape(alt)}</title>'
        f'<path class="grid" d="{"".join(lines)}" fill="none" stroke="currentColor" stroke-opacity=".4"/>'
        f'<path class="wrong" d="{"".join(squares)}" fill="#d9480f"/></svg>'
    )


def as_text(rows: Shares) -> str:
    """The picture in characters: # wrong throughout, + in part, . right."""
    return "\n".join(" ".join("." if share == 0 else "#" if share == 1 else "+" for share in row) for row in rows)


def caption(row_axis: str, column_axis: str) -> str:
    """What lies where in a picture: "Down: rows 0 to 4. Across: columns 0 to 6."."""
    down = f"Down: {row_axis}. " if row_axis else ""
    return f"{down}Across: {column_axis}."


def _square(left: int, top: int, cell: int, share: float) -> str:
    """A square whose area is the share, in the middle of its cell; what is wrong in part leaves a clear margin."""
    side = cell - 1 if share == 1 else max(0.7 * cell * math.sqrt(share), 0.25 * cell)
    x, y = left + (cell - side) / 2, top + (cell - side) / 2
    return f"M{x:.4g} {y:.4g}h{side:.4g}v{side:.4g}h-{side:.4g}z"


def _shortened(shares: NDArray[np.float64], axis: int) -> tuple[NDArray[np.float64], int, int]:
    """Make one axis short enough to be drawn.

    Returns:
        The shares; how many entries of the axis they stand for; and how many of those are in a bin.
    """
    size = shares.shape[axis]
    if size <= MOST:
        return shares, size, 1
    period = _period(np.moveaxis(shares, axis, 0))
    if period > 1:
        cut = MOST - MOST % period
        return np.take(shares, range(cut), axis), cut, 1
    bin_size = math.ceil(size / MOST)
    starts = np.arange(0, size, bin_size)
    counts = np.diff(np.append(starts, size))
    sums = np.add.reduceat(shares, starts, axis=axis)
    return sums / counts.reshape([-1 if other == axis else 1 for other in range(shares.ndim)]), size, bin_size


def _period(shares: NDArray[np.float64]) -> int:
    """After how many entries of the first axis everything repeats: at most a few, or 0."""
    return next((step for step in range(1, _STEPS + 1) if np.array_equal(shares[step:], shares[:-step])), 0)


def _share(value: float) -> float:
    """A share with few digits; 0 and 1 stay what they alone are."""
    if value <= 0 or value >= 1:
        return float(value > 0)
    return round(min(max(value, _LEAST), 1 - _LEAST), _DIGITS)


def _label(name: str, size: int, cut: int, bin_size: int) -> str:
    many = "" if size == 1 else f" to {cut - 1}"
    of = "" if word(name) != "index" else f" of {name}"
    more = f", and so on to {size - 1}" if cut < size else f", {bin_size} to a cell" if bin_size > 1 else ""
    return f"{word(name, size)} 0{many}{of}{more}"
