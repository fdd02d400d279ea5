"""What a class misunderstood, as a self-contained HTML page for staff; no student is named on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.config import Course, load_assignment
from autograder.model import NotebookResult
from autograder.reports.classroom import ClassSummary, Common, QuestionSummary, summarise
from autograder.reports.files import replace_file
from autograder.reports.rendering import render

_NO_TITLES: Mapping[str, str] = {}
_MOST = 5
# The figure, in its own units: bars on the left, correlations on the right, one row for each question.
_ROW, _BAR, _MIDDLE, _REACH = 36, 220, 314, 46


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One question in the figure.

    Attributes:
        summary: What is shown.
        top: Of its row.
        bar: Length of its bar.
        mark: Where its correlation lies, or None.
    """

    summary: QuestionSummary
    top: int
    bar: float
    mark: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """One notebook on the page.

    Attributes:
        title: As people read it.
        summary: What is shown.
        rows: Its figure.
        height: Of the figure.
        frequent: The most frequent mistakes of all questions, each with its question.
    """

    title: str
    summary: ClassSummary
    rows: tuple[_Row, ...]
    height: int
    frequent: tuple[tuple[QuestionSummary, Common], ...]


def write_classroom(course: Course, assignment: str, results: Sequence[NotebookResult]) -> Path:
    """Write the class's page to `exports/<assignment>-class.html`, replacing an older one.

    Raises:
        CourseError: If it can't be written; an older file stays then.
    """
    config = load_assignment(course, assignment)
    titles = {notebook.name: notebook.title for notebook in config.notebooks}
    own = [result for result in results if result.submission.assignment == assignment]
    page = render_classroom(config.title, own, titles)
    return replace_file(course.exports / f"{assignment}-class.html", page.encode("utf-8"))


def render_classroom(title: str, results: Sequence[NotebookResult], titles: Mapping[str, str] = _NO_TITLES) -> str:
    """Render the page. Pure: the same for the same results in any order.

    Args:
        title: Of the assignment.
        results: Of one assignment.
        titles: Notebook name to its title; a name without one is shown itself.
    """
    sections = [_section(titles.get(entry.notebook, entry.notebook), entry) for entry in summarise(results)]
    return render("classroom.html", title=title, sections=sections, bar=_BAR, middle=_MIDDLE, reach=_REACH)


def _section(title: str, summary: ClassSummary) -> _Section:
    rows = tuple(
        _Row(
            summary=entry,
            top=_ROW * number,
            bar=round(_BAR * (entry.share or 0.0), 1),
            mark=None if entry.discrimination is None else round(_MIDDLE + _REACH * entry.discrimination, 1),
        )
        for number, entry in enumerate(entry for entry in summary.questions if entry.share is not None)
    )
    frequent = [(entry, found) for entry in summary.questions for found in entry.mistakes if found.count > 1]
    return _Section(
        title=title,
        summary=summary,
        rows=rows,
        height=_ROW * len(rows),
        frequent=tuple(sorted(frequent, key=lambda pair: -pair[1].count)[:_MOST]),
    )
