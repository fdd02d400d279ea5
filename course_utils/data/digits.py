"""The handwritten digits of UCI: 1797 small pictures that travel with this package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_utils.data.dataset import Dataset, Labels, shuffled

_FILE = Path(__file__).parent / "files" / "digits.txt"
# Each of the 8 x 8 counts how many of 4 x 4 scanned dots were black.
_DOTS = 16
_SIDE, _BOX, _BORDER = 8, 20, 4
# Where each part begins and ends in a shuffle that never changes.
_PARTS = {"all": (0, 1797), "train": (0, 1197), "validation": (1197, 1497), "test": (1497, 1797)}


def digits(*, size: int = 8, split: str = "all") -> Dataset:
    """Digits that 13 people wrote, white on black.

    Args:
        size: 8 as they were published, or 28: stretched to 20 x 20 between four pixels of black, as in MNIST.
        split: "train" (1197 pictures), "validation" (300), "test" (300), or "all" three in this order. Each writer's
            digits are in all parts, so that "test" says nothing about new handwriting.

    Returns:
        Images (N, 1, size, size), labels 0 to 9.

    Raises:
        ValueError: If there is no such size or part.

    Source:
        E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
        doi:10.24432/C50P49, CC BY 4.0.
    """
    if size not in (_SIDE, _BOX + 2 * _BORDER):
        raise ValueError(f"size: expected 8 or 28, got {size}. Digits of 8 pixels train faster.")
    if split not in _PARTS:
        raise ValueError(f"split: expected one of {', '.join(_PARTS)}, got {split!r}. Choose one of them.")
    counts, labels = _read()
    chosen = shuffled(len(labels), np.random.default_rng(0))[slice(*_PARTS[split])]
    counts, labels = counts[chosen], labels[chosen]
    # Whole numbers up to here, so that each quotient is the same on every machine.
    brightness = counts / _DOTS if size == _SIDE else _stretched(counts)
    return Dataset(brightness[:, None].astype(np.float32), labels, tuple("0123456789"), "handwritten digits (UCI)")


def _read() -> tuple[NDArray[np.int64], Labels]:
    """Counts (1797, 8, 8) from 0 to 16, and labels (1797,), as the file has them."""
    lines = np.frombuffer(_FILE.read_bytes().replace(b"\n", b""), dtype=np.uint8).reshape(-1, 2 + _SIDE**2)
    values = np.where(lines >= ord("a"), lines - (ord("a") - 10), lines - ord("0")).astype(np.int64)
    return values[:, 2:].reshape(-1, _SIDE, _SIDE), values[:, 0].copy()


def _stretched(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N, 8, 8) to (N, 28, 28) by linear interpolation along both axes; beyond the border it is black."""
    # 8 pixels become 20: in tenths, the middle of new pixel i lies at 4i + 2, that of old pixel j at 10j + 5.
    tenths = np.abs((4 * np.arange(_BOX) + 2)[:, None] - (10 * np.arange(_SIDE) + 5)[None, :])
    weights = np.maximum(10 - tenths, 0)
    box = weights @ counts @ weights.T
    border = (_BORDER, _BORDER)
    return np.pad(box, ((0, 0), border, border)) / (100 * _DOTS)
