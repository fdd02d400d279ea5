"""One small case of a check: a call, and what to look at when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

import numpy as np

from course_utils.compare import DtypeRule

# Nearly: an FFT is a right way too.
EXACT = 1e-12
Place = Literal["inputs", "cpu", "any"]


@dataclass(frozen=True, eq=False)
class Made:
    """An argument that can't be stored and is made anew for every call: a function, a random generator.

    Attributes:
        words: What it is, as it stands in messages: "lambda x: 2 * x".
        make: Makes it, without loading torch before it is called.
    """

    words: str
    make: Callable[[], Any]


@dataclass(frozen=True, eq=False)
class Case:
    """A call of a student's function with fixed inputs.

    Attributes:
        function: Name of the function.
        about: What the case is about, in a few words; unique among the cases of the function.
        inputs: Positional arguments by name, in order. Arrays stand for tensors in a notebook that uses those.
        options: Keyword arguments.
        look: Next step if the values are wrong: a question or a reminder, never the answer. Where a function returns a
            named tuple, it may be one for each name.
        layout: How arrays lie in memory, one of draw.LAYOUTS.
        raises: Situation in which a ValueError is asked for, or "" where a result is.
        axes: Names of the axes of the result; for a tuple of results, those of each.
        dtype: How strictly the dtype of the result is compared.
        rtol: Tolerance, relative and absolute; sums in most cases are exact in any order.
        place: Where a resulting tensor must be: on the device of the "inputs"; on the "cpu", where the inputs are
            then, too; or on "any" device, if there is no input to tell.
    """

    function: str
    about: str
    inputs: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    look: str | Mapping[str, str] = ""
    layout: str = "plain"
    raises: str = ""
    axes: tuple[Any, ...] = ()
    dtype: DtypeRule = "exact"
    rtol: float = EXACT
    place: Place = "inputs"

    @property
    def key(self) -> str:
        """Name under which the right result is stored."""
        return f"{self.function}: {self.about}"

    @property
    def words(self) -> str:
        """The call in words: "x (2, 3, 5, 7), w (4, 3, 3, 2), stride 2"; vectors of one length are told together."""
        told = [(name, _word(value)) for name, value in [*self.inputs.items(), *self.options.items()]]
        parts = []
        for word, named in groupby(told, key=itemgetter(1)):
            *names, last = [name for name, _ in named]
            if word.startswith("of ") and names:
                parts.append(f"{', '.join(names)} and {last} {word}")
            else:
                parts += [f"{name} {word}" for name in (*names, last)]
        if self.layout != "plain":
            parts.append({"gaps": "not contiguous", "turned": "in Fortran order"}.get(self.layout, self.layout))
        return ", ".join(parts)


def _word(value: Any) -> str:
    if isinstance(value, Made):
        return value.words
    if isinstance(value, np.ndarray):
        numbers = "number" if value.size == 1 else "numbers"
        return f"of {value.size} {numbers}{_kind(value)}" if value.ndim == 1 else _shape(value)
    if isinstance(value, (list, tuple)) and _arrays(value):
        return f"of shapes {_shapes(value)}"
    return repr(value) if isinstance(value, (str, list)) else str(value)


def _kind(array: np.ndarray[Any, Any]) -> str:
    return "" if array.dtype == np.float64 else f" {array.dtype}"


def _shape(array: np.ndarray[Any, Any]) -> str:
    return f"{array.shape}{_kind(array)}"


def _arrays(value: Any) -> bool:
    """Whether there are arrays in a list, however deep."""
    if isinstance(value, (list, tuple)):
        return any(_arrays(entry) for entry in value)
    return isinstance(value, np.ndarray)


def _shapes(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        listed = ", ".join(_shapes(entry) for entry in value)
        return f"[{listed}]" if isinstance(value, list) else f"({listed})"
    return _shape(value) if isinstance(value, np.ndarray) else repr(value)
