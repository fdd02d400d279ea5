from dataclasses import replace

import pytest

from autograder.config import Course
from autograder.gradebook.outcome import needs_person, outcome_of
from autograder.model import Verdict
from tests.gradebook.course import notebook_of, result


def test_points_are_the_score(course: Course) -> None:
    """A judged question has its points as score, and nobody waits for a person."""
    first, second, _ = notebook_of(course).questions
    graded = result(course, "ada", first=2.5, second=1.5)
    assert [outcome_of(graded, question).auto_score for question in (first, second)] == [2.5, 1.5]
    assert not outcome_of(graded, first).pending


def test_pending_is_never_a_score(course: Course) -> None:
    """A reflection and a question with a fault of ours have no score at all, not zero."""
    _, second, why = notebook_of(course).questions
    graded = result(course, "ada", fault=True)
    assert outcome_of(graded, second).auto_score is None
    assert outcome_of(graded, why).auto_score is None
    assert "1.5 more wait for a person" in outcome_of(graded, second).summary


@pytest.mark.parametrize(("points", "score"), [(99.0, 4.0), (-1.0, 0.0)])
def test_scores_stay_between_nothing_and_everything(course: Course, points: float, score: float) -> None:
    """A score out of range is clamped: nbgrader would stop the batch or give full points."""
    first = notebook_of(course).questions[0]
    assert outcome_of(result(course, "ada", first=points), first).auto_score == score


def test_what_cannot_be_graded_has_no_points_and_says_why(course: Course) -> None:
    """A submission with a problem earns nothing, waits for nobody, and every question says the reason."""
    graded = result(course, "eve", cells=(), problem="expected a notebook, got a picture.")
    for question in notebook_of(course).questions:
        outcome = outcome_of(graded, question)
        assert outcome.auto_score == 0.0
        assert "got a picture" in outcome.summary
        assert outcome.comment is not None
        assert "could not be graded" in outcome.comment


def test_a_question_without_a_result_is_held(course: Course) -> None:
    """A question that the result leaves out waits for a person: a gap of ours costs no points."""
    graded = replace(result(course, "ada"), questions=())
    assert all(outcome_of(graded, question).pending for question in notebook_of(course).questions)


def test_student_text_is_in_the_summary_only(course: Course) -> None:
    """Messages may quote the student: they are in the text of the check cell, never in the comment's Markdown."""
    first = notebook_of(course).questions[0]
    outcome = outcome_of(result(course, "ada", first=2.5), first)
    assert "<script>" in outcome.summary
    assert outcome.comment is not None
    assert "script" not in outcome.comment
    assert "raised an error" in outcome.comment


def test_control_characters_are_taken_out(course: Course) -> None:
    """A message can't steer a terminal: no escape character gets through."""
    first = notebook_of(course).questions[0]
    assert "\x1b" not in outcome_of(result(course, "ada", first=2.5), first).summary


def test_comments_name_the_untouched_and_leave_the_perfect_alone(course: Course) -> None:
    """An answer that was never written says so; a right one has no comment."""
    graded = result(course, "ada", first=4.0)
    first, second, _ = notebook_of(course).questions
    tests = tuple(replace(test, verdict=Verdict.NOT_IMPLEMENTED) for test in graded.questions[1].tests)
    untouched = replace(graded.questions[1], points=0.0, tests=tests)
    graded = replace(graded, questions=(graded.questions[0], untouched, graded.questions[2]))
    assert outcome_of(graded, first).comment is None
    assert outcome_of(graded, second).comment == "Not implemented yet."


@pytest.mark.parametrize("pending", [True, False])
def test_without_a_score_by_hand_pending_decides(pending: bool) -> None:
    """Where no person gave a score, exactly what the grader left open waits."""
    for before in (True, False):
        assert needs_person(pending=pending, scored_by_hand=False, before=before, resubmitted=False) is pending


@pytest.mark.parametrize(
    ("before", "resubmitted", "waits"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_a_score_by_hand_is_looked_at_again_after_a_new_submission(
    before: bool, resubmitted: bool, waits: bool
) -> None:
    """A regrade of the same file leaves a person's score settled; another file asks for a second look."""
    assert needs_person(pending=True, scored_by_hand=True, before=before, resubmitted=resubmitted) is waits
