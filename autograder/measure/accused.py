"""Random bugs in the solution: how many are named, and which are named wrongly."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from autograder.diagnosis.attempt import Attempt
from autograder.diagnosis.bugs import bugs
from autograder.diagnosis.material import Material, versions
from autograder.grading.asking import ask
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hidden import HiddenTests
from autograder.measure.replay import calls_made, replay, replies_equal
from autograder.model import Cell, Role, Submission
from autograder.sandbox.protocol import Sandbox, Session, Worker

_ADOPT = Cell(id="adopt", role=Role.ADDED, kind="code", source="def adopt_bug(source):\n    exec(source, globals())\n")


@dataclass(frozen=True, slots=True)
class Accusations:
    """What became of the random bugs of one question.

    Attributes:
        failing: How many fail a hidden test.
        named: Of these, how many are named.
        wrong: Of these, the named mistake and the bug's text where the two differ.
    """

    failing: int
    named: int
    wrong: tuple[tuple[str, str], ...]


def accusations(
    question: str,
    solution: Submission,
    count: int,
    tests: HiddenTests,
    judge: HiddenTests,
    material: Material,
    sandbox: Sandbox,
    diagnostician: Diagnostician,
) -> Accusations:
    """Put random bugs into a solution and have them named.

    A name is right if the bug, and the solution with the mistake in the bug's place, reply alike to every call that
    the hidden tests make with inputs that have not been seen before: values, dtypes, kinds of errors, changed
    arguments.

    Args:
        question: Its id.
        solution: The full solution.
        count: How many bugs.
        tests: The class's.
        judge: The same with other inputs than any that naming looks at.
        material: The listed mistakes.
        sandbox: Where bugs and mistakes run.
        diagnostician: Who names them.
    """
    cells = [cell for cell in solution.cells if cell.role in (Role.SETUP, Role.SOLUTION)]
    source = "\n\n".join(cell.source for cell in cells if cell.question == question and cell.role is Role.SOLUTION)
    # The solution's functions take the places of the listed right ones, so that a mistake is made in the solution.
    worker = sandbox.load((*material.cells, *cells, _ADOPT))
    functions = {mistake.id: tuple(mistake.functions) for mistake in material.of(question)}
    failing = named = 0
    wrong = []
    try:
        for bug in bugs(source, count, seed=1):
            again = functools.partial(_attempt, _adoption(bug), question, worker)
            attempt = again(tests)
            if not any(case.failed for case in attempt.values()):
                continue
            failing += 1
            diagnosis = diagnostician.name(question, attempt, again)
            if diagnosis is None:
                continue
            named += 1
            made = calls_made(question, judge, worker)
            replies = replay(made, worker, {}, before=_adoption(bug))
            theirs = replay(made, worker, versions("mistake", diagnosis.mistake, functions[diagnosis.mistake]))
            if not replies_equal(replies, theirs, material.views):
                wrong.append((diagnosis.mistake, bug))
    finally:
        worker.close()
    return Accusations(failing, named, tuple(wrong))


def _attempt(adopt: Callable[[Session], None], question: str, worker: Worker, tests: HiddenTests) -> Attempt:
    return ask(question, tests, worker, {}, before=adopt).attempt


def _adoption(bug: str) -> Callable[[Session], None]:
    def adopt(session: Session) -> None:
        session.call("adopt_bug", (bug,), {})

    return adopt
