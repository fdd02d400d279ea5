"""Scores back out of the gradebook, with what people graded by hand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select

from autograder.config import Course
from autograder.errors import CourseError
from autograder.nbgrader_bridge import open_gradebook


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionScore:
    """What the gradebook holds on one question of one student.

    Attributes:
        notebook: Name of the notebook.
        question: Id of the question.
        max_points: Maximum points.
        auto: Points from the grader, or None if a person has to give them.
        manual: Points from a person, or None; they stand in place of the grader's.
        extra_credit: Points that a person added.
        needs_manual_grade: Whether the question waits for a person.
    """

    notebook: str
    question: str
    max_points: float
    auto: float | None
    manual: float | None
    extra_credit: float
    needs_manual_grade: bool

    @property
    def points(self) -> float:
        """Points that count, as nbgrader counts them."""
        given = self.manual if self.manual is not None else self.auto
        return 0.0 if given is None else given + self.extra_credit


def condition(course: Course) -> tuple[bool, str]:
    """Whether the gradebook can be used, and where it is or what is wrong; no password is part of it."""
    if not course.database and not course.gradebook.exists():
        return True, f"{course.gradebook_name}: made by the first `autograder grade`"
    try:
        with open_gradebook(course, write=False) as gradebook:
            count = gradebook.connection.execute(select(func.count()).select_from(gradebook.tables["student"])).scalar()
    except CourseError as error:
        return False, str(error)
    return True, f"{course.gradebook_name}: {count} students"


def recorded(course: Course, assignment: str) -> dict[str, bool]:
    """Whose submissions of an assignment the gradebook holds, and whether points given by hand wait for a second look.

    Raises:
        CourseError: If there is no gradebook, or it can't be read.
    """
    with open_gradebook(course, write=False) as gradebook:
        tables = gradebook.tables
        master, submission = tables["assignment"], tables["submitted_assignment"]
        submitted, grade = tables["submitted_notebook"], tables["grade"]
        again = func.max(case((grade.c.needs_manual_grade & grade.c.manual_score.is_not(None), 1), else_=0))
        query = (
            select(submission.c.student_id, again)
            .select_from(submission)
            .join(master, master.c.id == submission.c.assignment_id)
            .join(submitted, submitted.c.assignment_id == submission.c.id)
            .join(grade, grade.c.notebook_id == submitted.c.id)
            .where(master.c.name == assignment)
            .group_by(submission.c.student_id)
            .order_by(submission.c.student_id)
        )
        return {student: bool(waits) for student, waits in gradebook.connection.execute(query)}


def scores(course: Course, assignment: str) -> dict[str, tuple[QuestionScore, ...]]:
    """Read the scores of an assignment: student to one score per graded question, sorted by student and notebook.

    Raises:
        CourseError: If there is no gradebook, or it can't be read.
    """
    with open_gradebook(course, write=False) as gradebook:
        tables = gradebook.tables
        master, notebook = tables["assignment"], tables["notebook"]
        submission, submitted = tables["submitted_assignment"], tables["submitted_notebook"]
        grade, cell, base = tables["grade"], tables["grade_cells"], tables["base_cell"]
        query = (
            select(
                submission.c.student_id,
                notebook.c.name.label("notebook"),
                base.c.name.label("question"),
                cell.c.max_score,
                grade.c.auto_score,
                grade.c.manual_score,
                grade.c.extra_credit,
                grade.c.needs_manual_grade,
            )
            .select_from(grade)
            .join(submitted, submitted.c.id == grade.c.notebook_id)
            .join(submission, submission.c.id == submitted.c.assignment_id)
            .join(master, master.c.id == submission.c.assignment_id)
            .join(notebook, notebook.c.id == submitted.c.notebook_id)
            .join(base, base.c.id == grade.c.cell_id)
            .join(cell, cell.c.id == base.c.id)
            .where(master.c.name == assignment)
            .order_by(submission.c.student_id, notebook.c.name, base.c.name)
        )
        rows = gradebook.connection.execute(query).all()
    found: dict[str, list[QuestionScore]] = {}
    for row in rows:
        score = QuestionScore(
            notebook=row.notebook,
            question=row.question,
            max_points=row.max_score,
            auto=row.auto_score,
            manual=row.manual_score,
            extra_credit=row.extra_credit or 0.0,
            needs_manual_grade=row.needs_manual_grade,
        )
        found.setdefault(row.student_id, []).append(score)
    return {student: tuple(entries) for student, entries in found.items()}
