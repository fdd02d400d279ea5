"""The error of a failed check: in a notebook it shows as its message alone, without the traceback of the checker."""

from __future__ import annotations

from typing import Any

from course_utils.compare import Rung
from course_utils.heat import Heat, heat_of
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
        self._picture = None if where is None else heat_of(where)
        if self._picture is not None:
            # Plain Python shows it below the message.
            self.add_note(repr(self._picture))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback; the picture of where it is wrong comes below."""
        if self._picture is not None:
            _show_below(self._picture)
        return [f"✗ {self.message}"]


def _show_below(picture: Heat) -> None:
    """Show a picture once the cell has ended: what is shown at once stands above the error."""
    from IPython.core.getipython import get_ipython  # noqa: PLC0415 - only IPython comes here
    from IPython.display import display  # noqa: PLC0415

    shell: Any = get_ipython()
    if shell is None:
        return

    def show(*_: Any) -> None:
        shell.events.unregister("post_run_cell", show)
        display(picture)

    shell.events.register("post_run_cell", show)
