"""Runs a two-layer detector of 3x3 filters over binary images, and says where the outlines really are.

The first layer sees nine bits, so it has 512 answers; the second adds up nine of them. With these in a table, all
65,536 patches of 4x4 pixels cost nine look-ups each, however many channels a student uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

OUTLINE = np.pad(np.zeros((2, 2), dtype=np.int64), 1, constant_values=1)
_POWERS = 2 ** np.arange(9).reshape(3, 3)


@dataclass(frozen=True)
class Detector:
    """The nine tables: entry [p, q, code] is what pixel pattern `code` at offset (p, q) adds to the output.

    Attributes:
        tables: (3, 3, 512).
        bias: Bias of the second layer.
    """

    tables: np.ndarray
    bias: float

    @classmethod
    def from_weights(cls, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray) -> Detector:
        """Tabulate layers w1 (C, 1, 3, 3), b1 (C,), w2 (1, C, 3, 3), b2 (1,), ReLU after each."""
        bits = (np.arange(512)[:, None] >> np.arange(9)) & 1
        hidden = np.maximum(bits @ w1.astype(np.float64).reshape(-1, 9).T + b1.astype(np.float64), 0.0)
        tables = np.einsum("kc,cpq->pqk", hidden, w2[0].astype(np.float64))
        return cls(tables, float(b2[0]))

    def fires(self, scene: Scene) -> np.ndarray:
        """Where the output is positive: (M, H-4, W-4) booleans.

        What is only rounding error (1e-9 of the largest output) does not count.
        """
        rows, columns = scene.outlines.shape[1:]
        out = np.full(scene.outlines.shape, self.bias)
        for p, q in np.ndindex(3, 3):
            out += self.tables[p, q][scene.codes[:, p : p + rows, q : q + columns]]
        return out > 1e-9 * max(float(out.max()), 0.0)


@dataclass(frozen=True)
class Scene:
    """Binary images, seen as a detector sees them.

    Attributes:
        codes: Pattern of the nine pixels at each place, (M, H-2, W-2).
        outlines: Where the 4x4 patch is the outline, for places that leave a free row and column, (M, H-4, W-4).
    """

    codes: np.ndarray
    outlines: np.ndarray

    @classmethod
    def from_images(cls, images: np.ndarray) -> Scene:
        """Look at images (M, H, W) of 0 and 1."""
        codes = np.einsum("mijpq,pq->mij", sliding_window_view(images, (3, 3), axis=(1, 2)), _POWERS)
        patches = sliding_window_view(images[:, :-1, :-1], (4, 4), axis=(1, 2))
        return cls(codes, (patches == OUTLINE).all(axis=(3, 4)))


def all_patches() -> np.ndarray:
    """Every binary 4x4 patch: (65536, 4, 4)."""
    return ((np.arange(1 << 16)[:, None] >> np.arange(16)) & 1).reshape(-1, 4, 4)


def surrounded(patches: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put patches (M, 4, 4) into the top left corners of random binary images (M, 5, 5)."""
    images = rng.integers(0, 2, size=(len(patches), 5, 5))
    images[:, :4, :4] = patches
    return images
