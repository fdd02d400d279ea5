"""Results for machines. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from autograder.model import NotebookResult, QuestionResult
from autograder.reports.merge import StudentResult, by_student


def results_json(results: Sequence[NotebookResult]) -> bytes:
    """What `--json` writes: `{"submissions": [...]}`, one entry per student and assignment.

    Holds no times, so equal gradings give equal bytes, in whatever order they came. Plain ASCII: shown in a terminal,
    no name or message can steer it.
    """
    data = {"submissions": [_submission(entry) for entry in by_student(results)]}
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode("ascii")


def _submission(entry: StudentResult) -> dict[str, Any]:
    problem = {} if entry.problem is None else {"problem": entry.problem}
    return {
        "student": entry.student,
        "assignment": entry.assignment,
        "points": entry.points,
        "points_pending": entry.points_pending,
        "max_points": entry.max_points,
        "sandbox_level": entry.sandbox_level,
        **problem,
        "questions": [_question(question) for question in entry.questions],
    }


def _question(entry: QuestionResult) -> dict[str, Any]:
    return {
        "id": entry.question.id,
        "points": float(entry.points),
        "points_pending": float(entry.points_pending),
        "max_points": float(entry.question.points),
        "verdicts": entry.verdicts,
    }
