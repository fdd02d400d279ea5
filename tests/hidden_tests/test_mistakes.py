"""Every listed mistake costs something, at the right place, and on every seed."""

from __future__ import annotations

import pytest

from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes import MISTAKES
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.mistakes import Policy
from autograder.model import Verdict
from tests.hidden_tests.harness import QUESTIONS, calls_by_test, run

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def functions_by_test(hidden):
    """Test id to the names of the functions that it calls."""
    return {test: {call[0] for call in calls} for test, calls in calls_by_test(hidden, RIGHT).items()}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_a_mistake_is_noticed(hidden_by_seed, functions_by_test, mistake):
    """It fails the same tests whatever the seed, at least one, and none that doesn't call the wrong function."""
    failing = set()
    for seed in SEEDS:
        results = run(hidden_by_seed(seed), RIGHT | dict(mistake.functions), mistake.question)
        assert [result.staff for result in results.values() if result.verdict is Verdict.GRADER_FAULT] == []
        failing.add(frozenset(test for test, result in results.items() if result.verdict is not Verdict.PASSED))
    assert len(failing) == 1, "the verdicts hang on the seed"
    (failed,) = failing
    assert bool(failed) == (mistake.policy is Policy.WRONG)
    for test in failed:
        assert functions_by_test[test] & set(mistake.functions)


def test_mistakes_are_well_formed():
    """Ids are unique; each mistake is in a function of its question, and says what a student sees and can do."""
    assert len({mistake.id for mistake in MISTAKES}) == len(MISTAKES)
    for mistake in MISTAKES:
        assert set(mistake.functions) <= set(QUESTIONS[mistake.question])
        assert mistake.functions
        for sentence in (mistake.symptom, mistake.hint):
            assert sentence.endswith((".", "?"))
            assert "\n" not in sentence


def test_every_question_has_mistakes():
    """Each function is covered by at least three."""
    for names in QUESTIONS.values():
        for name in names:
            assert sum(name in mistake.functions for mistake in MISTAKES) >= 3, name
