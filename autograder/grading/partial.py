"""Grading some questions again: what is new beside what was found earlier for the same answers. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autograder.config import weakest
from autograder.model import NotebookResult, QuestionResult


def merged(earlier: NotebookResult, newer: NotebookResult, questions: Collection[str]) -> NotebookResult:
    """An earlier result in which some questions are those of a newer one.

    The wall that the result names is the weaker of the two, and remarks on the notebook are the newer ones.

    Args:
        earlier: Knows every question.
        newer: Knows these questions at least.
        questions: Ids of the questions to take over.
    """
    fresh = {entry.question.id: entry for entry in newer.questions if entry.question.id in questions}
    return replace(
        newer,
        questions=tuple(fresh.get(entry.question.id, entry) for entry in earlier.questions),
        sandbox_level=weakest((earlier.sandbox_level, newer.sandbox_level)),
    )


def held(questions: Collection[QuestionResult]) -> bool:
    """Whether some of these wait for a person because we could not judge them."""
    return any(entry.points_pending and entry.tests for entry in questions)
