"""Pictures of ten shapes, drawn as they are asked for: data without a download, with a knob for each difficulty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_utils.data.dataset import Dataset, Images, shuffled
from course_utils.data.outlines import OUTLINES

SHAPES = tuple(OUTLINES)

# Points looked at along each side of a pixel; the share of them inside the shape is how much of it the pixel shows.
_FINE = 4
# Pictures drawn at once: enough for NumPy, few enough for little memory.
_CHUNK = 128


def shapes(
    n: int,
    *,
    seed: int,
    size: int = 32,
    classes: Sequence[str] = SHAPES,
    position: float = 0.15,
    scale: tuple[float, float] = (0.5, 0.8),
    rotation: float = 180.0,
    noise: float = 0.04,
    colour: bool = True,
) -> Dataset:
    """Draw pictures of one shape each, deterministic from the seed.

    The same bytes on every machine. The first pictures of a longer set are those of a shorter one, and each knob
    changes only what it stands for: with noise=0 come the same shapes in the same colours, without noise.

    Args:
        n: Number of pictures. Each ten in a row (each `len(classes)`) show every class once.
        seed: >= 0. Take another one for the pictures to test on.
        size: Height and width in pixels.
        classes: Which shapes; labels count along this list.
        position: How far from the middle the shape may be moved, along each axis, as a share of the size.
        scale: Smallest and largest diameter of the disc around the shape, as shares of the size. What reaches over
            the border is cut off, which can't happen while the largest and twice the position are at most 1.
        rotation: Largest angle by which the shape is turned, either way, in degrees.
        noise: Standard deviation of the noise, where white is 1.
        colour: Random colours of shape and background; else white on black.

    Returns:
        Images (n, 3, size, size), each channel a multiple of 1/255.

    Raises:
        ValueError: If a knob is out of its range, or a class isn't among `SHAPES`.
    """
    knobs = _Knobs(size, tuple(classes), position, scale, rotation, noise, colour)
    knobs.check(n)
    # A stream of random numbers for each purpose, so that none depends on how many another one took.
    order, place, paint, grain = (np.random.default_rng([seed, purpose]) for purpose in range(4))
    kinds = len(knobs.classes)
    labels = np.concatenate([shuffled(kinds, order) for _ in range(0, n, kinds)] or [np.zeros(0, dtype=np.int64)])[:n]
    images = np.empty((n, 3, size, size), dtype=np.float32)
    for start in range(0, n, _CHUNK):
        chunk = labels[start : start + _CHUNK]
        cover = _cover(chunk, knobs, place.random((len(chunk), 4)))
        images[start : start + _CHUNK] = _paint(cover, knobs, paint.random((len(chunk), 7)), grain)
    return Dataset(images, labels, knobs.classes, "generated shapes")


@dataclass(frozen=True)
class _Knobs:
    size: int
    classes: tuple[str, ...]
    position: float
    scale: tuple[float, float]
    rotation: float
    noise: float
    colour: bool

    def check(self, n: int) -> None:
        """Refuse what can't be drawn."""
        _ask("n", "0 or more", n, n >= 0)
        _ask("size", "1 pixel or more", self.size, self.size >= 1)
        _ask("position", "a share from 0 to 1", self.position, 0 <= self.position <= 1)
        _ask("scale", "(smallest, largest), both above 0", self.scale, 0 < self.scale[0] <= self.scale[1] < np.inf)
        _ask("rotation", "degrees from 0 to 180", self.rotation, 0 <= self.rotation <= 180)
        _ask("noise", "a standard deviation of 0 or more", self.noise, 0 <= self.noise < np.inf)
        known = bool(self.classes) and set(self.classes) <= set(SHAPES) and len(set(self.classes)) == len(self.classes)
        _ask("classes", f"some of {', '.join(SHAPES)}, each once", self.classes, known)


def _ask(name: str, expected: str, value: object, held: bool) -> None:
    if not held:
        raise ValueError(f"{name}: expected {expected}, got {value}. See help(shapes).")


def _cover(labels: NDArray[np.int64], knobs: _Knobs, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each pixel the shape covers, (n, size, size), from 0 to 1."""
    across = (np.arange(knobs.size * _FINE) + 0.5) / (knobs.size * _FINE) - 0.5
    middle = (2 * uniform[:, :2] - 1) * knobs.position
    low, high = knobs.scale
    radius = (low + (high - low) * uniform[:, 2, None, None]) / 2
    angle = np.deg2rad((2 * uniform[:, 3, None, None] - 1) * knobs.rotation)
    # Libraries differ in the last bit of a sine; steps of a millionth are as good, and the same everywhere.
    cos, sin = (np.rint(part * 2**20) / 2**20 for part in (np.cos(angle), np.sin(angle)))
    x = (across[None, None, :] - middle[:, 0, None, None]) / radius
    y = (across[None, :, None] - middle[:, 1, None, None]) / radius
    inside = np.empty((len(labels), len(across), len(across)), dtype=np.bool_)
    for label, kind in enumerate(knobs.classes):
        chosen = labels == label
        c, s, right, down = cos[chosen], sin[chosen], x[chosen], y[chosen]
        inside[chosen] = OUTLINES[kind](c * right + s * down, c * down - s * right)
    fine = inside.reshape(len(labels), knobs.size, _FINE, knobs.size, _FINE)
    counts: NDArray[np.int64] = fine.sum(axis=(2, 4))
    return counts / _FINE**2


def _paint(
    cover: NDArray[np.float64], knobs: _Knobs, uniform: NDArray[np.float64], grain: np.random.Generator
) -> Images:
    """Mix shape and background, (n, 3, size, size)."""
    dark, bright = 0.45 * uniform[:, :3], 1 - 0.5 * uniform[:, 3:6]
    # Whether the shape is the brighter one is left to chance, so that brightness tells nothing.
    swap = uniform[:, 6:] < 0.5
    back, front = np.where(swap, bright, dark), np.where(swap, dark, bright)
    if not knobs.colour:
        back, front = np.zeros_like(back), np.ones_like(front)
    back, front = back[:, :, None, None], front[:, :, None, None]
    mixed = back + (front - back) * cover[:, None]
    if knobs.noise:
        # The sum of four uniform numbers is close to a normal one, and needs no logarithm; its variance is 4/12.
        first, second, third, fourth = np.moveaxis(grain.random((len(mixed), 4, *mixed.shape[1:])), 1, 0)
        mixed = mixed + knobs.noise * np.sqrt(3) * (first + second + third + fourth - 2)
    return (np.rint(np.clip(mixed, 0, 1) * 255) / 255).astype(np.float32)
