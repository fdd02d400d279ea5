"""Every listed mistake costs something, at the right place, and on every seed."""

from __future__ import annotations

import functools

import pytest

from autograder.mistakes import Policy
from autograder.model import Verdict
from tests.hidden_tests.graded import each_notebook, for_each
from tests.hidden_tests.harness import calls_by_test, run

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def functions_by_test(collected):
    """Test id to the names of the functions that it calls: `functions_by_test(graded)`."""

    @functools.cache
    def called(graded):
        calls = calls_by_test(collected(graded), graded.right)
        return {test: {call[0] for call in made} for test, made in calls.items()}

    return called


@for_each("mistake", lambda graded: graded.mistakes)
def test_a_mistake_is_noticed(collected, functions_by_test, graded, mistake):
    """It fails the same tests whatever the seed, at least one, and none that doesn't call the wrong function."""
    failing = set()
    for seed in SEEDS:
        results = run(collected(graded, seed), graded.right | dict(mistake.functions), mistake.question)
        assert [result.staff for result in results.values() if result.verdict is Verdict.GRADER_FAULT] == []
        failing.add(frozenset(test for test, result in results.items() if result.verdict is not Verdict.PASSED))
    assert len(failing) == 1, "the verdicts hang on the seed"
    (failed,) = failing
    assert bool(failed) == (mistake.policy is Policy.WRONG)
    for test in failed:
        assert functions_by_test(graded)[test] & set(mistake.functions)


@each_notebook
def test_mistakes_are_well_formed(graded):
    """Ids are unique; each mistake is in a function of its question, and says what a student sees and can do."""
    assert len({mistake.id for mistake in graded.mistakes}) == len(graded.mistakes)
    for mistake in graded.mistakes:
        assert set(mistake.functions) <= set(graded.questions[mistake.question])
        assert mistake.functions
        for sentence in (mistake.symptom, mistake.hint):
            assert sentence.endswith((".", "?"))
            assert "\n" not in sentence


@each_notebook
def test_every_question_has_mistakes(graded):
    """Each function is covered by at least three."""
    for names in graded.questions.values():
        for name in names:
            assert sum(name in mistake.functions for mistake in graded.mistakes) >= 3, name
