"""The policy that turns verdicts into points; pure, and the only place where points are computed."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.model import Question, QuestionResult, TestKind, TestResult, Verdict

GATED_REMARK = "Checks of shapes, errors and unchanged inputs count once one check of values passes."


def score(
    question: Question,
    results: Sequence[TestResult],
    *,
    remarks: Sequence[str] = (),
    helped: bool = False,
    output: str = "",
) -> QuestionResult:
    """Score one question.

    Each test that passes earns its share of the points. A test that is not about values earns only where a values
    test of the same question passes: an answer that is nothing but an array of the right shape is worth nothing.
    What we could not judge (GRADER_FAULT) is neither earned nor lost: its share is pending.

    Args:
        question: The question; a manual one is pending as a whole.
        results: One result per declared test.
        remarks: What to say beside it.
        helped: Whether prerequisites were replaced.
        output: What the student's code printed.

    Returns:
        The result with points rounded to two decimals.
    """
    if question.manual:
        return QuestionResult(question=question, points=0.0, points_pending=float(question.points))
    total = sum(result.test.weight for result in results)
    values = [result for result in results if result.test.kind is TestKind.VALUES]
    gate_open = any(result.verdict is Verdict.PASSED for result in values)
    gate_unknown = not gate_open and any(result.verdict is Verdict.GRADER_FAULT for result in values)
    earned = pending = 0.0
    held_back = False
    for result in results:
        if result.verdict is Verdict.GRADER_FAULT:
            pending += result.test.weight
        elif result.verdict is Verdict.PASSED:
            if result.test.kind is TestKind.VALUES or gate_open:
                earned += result.test.weight
            elif gate_unknown:
                pending += result.test.weight
            else:
                held_back = True
    share = question.points / total if total else 0.0
    return QuestionResult(
        question=question,
        points=round(earned * share, 2),
        points_pending=round(pending * share, 2),
        tests=tuple(results),
        remarks=(*remarks, GATED_REMARK) if held_back else tuple(remarks),
        helped=helped,
        output=output,
    )
