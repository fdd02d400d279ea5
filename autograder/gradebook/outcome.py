"""The policy between verdicts and nbgrader's rows: scores, what waits for a person, and what nbgrader's pages say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograder.model import NotebookResult, Question, QuestionResult, Verdict

_WORDS: Mapping[Verdict, str] = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "not right",
    Verdict.STUDENT_ERROR: "raised an error",
    Verdict.NOT_IMPLEMENTED: "not implemented",
    Verdict.TIMEOUT: "took too long",
    Verdict.MEMORY: "took too much memory",
    Verdict.OUTPUT_LIMIT: "printed too much",
    Verdict.FORBIDDEN: "uses what this question forbids",
    Verdict.SKIPPED: "not run",
    Verdict.GRADER_FAULT: "not judged: our fault, a person will look at it",
}
_MESSAGE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What nbgrader is told about one question of one student.

    Attributes:
        auto_score: Points, between 0 and the question's; None if a person has to give them.
        summary: What the check cell prints. May quote the student, so it is text, never Markdown or HTML.
        comment: What stands below the answer, or None. nbgrader renders it as Markdown with raw HTML let through, so
            it holds our own words only.
    """

    auto_score: float | None
    summary: str
    comment: str | None

    @property
    def pending(self) -> bool:
        """Whether a person has to give points."""
        return self.auto_score is None


def outcome_of(result: NotebookResult, question: Question) -> Outcome:
    """Look up one question in a result and turn it into what nbgrader is told.

    A question with pending points is held as a whole, because nbgrader knows one score per question and a part of it
    would look final. A question that the result doesn't know is held too, unless nothing could be graded at all.
    """
    found = next((entry for entry in result.questions if entry.question.id == question.id), None)
    problem = result.submission.problem
    if found is None:
        pending = 0.0 if problem else question.points
        found = QuestionResult(question=question, points=0.0, points_pending=pending)
    score = None if found.points_pending > 0 else min(max(float(found.points), 0.0), float(question.points))
    summary = "\n".join(_plain(line) for line in _summary(found, question, problem))
    return Outcome(auto_score=score, summary=summary, comment=_comment(found, problem))


def needs_person(*, pending: bool, scored_by_hand: bool, before: bool, resubmitted: bool) -> bool:
    """Whether a question waits for a person.

    A score that a person gave stays in force, so it is looked at again only if the student handed in again.

    Args:
        pending: Whether the grader gave no score.
        scored_by_hand: Whether a person gave a score earlier.
        before: Whether the question was waiting before this run.
        resubmitted: Whether this run graded another submission than the one before.
    """
    return (before or resubmitted) if scored_by_hand else pending


def _summary(result: QuestionResult, question: Question, problem: str | None) -> Iterator[str]:
    if problem:
        yield f"Not graded: {problem}"
        return
    yield f"{result.points:g} of {question.points:g} points"
    if result.points_pending > 0:
        yield f"{result.points_pending:g} more wait for a person."
    for test in result.tests:
        yield f"- {test.test.title}: {_WORDS[test.verdict]}"
        if test.message and test.verdict is not Verdict.PASSED:
            yield f"  {test.message[:_MESSAGE_CHARACTERS]}"
    if result.helped:
        yield "Graded with the functions that this one builds on replaced by working ones."
    yield from result.remarks


def _comment(result: QuestionResult, problem: str | None) -> str | None:
    if problem:
        return "This notebook could not be graded; the check cells say why."
    verdicts = {test.verdict for test in result.tests}
    if not verdicts or verdicts == {Verdict.PASSED}:
        return None
    if verdicts <= {Verdict.NOT_IMPLEMENTED, Verdict.SKIPPED}:
        return "Not implemented yet."
    missed = [
        f"- {test.test.title}: {_WORDS[test.verdict]}" for test in result.tests if test.verdict is not Verdict.PASSED
    ]
    return "\n".join(("The check cell of this question says more.", "", *missed))


def _plain(text: str) -> str:
    """Take out control characters, which could steer a terminal or hide text."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character in "\n\t" else "\ufffd" for character in text)
