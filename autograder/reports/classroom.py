"""What a class misunderstood: per question how hard it was, whom it tells apart, and which mistakes were made. Pure.

No student's name gets this far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import correlation, fmean

from autograder.model import NotebookResult, Question, QuestionResult, Verdict
from autograder.reports.words import words

# Fewer students are no class: one of them decides every figure.
ENOUGH = 5
_MISTAKES = 5
_DUST = 1e-9
# From the mildest to the one that says most about what happened to a question.
_LADDER = (
    Verdict.PASSED,
    Verdict.SKIPPED,
    Verdict.FAILED,
    Verdict.STUDENT_ERROR,
    Verdict.OUTPUT_LIMIT,
    Verdict.MEMORY,
    Verdict.TIMEOUT,
    Verdict.FORBIDDEN,
    Verdict.NOT_IMPLEMENTED,
    Verdict.GRADER_FAULT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """A mistake that was recognised.

    Attributes:
        symptom: What the result looks like; mistakes that look alike are counted together.
        count: How many students made it.
    """

    symptom: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSummary:
    """One question over a class.

    Attributes:
        question: Which.
        students: How many answers count; an answer that waits for a person doesn't.
        share: Mean share of the points that they earned, or None if no answer counts.
        discrimination: Correlation, over students, of this question's points with the points of all other questions;
            None for fewer than five students, where all earned the same, or with no other question.
        verdicts: For each student the worst verdict, counted, mildest first.
        mistakes: The most frequent recognised mistakes, most frequent first.
        unnamed: How many wrong answers have no recognised mistake.
    """

    question: Question
    students: int
    share: float | None
    discrimination: float | None
    verdicts: tuple[tuple[Verdict, int], ...]
    mistakes: tuple[Common, ...]
    unnamed: int

    @property
    def verdict_counts(self) -> tuple[str, ...]:
        """Such as "31 passed" and "9 not right"."""
        return tuple(f"{count} {words(verdict)}" for verdict, count in self.verdicts)

    def mistake_counts(self, students: int) -> tuple[str, ...]:
        """Such as "12 of 40: Your result lacks the bias."; at last the wrong answers that are no listed mistake."""
        counts = tuple(f"{found.count} of {students}: {found.symptom}" for found in self.mistakes)
        return (
            (*counts, f"{self.unnamed} of {students}: wrong, by none of the listed mistakes")
            if self.unnamed
            else counts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSummary:
    """One notebook over a class.

    Attributes:
        assignment: Id of the assignment.
        notebook: Name of the notebook.
        students: How many could be graded.
        ungraded: How many could not.
        share: Mean share of the points, over what could be graded and waits for nobody; None if there is nothing.
        questions: In the notebook's order.
    """

    assignment: str
    notebook: str
    students: int
    ungraded: int
    share: float | None
    questions: tuple[QuestionSummary, ...]


def summarise(results: Iterable[NotebookResult]) -> tuple[ClassSummary, ...]:
    """Sum up a class, each notebook for itself, in the order of their names."""
    groups: dict[tuple[str, str], list[NotebookResult]] = {}
    for result in results:
        groups.setdefault((result.submission.assignment, result.submission.notebook), []).append(result)
    return tuple(_notebook(*key, group) for key, group in sorted(groups.items()))


def _notebook(assignment: str, notebook: str, results: Sequence[NotebookResult]) -> ClassSummary:
    graded = [result for result in results if result.submission.problem is None]
    questions = dict.fromkeys(entry.question.id for result in graded for entry in result.questions)
    summaries = tuple(_question(name, graded) for name in questions)
    earned = sum(entry.share * entry.question.points for entry in summaries if entry.share is not None)
    possible = sum(entry.question.points for entry in summaries if entry.share is not None)
    return ClassSummary(
        assignment=assignment,
        notebook=notebook,
        students=len(graded),
        ungraded=len(results) - len(graded),
        share=earned / possible if possible else None,
        questions=summaries,
    )


def _question(name: str, results: Sequence[NotebookResult]) -> QuestionSummary:
    answers = [(entry, result) for result in results for entry in result.questions if entry.question.id == name]
    settled = [(entry, result) for entry, result in answers if not entry.points_pending]
    question = answers[0][0].question
    shares = [entry.points / question.points for entry, _ in settled if question.points]
    verdicts = Counter(_worst(entry) for entry, _ in answers if entry.tests)
    diagnosed = Counter(entry.diagnosis.symptom for entry, _ in answers if entry.diagnosis is not None)
    wrong = [entry for entry, _ in answers if entry.tests and _worst(entry) in (Verdict.FAILED, Verdict.STUDENT_ERROR)]
    return QuestionSummary(
        question=question,
        students=len(settled),
        share=fmean(shares) if shares else None,
        discrimination=_discrimination(settled),
        verdicts=tuple((verdict, verdicts[verdict]) for verdict in _LADDER if verdicts[verdict]),
        mistakes=tuple(
            Common(symptom=symptom, count=count)
            for symptom, count in sorted(diagnosed.items(), key=lambda item: (-item[1], item[0]))[:_MISTAKES]
        ),
        unnamed=sum(entry.diagnosis is None for entry in wrong),
    )


def _worst(entry: QuestionResult) -> Verdict:
    return max((result.verdict for result in entry.tests), key=_LADDER.index)


def _discrimination(answers: Sequence[tuple[QuestionResult, NotebookResult]]) -> float | None:
    """The corrected item-total correlation: a question is not compared with itself.

    A student for whom an automatic question is held has no total yet, and is left out.
    """
    pairs = [
        (entry.points, result.points - entry.points)
        for entry, result in answers
        if not any(other.points_pending for other in result.questions if not other.question.manual)
    ]
    if len(pairs) < ENOUGH:
        return None
    own, rest = zip(*pairs, strict=True)
    if max(own) - min(own) < _DUST or max(rest) - min(rest) < _DUST:
        return None
    return correlation(own, rest)
