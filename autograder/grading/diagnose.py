"""Diagnosis where answers run: listed mistakes are asked what the student was asked, once per class and question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograder.diagnosis.attempt import Attempt
from autograder.diagnosis.material import Material, versions
from autograder.diagnosis.name import candidates, explained
from autograder.grading.asking import ask
from autograder.grading.hidden import HiddenTests
from autograder.mistakes import Mistake
from autograder.model import Diagnosis
from autograder.sandbox.protocol import Sandbox, Worker


class Diagnostician:
    """Names the mistake behind a wrong answer, or nothing.

    Nothing is asked of the mistakes before somebody fails their question, and nothing twice.

    Args:
        material: The listed mistakes.
        sandbox: Where they run.
        tests: The notebook's hidden tests.
        fresh: Opens the same tests with other inputs; called once, when a name waits to be confirmed.
    """

    def __init__(
        self, material: Material, sandbox: Sandbox, tests: HiddenTests, fresh: Callable[[], HiddenTests]
    ) -> None:
        self._material = material
        self._sandbox = sandbox
        self._tests = tests
        self._open_fresh = fresh
        self._fresh: HiddenTests | None = None
        self._loaded: Worker | None = None
        self._kept: dict[tuple[str, bool], Attempt] = {}

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
        mistakes = self._material.of(question)
        return candidates(attempt, mistakes, {mistake.id: self.attempt(mistake) for mistake in mistakes})

    def confirmed(self, mistakes: Sequence[Mistake], again: Attempt) -> Mistake | None:
        """The first of some mistakes that replies alike on fresh inputs, too."""
        return next(
            (entry for entry in mistakes if explained(again, self.attempt(entry, fresh=True), entry.functions)), None
        )

    def attempt(self, mistake: Mistake, *, fresh: bool = False) -> Attempt:
        """What a listed mistake replies."""
        key = (mistake.id, fresh)
        if key not in self._kept:
            self._kept[key] = self.asked(mistake, self.fresh if fresh else self._tests)
        return self._kept[key]

    def asked(self, mistake: Mistake, tests: HiddenTests) -> Attempt:
        """What a listed mistake replies to any hidden tests of its notebook."""
        replaced = versions("mistake", mistake.id, tuple(mistake.functions))
        return ask(mistake.question, tests, self.listed, replaced).attempt

    @property
    def fresh(self) -> HiddenTests:
        """The hidden tests with other inputs."""
        if self._fresh is None:
            self._fresh = self._open_fresh()
        return self._fresh

    @property
    def listed(self) -> Worker:
        """The notebook in which all listed versions are defined."""
        if self._loaded is None:
            self._loaded = self._sandbox.load(self._material.cells)
        return self._loaded

    def close(self) -> None:
        """End what was started."""
        if self._loaded is not None:
            self._loaded.close()
        if self._fresh is not None:
            self._fresh.close()
