"""A small course and hand-made results for it: two automatic questions, one with two answer cells, and a reflection."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.config import Course, load_course
from autograder.model import (
    Cell,
    DeclaredTest,
    Notebook,
    NotebookResult,
    Origin,
    Question,
    QuestionResult,
    Role,
    Submission,
    TestKind,
    TestResult,
    Verdict,
)
from autograder.released import load_notebook

ASSIGNMENT = "a1"
NOTEBOOK = "windows"
SUBMITTED_AT = "2026-03-02T10:20:30.123456+00:00"


def make_course(root: Path) -> Course:
    """Write course.toml and a release into an empty folder."""
    (root / "course.toml").write_text(
        '[course]\nid = "convnets"\ntitle = "Course"\nwheel = "https://example.edu/x.whl"\nwork = "course"\n'
        '[grading]\nminimum_sandbox = "rlimits"\n'
    )
    folder = root / "solutions" / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(
        f'title = "One"\npoints = 9\n[notebooks.{NOTEBOOK}]\ntitle = "Windows"\npoints = 9\nkind = "numpy"\n'
    )
    (root / "assignments" / ASSIGNMENT).mkdir(parents=True)
    write_release(root, release())
    return load_course(root)


def write_release(root: Path, data: Mapping[str, Any], notebook: str = NOTEBOOK) -> None:
    """Put a release where the course expects it."""
    (root / "assignments" / ASSIGNMENT / f"{notebook}.ipynb").write_text(json.dumps(data))


def release() -> dict[str, Any]:
    """A released notebook as the build makes it."""
    stub = 'raise NotImplementedError("Replace this line with your code.")'
    course = {"assignment": ASSIGNMENT, "notebook": NOTEBOOK, "title": "Windows", "kind": "numpy", "forbidden": []}
    cells = [
        _cell("prose-001", "markdown", "# Windows", "prose"),
        _cell("setup-001", "code", "import numpy as np", "setup"),
        _cell("first-solution", "code", f"def first(x):\n    {stub}", "solution", "first"),
        _cell("first-check", "code", "check.first(first)", "check", "first", points=4),
        _cell("second-solution", "code", f"def second(x):\n    {stub}", "solution", "second"),
        _cell("second-solution-2", "code", f"def third(x):\n    {stub}", "solution", "second", number=2),
        _cell("second-check", "code", "check.second(second, third)", "check", "second", points=3),
        _cell("why-reflection", "markdown", "Your answer here.", "reflection", "why", points=2),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"course": course, "kernelspec": kernel, "language_info": {"name": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def _cell(
    name: str, kind: str, source: str, role: str, question: str | None = None, *, points: int = 0, number: int = 1
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"course": {"role": role}}
    if question:
        metadata["course"]["question"] = question
        grade, solution = role in ("check", "reflection"), role in ("solution", "reflection")
        suffix = "" if grade else "__solution" + ("" if number == 1 else f"_{number}")
        metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": question + suffix,
            "grade": grade,
            "solution": solution,
            "locked": role == "check",
            "task": False,
            "checksum": "0" * 32,
            "cell_type": kind,
        }
        if grade:
            metadata["nbgrader"]["points"] = points
            metadata["course"]["title"] = question.capitalize()
    cell = {"id": name, "cell_type": kind, "metadata": metadata, "source": source}
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}


def submission(course: Course, student: str, **changes: Any) -> Submission:
    """A submission with an answer to everything and one cell of the student's own."""
    notebook = load_notebook(course, ASSIGNMENT, NOTEBOOK)
    answers = {
        "first-solution": "def first(x):\n    return x + 1",
        "why-reflection": "Because <script>alert('reflection')</script> of **padding**.",
    }
    cells = [
        replace(cell, source=answers[cell.id], origin=Origin.STUDENT) if cell.id in answers else cell
        for cell in notebook.cells
    ]
    added = Cell(id="mine", role=Role.ADDED, kind="code", source="helper = 1", origin=Origin.STUDENT)
    cells.insert(2, added)
    values: dict[str, Any] = {"cells": tuple(cells), "submitted_at": SUBMITTED_AT, "sha256": "1" * 64}
    return Submission(student=student, assignment=ASSIGNMENT, notebook=NOTEBOOK, **(values | changes))


def result(
    course: Course, student: str, *, first: float = 4.0, second: float = 1.5, fault: bool = False, **changes: Any
) -> NotebookResult:
    """A graded submission; the reflection waits for a person.

    `first` and `second` are points, `fault` says that we could not judge all of the second question, and `changes` are
    for the submission.
    """
    handed_in = submission(course, student, **changes)
    notebook = load_notebook(course, ASSIGNMENT, NOTEBOOK)
    one, two, why = notebook.questions
    if handed_in.problem:
        nothing = tuple(QuestionResult(question=entry, points=0.0, points_pending=0.0) for entry in (one, two, why))
        return NotebookResult(submission=handed_in, questions=nothing, sandbox_level="rlimits")
    broken = Verdict.GRADER_FAULT if fault else Verdict.FAILED
    questions = (
        _question(one, first, [Verdict.PASSED] if first == 4.0 else [Verdict.PASSED, Verdict.STUDENT_ERROR]),
        _question(two, second, [Verdict.PASSED, broken], pending=1.5 if fault else 0.0),
        QuestionResult(question=why, points=0.0, points_pending=why.points),
    )
    return NotebookResult(submission=handed_in, questions=questions, sandbox_level="rlimits")


def _question(
    question: Question, points: float, verdicts: Sequence[Verdict], *, pending: float = 0.0
) -> QuestionResult:
    tests = tuple(
        TestResult(
            test=DeclaredTest(
                id=f"test_{question.id}[{number}]",
                question=question.id,
                kind=TestKind.VALUES,
                weight=1.0,
                title=f"{question.title} is right (case {number})",
            ),
            verdict=verdict,
            message="" if verdict is Verdict.PASSED else "ValueError: <script>alert('message')</script>\x1b[2J",
        )
        for number, verdict in enumerate(verdicts)
    )
    return QuestionResult(question=question, points=points, points_pending=pending, tests=tests)


def handed_in_notebook(course: Course, student: str) -> Path:
    """Where a student's notebook lies in nbgrader's layout; its folder exists afterwards."""
    folder = course.submitted / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{NOTEBOOK}.ipynb"


def notebook_of(course: Course) -> Notebook:
    """The released notebook."""
    return load_notebook(course, ASSIGNMENT, NOTEBOOK)
