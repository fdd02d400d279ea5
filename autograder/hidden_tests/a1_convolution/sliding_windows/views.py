"""What a result amounts to, where many different ones are right: mistakes are recognised by that."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.detector import Detector, Scene, all_patches


def fires(weights: Any) -> Any:
    """Where a detector's output is positive, packed: all patches, on an empty and on a full ground.

    Args:
        weights: What `square_detector` returned.

    Returns:
        An array of bytes; for layers in other shapes the number of axes of each; for anything else the value itself.
    """
    parts = tuple(value for _, value in getattr(weights, "fields", ())) or weights
    if not (isinstance(parts, tuple) and len(parts) == 4 and all(map(_real, parts))):
        return weights
    channels = len(parts[0]) if parts[0].ndim else 0
    shapes = [(channels, 1, 3, 3), (channels,), (1, channels, 3, 3), (1,)]
    if [part.shape for part in parts] != shapes:
        return tuple(part.ndim for part in parts)
    return _pattern(tuple((part.tobytes(), part.dtype.str, part.shape) for part in parts))


@functools.lru_cache(maxsize=64)
def _pattern(parts: tuple[tuple[bytes, str, tuple[int, ...]], ...]) -> np.ndarray:
    """The same weights come once per test."""
    layers = [np.frombuffer(memory, dtype).reshape(shape) for memory, dtype, shape in parts]
    pattern = np.packbits(Detector.from_weights(*layers).fires(_pictures()))
    pattern.flags.writeable = False
    return pattern


def _real(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype.kind in "iuf" and bool(np.isfinite(part).all())


@functools.cache
def _pictures() -> Scene:
    patches = all_patches()
    grounds = [np.pad(patches, ((0, 0), (0, 1), (0, 1)), constant_values=value) for value in (0, 1)]
    return Scene.from_images(np.concatenate(grounds))


VIEWS: dict[str, Callable[[Any], Any]] = {"square_detector": fires}
