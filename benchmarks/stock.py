"""The same class under nbgrader as it comes: hidden tests in the check cells, run by its Execute in a kernel each."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.nbgrader_bridge import programs_on_path
from benchmarks.target import Target

_CHECK = """### BEGIN HIDDEN TESTS
from benchmarks.local import points
points("{question}", globals())
### END HIDDEN TESTS"""
# Cells that our grader doesn't run are not there, so that both run the same ones.
_LEFT_OUT = ("demo", "prose")


class Stock:
    """A course of nbgrader's own, with its default settings.

    Args:
        root: An empty folder for it.
        staging: Folder of our staged notebooks: solutions and markers still in them.
        target: The one that is measured.
    """

    def __init__(self, root: Path, staging: Path, target: Target) -> None:
        self._root = root
        self._assignment, self._notebook = target.assignment, target.notebook
        file = f"{self._notebook}.ipynb"
        config = Config()
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.course_id = "stock"
        config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
        logger = logging.getLogger("benchmarks.stock")
        logger.setLevel(logging.CRITICAL)
        self._api = NbGraderAPI(CourseDirectory(config=config, log=logger), config=config, log=logger)
        staged = json.loads((staging / self._assignment / file).read_bytes())
        source = root / "source" / self._assignment
        source.mkdir(parents=True)
        (source / file).write_text(json.dumps(with_hidden_tests(staged)), encoding="utf-8")
        with _inside(root), programs_on_path():
            _demand(self._api.generate_assignment(self._assignment, create=True), "generate_assignment")

    def hand_in(self, folder: Path) -> tuple[str, ...]:
        """Take over the notebooks of a folder of submissions, without the cells that are left out."""
        students = sorted(path.name for path in folder.iterdir())
        for student in students:
            file = Path(self._assignment) / f"{self._notebook}.ipynb"
            place = self._root / "submitted" / student / file
            place.parent.mkdir(parents=True, exist_ok=True)
            notebook = json.loads((folder / student / file).read_bytes())
            place.write_text(json.dumps(with_hidden_tests(notebook)), encoding="utf-8")
        return tuple(students)

    def grade(self, students: tuple[str, ...]) -> None:
        """Autograde one student after the other, as `nbgrader autograde` does."""
        with _inside(self._root):
            for student in students:
                _demand(self._api.autograde(self._assignment, student, force=True, create=True), f"autograde {student}")

    def points(self, students: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Automatic points by student and question, out of nbgrader's gradebook."""
        with Gradebook(f"sqlite:///{self._root / 'gradebook.db'}", "stock") as gradebook:
            return {
                student: {
                    grade.name: float(grade.auto_score or 0.0)
                    for grade in gradebook.find_submission_notebook(self._notebook, self._assignment, student).grades
                }
                for student in students
            }


def with_hidden_tests(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """A notebook whose check cells hold the hidden tests, without the cells that our grader doesn't run."""
    cells = []
    for cell in notebook["cells"]:
        course = cell["metadata"].get("course", {})
        if course.get("role") == "check":
            cells.append({**cell, "source": _CHECK.format(question=course["question"])})
        elif course.get("role") not in _LEFT_OUT:
            cells.append(cell)
    return {**notebook, "cells": cells}


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """nbgrader works in the current folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _demand(answer: Mapping[str, Any], what: str) -> None:
    if not answer["success"]:
        raise RuntimeError(f"nbgrader {what}: expected it to succeed, got: {answer.get('log') or answer}")
