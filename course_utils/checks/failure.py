"""The error of a failed check: in a notebook it shows as its message alone, without the traceback of the checker."""

from __future__ import annotations

from typing import Any

from course_utils.compare import Rung
from course_utils.heat import heat_of
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
        """What IPython shows instead of a traceback.

        What is shown at once stands above the error, so the picture waits until the cell has ended. IPython may ask
        more than once; registering again changes nothing.
        """
        from IPython.core.getipython import get_ipython  # noqa: PLC0415 - only IPython comes here

        shell: Any = get_ipython()
        if self._picture is not None and shell is not None:
            shell.events.register("post_run_cell", self._show_picture)
        return [f"✗ {self.message}"]

    def _show_picture(self, *_: Any) -> None:
        from IPython.core.getipython import get_ipython  # noqa: PLC0415
        from IPython.display import display  # noqa: PLC0415

        shell: Any = get_ipython()
        shell.events.unregister("post_run_cell", self._show_picture)
        display(self._picture)
