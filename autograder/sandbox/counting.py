"""What a call costs, in numbers that are the same on every machine: Python's instructions, torch's elements.

It runs beside student code, which could reach into it: a count tells honest answers apart, and earns nothing alone.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any

from autograder.sandbox.protocol import Count

# These read nothing and write nothing: what is in the tensor is whatever was in memory.
_RESERVING = frozenset({"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"})
# Where torch looks, for each operation, whether the mode below is its business.
_LOOKED_UP = "torch._library.simple_registry"


def counted(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, Count]:
    """Call a function: what it returned, and what the call took.

    Who traces or collects garbage otherwise goes on afterwards as before.
    """
    steps = _Steps()
    torch = sys.modules.get("torch")
    mode = nullcontext() if torch is None else _passes_of(torch, steps)
    with mode as passes, _without_collector():
        value = steps.of(function, args, kwargs)
    return value, Count(steps=steps.taken, passes=0 if passes is None else passes.elements)


class _Steps:
    """Counts the instructions of all Python frames that begin while it counts, ours left out."""

    def __init__(self) -> None:
        self.taken = 0
        self._ours = {id(vars(sys.modules[name])) for name in (__name__, _LOOKED_UP) if name in sys.modules}

    def of(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a function, and count in this thread and in those that are started meanwhile."""
        before, before_in_threads = sys.gettrace(), threading.gettrace()
        threading.settrace(self.enter)
        sys.settrace(self.enter)
        try:
            return function(*args, **kwargs)
        finally:
            sys.settrace(before)
            threading.settrace(before_in_threads)

    def enter(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        """What the interpreter calls for each new frame."""
        if id(frame.f_globals) in self._ours:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._step

    def _step(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event == "opcode":
            self.taken += 1


def _passes_of(torch: Any, steps: _Steps) -> AbstractContextManager[Any]:
    """A mode below autograd that adds up, for each operation, the larger of its largest input and output."""
    from torch.utils._python_dispatch import TorchDispatchMode  # noqa: PLC0415 - NumPy notebooks have no torch

    def tensors(value: Any) -> Iterator[Any]:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            for entry in value:
                yield from tensors(entry)

    class Passes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch says nothing of its types here
        elements = 0

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            """Nothing compiles here, and to say so for each operation would be a step in torch's own Python."""
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            # What torch and we do here in Python is no step of the student's.
            sys.settrace(None)
            try:
                out = func(*args, **(kwargs or {}))
                given, made = list(tensors([*args, *(kwargs or {}).values()])), list(tensors([out]))
                if func._opname not in _RESERVING and not _is_view(func, given, made):
                    self.elements += max((tensor.numel() for tensor in (*given, *made)), default=0)
                return out
            finally:
                sys.settrace(steps.enter)

    mode: AbstractContextManager[Any] = Passes()  # type: ignore[no-untyped-call]
    return mode


def _is_view(func: Any, given: Sequence[Any], made: Sequence[Any]) -> bool:
    """Whether an operation only looks at memory that was there in another way."""
    if func._schema.is_mutable or not made:
        return False
    there = {tensor.untyped_storage().data_ptr() for tensor in given}
    return all(tensor.untyped_storage().data_ptr() in there for tensor in made)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Finalisers that run when the collector finds something are not the call's."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
