"""The comparison ladder: one result against the right one, rung by rung, stopping at the first that fails.

Placeholder signatures; see Mismatch and compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


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
    """

    rung: Rung
    message: str


def compare(
    got: Any,
    want: Any,
    *,
    rtol: float = 1e-7,
    atol: float = 1e-9,
    axes: Sequence[str] = (),
    what: str = "the result",
) -> Mismatch | None:
    """Compare `got` with `want`, climbing type, shape, dtype, finite, values; None if all hold."""
    raise NotImplementedError
