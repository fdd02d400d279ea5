"""One name, two libraries: a layer takes NumPy arrays or tensors, and torch is loaded by whoever made a tensor."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

__all__ = ["F", "Values", "gradients", "layer", "promoted", "tensors"]

P = ParamSpec("P")
R = TypeVar("R")

# NumPy arrays or tensors; a layer returns what it was given.
Values: TypeAlias = Any

_on_tensors: dict[str, Callable[..., Any]] = {}


class _Later:
    """A module that is imported when something of it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)


if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F  # noqa: N812 - as everybody calls it
else:
    F = _Later("torch.nn.functional")


def layer(on_arrays: Callable[P, R]) -> Callable[P, R]:
    """Make a function of arrays the layer of its name, for tensors too as soon as `tensors` says how.

    Args:
        on_arrays: What it computes from NumPy arrays; its signature and docstring are the layer's.
    """

    @functools.wraps(on_arrays)
    def either(*args: P.args, **options: P.kwargs) -> R:
        torch = sys.modules.get("torch")
        if torch is not None and any(isinstance(arg, torch.Tensor) for arg in (*args, *options.values())):
            answer: R = _on_tensors[on_arrays.__name__](*args, **options)
            return answer
        return on_arrays(*args, **options)

    return either


def tensors(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register what the layer of a name computes from tensors."""

    def register(on_tensors: Callable[P, R]) -> Callable[P, R]:
        _on_tensors[name] = on_tensors
        return on_tensors

    return register


def gradients(
    forward: Callable[..., torch.Tensor], inputs: Sequence[torch.Tensor], dout: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """Gradients of sum(forward(*inputs) * dout) with respect to each input, by torch's autograd."""
    import torch  # noqa: PLC0415 - see above

    with torch.enable_grad():
        leaves = [entry.detach().requires_grad_() for entry in inputs]
        return torch.autograd.grad(forward(*leaves), leaves, dout.detach())


def promoted(*values: torch.Tensor | None) -> tuple[Any, ...]:
    """All tensors in their common dtype, which torch's layers insist on; None stays None."""
    import torch  # noqa: PLC0415 - see above

    dtype = functools.reduce(torch.promote_types, (value.dtype for value in values if value is not None))
    return tuple(None if value is None else value.to(dtype) for value in values)
