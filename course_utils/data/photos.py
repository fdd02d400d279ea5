"""The sample photo that ships with matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Luma weights of ITU-R BT.601: how bright red, green and blue look.
LUMA = (0.299, 0.587, 0.114)


def colour_photo(size: int = 128) -> Array:
    """Rear Admiral Grace Hopper, who wrote one of the first compilers: the photo that ships with matplotlib.

    Args:
        size: Side in pixels, a divisor of 384.

    Returns:
        (3, size, size), red, green and blue between 0 and 1.

    Raises:
        ValueError: If size does not divide 384.
    """
    from matplotlib import cbook, image  # noqa: PLC0415 - only pictures need it

    side = 384
    if size < 1 or side % size:
        raise ValueError(f"size: expected a divisor of {side}, got {size}. Take 128, 96 or 64.")
    path = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    pixels = np.asarray(image.imread(path), dtype=np.float64) / 255
    crop = pixels[20 : 20 + side, 64 : 64 + side]
    blocks = crop.reshape(size, side // size, size, side // size, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3)).transpose(2, 0, 1))


def photo(size: int = 128) -> Array:
    """The same photo in grey, (size, size), between 0 and 1."""
    grey: Array = np.tensordot(np.array(LUMA), colour_photo(size), axes=1)
    return grey
