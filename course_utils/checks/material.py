"""What a case's inputs and right results become when it is run: arrays, or tensors on the notebook's device.

A device of None stands for a notebook that works with arrays. torch is imported only where there is a device.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from course_utils.checks.case import Made
from course_utils.checks.draw import Array, lay_out
from course_utils.compare_arrays import is_tensor


def material(value: Any, layout: str = "plain", device: str | None = None) -> Any:
    """A fresh copy of an input or a result, with tensors in the place of arrays if there is a device.

    Args:
        value: An array, something else, or lists and tuples of them, named ones too; what is `Made` is made.
        layout: How arrays and tensors lie in memory, one of draw.LAYOUTS.
        device: Where the tensors are; None for arrays.
    """
    if isinstance(value, Made):
        return value.make()
    if isinstance(value, np.ndarray):
        return lay_out(value, layout) if device is None else tensor(value, layout, device)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(material(entry, layout, device) for entry in value))
    if isinstance(value, (list, tuple)):
        return type(value)(material(entry, layout, device) for entry in value)
    return copy.deepcopy(value)


def tensor(array: Array, layout: str, device: str) -> Any:
    """A tensor with the numbers of an array.

    Args:
        array: Any shape.
        layout: "plain"; "gaps": a view of every second entry of a larger tensor; "turned": its first axis is the
            innermost in memory.
        device: Where it is.

    Raises:
        ValueError: For "read-only", which tensors can't be.
    """
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    if layout == "read-only":
        raise ValueError("layout: expected one that tensors can have, got read-only. Take plain: changes are found.")
    copied = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape).copy()).to(device)
    if layout == "gaps":
        # One entry more than twice as many, or all entries would still be evenly spaced, as `view` wants them.
        wide = torch.full((*array.shape[:-1], 2 * array.shape[-1] + 1), 99, dtype=copied.dtype, device=device)
        wide[..., :-1:2] = copied
        return wide[..., :-1:2]
    if layout == "turned":
        backwards = tuple(reversed(range(copied.ndim)))
        return copied.permute(backwards).contiguous().permute(backwards)
    return copied


def snapshot(value: Any) -> Any:
    """A copy of a result that no later call can change."""
    if is_tensor(value):
        return value.detach().clone()
    if isinstance(value, (list, tuple)):
        entries = [snapshot(entry) for entry in value]
        return tuple(entries) if isinstance(value, tuple) else entries
    return copy.deepcopy(value)


def on_cpu(value: Any) -> Any:
    """A result with its tensors on the CPU."""
    if is_tensor(value):
        return value.detach().cpu()
    return type(value)(on_cpu(entry) for entry in value) if type(value) in (list, tuple) else value


def same_memory(first: Any, second: Any) -> bool:
    """Whether two arrays, two tensors, or some of those in two tuples, have memory in common."""
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.may_share_memory(first, second)
    if is_tensor(first) and is_tensor(second):
        pointers = [value.untyped_storage().data_ptr() for value in (first, second)]
        return bool(pointers[0] == pointers[1] != 0)
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return any(same_memory(one, other) for one, other in zip(first, second, strict=False))
    return False
