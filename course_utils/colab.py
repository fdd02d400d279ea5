"""What a setup cell does once everything is installed, in Colab and elsewhere."""

from __future__ import annotations

import os
import platform
import sys

import numpy as np

from course_utils import __version__
from course_utils.seeding import seed_everything


def in_colab() -> bool:
    """Whether this runs in Google Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def setup(seed: int = 0) -> None:
    """Seed everything, and print versions, device and seed in one line.

    The device is shown if torch has been imported; a NumPy notebook computes on the CPU. `device.choose_device`
    chooses one.

    Args:
        seed: As for `seeding.seed_everything`.

    Raises:
        ValueError: If the seed is out of range.
    """
    seed_everything(seed)
    parts = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    device = "CPU"
    torch = sys.modules.get("torch")
    if torch is not None:
        parts.append(f"torch {torch.__version__}")
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else device
    parts.append(f"course_utils {__version__}")
    place = " in Colab" if in_colab() else ""
    print(f"{', '.join(parts)}{place}. Device: {device}. Seed: {seed}.")
