"""Where student code computes, and what that means for its worker.

A device other than the processor doesn't survive a fork: it is begun in each worker, after the walls, and no session
is forked. The notebook is loaded again instead.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox.forbidden import ForbiddenCall


@dataclass(frozen=True, slots=True)
class Place:
    """Where student code computes.

    Attributes:
        device: "cpu" or "cuda".
        forks: Whether each session is a process forked from the loaded notebook; else it is the loaded notebook.
    """

    device: str = "cpu"
    forks: bool = True

    @property
    def has_accelerator(self) -> bool:
        """Whether there are device files and a driver that the walls must let through."""
        return self.device != "cpu"


PROCESSOR = Place()


def place_for(device: str) -> Place:
    """The way in which a device is used."""
    return Place(device=device, forks=device == "cpu")


def device_files(place: Place) -> tuple[str, ...]:
    """What a worker must be able to read and write so that its device works."""
    return tuple(map(str, sorted(Path("/dev").glob("nvidia*")))) if place.has_accelerator else ()


def driver_files(place: Place) -> tuple[str, ...]:
    """What the driver's library reads."""
    return ("/proc/driver/nvidia", "/proc/devices", "/proc/modules") if place.has_accelerator else ()


def begin(place: Place) -> None:
    """Have the device ready in this process, with results that are the same on every run where torch can.

    Its first steps load libraries and start threads, which are then no student's.

    Raises:
        RuntimeError, AssertionError: If the device is not to be had, or torch was built without it.
    """
    torch = sys.modules.get("torch")
    if place.forks or torch is None:
        return
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    x = torch.ones(1, 1, 4, 4, device=place.device)
    w = x.clone().requires_grad_()
    steps: tuple[Callable[[], Any], ...] = (
        lambda: x[0, 0] @ x[0, 0],
        lambda: torch.conv2d(x, x),
        lambda: (w * x).sum().backward(),
    )
    for step in steps:
        # What this notebook forbids, its students don't need either.
        with contextlib.suppress(ForbiddenCall):
            step()
    x.cpu()
