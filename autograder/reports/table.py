"""A class as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.model import NotebookResult, QuestionResult
from autograder.reports.merge import StudentResult, by_student
from autograder.reports.notes import short_notes
from autograder.reports.text import one_line
from autograder.reports.words import amount

_LONGEST_NAME = 16
# Accents take no column of a terminal, however many they are.
_NAME_CHARACTERS = 4 * _LONGEST_NAME
_LONGEST_NOTE = 120
_NARROWEST_REMARK = 14
_BOUNDLESS = Console(width=10_000)
_TOO_NARROW = "The points of each question need a wider terminal; the CSV has them. "


def class_table(results: Sequence[NotebookResult], width: int = 160) -> Table:
    """The class at a glance: a line per student, a column per question, the total, remarks.

    Questions are numbered and explained below, and their points are cut to one decimal, so that a notebook of
    twelve fits 100 columns. An assignment of several notebooks gets a table for each, one below the other. A "?" marks
    points that wait for a person, a "–" what could not be graded. What students wrote is shown as text.

    Args:
        results: At most one per student and notebook.
        width: Columns of the terminal. Where they are too few for the questions, total and remarks remain.
    """
    stack = Table.grid()
    groups: dict[tuple[str, str], list[NotebookResult]] = {}
    for entry in results:
        groups.setdefault((entry.submission.assignment, entry.submission.notebook), []).append(entry)
    for (assignment, notebook), group in sorted(groups.items()):
        title, students = f"{assignment} · {notebook}", by_student(group)
        table = _notebook_table(title, students)
        if _least_width(table) > width:
            table = _notebook_table(title, students, brief=True)
        stack.add_row(table)
    return stack


def _notebook_table(title: str, students: Sequence[StudentResult], *, brief: bool = False) -> Table:
    questions = [entry.question for entry in max((student.questions for student in students), key=len)]
    numbers = {question.id: f"Q{number}" for number, question in enumerate(questions, 1)}
    legend = ", ".join(f"{numbers[question.id]}={question.id} ({amount(question.points)})" for question in questions)
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=Text(title, style="bold"),
        title_justify="left",
        caption=Text(f"{_TOO_NARROW if brief else ''}Questions (points): {legend}.", style="dim"),
        caption_justify="left",
    )
    table.add_column("student", no_wrap=True, max_width=_LONGEST_NAME)
    for number in () if brief else numbers.values():
        table.add_column(number, justify="right", no_wrap=True)
    table.add_column(f"of {amount(sum(question.points for question in questions))}", justify="right", no_wrap=True)
    table.add_column("remarks", overflow="fold", min_width=_NARROWEST_REMARK)
    for student in students:
        points = {entry.question.id: entry for entry in student.questions}
        graded = student.problem is None
        table.add_row(
            Text(one_line(student.student, _NAME_CHARACTERS)),
            *(_points(points.get(question.id) if graded else None) for question in (() if brief else questions)),
            Text(_amount(student.points, student.points_pending), style="bold"),
            Text("; ".join(one_line(note, _LONGEST_NOTE) for note in short_notes(student, numbers))),
        )
    return table


def _least_width(table: Table) -> int:
    """Columns that a table takes when its remarks are folded as far as they may be."""
    remarks = table.columns[-1]
    remarks.max_width = _NARROWEST_REMARK
    least = _BOUNDLESS.measure(table).minimum
    remarks.max_width = None
    return least


def _points(entry: QuestionResult | None) -> Text:
    if entry is None:
        return Text("–", style="dim")
    share = entry.points / entry.question.points if entry.question.points else 1.0
    style = "green" if share >= 1 else "yellow" if entry.points or entry.points_pending else "red"
    return Text(_amount(_cut(entry.points), entry.points_pending), style=style)


def _cut(points: float) -> float:
    """One decimal, never rounded up: 3.96 of 4 must not look like all of them."""
    return round(points * 100) // 10 / 10


def _amount(points: float, pending: float) -> str:
    return amount(points) + ("?" if pending else "")
