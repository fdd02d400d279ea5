"""Every error that the grader raises on purpose, and whom it is for.

Each message says what was checked, what was expected and what came, then one next step.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class AutograderError(Exception):
    """Something that a person can mend; the command line prints it in one line and exits with 2."""


class CourseError(AutograderError):
    """The course folder, its configuration or a command's arguments are not as they must be."""


class NothingHandedInError(CourseError):
    """Nobody has handed in anything for an assignment."""


@dataclass
class AuthoringError(AutograderError):
    """A notebook or its hidden tests break a rule of authoring.

    Attributes:
        problem: What was expected, what is there, and what to do.
        file: The hand-written file.
        cell: Index of the cell in that file, from 0, or None where no single cell is at fault.
        question: Id of the question, or None.
    """

    problem: str
    file: str
    cell: int | None = None
    question: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.cell is not None:
            place += f", cell {self.cell}"
        if self.question is not None:
            place += f", question {self.question}"
        return f"{place}: {self.problem}"


class SubmissionError(AutograderError):
    """A submission can't be graded as it is; the student can mend it."""


class SandboxError(AutograderError):
    """The sandbox can't be had at the strength that the course asks for, or it broke."""


class GraderFault(AutograderError):
    """Our own fault. It never costs a student points: the question is held for a person."""


def did_you_mean(got: str, known: Iterable[str]) -> str:
    """What a wrong name was likely to be, as a sentence with a space before it; "" if nothing is near."""
    # Upper and lower case are the same to people.
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(got.casefold(), names, n=1)
    return f" Did you mean '{names[near[0]]}'?" if near else ""
