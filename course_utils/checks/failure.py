"""The error of a failed check: in a notebook it shows as its message alone, without the traceback of the checker."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from course_utils.compare import Rung
from course_utils.heat import heat_of
from course_utils.where import Where

# What a narrow window shows in a line; Jupyter breaks longer ones wherever they end, in the middle of words.
LINE = 80
_NO_BREAK = "\N{NO-BREAK SPACE}"


def folded(text: str) -> str:
    """The text in lines that a narrow window holds: whole words, whole shapes; what is indented stays as it is."""
    lines = [line if line.startswith(" ") else _folded(line) for line in text.split("\n")]
    return "\n".join(lines)


def _folded(line: str) -> str:
    # "(2, 3)" and "14 %" are not torn apart.
    kept = re.sub(r"(?<=\d,) (?=-?\d)|(?<=\d) (?=%)", _NO_BREAK, line)
    return textwrap.fill(kept, LINE, break_long_words=False, break_on_hyphens=False).replace(_NO_BREAK, " ")


def told(error: BaseException) -> str:
    """Class and text of an error, "ValueError: no such axis", without a full stop; many have no text."""
    text = str(error)[:300].rstrip(" .")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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
        return [folded(f"✗ {self.message}")]

    def _show_picture(self, *_: Any) -> None:
        from IPython.core.getipython import get_ipython  # noqa: PLC0415
        from IPython.display import display  # noqa: PLC0415

        shell: Any = get_ipython()
        shell.events.unregister("post_run_cell", self._show_picture)
        display(self._picture)
