"""Stands for the pipeline inside `nbgrader autograde`: judges by what the file's bytes contain."""

from pathlib import Path

from autograder.config import Course
from autograder.model import NotebookResult
from tests.gradebook.course import result


def grade_file(course: Course, student: str, assignment: str, notebook: str, path: Path) -> NotebookResult:
    data = path.read_bytes()
    if not data.startswith(b"{"):
        return result(course, student, cells=(), problem="windows.ipynb: expected a notebook, got a picture.")
    return result(course, student, first=2.5 if b"typo" in data else 4.0, fault=b"unlucky" in data)
