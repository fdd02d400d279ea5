"""Text that student code prints, collected up to a limit."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

_MAX_TAKEN = 1 << 20
# Prints that were left in a loop cost nothing: what is beyond the limit is dropped, until it is clear that it is no
# one's to read and no slip, so many times the limit.
OUTPUT_PATIENCE = 50


class OutputLimitError(Exception):
    """Student code printed without end."""


class Output(io.TextIOBase):
    """Stands in for sys.stdout and sys.stderr.

    Args:
        limit_bytes: Bytes of UTF-8 that are kept; the rest is dropped.
        overflow: Called when many times more is written; may not come back.
    """

    def __init__(self, limit_bytes: int, overflow: Callable[[], None]) -> None:
        self._limit_bytes = limit_bytes
        self._overflow = overflow
        self._used = 0
        self._parts: list[str] = []

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As in a notebook."""
        return "utf-8"

    @property
    def buffer(self) -> Any:
        """For those who write bytes."""
        return _Bytes(self)

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Collect text, or report that it is too much."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._used <= self._limit_bytes:
            data = str.encode(text, "utf-8", "replace")
            self._used += len(data)
            if self._used <= self._limit_bytes:
                self._parts.append(data.decode())
        else:
            self._used += str.__len__(text)
        if self._used > OUTPUT_PATIENCE * self._limit_bytes:
            self._overflow()
        return len(text)

    def take(self) -> str:
        """What was written since the last time."""
        text, self._parts = "".join(self._parts), []
        return text[:_MAX_TAKEN]


class _Bytes(io.RawIOBase):
    def __init__(self, text: Output) -> None:
        self._text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._text.write(raw.decode("utf-8", "replace"))
        return len(raw)
