"""How many numbers the torch operations of a call read or write: what the call costs where memory is the bottleneck."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

# These read nothing and write nothing.
RESERVING = frozenset({"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"})


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
            given, made = list(_tensors([args, kwargs])), list(_tensors(result))
            if not _is_free(func, given, made):
                self.total += max((tensor.numel() for tensor in (*given, *made)), default=0)
            return result

    counting: Any = cast(Any, Counting)()
    with counting:
        call()
    return int(counting.total)


def _is_free(func: Any, given: list[Any], made: list[Any]) -> bool:
    """Whether an operation only reserves memory, or looks in another way at memory that was there."""
    if func._opname in RESERVING:
        return True
    if func._schema.is_mutable or not made:
        return False
    there = {tensor.untyped_storage().data_ptr() for tensor in given}
    return all(tensor.untyped_storage().data_ptr() in there for tensor in made)


def _tensors(value: Any) -> Iterator[Any]:
    import torch  # noqa: PLC0415 - see passes

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _tensors(entry)
