"""Writes the sample class into the folder of submissions."""

from __future__ import annotations

import json

from autograder.config import Course
from autograder.errors import CourseError
from autograder.model import Role, Submission
from autograder.sample_class import (
    activations_and_pooling,
    linear_maps_and_gradients,
    normalization,
    sliding_windows,
)
from autograder.sample_class.students import Material, sample_students
from autograder.sample_class.texts import Texts

# What sample students write, by assignment and notebook; a notebook that isn't here they don't hand in.
TEXTS: dict[tuple[str, str], Texts] = {
    ("a1_convolution", "sliding_windows"): sliding_windows.TEXTS,
    ("a1_convolution", "linear_maps_and_gradients"): linear_maps_and_gradients.TEXTS,
    ("a2_pooling_and_normalization", "activations_and_pooling"): activations_and_pooling.TEXTS,
    ("a2_pooling_and_normalization", "normalization"): normalization.TEXTS,
}
_SUBMITTED_AT = "2026-09-21 12:00:00.000000 UTC\n"


def check_place(course: Course) -> None:
    """Refuse to put the sample class beside a real one, whose gradebook it would enter.

    Raises:
        CourseError: If the folder of submissions holds anyone else.
    """
    known = sample_students()
    others = sorted(path.name for path in course.submitted.glob("*") if path.is_dir() and path.name not in known)
    if others:
        raise CourseError(
            f"{course.submitted}: expected no submissions but those of the sample class, found {others[0]}. "
            "Run the demo in a fresh clone."
        )


def write_class(course: Course, solved: Submission) -> None:
    """Write one file per sample student for one notebook.

    Args:
        course: The course, built.
        solved: The notebook's full solution, of which the students' answers are made.
    """
    material = material_of(course, solved)
    for student, make in sample_students().items():
        folder = course.submitted / student / solved.assignment
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{solved.notebook}.ipynb").write_bytes(make(material))
        (folder / "timestamp.txt").write_text(_SUBMITTED_AT, encoding="ascii")


def material_of(course: Course, solved: Submission) -> Material:
    """What sample students work from: the release, and the answers of its solution."""
    released = json.loads((course.assignments / solved.assignment / f"{solved.notebook}.ipynb").read_bytes())
    for cell in released["cells"]:
        cell["source"] = "".join(cell["source"])
    answers: dict[str, tuple[str, ...]] = {}
    for cell in solved.cells:
        if cell.role is Role.SOLUTION and cell.question is not None:
            answers[cell.question] = (*answers.get(cell.question, ()), cell.source)
    return Material(release=released, answers=answers, texts=TEXTS[solved.assignment, solved.notebook])
