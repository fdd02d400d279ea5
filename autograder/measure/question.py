"""Measuring one question, through the same worker and wire as a student's answer."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.diagnosis.attempt import Attempt
from autograder.diagnosis.fingerprint import calls_agree
from autograder.diagnosis.material import Material, load_material, version_key
from autograder.errors import GraderFault
from autograder.grading.asking import Asked
from autograder.grading.diagnose import Diagnostician
from autograder.grading.engine import Grader, open_grader
from autograder.grading.hidden import HiddenTests
from autograder.grading.listed import Listed
from autograder.grading.plan import GradingPlan
from autograder.measure.accused import accusations
from autograder.measure.model import Measured
from autograder.mistakes import Mistake
from autograder.model import Question, Role, Submission, Verdict
from autograder.sandbox.protocol import Raised, Stopped, Worker

# A random bug that loops or grows without end is cut soon: it is no listed mistake.
_CALL_WALL_S = 1.0
_QUESTION_WALL_S = 4.0
# The number of a set of inputs that nobody else asks for.
_JUDGE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question to measure.

    Attributes:
        plan: As for grading.
        question: Which.
        solution: The full solution, from which bugs are made.
        seeds: How many sets of inputs the right answers must pass.
        bugs: How many random bugs.
    """

    plan: GradingPlan
    question: Question
    solution: Submission
    seeds: int
    bugs: int


def measure_question(task: Task) -> Measured:
    """Measure one question; may run in a process of its own.

    Raises:
        GraderFault: If no mistakes are listed for the notebook, or what is listed does not run where answers run.
    """
    started = time.monotonic()
    # Inputs come from whole sets of seeds, all of which must be the same on every machine; limits are those of bugs.
    limits = replace(task.plan.limits, call_wall_s=_CALL_WALL_S, question_wall_s=_QUESTION_WALL_S)
    plan = replace(task.plan, limits=limits)
    grader, material = open_grader(plan), load_material(plan.notebook)
    if material is None or grader.diagnostician is None:
        raise GraderFault(f"{plan.notebook.name}: expected mistakes.py beside its hidden tests, found none. Write it.")
    _demand_whole(grader.diagnostician.listed)
    survey = _Survey(task, plan, grader, material, grader.diagnostician)
    mistakes, alike = survey.mistakes()
    named, right = survey.diagnosed(alike)
    accused = accusations(
        task.question.id,
        task.solution,
        task.bugs,
        grader.tests,
        _drawn(plan.tests, _JUDGE),
        material,
        grader.sandbox,
        grader.diagnostician,
    )
    measured = Measured(
        question=task.question.id,
        mistakes=tuple(mistake.id for mistake in mistakes),
        alike=tuple(alike.items()),
        smallest=survey.smallest(mistakes),
        visibly=survey.visibly(mistakes),
        alternatives=survey.alternatives,
        rejected=survey.rejected(),
        diagnosed=named,
        diagnosis_right=right,
        unrelated_bugs=accused.failing,
        named_bugs=accused.named,
        accused=accused.wrong,
        wall_s=time.monotonic() - started,
    )
    survey.close()
    return measured


def _demand_whole(listed: Worker) -> None:
    """Without this, all that is defined in or behind a cell that fails would be missing, and so reply alike."""
    failed = next((report for report in listed.reports if not report.ok), None)
    if failed is not None:
        raise GraderFault(
            f"Listed mistakes: expected their modules to run where answers run, but {failed.cell} failed: "
            f"{failed.message} There a module finds only those from which it imports names."
        )


