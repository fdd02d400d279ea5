"""The gradebook's scores as CSV: what counts at the end, with what people graded by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.config import Course
from autograder.reports.export import safe_cell
from autograder.reports.files import replace_file
from autograder.reports.merge import total


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One student's final scores.

    Attributes:
        student: Who.
        points: Points that count, by question, in the order of the notebooks.
        waiting: Questions that wait for a person.
    """

    student: str
    points: tuple[tuple[str, float], ...]
    waiting: tuple[str, ...] = ()


def write_scores(course: Course, assignment: str, lines: Sequence[ScoreLine]) -> Path:
    """Write `exports/<assignment>-gradebook.csv`.

    Raises:
        CourseError: If it can't be written; an older file stays then.
    """
    return replace_file(course.exports / f"{assignment}-gradebook.csv", scores_csv(lines))


def scores_csv(lines: Sequence[ScoreLine]) -> bytes:
    """A line per student, a column per question, the total, and which questions wait for a person.

    Encoded and quoted like `export.class_csv`. A question that a student was not asked is an empty cell.
    """
    questions = list(dict.fromkeys(name for line in lines for name, _ in line.points))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(["student", *questions, "total", "waiting for a person"])
    for line in lines:
        points = dict(line.points)
        row = [float(points[name]) if name in points else "" for name in questions]
        waiting = safe_cell(", ".join(line.waiting))
        writer.writerow([safe_cell(line.student), *row, total(points.values()), waiting])
    return stream.getvalue().encode("utf-8-sig")
