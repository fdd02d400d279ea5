"""Where student code computes: the policy between what was asked for, what a notebook takes, and what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from autograder.errors import CourseError
from autograder.model import Notebook

DEVICES = ("auto", "cpu", "cuda")


def cuda_here() -> bool:
    """Whether torch finds a CUDA device on this machine."""
    import torch  # noqa: PLC0415 - takes a second, and most runs don't ask

    return torch.cuda.is_available()


def takes_device(notebook: Notebook) -> bool:
    """Whether any question of a notebook computes on a device; NumPy's don't."""
    return notebook.kind == "torch"


def choose_devices(
    wanted: str, notebooks: Sequence[Notebook], has_cuda: Callable[[], bool] = cuda_here
) -> Mapping[str, str]:
    """Choose "cpu" or "cuda" for each notebook.

    Args:
        wanted: One of DEVICES; "auto" takes CUDA where there is one.
        notebooks: What is to be graded.
        has_cuda: Says whether there is a CUDA device; asked only if it matters.

    Returns:
        Notebook name to device. A notebook that takes no device has "cpu", whatever is wanted.

    Raises:
        CourseError: If CUDA is wanted and there is none, or what is wanted is no device.
    """
    if wanted not in DEVICES:
        raise CourseError(f"--device: expected one of {', '.join(DEVICES)}, got '{wanted}'.")
    if wanted == "cuda" and not has_cuda():
        raise CourseError(
            "--device cuda: expected a CUDA device, found none. Use --device cpu, or a machine, or on a cluster a "
            "worker started with --resources GPU=1, on which torch.cuda.is_available() is true."
        )
    taking = [notebook.name for notebook in notebooks if takes_device(notebook)]
    chosen = wanted if wanted != "auto" else "cuda" if taking and has_cuda() else "cpu"
    return {notebook.name: chosen if notebook.name in taking else "cpu" for notebook in notebooks}


def no_effect(wanted: str, assignment: str, notebooks: Sequence[Notebook]) -> Iterator[str]:
    """What to say where a device was asked for that nothing takes."""
    if wanted != "auto" and not any(takes_device(notebook) for notebook in notebooks):
        yield f"--device {wanted} has no effect: no question of {assignment} takes a device."
