"""How many numbers the torch operations of a call read or write: what the call costs where memory is the bottleneck."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast


def passes(call: Callable[[], Any]) -> int:
    """Count the passes of a call: each operation takes as many as its largest input or output has numbers.

    Views are free. Operations on other threads are not seen.

    Args:
        call: Called once, without arguments.
    """
    from torch.utils._python_dispatch import TorchDispatchMode  # noqa: PLC0415 - NumPy notebooks never load torch

    class Counting(TorchDispatchMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
        total = 0

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            # Nothing is compiled here; asking torch to see to that loads its compiler, which takes seconds.
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            if not _is_view(func):
                self.total += max((tensor.numel() for tensor in _tensors([args, kwargs, result])), default=0)
            return result

    counting: Any = cast(Any, Counting)()
    with counting:
        call()
    return int(counting.total)


def _is_view(func: Any) -> bool:
    """Whether an operation gives back the memory of an input, unchanged."""
    aliases = [entry.alias_info for entry in func._schema.returns]
    return bool(aliases) and all(alias is not None and not alias.is_write for alias in aliases)


def _tensors(value: Any) -> Iterator[Any]:
    import torch  # noqa: PLC0415 - see passes

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _tensors(entry)
