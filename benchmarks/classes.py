"""The measured classes: students who differ in small edits, and a realistic mix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.config import Course
from autograder.model import Submission
from autograder.sample_class.make import material_of
from autograder.sample_class.sliding_windows import TEXTS
from autograder.sample_class.students import answer, sample_students

ASSIGNMENT, NOTEBOOK = "a1_convolution", "sliding_windows"
# How a class of a hundred hands in: most have most of it right, some are halfway, a few have hardly begun.
_MIX = ("solved",) * 8 + ("mistakes",) * 5 + ("colab",) * 3 + ("half",) * 3 + ("untouched",)
_LOOP_EVERY = 33


class Classes:
    """Makes classes of any size.

    Args:
        course: The course, built.
        solved: The notebook's solution.
    """

    def __init__(self, course: Course, solved: Submission) -> None:
        self._material = material_of(course, solved)
        self._files: dict[str, dict[str, Any]] = {}

    def write(self, folder: Path, kind: str, first: int, count: int) -> tuple[str, ...]:
        """Hand in notebooks, one folder for each student as nbgrader has it.

        Args:
            folder: Of submissions; made if it is missing.
            kind: "solved", "mix", or "loops": the mix, in which one in 33 never ends.
            first: Number of the first student; the same number writes the same notebook.
            count: How many.

        Returns:
            The students' names.
        """
        students = []
        for number in range(first, first + count):
            student = f"student{number:05}"
            place = folder / student / ASSIGNMENT
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{NOTEBOOK}.ipynb").write_bytes(self._file(kind, number))
            (place / "timestamp.txt").write_text("2026-09-21 12:00:00.000000 UTC\n", encoding="ascii")
            students.append(student)
        return tuple(students)

    def _file(self, kind: str, number: int) -> bytes:
        if kind == "loops" and number % _LOOP_EVERY == 0:
            return self._edited("looping", number)
        return self._edited("solved" if kind == "solved" else _MIX[number % len(_MIX)], number)

    def _edited(self, student: str, number: int) -> bytes:
        """A sample student's file with edits by which every file, and every answer in it, is another one."""
        if student not in self._files:
            self._files[student] = self._original(student)
        notebook = self._files[student]
        cells = [_edited_cell(cell, number) for cell in notebook["cells"]]
        return json.dumps(notebook | {"cells": cells}, indent=1, ensure_ascii=False).encode()

    def _original(self, student: str) -> dict[str, Any]:
        if student == "looping":
            notebook = answer(self._material.release, {**self._material.answers, TEXTS.looping[0]: (TEXTS.looping[1],)})
        else:
            notebook = json.loads(sample_students()[student](self._material))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
        return notebook


def _edited_cell(cell: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    if cell["metadata"].get("course", {}).get("role") != "solution":
        return cell
    note = f"# tried {number % 7 + 1} times\n_draft_{number} = {number * 7919 % 1000}\n"
    return {**cell, "source": note + cell["source"]}
