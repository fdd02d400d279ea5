"""The notebook's own checks: right in any style is right, and most mistakes show at once."""

from __future__ import annotations

import pytest

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives import ALTERNATIVES
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes import MISTAKES
from autograder.hidden_tests.a1_convolution.sliding_windows.second import SECOND
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.windows import RIGHT_AGAIN
from autograder.mistakes import Policy
from course_utils.checks import CheckFailed
from course_utils.checks import sliding_windows as check
from tests.hidden_tests.harness import QUESTIONS
from tests.hidden_tests.test_right_answers import CASES

WRONG = tuple(mistake for mistake in MISTAKES if mistake.policy is Policy.WRONG)
QUESTION_OF = {mistake.id: mistake.question for mistake in WRONG}


def said(question, functions):
    """What the visible check says, None where it is content."""
    try:
        getattr(check, question)(*(functions[name] for name in QUESTIONS[question]))
    except CheckFailed as failure:
        return str(failure)
    return None


@pytest.mark.parametrize(("style", "question"), CASES, ids=[f"{style} {question}" for style, question in CASES])
def test_other_styles_are_accepted(style, question):
    """No right answer is refused for the style it is written in."""
    assert said(question, RIGHT | dict(ALTERNATIVES[style])) is None


@pytest.mark.parametrize("right", [RIGHT, RIGHT_AGAIN], ids=["first base", "second base"])
def test_both_bases_are_accepted(right):
    """What mistakes are made of is right itself."""
    for question in QUESTIONS:
        assert said(question, right) is None


@pytest.mark.parametrize(
    ("right", "made"),
    [(RIGHT, {mistake.id: mistake.functions for mistake in WRONG}), (RIGHT_AGAIN, SECOND)],
    ids=["first base", "second base"],
)
def test_most_mistakes_show_at_once(right, made):
    """At least nine in ten fail the visible check of their question."""
    missed = [id for id, functions in made.items() if said(QUESTION_OF[id], right | dict(functions)) is None]
    print(f"{len(made) - len(missed)} of {len(made)} mistakes are caught visibly; not: {', '.join(missed)}")
    assert len(missed) <= 0.1 * len(made), missed


def test_what_is_only_worth_a_remark_is_accepted():
    """An entry that costs nothing does not fail the visible check either."""
    remarks = [mistake for mistake in MISTAKES if mistake.policy is Policy.REMARK]
    assert remarks
    for mistake in remarks:
        assert said(mistake.question, RIGHT | dict(mistake.functions)) is None
