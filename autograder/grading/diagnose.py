"""Diagnosis where answers run: listed mistakes are asked what the student was asked, as far as they reply alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograder.diagnosis.attempt import Attempt, Case, viewed
from autograder.diagnosis.material import Material, version_key
from autograder.diagnosis.name import candidates, differ
from autograder.grading.hidden import HiddenTests
from autograder.grading.listed import Listed
from autograder.grading.rehearsal import Rehearsals
from autograder.mistakes import Mistake
from autograder.model import Diagnosis
from autograder.sandbox.protocol import LoadedWorker, Sandbox


class Diagnostician:
    """Names the mistake behind a wrong answer, or nothing.

    Nothing is asked of the mistakes before somebody fails their question. A mistake is asked no further than up to the
    first test that it answers otherwise than the student, so most of them cost one test.

    Args:
        material: The listed mistakes.
        sandbox: Where they run.
        tests: The notebook's hidden tests.
        fresh: Opens the same tests with other inputs; called once, when a name waits to be confirmed.
        rehearsals: Knows the calls of a question before they are made.
        device: Where the sandbox puts tensors.
    """

    def __init__(
        self,
        material: Material,
        sandbox: Sandbox,
        tests: HiddenTests,
        fresh: Callable[[], HiddenTests],
        rehearsals: Rehearsals,
        device: str = "cpu",
    ) -> None:
        self._rehearsals = rehearsals
        self._device = device
        self._material = material
        self._sandbox = sandbox
        self._tests = tests
        self._open_fresh = fresh
        self._fresh: HiddenTests | None = None
        self._loaded: LoadedWorker | None = None
        self._shared: Listed | None = None
        self._kept: dict[tuple[str, bool], Attempt] = {}
        self._ended: dict[tuple[str, bool], Attempt] = {}

    def name(self, question: str, attempt: Attempt, again: Callable[[HiddenTests], Attempt]) -> Diagnosis | None:
        """Name the mistake behind an attempt that failed.

        Args:
            question: Id of the question.
            attempt: What was replied.
            again: Asks the same answer other hidden tests; called if there is something to confirm.

        Returns:
            The first mistake that replies alike, on these inputs and on fresh ones.
        """
        found = self.candidates(question, attempt)
        if not found:
            return None
        mistake = self.confirmed(found, again(self.fresh))
        return None if mistake is None else Diagnosis(mistake=mistake.id, symptom=mistake.symptom, hint=mistake.hint)

    def candidates(self, question: str, attempt: Attempt) -> tuple[Mistake, ...]:
        """The mistakes that reply alike on the class's inputs, best first."""
        return self._alike(self._material.of(question), attempt, fresh=False)

    def confirmed(self, mistakes: Sequence[Mistake], again: Attempt) -> Mistake | None:
        """The first of some mistakes that replies alike on fresh inputs, too."""
        found = {mistake.id for mistake in self._alike(mistakes, again, fresh=True)}
        return next((mistake for mistake in mistakes if mistake.id in found), None)

    def attempt(self, mistake: Mistake, *, fresh: bool = False) -> Attempt:
        """What a listed mistake replies."""
        key = (mistake.id, fresh)
        if key not in self._kept:
            self._kept[key] = self.asked(mistake, self.fresh if fresh else self._tests)
        return self._kept[key]

    def asked(self, mistake: Mistake, tests: HiddenTests) -> Attempt:
        """What a listed mistake replies to any hidden tests of its notebook."""
        return self._ask(mistake, tests, lambda test, case: False)

    def _alike(self, mistakes: Sequence[Mistake], attempt: Attempt, *, fresh: bool) -> tuple[Mistake, ...]:
        attempt = viewed(attempt, self._material.views)
        known = {mistake.id: self._unless_other(mistake, attempt, fresh=fresh) for mistake in mistakes}
        return candidates(attempt, mistakes, {id: other for id, other in known.items() if other is not None})

    def _unless_other(self, mistake: Mistake, attempt: Attempt, *, fresh: bool) -> Attempt | None:
        """What a mistake replies, or None as soon as it replies otherwise than an attempt: mostly at once."""
        key = (mistake.id, fresh)

        def other(test: str, case: Case) -> bool:
            return test in attempt and differ(attempt[test], case, mistake.functions)

        if key not in self._kept:
            if any(other(test, case) for test, case in self._ended.get(key, {}).items()):
                return None
            asked = self._ask(mistake, self.fresh if fresh else self._tests, other)
            if any(other(test, case) for test, case in asked.items()):
                self._ended[key] = asked
                return None
            self._kept[key] = asked
        return self._kept[key]

    def _ask(self, mistake: Mistake, tests: HiddenTests, enough: Callable[[str, Case], bool]) -> Attempt:
        views = self._material.views
        asked = self._versions.ask(
            version_key("mistake", mistake.id),
            mistake.question,
            tests,
            self._rehearsals.script(mistake.question, tests),
            device=self._device,
            enough=lambda test, case: enough(test, viewed({test: case}, views)[test]),
        )
        return viewed(asked.attempt, views)

    @property
    def fresh(self) -> HiddenTests:
        """The hidden tests with other inputs."""
        if self._fresh is None:
            self._fresh = self._open_fresh()
        return self._fresh

    @property
    def listed(self) -> LoadedWorker:
        """The notebook in which all listed versions are defined."""
        if self._loaded is None:
            self._loaded = self._sandbox.load(self._material.cells)
        return self._loaded

    @property
    def _versions(self) -> Listed:
        if self._shared is None:
            self._shared = Listed(self.listed)
        return self._shared

    def close(self) -> None:
        """End what was started."""
        if self._shared is not None:
            self._shared.close()
        if self._loaded is not None:
            self._loaded.close()
        if self._fresh is not None:
            self._fresh.close()
