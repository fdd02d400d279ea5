"""What a right answer is asked is sent to all others at once, which changes no verdict."""

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
from autograder.model import Cell, Notebook, NotebookResult, Question, Role, Submission
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
    "crashes sometimes": RIGHT.replace("return 2 * x", "import os; return 2 * x if x.size == 3 else os.abort()"),
    "hangs sometimes": RIGHT.replace("return 2 * x", "\n    while x.size == 4: pass\n    return 2 * x"),
    "many bytes": RIGHT.replace("2 * x", "np.zeros(1 << 21)"),
    "not implemented": RIGHT.replace("return 2 * x", "raise NotImplementedError"),
    "half": RIGHT.replace("return 2 * x", "if x.size == 3: raise NotImplementedError\n    return 2 * x"),
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


def cells_of(source: str, factor: float = 0.5) -> tuple[Cell, ...]:
    text = source + HALVES.format(factor=factor)
    return (Cell(id="answer", role=Role.SOLUTION, kind="code", source=text, question="double"),)


@pytest.fixture
def rehearsals(sandbox: ForkserverSandbox) -> Iterator[Rehearsals]:
    right = sandbox.load(cells_of(RIGHT))
    yield Rehearsals(lambda: right)
    right.close()


def graded(
    tests: HiddenTests, sandbox: ForkserverSandbox, rehearsals: Rehearsals, source: str, factor: float = 0.5
) -> NotebookResult:
    submission = Submission(student="s", assignment="a", notebook="n", cells=cells_of(source, factor))
    result = grade_submission(submission, NOTEBOOK, tests, sandbox, limits=LIMITS, rehearsals=rehearsals)
    return replace(result, wall_s=0.0)


def test_verdicts_are_those_of_calls_one_by_one(
    tests: HiddenTests, sandbox: ForkserverSandbox, rehearsals: Rehearsals
) -> None:
    """Right, wrong and odd answers have the same results, messages and output, whoever comes first."""
    together = {name: graded(tests, sandbox, rehearsals, source) for name, source in SOURCES.items()}
    backwards = {name: graded(tests, sandbox, rehearsals, source) for name, source in reversed(SOURCES.items())}
    live = {name: graded(tests, sandbox, Rehearsals(None), source) for name, source in SOURCES.items()}
    assert together == backwards == live
    assert [question.points for question in together["right again"].questions] == [4.0, 4.0]
    assert together["wrong"].questions[0].points < 4.0


