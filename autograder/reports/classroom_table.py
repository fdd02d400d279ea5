"""What a class misunderstood, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.model import NotebookResult
from autograder.reports.classroom import ENOUGH, ClassSummary, summarise
from autograder.reports.words import amount, percent, signed

# The page has the others.
_LINES = 3


def classroom_table(results: Sequence[NotebookResult]) -> Table | None:
    """Per question: share of the points, discrimination, worst verdicts, the most frequent mistakes with counts.

    Returns:
        A table for each notebook, one below the other; None if no notebook has five students that could be graded.
    """
    stack = Table.grid()
    for summary in summarise(results):
        if summary.students >= ENOUGH:
            stack.add_row(_notebook_table(summary))
    return stack if stack.row_count else None


def _notebook_table(summary: ClassSummary) -> Table:
    left_out = f", {summary.ungraded} could not be graded" if summary.ungraded else ""
    caption = (
        "Share: of the points, on average. Tells apart: correlation with the points of all other questions; near 0 or "
        "below, the question says little about who understood."
    )
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=Text(f"{summary.notebook}: {summary.students} students{left_out}", style="bold"),
        title_justify="left",
        caption=Text(caption, style="dim"),
        caption_justify="left",
    )
    table.add_column("question", no_wrap=True)
    table.add_column("points", justify="right")
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("tells apart", justify="right")
    table.add_column("worst verdict of each", ratio=2)
    table.add_column("most frequent mistakes", ratio=3)
    for entry in summary.questions:
        if entry.share is None:
            # A reflection, or all of it waits for a person.
            continue
        table.add_row(
            Text(entry.question.id),
            Text(amount(entry.question.points)),
            Text(percent(entry.share), style=_style(entry.share)),
            Text(signed(entry.discrimination)),
            Text(", ".join(entry.verdict_counts)),
            Text("\n".join(entry.mistake_counts(summary.students)[:_LINES])),
        )
    return table


def _style(share: float | None) -> str:
    if share is None:
        return "dim"
    return "green" if share >= 0.8 else "yellow" if share >= 0.5 else "red"
