"""Results as rows of nbgrader's tables, written in bulk. Whatever a person has entered stays as it is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, bindparam, select

from autograder.errors import CourseError
from autograder.gradebook.outcome import needs_person, outcome_of
from autograder.gradebook.release import Release
from autograder.model import NotebookResult
from autograder.nbgrader_bridge import Gradebook
from autograder.released import cell_source

Key = tuple[Any, ...]
Row = dict[str, Any]
# Databases take some thousands of values in one statement.
_STUDENTS_AT_ONCE = 500


class Rows:
    """Rows of one table by the columns that name them; changes are collected and written together.

    Args:
        gradebook: The database, inside a transaction.
        table: Name of the table.
        key: Columns that name a row.
        where: Which rows to load.
    """

    def __init__(
        self, gradebook: Gradebook, table: str, key: Sequence[str], where: ColumnElement[bool] | None = None
    ) -> None:
        self._connection = gradebook.connection
        self._table = gradebook.tables[table]
        self._key = tuple(key)
        query = select(self._table) if where is None else select(self._table).where(where)
        rows = [dict(row) for row in self._connection.execute(query).mappings()]
        self.known: dict[Key, Row] = {tuple(row[name] for name in key): row for row in rows}
        self._inserts: list[Row] = []
        self._updates: dict[str, Row] = {}

    def put(self, key: Key, **values: Any) -> Row:
        """Make sure that a row with this key holds these values; its other columns keep theirs."""
        row = self.known.get(key)
        if row is None:
            row = {"id": uuid4().hex, **dict(zip(self._key, key, strict=True)), **values}
            self.known[key] = row
            self._inserts.append(row)
        elif any(row[name] != value for name, value in values.items()):
            row.update(values)
            self._updates[row["id"]] = {f"new_{name}": value for name, value in values.items()} | {"row": row["id"]}
        return row

    def write(self) -> None:
        """Write what `put` collected."""
        if self._inserts:
            self._connection.execute(self._table.insert(), self._inserts)
        if self._updates:
            names = [name.removeprefix("new_") for name in next(iter(self._updates.values())) if name != "row"]
            change = self._table.update().where(self._table.c.id == bindparam("row"))
            change = change.values({name: bindparam(f"new_{name}") for name in names})
            self._connection.execute(change, list(self._updates.values()))
        self._inserts, self._updates = [], {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _NotebookRows:
    """Ids of a released notebook's rows.

    Attributes:
        id: Of the notebook.
        graded: Question id to the id of its grade cell.
        answers: Solution cells in order: question id and row id.
    """

    id: str
    graded: Mapping[str, str]
    answers: Sequence[tuple[str, str]]


def write_rows(
    gradebook: Gradebook,
    course_id: str,
    releases: Mapping[tuple[str, str], Release],
    results: Sequence[NotebookResult],
    *,
    times_are_known: bool = False,
) -> None:
    """Write results, and what they refer to where it is missing.

    Args:
        gradebook: The database, inside a transaction that keeps other writers out.
        course_id: nbgrader's course id; its row exists.
        releases: (assignment, notebook) to release, for every result.
        results: At most one per student, assignment and notebook.
        times_are_known: Whether nbgrader itself has just written when the submissions came. It grades again only what
            came anew or what it is told to, so a person then looks at every score given by hand.

    Raises:
        CourseError: If the gradebook holds questions of another release.
    """
    by_assignment: dict[str, list[NotebookResult]] = {}
    for result in results:
        by_assignment.setdefault(result.submission.assignment, []).append(result)
    assignments = Rows(gradebook, "assignment", ["name"])
    for name, group in by_assignment.items():
        assignment = assignments.put((name,), course_id=course_id)["id"]
        assignments.write()
        notebooks = Rows(gradebook, "notebook", ["name"], gradebook.tables["notebook"].c.assignment_id == assignment)
        used = sorted({result.submission.notebook for result in group})
        cells = {
            notebook: _write_release(gradebook, notebooks, assignment, releases[name, notebook]) for notebook in used
        }
        for some in _by_students(group):
            _write_submissions(gradebook, assignment, cells, releases, some, times_are_known=times_are_known)


def _by_students(results: Sequence[NotebookResult]) -> Iterator[list[NotebookResult]]:
    """Results in groups of so many students, so that a large class is never in memory with all its rows."""
    by_student: dict[str, list[NotebookResult]] = {}
    for result in results:
        by_student.setdefault(result.submission.student, []).append(result)
    groups = iter(by_student.values())
    while some := list(itertools.islice(groups, _STUDENTS_AT_ONCE)):
        yield [result for group in some for result in group]


def naive_utc(moment: str | None) -> datetime | None:
    """Time of a submission as nbgrader keeps it: UTC without saying so."""
    return None if moment is None else datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)


def _write_release(gradebook: Gradebook, notebooks: Rows, assignment: str, release: Release) -> _NotebookRows:
    """Write a notebook's rows as nbgrader's SaveCells does; those that are right already stay untouched."""
    name = release.notebook.name
    kernel = json.dumps(release.data["metadata"].get("kernelspec", {}))
    row = notebooks.put((name,), assignment_id=assignment, kernelspec=kernel)
    notebooks.write()
    base, grade, solution, source = (
        Rows(gradebook, "base_cell", ["name", "type"], gradebook.tables["base_cell"].c.notebook_id == row["id"]),
        Rows(gradebook, "grade_cells", ["id"]),
        Rows(gradebook, "solution_cells", ["id"]),
        Rows(gradebook, "source_cell", ["name"], gradebook.tables["source_cell"].c.notebook_id == row["id"]),
    )
    _refuse_other_questions(release, {cell for cell, _ in base.known})
    graded: dict[str, str] = {}
    answers: list[tuple[str, str]] = []
    for cell, settings in _gradebook_cells(release):
        grade_id, question = settings["grade_id"], cell["metadata"]["course"]["question"]
        if settings["grade"]:
            graded[question] = base.put((grade_id, "GradeCell"), notebook_id=row["id"])["id"]
            grade.put((graded[question],), max_score=float(settings["points"]), cell_type=cell["cell_type"])
        if settings["solution"]:
            answers.append((question, base.put((grade_id, "SolutionCell"), notebook_id=row["id"])["id"]))
            solution.put((answers[-1][1],))
        source.put(
            (grade_id,),
            notebook_id=row["id"],
            cell_type=cell["cell_type"],
            locked=bool(settings["grade"] and not settings["solution"]),
            source=cell_source(cell),
            checksum=settings.get("checksum"),
        )
    for rows in (base, grade, solution, source):
        rows.write()
    return _NotebookRows(id=row["id"], graded=graded, answers=answers)


def _refuse_other_questions(release: Release, known: set[str]) -> None:
    """Refuse to mix two releases: a question that is gone would still count in nbgrader's totals."""
    gone = sorted(known - {settings["grade_id"] for _, settings in _gradebook_cells(release)})
    if gone:
        raise CourseError(
            f"Gradebook, notebook {release.notebook.name}: expected the questions of the release, got also "
            f"{', '.join(gone)}. Build the release that was handed out, or move the gradebook away and grade again."
        )


