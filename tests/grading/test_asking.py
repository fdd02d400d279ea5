"""Asking one question stops where going on would only cost time."""

from __future__ import annotations

from textwrap import dedent
from types import SimpleNamespace

import pytest

from autograder.grading.asking import ask
from autograder.grading.hidden import HiddenTests
from autograder.model import Verdict
from autograder.sandbox.protocol import Stopped
from tests.grading.fakes import FakeWorker, Hang

SOURCE = '''
import pytest

from autograder.testing import expect, question

@question("size")
@pytest.mark.parametrize("n", [1, 2, 3, 4], ids=["one", "two", "three", "four"])
def test_size(student, n):
    """The size is right."""
    expect(student.size(n), n)
'''


@pytest.fixture(scope="module")
def tests(tmp_path_factory):
    path = tmp_path_factory.mktemp("asking") / "test_demo.py"
    path.write_text(dedent(SOURCE))
    with HiddenTests(path, b"secret") as collected:
        yield collected


def verdicts(tests, size):
    return [result.verdict.value for result in ask("size", tests, FakeWorker({"size": size}), {}).results]


def test_one_time_out_ends_a_question(tests):
    """A call without an end is likely to be followed by others."""

    def hang(n):
        raise Hang

    assert verdicts(tests, hang) == ["TIMEOUT", "SKIPPED", "SKIPPED", "SKIPPED"]


def test_two_shortages_of_memory_end_a_question(tests):
    """One large case may be too much for an honest answer; the second ends it."""

    def greedy(n):
        raise MemoryError

    assert verdicts(tests, greedy) == ["MEMORY", "MEMORY", "SKIPPED", "SKIPPED"]


def test_one_shortage_of_memory_does_not(tests):
    """The other cases are still asked."""

    def greedy_once(n):
        if n == 2:
            raise MemoryError
        return n

    assert verdicts(tests, greedy_once) == ["PASSED", "MEMORY", "PASSED", "PASSED"]


class DyingWorker(FakeWorker):
    """A notebook whose process ends in the calls of some of its sessions."""

    def __init__(self, dies_in, *, unexplained=True, before=lambda: None):
        super().__init__({"size": lambda n: n})
        self.dies_in = dies_in
        self.unexplained = unexplained
        self.before = before

    def ask(self, *, replacements=None, forbidden=()):
        session = super().ask(replacements=replacements)
        if len(self.asked) in self.dies_in:
            session.call = self.die
        return session

    def die(self, *args, **kwargs):
        self.before()
        return Stopped(verdict=Verdict.STUDENT_ERROR, message="It ended.", unexplained=self.unexplained)


@pytest.mark.parametrize(
    ("dies_in", "found"),
    [
        ({1}, ["PASSED"] * 4),
        ({1, 2}, ["STUDENT_ERROR", "PASSED", "PASSED", "PASSED"]),
        (set(range(100)), ["STUDENT_ERROR"] * 4),
    ],
    ids=["once", "twice", "always"],
)
def test_a_process_that_may_have_been_killed(tests, dies_in, found):
    """The question is asked again from its start; what happens again is the answer's own doing, and stands."""
    worker = DyingWorker(dies_in)
    asked = ask("size", tests, worker, {})
    assert [result.verdict.value for result in asked.results] == found
    assert len(worker.asked) <= 5


def test_who_has_seen_enough_ends_a_question(tests):
    """The rest is skipped, and what was asked is kept; each case is shown once, with its verdict."""
    shown = []

    def enough(test, case):
        shown.append((test, case.failed))
        return case.failed

    asked = ask("size", tests, FakeWorker({"size": lambda n: min(n, 2)}), {}, enough=enough)
    assert [result.verdict.value for result in asked.results] == ["PASSED", "PASSED", "FAILED", "SKIPPED"]
    assert shown == [("test_size[one]", False), ("test_size[two]", False), ("test_size[three]", True)]
    assert list(asked.attempt) == [test for test, _ in shown]


@pytest.mark.parametrize(("unexplained", "sessions"), [(False, 2), (True, 2)])
def test_the_time_of_a_question_is_that_of_all_its_sessions(tests, monkeypatch, unexplained, sessions):
    """An answer that works for long and then ends its process gets no new time with each new process."""
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr("autograder.grading.asking.time", clock)

    def work():
        clock.now += 6.0

    worker = DyingWorker(range(1, 100), unexplained=unexplained, before=work)
    asked = ask("size", tests, worker, {}, budget_s=10.0)
    assert len(worker.asked) == sessions
    assert clock.now == 12.0
    assert asked.results[-1].verdict is Verdict.SKIPPED
    assert "took all of its time" in asked.results[-1].message
