"""Right answers about correlation once more, on whole arrays: tables of indices, shifts over taps.

As in the steps, each function builds an answer, a right one without arguments, and the names of the arguments are the
decisions in which students go wrong. Nothing is shared between the two: where a mistake is made on both, it is made
twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[..., Any]


def unchanged(value: Any) -> Any:
    """The step that does nothing."""
    return value


def common_dtype(*arrays: np.ndarray | None) -> Any:
    """The contract's dtype."""
    return np.result_type(*(array for array in arrays if array is not None))


def rows1d(
    *,
    turn: Step = unchanged,
    arrange: Step = unchanged,
    places: Step = lambda x, w: len(x) - len(w) + 1,
    dtype: Step = common_dtype,
    refuse: Step = lambda x, w: len(w) > len(x),
) -> Step:
    """Build correlate1d, or with `turn=np.flip` convolve1d: a row per place, times the taps."""

    def slide(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        if refuse(x, w):
            raise ValueError("the filter does not fit")
        first = np.arange(max(places(x, w), 0))
        rows = x[first[:, None] + np.arange(len(w))]
        return (arrange(rows) @ turn(w)).astype(dtype(x, w), copy=False)

    return slide


def fold(i: np.ndarray, n: int) -> np.ndarray:
    """Indices of a mirror on the outermost pixels: -1 is 1."""
    return n - 1 - abs(n - 1 - i % max(2 * n - 2, 1))


def fold_between(i: np.ndarray, n: int) -> np.ndarray:
    """Indices of a mirror between pixels: -1 is 0."""
    return n - 1 - np.maximum(n - 1 - i % (2 * n), i % (2 * n) - n)


def around(i: np.ndarray, n: int) -> np.ndarray:
    """Indices that come in again on the other side: -1 is the last."""
    return i % n


SOURCES: dict[str, Step | None] = {"zeros": None, "reflect": fold, "circular": around}


def by_index(sources: dict[str, Step | None], sides: Step = lambda p: ((p, p), (p, p))) -> Step:
    """Build the padding step of correlate2d from rules that say which pixel a place outside takes."""

    def pad(image: np.ndarray, padding: int, mode: str) -> np.ndarray:
        places = [np.arange(-before, n + after) for n, (before, after) in zip(image.shape, sides(padding), strict=True)]
        source = sources[mode] or np.clip
        if sources[mode] is not None:
            return image[np.ix_(*(source(i, n) for i, n in zip(places, image.shape, strict=True)))]
        inside = [(i >= 0) & (i < n) for i, n in zip(places, image.shape, strict=True)]
        out = np.zeros([len(i) for i in places], dtype=image.dtype)
        out[np.ix_(*inside)] = image
        return out

    return pad


def shifts2d(
    *,
    turn: Step = unchanged,
    pad: Step = by_index(SOURCES),  # noqa: B008 - a step is a constant
    window: Step = np.shape,
    size: Step = lambda padded, k: tuple(n - m + 1 for n, m in zip(padded.shape, k, strict=True)),
    dtype: Step = common_dtype,
    unknown: Step | None = None,
    finish: Step = unchanged,
) -> Step:
    """Build correlate2d: the image, shifted by each tap of the kernel, times that tap."""

    def correlate2d(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0, mode: str = "zeros") -> np.ndarray:
        if mode not in SOURCES:
            if unknown is None:
                raise ValueError(f"unknown mode {mode!r}")
            mode = unknown(mode)
        taps = turn(kernel)
        padded = pad(image, padding, mode)
        height, width = size(padded, window(taps))
        if height < 1 or width < 1:
            raise ValueError("the kernel does not fit")
        total = np.zeros((height, width), dtype=common_dtype(image, kernel))
        for i, j in np.ndindex(*window(taps)):
            total += padded[i : i + height, j : j + width] * taps[i, j]
        return finish(total).astype(dtype(image, kernel), copy=False)

    return correlate2d
