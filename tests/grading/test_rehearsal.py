"""What a first right answer was asked is sent ahead to the others, whose verdicts it doesn't change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.grading import answer
from autograder.grading.answer import grade_submission
from autograder.grading.hidden import HiddenTests
from autograder.grading.rehearsal import Rehearsals
from autograder.model import Cell, Notebook, Question, Role, Submission
from autograder.sandbox.ahead import Ahead, SentCall
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from tests.sandbox.notebooks import LIMITS

TESTS = '''
import numpy as np
import pytest
from autograder.testing import expect, expect_error, expect_pure, question

@question("double")
@pytest.mark.parametrize("n", [3, 4])
def test_double(student, rng, n):
    """Twice the input."""
    x = rng.normal(size=n)
    expect(student.double(x), 2 * x)

@question("double", kind="purity")
def test_pure(student, rng):
    """The input stays."""
    expect_pure(student.double, rng.normal(size=3))

@question("double", kind="error")
def test_error(student):
    """Text is refused."""
    expect_error(lambda: student.double("x"), TypeError, when="text comes")

@question("halve")
def test_there_and_back(student, rng):
    """Half of what was doubled is what it was: the second call depends on what came of the first."""
    x = rng.normal(size=3)
    expect(student.halve(student.half_of(x)), x)
'''
RIGHT = """
import numpy as np
def double(x):
    if isinstance(x, str): raise TypeError("no text")
    return 2 * x
"""
HALVES = "def half_of(x): return {factor} * x\ndef halve(x): return x / {factor}"
SOURCES = {
    "right": RIGHT,
    "otherwise": RIGHT.replace("2 * x", "np.add(x, x)"),
    "wrong": RIGHT.replace("2 * x", "3 * x"),
    "sometimes": RIGHT.replace("return 2 * x", "return 2 * x if x.size == 3 else x"),
    "in place": RIGHT.replace("return 2 * x", "x *= 2; return x"),
    "ends": RIGHT.replace("return 2 * x", "import os; os._exit(0)"),
    "prints": RIGHT.replace("return 2 * x", "print('seen', x.size); return 2 * x"),
    "nothing": "",
    "right again": RIGHT,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ForkserverSandbox]:
    with open_sandbox(kind="numpy", limits=LIMITS) as opened:
        yield opened


@pytest.fixture
def tests(tmp_path: Path) -> Iterator[HiddenTests]:
    (tmp_path / "test_it.py").write_text(TESTS)
    with HiddenTests(tmp_path, b"secret") as opened:
        yield opened


QUESTIONS = tuple(Question(id=id, title=id, points=4.0, functions=(id,)) for id in ("double", "halve"))
NOTEBOOK = Notebook(assignment="a", name="n", title="N", kind="numpy", forbidden=(), cells=(), questions=QUESTIONS)


def graded(tests: HiddenTests, sandbox: ForkserverSandbox, source: str, factor: float = 0.5) -> Any:
    text = source + HALVES.format(factor=factor)
    cells = (Cell(id="answer", role=Role.SOLUTION, kind="code", source=text, question="double"),)
    submission = Submission(student="s", assignment="a", notebook="n", cells=cells)
    return replace(grade_submission(submission, NOTEBOOK, tests, sandbox, limits=LIMITS), wall_s=0.0)


def test_verdicts_are_those_of_calls_one_by_one(
    tests: HiddenTests, sandbox: ForkserverSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right, wrong and odd answers have the same results, messages and output, whoever comes first."""
    ahead = {name: graded(tests, sandbox, source) for name, source in SOURCES.items()}
    backwards = {name: graded(tests, sandbox, source) for name, source in reversed(SOURCES.items())}
    monkeypatch.setattr(Rehearsals, "ahead", lambda self, question: None)
    live = {name: graded(tests, sandbox, source) for name, source in SOURCES.items()}
    assert ahead == backwards == live
    assert [question.points for question in ahead["right again"].questions] == [4.0, 4.0]
    assert ahead["wrong"].questions[0].points < 4.0


def test_right_answers_are_asked_once(
    tests: HiddenTests, sandbox: ForkserverSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has its calls noted, the others have them sent; what depends on replies is asked live."""
    asked: list[tuple[str, str]] = []
    original = answer.ask

    def watch(question: str, *args: Any, ahead: Ahead | None = None, **kwargs: Any) -> Any:
        asked.append((question, "live" if ahead is None else "noted" if ahead.calls is None else "sent"))
        return original(question, *args, ahead=ahead, **kwargs)

    monkeypatch.setattr(answer, "ask", watch)
    graded(tests, sandbox, SOURCES["right"])
    graded(tests, sandbox, SOURCES["otherwise"])
    assert asked == [("double", "noted"), ("halve", "noted"), ("double", "sent"), ("halve", "sent")]
    asked.clear()
    graded(tests, sandbox, SOURCES["wrong"], factor=0.25)
    # The other factor is as right, and its second call is another one: such calls can't be known.
    assert asked == [("double", "sent"), ("double", "live"), ("halve", "sent"), ("halve", "live")]
    asked.clear()
    graded(tests, sandbox, SOURCES["right"])
    assert asked == [("double", "sent"), ("halve", "live")]


def test_other_inputs_are_other_calls(tests: HiddenTests, sandbox: ForkserverSandbox) -> None:
    """Tests that draw anew know no calls any more."""
    right = graded(tests, sandbox, SOURCES["right"])
    tests.draw_anew(b"another secret")
    ahead = tests.rehearsals.ahead("double")
    assert ahead is not None
    assert ahead.calls is None
    assert graded(tests, sandbox, SOURCES["right"]) == right


def test_nothing_is_learned_from_what_fails() -> None:
    """Only whole questions that passed are known; what differed once is forgotten for good."""
    call = SentCall(b"a", b"b", b"")
    known = Rehearsals()
    for passed, sessions in ((False, 1), (True, 2)):
        ahead = Ahead(made=[call])
        for _ in range(sessions):
            ahead.begin()
        known.learn("q", ahead, passed=passed)
        found = known.ahead("q")
        assert found is not None
        assert found.calls is None
    ahead = Ahead(made=[call])
    ahead.begin()
    known.learn("q", ahead, passed=True)
    found = known.ahead("q")
    assert found is not None
    assert found.calls == (call,)
    found.begin()
    known.learn("q", found, passed=False)
    assert known.ahead("q") is not None
    assert not found.make(SentCall(b"a", b"c", b""), call)
    known.learn("q", found, passed=False)
    assert known.ahead("q") is None
