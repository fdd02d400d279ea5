"""Labelled pictures as plain arrays, whatever they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import torch

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures, what they show, and the names for it.

    Attributes:
        images: (N, C, H, W), float32, from 0 (black) to 1.
        labels: (N,), int64, each the index of a class.
        classes: Names of the classes.
        name: Where the pictures come from, in a word or two.
    """

    images: Images
    labels: Labels
    classes: tuple[str, ...]
    name: str

    def __post_init__(self) -> None:
        shape, dtype = self.images.shape, self.images.dtype
        if len(shape) != 4 or dtype != np.float32:
            raise ValueError(
                f"images: expected (N, C, H, W) in float32, got {shape} in {dtype}. Cast and reshape them."
            )
        if self.labels.shape != shape[:1] or self.labels.dtype != np.int64:
            raise ValueError(
                f"labels: expected ({shape[0]},) in int64, one for each picture, got {self.labels.shape} in "
                f"{self.labels.dtype}. Pass one whole number for each picture."
            )
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise ValueError(
                f"labels: expected numbers from 0 to {len(self.classes) - 1}, the indices of the classes, got "
                f"{self.labels.min()} to {self.labels.max()}. Name all classes."
            )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.images.shape[1:]))
        return f"{self.name}: {len(self)} pictures of {shape}, {len(self.classes)} classes ({', '.join(self.classes)})"

    def take(self, chosen: ArrayLike | slice) -> Dataset:
        """Some of the pictures, as a copy.

        Args:
            chosen: Indices, a mask of N booleans, or a slice.
        """
        where: Any = chosen if isinstance(chosen, slice) else np.asarray(chosen)
        if not isinstance(where, slice) and where.dtype != np.bool_:
            # An empty list has no dtype of its own.
            where = where.astype(np.int64, casting="same_kind" if where.size else "unsafe")
        return replace(self, images=self.images[where].copy(), labels=self.labels[where].copy())

    def split(self, *sizes: int, seed: int = 0) -> tuple[Dataset, ...]:
        """Shuffle, and cut into parts without a common picture: `train, test = data.split(800)`.

        Args:
            sizes: Pictures in each part but the last, which takes what is left.
            seed: Another seed, another shuffle. The same on every machine.

        Raises:
            ValueError: If a size is negative, or nothing is left for the last part.
        """
        if not sizes or min(sizes) < 0 or sum(sizes) >= len(self):
            raise ValueError(
                f"split: expected sizes that leave some of the {len(self)} pictures for the last part, got {sizes}. "
                "Ask for fewer."
            )
        parts = np.split(shuffled(len(self), np.random.default_rng(seed)), np.cumsum(sizes))
        return tuple(self.take(part) for part in parts)

    def batches(
        self, size: int, *, rng: np.random.Generator | None = None, drop_last: bool = False
    ) -> Iterator[tuple[Images, Labels]]:
        """Once through all pictures: `for x, y in data.batches(32, rng=rng): ...`.

        Args:
            size: Pictures in a batch; the last may have fewer.
            rng: Shuffles the pictures; without one they keep their order.
            drop_last: Leave a last batch out that isn't full.

        Yields:
            (n, C, H, W) pictures and (n,) labels, copies.

        Raises:
            ValueError: If size is below 1.
        """
        if size < 1:
            raise ValueError(f"size: expected at least one picture in a batch, got {size}. Take 32 or 64.")
        order = np.arange(len(self)) if rng is None else shuffled(len(self), rng)
        end = len(self) - len(self) % size if drop_last else len(self)
        for start in range(0, end, size):
            chosen = order[start : min(start + size, end)]
            yield self.images[chosen], self.labels[chosen]

    def tensors(self, device: str | torch.device = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
        """Images and labels as tensors of their own on a device."""
        import torch  # noqa: PLC0415 - NumPy notebooks never load it

        return torch.tensor(self.images, device=device), torch.tensor(self.labels, device=device)


def shuffled(size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The numbers below size in random order, (size,).

    By sorting random numbers: what `Generator.random` gives has never changed, while NumPy reserves the right to
    change `permutation` in any version.
    """
    return np.argsort(rng.random(size), kind="stable").astype(np.int64)
