"""Where an array is wrong: one sentence that is true of a mask of errors, from the plainest pattern to the vaguest.

Every sentence names a region of whole rows, columns, channels or samples, or what they have in common: one that holds
all errors, or one outside of which everything is wrong and nothing inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

WORDS = {
    "N": ("sample", "samples"),
    "C": ("channel", "channels"),
    "C_in": ("input channel", "input channels"),
    "C_out": ("output channel", "output channels"),
    "D": ("slice", "slices"),
    "F": ("feature", "features"),
    "H": ("row", "rows"),
    "W": ("column", "columns"),
    "L": ("position", "positions"),
    "layer": ("layer", "layers"),
    "features": ("feature", "features"),
}
SPACE = ("D", "H", "W", "L")
LISTED = 4
CHANCE = 3


@dataclass(frozen=True, eq=False)
class Where:
    """A true sentence about where the errors are.

    Attributes:
        sentence: For people; indices count from 0.
        mask: True where the result is wrong, in the result's shape.
        region: True where the sentence says that all errors are; outside of it everything is right.
        kind: "all", "only", "but", "border" or "spread".
        axes: One name per axis of the result.
    """

    sentence: str
    mask: Mask = field(repr=False)
    region: Mask = field(repr=False)
    kind: str
    axes: tuple[str, ...] = ()


def locate(mask: Mask, axes: Sequence[str] = ()) -> Where:
    """Find the plainest true sentence about a mask.

    Args:
        mask: Boolean, any shape, True where something is wrong; at least one True.
        axes: One name per axis ("N", "C_out", "H_out", "W_out"); without them, a matrix has rows and columns, and
            the axes of a larger array are numbered.

    Returns:
        The sentence, with the region it names.

    Raises:
        ValueError: If nothing in the mask is True, or the number of names is not the number of axes.
    """
    if not mask.any():
        raise ValueError("locate: expected a mask with an error in it, got one without.")
    names = axis_names(mask.ndim, axes)
    kinds = (_only, _border, _but, _diagonal)
    found = _all(mask) or next(filter(None, (kind(mask, names) for kind in kinds)), None) or _spread(mask)
    return replace(found, axes=names)


def axis_names(ndim: int, axes: Sequence[str] = ()) -> tuple[str, ...]:
    """The given names of axes, or default ones if none are given.

    Raises:
        ValueError: If their number is not the number of axes.
    """
    if axes and len(axes) != ndim:
        raise ValueError(f"locate: expected {ndim} names of axes, got {len(axes)}.")
    plain: dict[int, tuple[str, ...]] = {0: (), 1: ("L",), 2: ("H", "W")}
    return tuple(axes) or plain.get(ndim, tuple(f"axis {axis}" for axis in range(ndim)))


def describe(indices: Sequence[int], size: int, name: str) -> str:
    """Say which indices of one axis are meant: "the last 2 columns", "every 2nd row from row 1 on".

    Args:
        indices: Increasing, at least one, all below `size`.
        size: Length of the axis.
        name: Name of the axis, as for `locate`.
    """
    chosen = list(indices)
    ends = _ends(chosen, size)
    step = chosen[1] - chosen[0] if len(chosen) > 1 else 0
    if len(chosen) == 1:
        return _end("last", 1, name) if chosen[0] == size - 1 > 1 else _numbered(chosen, name)
    if ends is not None:
        return " and ".join(
            _end(side, count, name) for side, count in zip(("first", "last"), ends, strict=True) if count
        )
    if len(chosen) == chosen[-1] - chosen[0] + 1:
        return f"{word(name, 2)} {chosen[0]} to {chosen[-1]}{_of(name)}"
    if chosen == list(range(chosen[0], size, step)) and (len(chosen) > 2 or step == 2):
        return f"every {_ordinal(step)} {word(name, 1)} from {_numbered(chosen[:1], name)} on"
    if len(chosen) <= LISTED:
        return _numbered(chosen, name)
    return f"some {word(name, 2)}{_of(name)} ({len(chosen)} of {size})"


def word(name: str, count: int = 1) -> str:
    """What one or several of the entries along an axis are called: "row", "output channels"."""
    one, many = WORDS.get(base_name(name), ("index", "indices"))
    return one if count == 1 else many


def base_name(name: str) -> str:
    """The name of an axis without its side: "W" for "W_out"."""
    return name if name in WORDS else name.removesuffix("_out")


def _of(name: str) -> str:
    return "" if base_name(name) in WORDS else f" of {name}"


def _numbered(chosen: Sequence[int], name: str) -> str:
    numbers = [str(index) for index in chosen]
    listed = numbers[0] if len(numbers) == 1 else ", ".join(numbers[:-1]) + " and " + numbers[-1]
    return f"{word(name, len(chosen))} {listed}{_of(name)}"


def _ordinal(number: int) -> str:
    return f"{number}" + {2: "nd", 3: "rd"}.get(number, "th")


def _ends(chosen: Sequence[int], size: int) -> tuple[int, int] | None:
    """How many indices at the start and at the end make up the choice, if it is nothing but ends."""
    left_out = sorted(set(range(size)) - set(chosen))
    if not left_out or left_out[-1] - left_out[0] + 1 != len(left_out):
        return None
    return left_out[0], size - 1 - left_out[-1]


def _end(side: str, count: int, name: str) -> str:
    many = word(name, 1) if count == 1 else f"{count} {word(name, 2)}"
    return f"the {side} {many}{_of(name)}"


def _projections(mask: Mask) -> list[list[int]]:
    """Per axis, the indices at which the mask is True somewhere."""
    found = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        found.append([int(index) for index in np.flatnonzero(mask.any(axis=others))])
    return found


def _box(shape: tuple[int, ...], chosen: Sequence[Sequence[int]]) -> Mask:
    region = np.zeros(shape, dtype=bool)
    region[np.ix_(*chosen)] = True
    return region


def _phrase(chosen: Sequence[Sequence[int]], shape: tuple[int, ...], names: Sequence[str]) -> str:
    """Name the part of an array that lies at the chosen indices of every axis; whole axes go unsaid."""
    parts = [
        describe(indices, size, name)
        for indices, size, name in zip(chosen, shape, names, strict=True)
        if len(indices) < size
    ]
    corner = _corner(chosen, shape, names)
    if corner:
        # Rows and columns come last: what stands before the corner are samples and channels.
        parts[-2:] = [f"{corner}: {parts[-2]}, {parts[-1]}"]
    return ", ".join(parts)


def _corner(chosen: Sequence[Sequence[int]], shape: tuple[int, ...], names: Sequence[str]) -> str:
    """The corner or corners that the last two axes meet in, if they are rows and columns and nothing but ends."""
    if [base_name(name) for name in names[-2:]] != ["H", "W"]:
        return ""
    sides = []
    for indices, size, words in zip(chosen[-2:], shape[-2:], (("top", "bottom"), ("left", "right")), strict=True):
        ends = _ends(indices, size)
        if ends is None or 2 * max(ends) > size:
            return ""
        sides.append(" ".join(side for side, count in zip(words, ends, strict=True) if count))
    (vertical, horizontal) = sides
    if " " in vertical and " " in horizontal:
        return "the four corners"
    if " " in vertical or " " in horizontal:
        return f"the {horizontal if ' ' in vertical else vertical} corners"
    return f"the {vertical} {horizontal} corner"


def _all(mask: Mask) -> Where | None:
    if not mask.all():
        return None
    whole = "the value is wrong" if mask.size == 1 else f"all {mask.size} values are wrong"
    return Where(whole, mask, np.ones_like(mask), "all")


def _only(mask: Mask, names: Sequence[str]) -> Where | None:
    """All errors lie in a part of some axes: one sample, the last columns, a corner, a stride phase."""
    chosen = _projections(mask)
    if all(len(indices) == size for indices, size in zip(chosen, mask.shape, strict=True)):
        return None
    region = _box(mask.shape, chosen)
    count, room = int(mask.sum()), int(region.sum())
    place = _phrase(chosen, mask.shape, names)
    if room == 1:
        return Where(f"one value is wrong, in {place}; the rest is right", mask, region, "only")
    share = "every value" if count == room else f"{count} of {room} values"
    verb = "is" if count in (1, room) else "are"
    return Where(f"all errors are in {place}, where {share} {verb} wrong; the rest is right", mask, region, "only")


def _but(mask: Mask, names: Sequence[str]) -> Where | None:
    """Everything is wrong but a block: the first pixel, the first sample, every second row."""
    right = ~mask
    chosen = _projections(right)
    region = _box(mask.shape, chosen)
    through = any(len(indices) == size > 1 for indices, size in zip(chosen, mask.shape, strict=True))
    if not np.array_equal(region, right) or (right.sum() <= CHANCE and not through) or right.sum() == 1:
        # So few values, none of them along a whole axis, are right by chance.
        return None
    return Where(f"everything is wrong but {_phrase(chosen, mask.shape, names)}", mask, mask.copy(), "but")


def _diagonal(mask: Mask, names: Sequence[str]) -> Where | None:
    """Right only, or wrong only, where two axes have the same index: something meant for one lies along the other."""
    for first, second in combinations(range(mask.ndim), 2):
        if min(mask.shape[first], mask.shape[second]) < 3:
            continue
        index = np.indices(mask.shape, sparse=True)
        same: Mask = np.broadcast_to(index[first] == index[second], mask.shape)
        place = f"where {_of_axis(names[first])} and {_of_axis(names[second])} have the same number"
        if np.array_equal(mask, ~same):
            return Where(f"everything is wrong but {place}", mask, mask.copy(), "but")
        if np.array_equal(mask, same):
            return Where(f"all errors are {place}, every value there; the rest is right", mask, mask.copy(), "only")
    return None


def _of_axis(name: str) -> str:
    return f"the {word(name)}{_of(name)}"


def _border(mask: Mask, names: Sequence[str]) -> Where | None:
    """All errors lie in a frame around the rows and columns, whose inside is right."""
    space = [axis for axis in range(mask.ndim) if base_name(names[axis]) in SPACE]
    if len(space) < 2:
        return None
    others = tuple(axis for axis in range(mask.ndim) if axis not in space)
    flat: Mask = np.asarray(mask.any(axis=others))
    best: tuple[int, list[tuple[int, int]]] | None = None
    for margins in _margins(flat.shape):
        inner = flat[tuple(slice(low, size - high) for (low, high), size in zip(margins, flat.shape, strict=True))]
        if inner.size and not inner.any() and (best is None or inner.size > best[0]):
            best = inner.size, margins
    # Where most of the frame is right, or little is left inside, it is no border.
    if best is None or 9 * best[0] < flat.size or 2 * flat.sum() < flat.size - best[0]:
        return None
    sides = []
    region = np.ones_like(mask)
    inside: list[Any] = [slice(None)] * mask.ndim
    for axis, (low, high) in zip(space, best[1], strict=True):
        sides += [_end(side, count, names[axis]) for side, count in (("first", low), ("last", high)) if count]
        inside[axis] = slice(low, mask.shape[axis] - high)
    region[tuple(inside)] = False
    listed = ", ".join(sides[:-1]) + " and " + sides[-1] if len(sides) > 1 else sides[0]
    sentence = f"all errors are at the border, in {listed}; the interior is right"
    return Where(sentence, mask, region, "border")


def _margins(shape: tuple[int, ...], most: int = 3) -> list[list[tuple[int, int]]]:
    """Every choice of how many rows, columns, ... the border takes on each side, up to `most` of them."""
    choices: list[list[tuple[int, int]]] = [[]]
    for size in shape:
        pairs = [(low, high) for low in range(most + 1) for high in range(most + 1) if low + high < size]
        choices = [[*chosen, pair] for chosen in choices for pair in pairs]
    return choices


def _spread(mask: Mask) -> Where:
    count, size = int(mask.sum()), mask.size
    place = "nearly everywhere" if 10 * count >= 9 * size else "spread over the result"
    sentence = f"{count} of {size} values are wrong, {place}"
    return Where(sentence, mask, np.ones_like(mask), "spread")
