"""Which device a torch notebook computes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def choose_device() -> torch.device:
    """Choose the fastest device there is, and print which.

    Returns:
        CUDA if there is a GPU, else Apple's MPS, else the CPU.
    """
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    if torch.cuda.is_available():
        name, words = "cuda", f"the GPU {torch.cuda.get_device_name()}"
    elif torch.backends.mps.is_available():
        name, words = "mps", "Apple's GPU"
    else:
        name, words = "cpu", "the CPU"
    print(f"Device: {name} ({words}).")
    return torch.device(name)