class _Survey:
    def __init__(
        self, task: Task, plan: GradingPlan, grader: Grader, material: Material, diagnostician: Diagnostician
    ) -> None:
        self._task = task
        self._plan = plan
        self._grader = grader
        self._material = material
        self._diagnostician = diagnostician
        self._id = task.question.id
        # What is asked twice is asked in two sessions, each of which others share.
        self._first, self._again = Listed(diagnostician.listed), Listed(diagnostician.listed)
        self.alternatives = tuple(
            name for name, functions in material.alternatives.items() if set(functions) & set(task.question.functions)
        )

    def mistakes(self) -> tuple[tuple[Mistake, ...], dict[str, str]]:
        """The mistakes that count, and those that are equal to one of them."""
        kept: list[Mistake] = []
        alike: dict[str, str] = {}
        for mistake in self._material.of(self._id):
            attempt = self._diagnostician.attempt(mistake)
            twin = next((one for one in kept if _equal(attempt, self._diagnostician.attempt(one))), None)
            if twin is None:
                kept.append(mistake)
            else:
                alike[mistake.id] = twin.id
        return tuple(kept), alike

    def smallest(self, mistakes: Sequence[Mistake]) -> tuple[tuple[str, str], ...]:
        """Each mistake that is noticed, and the smallest case that does."""
        found = []
        for mistake in mistakes:
            attempt = self._diagnostician.attempt(mistake)
            failing = [test for test, case in attempt.items() if case.failed]
            if failing:
                found.append((mistake.id, min(failing, key=functools.partial(_sent_bytes, attempt))))
        return tuple(found)

    def visibly(self, mistakes: Sequence[Mistake]) -> tuple[str, ...]:
        """The mistakes that the visible check notices."""
        check = next(
            cell.source for cell in self._plan.notebook.cells if cell.role is Role.CHECK and cell.question == self._id
        )
        found = []
        session = self._diagnostician.listed.ask()
        for mistake in mistakes:
            sent = (version_key("mistake", mistake.id), check)
            reply = session.call("run_check", sent, {})
            if isinstance(reply, Stopped):
                # All checks of a question take longer than one may.
                session = self._diagnostician.listed.ask()
                reply = session.call("run_check", sent, {})
            if isinstance(reply, Raised):
                found.append(mistake.id)
        session.close()
        return tuple(found)

    def rejected(self) -> tuple[tuple[str, int, str, str], ...]:
        """Everything that right answers were told."""
        found = []
        for seed in range(self._task.seeds):
            tests = _drawn(self._plan.tests, seed)
            for name in self.alternatives:
                asked = self._ask(self._first, version_key("alternative", name), tests)
                found += [
                    (name, seed, result.test.id, result.message or result.staff)
                    for result in asked.results
                    if result.verdict is not Verdict.PASSED
                ]
        return tuple(found)

    def diagnosed(self, alike: Mapping[str, str]) -> tuple[tuple[tuple[str, str], ...], int]:
        """What the mistakes on the second base are called, and how many of these names are right."""
        listed = {mistake.id: mistake for mistake in self._material.of(self._id)}
        named = []
        right = 0
        for id in self._material.second:
            if id not in listed:
                continue
            first = self._ask(self._first, version_key("second", id), self._grader.tests).attempt
            again = functools.partial(self._attempt, self._again, version_key("second", id))
            diagnosis = self._diagnostician.name(self._id, first, again)
            name = "" if diagnosis is None else diagnosis.mistake
            named.append((id, name))
            right += bool(name) and (
                alike.get(name, name) == alike.get(id, id) or listed[name].symptom == listed[id].symptom
            )
        return tuple(named), right

    def close(self) -> None:
        """End the sessions; the loaded notebook stays for the next question."""
        self._first.close()
        self._again.close()

    def _ask(self, notebook: Listed, version: str, tests: HiddenTests) -> Asked:
        script = self._grader.rehearsals.script(self._id, tests)
        return notebook.ask(version, self._id, tests, script, device=self._plan.device)

    def _attempt(self, notebook: Listed, version: str, tests: HiddenTests) -> Attempt:
        return self._ask(notebook, version, tests).attempt


def _equal(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts reply alike to everything, and take too long in the same cases."""
    return one.keys() == other.keys() and all(
        case.failed == other[test].failed
        and len(case.calls or ()) == len(other[test].calls or ())
        and calls_agree(case.calls or (), other[test].calls or ())
        for test, case in one.items()
    )


def _sent_bytes(attempt: Attempt, test: str) -> int:
    return sum(call.sent_bytes for call in attempt[test].calls or ())


def _drawn(path: Path, seed: int) -> HiddenTests:
    """Hidden tests with the inputs of one seed, until the next is drawn."""
    tests = _collected(path)
    tests.draw_anew(hashlib.sha256(b"measured with seed %d" % seed).digest())
    return tests


@functools.cache
def _collected(path: Path) -> HiddenTests:
    """Hidden tests for the inputs of many seeds, kept open until the process ends."""
    return HiddenTests(path, b"")
