"""The notebooks' own checks: right in any style is right, and most mistakes show at once."""

from __future__ import annotations

import pytest

from autograder.mistakes import Policy
from tests.hidden_tests.graded import CHECKED, for_each

each_checked = pytest.mark.parametrize("graded", CHECKED, ids=lambda graded: graded.name)


@for_each("style,question", lambda graded: graded.styles, CHECKED)
def test_other_styles_are_accepted(graded, style, question):
    """No right answer is refused for the style it is written in."""
    assert graded.said(question, graded.right | dict(graded.alternatives[style])) is None


@for_each("question", lambda graded: graded.questions, CHECKED)
def test_both_bases_are_accepted(graded, question):
    """What mistakes are made of is right itself."""
    assert graded.said(question, graded.right) is None
    assert graded.said(question, graded.right_again) is None


@pytest.mark.parametrize("base", ["first base", "second base"])
@each_checked
def test_most_mistakes_show_at_once(graded, base):
    """At least nine in ten fail the visible check of their question."""
    question_of = {mistake.id: mistake.question for mistake in graded.wrong}
    if base == "first base":
        right, made = graded.right, {mistake.id: mistake.functions for mistake in graded.wrong}
    else:
        right, made = graded.right_again, {id: made for id, made in graded.second.items() if id in question_of}
    missed = [id for id, functions in made.items() if graded.said(question_of[id], right | dict(functions)) is None]
    print(f"{len(made) - len(missed)} of {len(made)} mistakes are caught visibly; not: {', '.join(missed)}")
    assert len(missed) <= 0.1 * len(made), missed


@each_checked
def test_what_is_only_worth_a_remark_is_accepted(graded):
    """An entry that costs nothing does not fail the visible check either."""
    for mistake in graded.mistakes:
        if mistake.policy is Policy.REMARK:
            assert graded.said(mistake.question, graded.right | dict(mistake.functions)) is None
