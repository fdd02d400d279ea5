"""A class as CSV, for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.config import Course
from autograder.model import NotebookResult
from autograder.reports.files import replace_file
from autograder.reports.merge import StudentResult, by_student, columns
from autograder.reports.notes import full_notes
from autograder.reports.text import one_line

# What a spreadsheet takes for a formula at the start of a cell, in East Asian widths too. A semicolon starts a cell
# where the country writes decimal commas.
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_LONGEST = 2000


def write_csv(course: Course, assignment: str, results: Sequence[NotebookResult]) -> Path:
    """Write the points of a class to `exports/<assignment>.csv`.

    Raises:
        CourseError: If it can't be written; an older file stays then.
    """
    own = [result for result in results if result.submission.assignment == assignment]
    return replace_file(course.exports / f"{assignment}.csv", class_csv(own))


def class_csv(results: Sequence[NotebookResult]) -> bytes:
    """Points of a class as CSV: a line per student, sorted; a column per question, then sums and remarks.

    Encoded as UTF-8 with a byte order mark: Excel reads names wrongly without it, and LibreOffice and pandas pass over
    it (with Python's csv module, open as "utf-8-sig"). Lines end as RFC 4180 has it. Texts are quoted, and an
    apostrophe stands before what a spreadsheet would run as a formula; numbers stay numbers. A question that a student
    was not asked is an empty cell.
    """
    students = by_student(results)
    heads = columns(students)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(["student", *(question for _, question in heads), "total", "pending", "max", "remarks"])
    writer.writerows(_row(student, heads) for student in students)
    return stream.getvalue().encode("utf-8-sig")


def safe_cell(text: str) -> str:
    """A text on one line that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'", one_line(text, _LONGEST))


def _row(student: StudentResult, heads: Sequence[tuple[str, str]]) -> list[str | float]:
    points = {
        (notebook.submission.notebook, entry.question.id): entry.points
        for notebook in student.notebooks
        for entry in notebook.questions
    }
    return [
        safe_cell(student.student),
        *(float(points[head]) if head in points else "" for head in heads),
        student.points,
        student.points_pending,
        student.max_points,
        safe_cell("; ".join(full_notes(student))),
    ]
