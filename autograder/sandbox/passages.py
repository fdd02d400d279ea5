"""Functions that can be taken away for a while: an open passage leads to one, a closed passage to a refusal.

While a passage is closed, nothing in this process says where its function is. No Python object holds it, the garbage
collector doesn't know it, and its address is kept under a lock whose key only the grader has.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from types import CellType
from typing import Any

_hold = ctypes.pythonapi.Py_IncRef
_untrack = ctypes.pythonapi.PyObject_GC_UnTrack
_untrack.argtypes, _untrack.restype = [ctypes.py_object], None


class Passage:
    """A function that leads on to another, until it is closed.

    Args:
        name: What it is called.
        doc: What its help says.
        refusal: Where it leads while it is closed.

    Attributes:
        function: To be put in the place of the original.
    """

    def __init__(self, name: str, doc: str | None, refusal: Callable[..., Any]) -> None:
        target: Any = None

        def passage(*args: Any, **kwargs: Any) -> Any:
            return target(*args, **kwargs)

        passage.__name__ = passage.__qualname__ = name
        passage.__doc__ = doc
        assert passage.__closure__ is not None
        self.function = passage
        self._refusal = refusal
        self._cell: CellType = passage.__closure__[0]
        self._locked: int | None = None

    def lead_to(self, original: Any) -> None:
        """Open it for the first time; from now on the original lives as long as this process."""
        _hold(ctypes.py_object(original))
        if gc.is_tracked(original):
            _untrack(original)
        self._cell.cell_contents = original

    def close(self, lock: int) -> None:
        """Have it lead to the refusal."""
        if self._locked is None:
            self._locked = id(self._cell.cell_contents) ^ lock
            self._cell.cell_contents = self._refusal

    def open(self, lock: int) -> None:
        """Have it lead to the original again; with another number than it was closed with, this process crashes."""
        if self._locked is not None:
            self._cell.cell_contents = ctypes.cast(self._locked ^ lock, ctypes.py_object).value
            self._locked = None


class TableEntry:
    """A function's place in a table of C, which is empty while it is closed: who calls it all the same has a crash.

    Args:
        address: Of the place.
    """

    def __init__(self, address: int) -> None:
        self._place = ctypes.c_void_p.from_address(address)
        self._locked: int | None = None

    def close(self, lock: int) -> None:
        """Empty the place."""
        if self._locked is None:
            self._locked = (self._place.value or 0) ^ lock
            self._place.value = None

    def open(self, lock: int) -> None:
        """Fill the place again."""
        if self._locked is not None:
            self._place.value = self._locked ^ lock
            self._locked = None
