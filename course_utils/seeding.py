"""One seed for every source of random numbers that a notebook may use."""

from __future__ import annotations

import random
import sys

import numpy as np


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy's global generator and, if it is loaded, torch on all devices.

    Args:
        seed: Between 0 and 2**32 - 1.

    Returns:
        A NumPy generator of its own, from the same seed: `rng.normal(size=(2, 3))`.

    Raises:
        ValueError: If the seed is out of range.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed: expected a number from 0 to 2**32 - 1, got {seed}. Choose another one.")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - notebooks and libraries still draw from it
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
    return np.random.default_rng(seed)
