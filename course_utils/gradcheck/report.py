"""What a gradient check found: to be printed, asserted, or looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils.gradcheck.values import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient, as the student computes it and by differences."""

    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True, eq=False)
class InputReport:
    """The gradient of one input.

    Attributes:
        name: The input's name.
        shape: Its shape.
        wrong: Number of wrong entries; in a fast check of those that were located.
        kinks: Number of entries set aside because the function has a kink there, and theirs is a valid slope of it.
        undecided: Number of entries that a fast check could not decide, because there are too many kinks.
        worst: The wrong entry with the largest error, or None.
        problem: Why nothing could be compared, or what is wrong without being in one entry; else "".
        errors: |analytic - numeric| in the input's shape, nan where it isn't known or set aside.
    """

    name: str
    shape: tuple[int, ...]
    wrong: int
    kinks: int
    undecided: int
    worst: Entry | None
    problem: str
    errors: Array

    @property
    def ok(self) -> bool:
        """Whether the gradient is right wherever it could be, and that is somewhere."""
        empty = not self.errors.size
        return not (self.wrong or self.undecided or self.problem) and (empty or self.kinks < self.errors.size)


@dataclass(frozen=True, eq=False)
class GradientReport:
    """All gradients of a function: true in an `if` or an `assert` where all are right.

    Attributes:
        inputs: One report for each input that has a gradient.
        problem: What is wrong with the backward function as a whole; else "".
        fast: Whether random directions were asked, and not each entry.
        evaluations: How often the function was called.
    """

    inputs: tuple[InputReport, ...]
    problem: str
    fast: bool
    evaluations: int

    @property
    def ok(self) -> bool:
        """Whether all gradients are right."""
        return not self.problem and all(entry.ok for entry in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str) -> InputReport:
        """The report of one input by its name."""
        for entry in self.inputs:
            if entry.name == name:
                return entry
        raise KeyError(f"{name}: expected one of {', '.join(entry.name for entry in self.inputs)}. Use its name.")

    def __str__(self) -> str:
        how = "along random directions" if self.fast else "entry by entry"
        result = "right" if self.ok else "WRONG"
        head = f"Gradients {how}, {self.evaluations} evaluations: {result}."
        whole = [f"  {self.problem}."] if self.problem else []
        return "\n".join([head, *whole, *(f"  {_line(entry, fast=self.fast)}" for entry in self.inputs)])

    __repr__ = __str__

    def assert_right(self) -> None:
        """Do nothing if all gradients are right.

        Raises:
            AssertionError: Else, with the whole report.
        """
        if not self.ok:
            raise AssertionError(str(self))

    def figure(self) -> Figure:
        """A picture of each gradient's errors: its last two axes, each place with the largest error of all others."""
        from course_utils.gradcheck.picture import draw  # noqa: PLC0415 - pyplot is slow to import

        return draw(self)


def _line(entry: InputReport, *, fast: bool) -> str:
    size = int(np.prod(entry.shape))
    parts = []
    if entry.problem:
        parts.append(entry.problem)
    if entry.worst is not None:
        count = f"at least {entry.wrong}" if fast else f"{entry.wrong}"
        index = ", ".join(map(str, entry.worst.index))
        parts.append(
            f"WRONG in {count} of {size} entries, most at [{index}]: yours {entry.worst.analytic:.6g}, "
            f"by differences {entry.worst.numeric:.6g}"
        )
    if entry.undecided:
        parts.append(
            f"{entry.undecided} entries UNDECIDED among too many kinks: choose inputs without equal numbers, or "
            "fast=False"
        )
    if not parts:
        parts.append(f"right in {'all ' if not entry.kinks else ''}{size - entry.kinks} entries")
    if entry.kinks:
        parts.append(f"{entry.kinks} at kinks set aside")
    if entry.kinks == size and size and not entry.problem:
        parts.append("NOTHING is left to compare: choose other inputs")
    shape = ", ".join(map(str, entry.shape)) + ("," if len(entry.shape) == 1 else "")
    return f"d{entry.name} ({shape}): {'; '.join(parts)}."