def watch(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """How each question is asked from now on."""
    asked: list[tuple[str, str]] = []

    def noting(way: str) -> None:
        original = getattr(answer, way)

        def noted(question: str, *args: Any, **kwargs: Any) -> Any:
            asked.append((question, way))
            return original(question, *args, **kwargs)

        monkeypatch.setattr(answer, way, noted)

    noting("ask_at_once")
    noting("ask")
    return asked


def test_most_answers_are_asked_at_once(
    tests: HiddenTests, sandbox: ForkserverSandbox, rehearsals: Rehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one, too. Where a call holds what another replied, it is not sent before that reply."""
    asked = watch(monkeypatch)
    for source, factor in ((SOURCES["right"], 0.5), (SOURCES["otherwise"], 0.5), (SOURCES["right"], 0.25)):
        found = graded(tests, sandbox, rehearsals, source, factor=factor)
        assert [question.points for question in found.questions] == [4.0, 4.0]
        assert asked[-2:] == [("double", "ask_at_once"), ("halve", "ask")]


def test_another_call_than_was_sent(
    tests: HiddenTests, sandbox: ForkserverSandbox, rehearsals: Rehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is to be asked something else than our right answer was is asked call by call, and passes."""
    monkeypatch.setattr("autograder.grading.rehearsal.tells_ahead", lambda calls: False)
    asked = watch(monkeypatch)
    graded(tests, sandbox, rehearsals, SOURCES["right"])
    assert asked == [("double", "ask_at_once"), ("halve", "ask_at_once")]
    asked.clear()
    found = graded(tests, sandbox, rehearsals, SOURCES["right"], factor=0.25)
    assert found.questions[1].points == 4.0
    assert asked == [("double", "ask_at_once"), ("halve", "ask_at_once"), ("halve", "ask")]


def test_equal_replies_are_judged_once(
    tests: HiddenTests, sandbox: ForkserverSandbox, rehearsals: Rehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test runs for the first who replies so, right or wrong, and for whoever replies otherwise."""
    ran: list[str] = []
    original = tests.run
    monkeypatch.setattr(
        tests, "run", lambda wanted, *args: ran.extend(test.id for test in wanted) or original(wanted, *args)
    )

    def runs(source: str) -> int:
        ran.clear()
        first = graded(tests, sandbox, rehearsals, source)
        count = len(ran)
        ran.clear()
        assert graded(tests, sandbox, rehearsals, source) == first
        # That one is asked call by call.
        assert ran == ["test_there_and_back"]
        return count - 1

    # Noting the calls takes one run of each of the five tests.
    assert runs(SOURCES["right"]) == 4 + 5
    assert runs(SOURCES["otherwise"]) == 0
    # Wrong for four numbers, and still right for three, for text and as to its input.
    assert runs(SOURCES["sometimes"]) == 1
    assert runs(SOURCES["wrong"]) == 3


def test_other_inputs_are_other_calls(tests: HiddenTests, sandbox: ForkserverSandbox, rehearsals: Rehearsals) -> None:
    """Tests that draw anew know no calls and no verdicts any more."""
    right = graded(tests, sandbox, rehearsals, SOURCES["right"])
    before = rehearsals.script("double", tests)
    tests.draw_anew(b"another secret")
    assert not tests.scripts
    assert graded(tests, sandbox, rehearsals, SOURCES["right"]) == right
    assert rehearsals.script("double", tests) != before


@pytest.mark.parametrize("source", [SOURCES["wrong"], SOURCES["ends"], "", "import nothing"])
def test_who_is_not_right_is_no_model(tests: HiddenTests, sandbox: ForkserverSandbox, source: str) -> None:
    """Where our own answer fails a question, its calls are not known, and it is asked call by call."""
    model = sandbox.load(cells_of(source))
    rehearsals = Rehearsals(lambda: model)
    assert rehearsals.script("double", tests) is None
    assert graded(tests, sandbox, rehearsals, SOURCES["right"]).questions[0].points == 4.0
    model.close()


def test_too_much_is_not_kept(tests: HiddenTests, sandbox: ForkserverSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question with very long calls is asked call by call."""
    monkeypatch.setattr("autograder.grading.rehearsal._MOST_BYTES", 100)
    right = sandbox.load(cells_of(RIGHT))
    assert Rehearsals(lambda: right).script("double", tests) is None
    right.close()


FAULTY = '''
from autograder.testing import expect, question

runs = []

@question("double")
def test_double(student):
    """Twice the input."""
    value = student.double(3)
    runs.append(value)
    if len(runs) == 2:
        raise RuntimeError("ours")
    expect(value, 6)
'''


def test_a_fault_of_ours_is_not_remembered(tmp_path: Path, sandbox: ForkserverSandbox, rehearsals: Rehearsals) -> None:
    """The one for whom a hidden test breaks is held for a person; the next one who replies so is judged."""
    (tmp_path / "test_it.py").write_text(FAULTY)
    submission = Submission(student="s", assignment="a", notebook="n", cells=cells_of(RIGHT))
    with HiddenTests(tmp_path, b"secret") as tests:
        found = [
            grade_submission(
                submission, NOTEBOOK, tests, sandbox, only={"double"}, limits=LIMITS, rehearsals=rehearsals
            ).questions[0]
            for _ in range(2)
        ]
    assert [(entry.points, entry.points_pending) for entry in found] == [(0.0, 4.0), (4.0, 0.0)]
