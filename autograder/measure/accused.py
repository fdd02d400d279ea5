"""Random bugs in the solution: how many are named, and which are named wrongly."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autograder.diagnosis.attempt import Attempt, Case, View, viewed
from autograder.diagnosis.bugs import bugs
from autograder.diagnosis.material import Material, versions
from autograder.diagnosis.name import differ
from autograder.grading.asking import ask
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hidden import HiddenTests
from autograder.measure.replay import Made, calls_made, replay, replies_equal
from autograder.mistakes import Mistake
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
    listed = {mistake.id: mistake for mistake in material.of(question)}
    known = {id: diagnostician.attempt(mistake) for id, mistake in listed.items()}
    made: tuple[Made, ...] = ()
    failing = named = 0
    wrong = []
    try:
        for bug in bugs(source, count, seed=1):
            again = functools.partial(_attempt, _adoption(bug), question, worker)
            hopeless = _Hopeless(listed, known, material.views)
            attempt = again(tests, enough=hopeless)
            if not any(case.failed for case in attempt.values()):
                continue
            failing += 1
            if hopeless.seen:
                continue
            diagnosis = diagnostician.name(question, attempt, again)
            if diagnosis is None:
                continue
            named += 1
            made = made or calls_made(question, judge, worker)
            replies = replay(made, worker, {}, before=_adoption(bug))
            theirs = replay(
                made, worker, versions("mistake", diagnosis.mistake, tuple(listed[diagnosis.mistake].functions))
            )
            if not replies_equal(replies, theirs, material.views):
                wrong.append((diagnosis.mistake, bug))
    finally:
        worker.close()
    return Accusations(failing, named, tuple(wrong))


class _Hopeless:
    """Sees, while a bug is asked, that no mistake is like it: then the rest need not be asked.

    Args:
        listed: The mistakes by id.
        known: What each replies to the same tests.
        views: As for naming.
    """

    def __init__(self, listed: Mapping[str, Mistake], known: Mapping[str, Attempt], views: Mapping[str, View]) -> None:
        self._listed = listed
        self._known = known
        self._views = views
        self._possible = set(listed)
        self._failed = False

    def __call__(self, test: str, case: Case) -> bool:
        seen = viewed({test: case}, self._views)[test]
        self._failed = self._failed or case.failed
        self._possible -= {id for id in self._possible if self._other(id, test, seen)}
        return self.seen

    @property
    def seen(self) -> bool:
        """Whether a test has failed and no mistake is left."""
        return self._failed and not self._possible

    def _other(self, id: str, test: str, case: Case) -> bool:
        attempt = self._known[id]
        return test in attempt and differ(case, attempt[test], self._listed[id].functions)


def _attempt(
    adopt: Callable[[Session], None],
    question: str,
    worker: Worker,
    tests: HiddenTests,
    enough: Callable[[str, Case], bool] = lambda test, case: False,
) -> Attempt:
    return ask(question, tests, worker, {}, before=adopt, enough=enough).attempt


def _adoption(bug: str) -> Callable[[Session], None]:
    def adopt(session: Session) -> None:
        session.call("adopt_bug", (bug,), {})

    return adopt
