"""The words of a comparison: its rungs, what it says when one fails, and the terms it is made on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import numpy as np

from course_utils.where import Where

DtypeRule = Literal["exact", "kind", "real"]


class Rung(str, Enum):
    """The rungs, in the order in which they are climbed."""

    DEFINED = "defined"
    CALLABLE = "callable"
    RAN = "ran"
    TYPE = "type"
    SHAPE = "shape"
    DTYPE = "dtype"
    FINITE = "finite"
    VALUES = "values"
    UNCHANGED = "unchanged"
    REPEATABLE = "repeatable"


@dataclass(frozen=True)
class Mismatch:
    """The first rung that failed.

    Attributes:
        rung: Which one.
        message: What was checked, expected and got, in a sentence or two; never the expected array.
        where: For an array that is wrong in places: the places.
    """

    rung: Rung
    message: str
    where: Where | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Ladder:
    """What holds for a whole comparison; `what` and `axes` change on the way into tuples, `entries` are their axes."""

    what: str
    axes: tuple[str, ...]
    rtol: float
    atol: float
    dtype: DtypeRule
    entries: tuple[tuple[str, ...], ...] = ()


def wrong_type(got: Any, wanted: str, ladder: Ladder) -> Mismatch:
    """The mismatch of a value of another type than the wanted one, with a hint where there is a likely reason."""
    kind = type(got)
    hint = ""
    if got is None:
        found, hint = "None", " Does every path through the function end with `return`?"
    elif issubclass(kind, np.ndarray):
        found = f"an array of shape {shape_text(np.asarray(got).shape)}"
        hint = " Keep to tensors: NumPy arrays never lie on a GPU." if "torch tensor" in wanted else ""
    elif kind.__module__ == "torch.return_types":
        found, hint = f"the tuple that torch.{kind.__name__} returns", " Take what you need of it: its `.values`, say."
    else:
        found = f"{'an' if kind.__name__[:1] in 'aeiou' else 'a'} {kind.__name__}"
        if "NumPy array" in wanted and issubclass(kind, (list, tuple)):
            hint = " np.array(...) makes an array of numbers."
        elif "torch tensor" in wanted and not issubclass(kind, tuple):
            hint = " torch.tensor(...) makes a tensor of a number or a list."
    return Mismatch(Rung.TYPE, f"{ladder.what}: expected {wanted}, got {found}.{hint}")


def shape_text(values: Sequence[int]) -> str:
    """A shape or an index in plain ints: "(2, 3)"."""
    return str(tuple(int(value) for value in values))
