"""A released notebook as the gradebook needs it: its questions, and its cells with nbgrader's metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.config import Course
from autograder.model import Notebook
from autograder.released import load_notebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One released notebook.

    Attributes:
        notebook: What the stages know of it.
        data: The decoded .ipynb, which alone holds nbgrader's metadata and checksums. Never changed.
    """

    notebook: Notebook
    data: Mapping[str, Any]


def load_release(course: Course, assignment: str, name: str) -> Release:
    """Read assignments/<assignment>/<name>.ipynb.

    Raises:
        CourseError: If it is missing, or is no release of ours.
    """
    notebook = load_notebook(course, assignment, name)
    path = course.assignments / assignment / f"{name}.ipynb"
    return Release(notebook=notebook, data=json.loads(path.read_bytes()))
