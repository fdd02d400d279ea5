"""What a person who looks over a class should know of one student, in short phrases. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograder.model import NotebookResult, QuestionResult, Verdict
from autograder.reports.merge import StudentResult
from autograder.reports.text import one_line
from autograder.reports.words import words

# A person should hear of these question by question; ordinary failures show in the points.
_NOTABLE = (Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT, Verdict.FORBIDDEN, Verdict.GRADER_FAULT)


def short_notes(student: StudentResult, names: Mapping[str, str]) -> tuple[str, ...]:
    """Notes for a line of a table: a few words each, remarks only counted.

    Args:
        student: Whose.
        names: Question id to what the table calls it; its id if it has no other name.
    """
    count = sum(len(notebook.remarks) for notebook in _graded(student))
    counted = (f"{count} remark{'s' if count > 1 else ''}",) if count else ()
    return (*_phrases(student, names), *counted)


def full_notes(student: StudentResult) -> tuple[str, ...]:
    """Notes for a file: with all that the remarks on notebooks and questions say."""
    notes = list(_phrases(student, {}))
    for notebook in _graded(student):
        notes += [one_line(remark) for remark in notebook.remarks]
        notes += [f"{entry.question.id}: {one_line(text)}" for entry in notebook.questions for text in entry.remarks]
    return tuple(notes)


def _phrases(student: StudentResult, names: Mapping[str, str]) -> Iterator[str]:
    if student.problem is not None:
        yield f"not graded: {one_line(student.problem)}"
    questions = [entry for notebook in _graded(student) for entry in notebook.questions]
    untouched = sum(_untouched(entry) for entry in questions)
    if untouched:
        yield f"{untouched} not implemented"
    for entry in questions:
        yield from _on_question(entry, names.get(entry.question.id, entry.question.id))


def _graded(student: StudentResult) -> list[NotebookResult]:
    return [entry for entry in student.notebooks if entry.submission.problem is None]


def _untouched(entry: QuestionResult) -> bool:
    return bool(entry.tests) and all(result.verdict is Verdict.NOT_IMPLEMENTED for result in entry.tests)


def _on_question(entry: QuestionResult, name: str) -> Iterator[str]:
    if entry.question.manual and entry.points_pending:
        yield f"{name}: waits for a person"
    if entry.helped:
        yield f"{name}: helped"
    found = {result.verdict for result in entry.tests}
    for verdict in _NOTABLE:
        if verdict in found:
            yield f"{name}: {words(verdict)}"
