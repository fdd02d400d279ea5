"""Which device a torch notebook computes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


# What `choose_device` chose last, for the checks of the same notebook.
_chosen = "cpu"


def choose_device(*, float64: bool = False) -> torch.device:
    """Choose the fastest device there is, print which, and let the checks of the notebook use it.

    Args:
        float64: Whether it must compute in double precision, which Apple's GPUs can't.

    Returns:
        CUDA if there is a GPU, else Apple's MPS, else the CPU.
    """
    global _chosen  # noqa: PLW0603 - checks are called without a device, so that their cells are one plain line
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    if torch.cuda.is_available():
        name, words = "cuda", f"the GPU {torch.cuda.get_device_name()}"
    elif torch.backends.mps.is_available() and not float64:
        name, words = "mps", "Apple's GPU"
    else:
        name, words = "cpu", "the CPU"
    print(f"Device: {name} ({words}).")
    _chosen = name
    return torch.device(name)


def chosen_device() -> str:
    """Name of the device that was chosen last; "cpu" if none was."""
    return _chosen
