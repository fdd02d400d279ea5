"""Does a call tell what an earlier one is expected to return? Such calls must not be sent together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.sandbox.protocol import Given, Record

# Rounding apart: an oracle and a right answer compute the same in two ways.
_RTOL = 1e-4


def tells_ahead(calls: Sequence[tuple[Any, Any]]) -> bool:
    """Whether an argument holds the numbers of an earlier result, which no argument had held until then.

    Args:
        calls: Arguments and result of each call, in order.
    """
    shown: list[np.ndarray] = []
    expected: list[np.ndarray] = []
    for arguments, result in calls:
        given = list(_arrays(arguments))
        if any(_is_among(array, expected) and not _is_among(array, shown) for array in given):
            return True
        shown += given
        expected += _arrays(result)
    return False


def _is_among(array: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    return any(
        array.shape == other.shape
        and np.isclose(array.flat[0], other.flat[0], rtol=_RTOL, equal_nan=True)
        and np.allclose(array, other, rtol=_RTOL, equal_nan=True)
        for other in others
    )


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """All arrays in a value that are no mere constants."""
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        match entry:
            case list() | tuple():
                waiting.extend(entry)
            case dict():
                waiting.extend(entry.values())
            case Given():
                waiting.extend(entry.names.values())
            case Record():
                waiting.extend(field for _, field in entry.fields)
            case _:
                if hasattr(entry, "detach"):
                    # A tensor; torch need not be loaded to say so.
                    entry = entry.detach().cpu().double().numpy()
                if isinstance(entry, np.ndarray) and entry.dtype.kind in "fciu" and np.unique(entry).size > 1:
                    yield entry
