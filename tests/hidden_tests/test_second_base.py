"""Mistakes made on the second base are noticed like those on the first, and answer like them."""

from __future__ import annotations

from autograder.diagnosis.attempt import Call, viewed_calls
from autograder.diagnosis.fingerprint import calls_agree
from autograder.model import Verdict
from tests.hidden_tests.graded import each_notebook, for_each
from tests.hidden_tests.harness import InProcess, calls_by_test, run


@each_notebook
def test_every_mistake_is_made_twice(graded):
    """Each listed mistake is written on the second base, or there is a reason why it can't be; in the same function."""
    listed = {mistake.id: mistake for mistake in graded.mistakes}
    not_on_second = graded.module("second").NOT_ON_SECOND
    assert set(graded.second) | set(not_on_second) == set(listed)
    assert not set(graded.second) & set(not_on_second)
    for id, functions in graded.second.items():
        assert set(functions) == set(listed[id].functions), id


@for_each("question", lambda graded: graded.questions)
def test_the_second_base_is_right(collected, graded, question):
    """Without a step done otherwise it passes everything."""
    for seed in (0, 1):
        results = run(collected(graded, seed), graded.right_again, question)
        assert {r.test.id: r.message for r in results.values() if r.verdict is not Verdict.PASSED} == {}


@for_each("id", lambda graded: [mistake.id for mistake in graded.wrong if mistake.id in graded.second])
def test_a_mistake_on_the_second_base_is_noticed(collected, graded, id):
    """It fails a hidden test of its question, and none of the tests finds fault with the grader."""
    (question,) = (mistake.question for mistake in graded.mistakes if mistake.id == id)
    results = run(collected(graded), graded.right_again | dict(graded.second[id]), question)
    verdicts = {result.verdict for result in results.values()}
    assert Verdict.GRADER_FAULT not in verdicts
    assert verdicts != {Verdict.PASSED}


@each_notebook
def test_both_bases_answer_alike(collected, graded):
    """At least 90 % of the mistakes give the same replies on both bases to every call of the hidden tests."""
    made = {}
    for test in calls_by_test(collected(graded), graded.right).values():
        for name, args, options in test:
            made.setdefault(name, []).append((args, options))
    listed = {mistake.id: dict(mistake.functions) for mistake in graded.mistakes}
    differing = {}
    for id, functions in graded.second.items():
        for name in functions:
            sessions = InProcess(graded.right | listed[id]), InProcess(graded.right_again | dict(functions))
            for number, (args, options) in enumerate(made[name]):
                replies = [session.call(name, args, options, return_arguments=True) for session in sessions]
                calls = [viewed_calls([Call(name, reply, (args, options))], graded.views) for reply in replies]
                if not calls_agree(*calls):
                    differing.setdefault(id, []).append((number, [str(reply)[:300] for reply in replies]))
    print(f"{len(graded.second) - len(differing)} of {len(graded.second)} answer alike; not: {', '.join(differing)}")
    assert len(differing) <= 0.1 * len(graded.second), differing