def _write_submissions(
    gradebook: Gradebook,
    assignment: str,
    cells: Mapping[str, _NotebookRows],
    releases: Mapping[tuple[str, str], Release],
    results: Sequence[NotebookResult],
    *,
    times_are_known: bool,
) -> None:
    tables = gradebook.tables
    submitted, handed_in = tables["submitted_assignment"], tables["submitted_notebook"]
    names = sorted({result.submission.student for result in results})
    students = Rows(gradebook, "student", ["id"], tables["student"].c.id.in_(names))
    for name in names:
        students.put((name,))
    students.write()
    theirs = (submitted.c.assignment_id == assignment) & submitted.c.student_id.in_(names)
    submissions = Rows(gradebook, "submitted_assignment", ["student_id"], theirs)
    resubmitted: set[str] = set()
    for (student, _), moment in latest_times(results).items():
        before = submissions.known.get((student,))
        if before is not None and (times_are_known or before["timestamp"] != moment):
            resubmitted.add(student)
        if before is None or not times_are_known:
            submissions.put((student,), assignment_id=assignment, timestamp=moment)
    submissions.write()
    mine = handed_in.c.assignment_id.in_([row["id"] for row in submissions.known.values()])
    notebooks = Rows(gradebook, "submitted_notebook", ["assignment_id", "notebook_id"], mine)
    ours = [row["id"] for row in notebooks.known.values()]
    grades, comments = (
        Rows(
            gradebook,
            name,
            ["notebook_id", "cell_id"],
            # By cell, too: it comes first in the index.
            tables[name].c.notebook_id.in_(ours) & tables[name].c.cell_id.in_(graded),
        )
        for name, graded in (
            ("grade", [cell for rows in cells.values() for cell in rows.graded.values()]),
            ("comment", [cell for rows in cells.values() for _, cell in rows.answers]),
        )
    )
    for result in results:
        submission = result.submission
        rows = cells[submission.notebook]
        notebook = notebooks.put((submissions.known[submission.student,]["id"], rows.id))["id"]
        _put_result(
            result,
            releases[submission.assignment, submission.notebook],
            rows,
            notebook=notebook,
            grades=grades,
            comments=comments,
            resubmitted=submission.student in resubmitted,
        )
    for table in (notebooks, grades, comments):
        table.write()


def _put_result(
    result: NotebookResult,
    release: Release,
    rows: _NotebookRows,
    *,
    notebook: str,
    grades: Rows,
    comments: Rows,
    resubmitted: bool,
) -> None:
    outcomes = {question.id: outcome_of(result, question) for question in release.notebook.questions}
    for question, outcome in outcomes.items():
        key = (notebook, rows.graded[question])
        before = grades.known.get(key, {})
        grades.put(
            key,
            auto_score=outcome.auto_score,
            needs_manual_grade=needs_person(
                pending=outcome.pending,
                scored_by_hand=before.get("manual_score") is not None,
                before=bool(before.get("needs_manual_grade")),
                resubmitted=resubmitted,
            ),
        )
    commented: set[str] = set()
    for question, cell in rows.answers:
        # A question with several answer cells says its comment once.
        text = None if question in commented else outcomes[question].comment
        commented.add(question)
        comments.put((notebook, cell), auto_comment=text)


def latest_times(results: Sequence[NotebookResult]) -> dict[tuple[str, str], datetime | None]:
    """Student and assignment to the time of the latest notebook: nbgrader keeps one time per submission."""
    times: dict[tuple[str, str], datetime | None] = {}
    for result in results:
        key = (result.submission.student, result.submission.assignment)
        moment, before = naive_utc(result.submission.submitted_at), times.get(key)
        times[key] = before if moment is None else max(moment, before or moment)
    return times


def _gradebook_cells(release: Release) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Cells that nbgrader knows, each with nbgrader's settings."""
    for cell in release.data["cells"]:
        settings = cell["metadata"].get("nbgrader")
        if settings and (settings["grade"] or settings["solution"]):
            yield cell, settings
