"""The error of a failed check: in a notebook it shows as its message alone, without the traceback of the checker."""

from __future__ import annotations

from course_utils.compare import Rung
from course_utils.where import Where


class CheckFailed(AssertionError):
    """A student's function does not do what its check asks.

    Attributes:
        message: What was checked, expected and got, and a next step.
        rung: The rung of the ladder that failed.
        where: The places that are wrong, if the result is an array that is right elsewhere.
    """

    def __init__(self, message: str, rung: Rung, where: Where | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.rung = rung
        self.where = where

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"✗ {self.message}"]
