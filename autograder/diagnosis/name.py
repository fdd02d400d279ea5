"""Which listed mistake explains an answer: the policy, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from autograder.diagnosis.attempt import Attempt, Case
from autograder.diagnosis.fingerprint import calls_agree
from autograder.mistakes import Mistake
from autograder.model import TestKind
from autograder.sandbox.protocol import Returned

_NOTHING = Case(failed=False, kind=TestKind.VALUES, calls=())
# What to refuse, and what to leave unchanged, an answer may get wrong beside anything else.
_BESIDE = {TestKind.ERROR, TestKind.PURITY}


def explained(answer: Attempt, mistake: Attempt, functions: Collection[str]) -> frozenset[str]:
    """The failing cases of an answer that a mistake explains.

    Only calls of the mistake's functions count: the others are right in the mistake, and may be wrong in the answer
    for a reason of their own, or because they call the first. And a mistake in the numbers says nothing of errors
    that are not raised and inputs that are changed: where it passes such tests, the answer may fail them.

    What does nothing but raise could be anything: there must be a wrong result that both return, or a test of values
    that the mistake passes.

    Args:
        answer: A student's.
        mistake: The same hidden tests, asked of the mistake.
        functions: Those that the mistake gets wrong.

    Returns:
        Ids of the hidden tests that both fail with the same replies; empty where answer and mistake differ in any
        case that one of them fails.
    """
    shared = set()
    telling = False
    for test in answer.keys() | mistake.keys():
        one, other = answer.get(test, _NOTHING), mistake.get(test, _NOTHING)
        if differ(one, other, functions):
            return frozenset()
        ours, theirs = one.calls_of(functions), other.calls_of(functions)
        telling = telling or (bool(theirs) and not other.failed and other.kind is TestKind.VALUES)
        # Who has been asked less, and replied alike so far, has failed by another function.
        if one.failed and other.failed and theirs and len(ours) >= len(theirs):
            shared.add(test)
            telling = telling or any(isinstance(call.reply, Returned) for call in theirs)
    return frozenset(shared) if telling else frozenset()


def differ(answer: Case, mistake: Case, functions: Collection[str]) -> bool:
    """Whether one hidden test is enough to see that an answer is not what a mistake is.

    Args:
        answer: What a student's answer replied.
        mistake: What the mistake replied to the same test.
        functions: Those that the mistake gets wrong.
    """
    ours, theirs = answer.calls_of(functions), mistake.calls_of(functions)
    beside = answer.kind in _BESIDE and not mistake.failed
    if beside or not ((answer.failed and ours) or (mistake.failed and theirs)):
        return False
    if answer.calls is None or mistake.calls is None:
        return True
    if mistake.counted and mistake.failed and not answer.failed:
        # A mistake that takes too long may reply what is right; what takes less time is something else.
        return True
    return not calls_agree(ours, theirs, misfits=answer.failed and mistake.failed)


def candidates(answer: Attempt, mistakes: Sequence[Mistake], known: Mapping[str, Attempt]) -> tuple[Mistake, ...]:
    """The mistakes that explain an answer: those that explain most of it first, then in the order of the list.

    Args:
        answer: A student's.
        mistakes: Those of the question, as listed.
        known: Id to attempt, of each that is not ruled out.
    """
    possible = [mistake for mistake in mistakes if mistake.id in known]
    shares = [(len(explained(answer, known[mistake.id], mistake.functions)), mistake) for mistake in possible]
    found = [entry for entry in shares if entry[0]]
    return tuple(mistake for _, mistake in sorted(found, key=lambda entry: -entry[0]))
