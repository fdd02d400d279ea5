"""Which mistake explains an answer."""

from __future__ import annotations

from typing import Any

from autograder.diagnosis.attempt import Call, Case
from autograder.diagnosis.name import candidates, differ, explained
from autograder.mistakes import Mistake
from autograder.model import TestKind
from autograder.sandbox.protocol import Count, Raised, Returned

ERROR = Raised(types=("ValueError",), message="")


def case(failed: bool, *calls: tuple[str, Any], kind: TestKind = TestKind.VALUES) -> Case:
    replies = [value if isinstance(value, Raised) else Returned(value=value) for _, value in calls]
    return Case(failed, kind, tuple(Call(name, reply) for (name, _), reply in zip(calls, replies, strict=True)))


def test_equal_failures_are_explained():
    """The cases that both fail with equal replies count; those that both pass may reply as they like."""
    answer = {"a": case(True, ("f", 3)), "b": case(False, ("f", 1.0)), "c": case(True, ("f", 5))}
    mistake = {"a": case(True, ("f", 3)), "b": case(False, ("f", 1)), "c": case(True, ("f", 5))}
    assert explained(answer, mistake, {"f"}) == {"a", "c"}


def test_one_difference_is_too_many():
    """A case that only one of the two fails, or in which the replies differ, rules the mistake out."""
    answer = {"a": case(True, ("f", 3)), "b": case(True, ("f", 4))}
    assert not explained(answer, {"a": case(True, ("f", 3)), "b": case(True, ("f", 5))}, {"f"})
    assert not explained(answer, {"a": case(True, ("f", 3)), "b": case(False, ("f", 1))}, {"f"})
    passing = {"a": case(True, ("f", 3)), "b": case(False, ("f", 1))}
    assert not explained(passing, {"a": case(True, ("f", 3)), "b": case(True, ("f", 4))}, {"f"})


def test_other_functions_may_be_wrong_as_well():
    """A mistake says nothing of functions that it leaves right, even where they appear in the same case."""
    answer = {"a": case(True, ("f", 3)), "b": case(True, ("g", 4)), "c": case(True, ("f", 2), ("g", 9))}
    mistake = {"a": case(True, ("f", 3)), "b": case(False, ("g", 1)), "c": case(True, ("f", 2))}
    assert explained(answer, mistake, {"f"}) == {"a", "c"}


def test_who_fails_before_the_mistake_fails_by_another_function():
    """Right replies that both gave before are nothing that a mistake explains."""
    mistake = {"a": case(True, ("f", 1), ("f", 4)), "b": case(False, ("f", 2))}
    assert not explained({"a": case(True, ("f", 1), ("g", 9)), "b": case(False, ("f", 2))}, mistake, {"f"})
    assert explained({"a": case(True, ("f", 1), ("f", 4)), "b": case(False, ("f", 2))}, mistake, {"f"}) == {"a"}


def test_errors_and_changed_inputs_stand_beside():
    """A mistake in the values is named even if the answer also fails to refuse what it must refuse."""
    answer = {"a": case(True, ("f", 3)), "b": case(True, ("f", 0), kind=TestKind.ERROR)}
    mistake = {"a": case(True, ("f", 3)), "b": case(False, ("f", ERROR), kind=TestKind.ERROR)}
    assert explained(answer, mistake, {"f"}) == {"a"}
    # The other way round it is what the mistake is about.
    assert not explained({**answer, "b": mistake["b"]}, {"a": answer["a"], "b": answer["b"]}, {"f"})


def counted(failed: bool, value: Any, steps: int) -> Case:
    """A case that looks at what a call took."""
    reply = Returned(value=value, count=Count(steps=steps, passes=0))
    return Case(failed, TestKind.VALUES, (Call("f", reply),))


def test_whether_a_count_fails_is_what_matters():
    """A mistake that replies what is right, and takes too long, explains what takes too long, however long that is."""
    mistake = {"a": case(False, ("f", 3)), "b": counted(True, 5, 900)}
    assert explained({"a": case(False, ("f", 3)), "b": counted(True, 5, 2000)}, mistake, {"f"}) == {"b"}
    assert not explained({"a": case(True, ("f", 4)), "b": counted(False, 5, 20)}, mistake, {"f"})
    assert differ(counted(False, 5, 20), mistake["b"], {"f"})


def test_what_takes_long_stands_beside_a_mistake():
    """An answer that makes a listed mistake and takes long as well is named; one that is wrong there, too, is not."""
    mistake = {"a": case(True, ("f", 4)), "b": counted(False, 5, 20)}
    assert explained({"a": case(True, ("f", 4)), "b": counted(True, 5, 2000)}, mistake, {"f"}) == {"a"}
    assert not explained({"a": case(True, ("f", 4)), "b": counted(True, 6, 2000)}, mistake, {"f"})


def test_only_errors_name_nothing():
    """An answer that raises whatever it is asked is not called by a mistake that does so, too."""
    always = {"a": case(True, ("f", ERROR)), "b": case(True, ("f", ERROR))}
    assert not explained(always, always, {"f"})
    sometimes = {"a": case(True, ("f", ERROR)), "b": case(False, ("f", 1))}
    assert explained(sometimes, sometimes, {"f"}) == {"a"}


def test_what_was_not_kept_explains_nothing():
    """A case that was too large to keep rules every mistake out that has to do with it."""
    lost = {"a": Case(failed=True, kind=TestKind.VALUES, calls=None)}
    known = {"a": case(True, ("f", 3))}
    assert not explained(lost, known, {"f"})


def test_one_case_may_be_enough():
    """A mistake is ruled out by a case that one of the two fails, if the replies differ, and by no other."""
    assert differ(case(True, ("f", 3)), case(True, ("f", 4)), {"f"})
    assert differ(case(False, ("f", 3)), case(True, ("f", 4)), {"f"})
    assert not differ(case(False, ("f", 3)), case(False, ("f", 4)), {"f"})
    assert not differ(case(True, ("g", 3)), case(False, ("g", 4)), {"f"})


def test_what_is_ruled_out_is_no_candidate():
    """Mistakes without an attempt were ruled out while they were asked."""
    mistakes = [Mistake(id, "q", {"f": abs}, "Symptom.", "Hint?") for id in ("a", "b")]
    answer = {"a": case(True, ("f", 3))}
    assert [mistake.id for mistake in candidates(answer, mistakes, {"b": answer})] == ["b"]


def test_the_mistake_that_explains_most_comes_first():
    """More explained cases first; among equals, the order of the list."""

    def listed(id: str, *functions: str) -> Mistake:
        return Mistake(id, "q", dict.fromkeys(functions, abs), "Symptom.", "Hint?")

    answer = {"a": case(True, ("f", 3)), "b": case(True, ("g", 4)), "c": case(True, ("g", 5))}
    one = {"a": answer["a"], "b": case(False, ("g", 0)), "c": case(False, ("g", 0))}
    two = {"a": case(False, ("f", 0)), "b": answer["b"], "c": answer["c"]}
    wrong = {"a": case(True, ("f", 7))}
    mistakes = (listed("wrong", "f"), listed("one", "f"), listed("two", "g"), listed("twin", "g"))
    known = {"wrong": wrong, "one": one, "two": two, "twin": two}
    assert [mistake.id for mistake in candidates(answer, mistakes, known)] == ["two", "twin", "one"]
