"""One small case of a check: a call, and what to look at when it goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils.compare import DtypeRule

# Nearly: an FFT is a right way too.
EXACT = 1e-12


@dataclass(frozen=True, eq=False)
class Case:
    """A call of a student's function with fixed inputs.

    Attributes:
        function: Name of the function.
        about: What the case is about, in a few words; unique among the cases of the function.
        inputs: Positional arguments by name, in order.
        options: Keyword arguments.
        look: Next step if the values are wrong: a question or a reminder, never the answer.
        layout: How arrays lie in memory, one of draw.LAYOUTS.
        raises: Situation in which a ValueError is asked for, or "" where a result is.
        axes: Names of the axes of the result.
        dtype: How strictly the dtype of the result is compared.
        rtol: Tolerance, relative and absolute; sums in most cases are exact in any order.
    """

    function: str
    about: str
    inputs: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    look: str = ""
    layout: str = "plain"
    raises: str = ""
    axes: tuple[str, ...] = ()
    dtype: DtypeRule = "exact"
    rtol: float = EXACT

    @property
    def key(self) -> str:
        """Name under which the right result is stored."""
        return f"{self.function}: {self.about}"

    @property
    def words(self) -> str:
        """The call in words: "x (2, 3, 5, 7), w (4, 3, 3, 2), stride 2"."""
        parts = [_word(name, value) for name, value in [*self.inputs.items(), *self.options.items()]]
        if self.layout != "plain":
            parts.append({"gaps": "not contiguous", "turned": "in Fortran order"}.get(self.layout, self.layout))
        return ", ".join(parts)


def _word(name: str, value: Any) -> str:
    if isinstance(value, np.ndarray):
        kind = "" if value.dtype == np.float64 else f" {value.dtype}"
        shape = f"of {value.size} numbers" if value.ndim == 1 else str(value.shape)
        return f"{name} {shape}{kind}"
    return f"{name} {value!r}" if isinstance(value, (str, list)) else f"{name} {value}"
