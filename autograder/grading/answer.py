"""One submission, question by question: ask, try again where a prerequisite was to blame, score."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.diagnosis.attempt import Attempt
from autograder.grading.asking import Asked, ask
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hearing import AskAgain, ask_at_once
from autograder.grading.hidden import HiddenTests
from autograder.grading.rehearsal import Rehearsals
from autograder.grading.score import score
from autograder.grading.serving import ServingWorker
from autograder.model import (
    Cell,
    DeclaredTest,
    Diagnosis,
    Limits,
    Notebook,
    NotebookResult,
    Question,
    QuestionResult,
    Role,
    Submission,
    TestResult,
    Verdict,
)
from autograder.sandbox.forbidden import find_forbidden
from autograder.sandbox.protocol import CellReport, Sandbox

# A limit cut the answer short, or we did not judge it: what it replied is not the whole of it.
_UNNAMED = {Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT, Verdict.FORBIDDEN, Verdict.GRADER_FAULT}
_MAY_BE_FORBIDDEN = {Verdict.FAILED, Verdict.STUDENT_ERROR}
# An answer is looked through in each of its tries.
_find_forbidden = functools.lru_cache(maxsize=8)(find_forbidden)


def grade_submission(
    submission: Submission,
    notebook: Notebook,
    tests: HiddenTests,
    sandbox: Sandbox,
    library: Mapping[str, str] | None = None,
    diagnostician: Diagnostician | None = None,
    only: Collection[str] | None = None,
    limits: Limits | None = None,
    rehearsals: Rehearsals | None = None,
    device: str = "cpu",
) -> NotebookResult:
    """Grade one submission.

    Args:
        submission: Rebuilt by intake; one with a problem gets no points and the reason, one that we failed to read
            is held for a person.
        notebook: Our release.
        tests: The notebook's hidden tests.
        sandbox: Where the student's code runs.
        library: Function name to source of a library-backed version, for second tries.
        diagnostician: Names mistakes; None names none.
        only: Ids of the questions to ask; the result knows no others. None asks all.
        limits: The sandbox's; they bound what all sessions of a question take together.
        rehearsals: Knows the calls of a question before they are made; None knows none.
        device: Where the sandbox puts tensors.
    """
    started = time.monotonic()
    if submission.fault:
        return held_result(submission, notebook, tests.declared, submission.fault)
    if submission.problem is not None:
        questions = tuple(_ungraded(question, tests, submission.problem) for question in notebook.questions)
        return NotebookResult(submission=submission, questions=questions, sandbox_level=sandbox.level)
    worker = ServingWorker(sandbox.load(submission.cells))
    try:
        exam = _Exam(
            submission=submission,
            notebook=notebook,
            tests=tests,
            worker=worker,
            library=library or {},
            diagnostician=diagnostician,
            limits=limits or Limits(),
            rehearsals=rehearsals or Rehearsals(None),
            device=device,
        )
        questions = exam.grade([entry for entry in notebook.questions if only is None or entry.id in only])
        remarks = (*submission.remarks, *_cell_remarks(submission, worker.reports))
    finally:
        worker.close()
    return NotebookResult(
        submission=submission,
        questions=questions,
        sandbox_level=sandbox.level,
        remarks=remarks,
        wall_s=time.monotonic() - started,
    )


def held_result(
    submission: Submission, notebook: Notebook, declared: Sequence[DeclaredTest], staff: str
) -> NotebookResult:
    """Hold a whole submission for a person, after a fault of ours."""
    message = "We could not grade this: the fault is ours. No points are lost; a person will look at it."
    questions = tuple(
        score(
            question,
            [
                TestResult(test=test, verdict=Verdict.GRADER_FAULT, message=message, staff=staff)
                for test in declared
                if test.question == question.id
            ],
        )
        for question in notebook.questions
    )
    return NotebookResult(submission=submission, questions=questions, sandbox_level="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One question, asked once."""

    result: QuestionResult
    asked: Asked
    replacements: Mapping[str, str]

    @property
    def complete(self) -> bool:
        return self.result.points + self.result.points_pending == self.result.question.points


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exam:
    """One loaded notebook before its examiners."""

    submission: Submission
    notebook: Notebook
    tests: HiddenTests
    worker: ServingWorker
    library: Mapping[str, str]
    diagnostician: Diagnostician | None
    limits: Limits
    rehearsals: Rehearsals
    device: str

    def grade(self, questions: Sequence[Question]) -> tuple[QuestionResult, ...]:
        """Grade questions, with a second try where a prerequisite may be to blame.

        The student's own work comes first in all of them: where one of our versions has run, the notebook must be
        loaded again before it is asked anything else.
        """
        firsts = {
            entry.id: self._try(entry, {}, self.limits.question_wall_s) for entry in questions if not entry.manual
        }
        missing = [entry for entry in questions if entry.id in firsts and self._misses_points(entry, firsts[entry.id])]
        names = {entry.id: self._diagnosis(firsts[entry.id]) for entry in missing}
        seconds = {entry.id: self._second_try(entry, firsts[entry.id]) for entry in missing}
        better = {id: second for id, second in seconds.items() if second and _better(second.result, firsts[id].result)}
        # What the first try shows is the student's own work; where that has no name, the rest may have one. And where
        # a prerequisite explains all that is missing, there is nothing to be named.
        names |= {
            id: None if second.complete else names[id] or self._diagnosis(second) for id, second in better.items()
        }
        return tuple(
            score(entry, ()) if entry.manual else _final(firsts[entry.id], better.get(entry.id), names.get(entry.id))
            for entry in questions
        )

    def _misses_points(self, question: Question, first: _Try) -> bool:
        """Whether there are points to be had by a second try, or a mistake to be named."""
        return not first.complete and (_tried(first.result) or self._answered(question))

    def _answered(self, question: Question) -> bool:
        """Whether a student wrote something. What isn't implemented may be a prerequisite that the answer calls."""
        stubs = {cell.id: cell.source for cell in self.notebook.cells}
        own = [cell for cell in self.submission.cells if cell.question == question.id and cell.role is Role.SOLUTION]
        return any(cell.source != stubs.get(cell.id) for cell in own)

    def _second_try(self, question: Question, first: _Try) -> _Try | None:
        """Ask again with our versions of the prerequisites, if there are any.

        After a time-out there is only what the first try has left, or time for one call: it may have been theirs.
        """
        functions = [name for other in self.notebook.questions if other.id in question.uses for name in other.functions]
        replacements = {name: self.library[name] for name in functions if name in self.library}
        budget_s = self.limits.question_wall_s
        if any(test.verdict is Verdict.TIMEOUT for test in first.result.tests):
            budget_s = max(self.limits.call_wall_s, budget_s - first.asked.spent_s)
        return self._try(question, replacements, budget_s) if replacements else None

    def _try(self, question: Question, replacements: Mapping[str, str], budget_s: float) -> _Try:
        asked = self._ask(question, self.tests, replacements, budget_s=budget_s)
        result = score(question, self._explain(asked.results, question), output=asked.output)
        return _Try(result=result, asked=asked, replacements=replacements)

    def _ask(
        self,
        question: Question,
        tests: HiddenTests,
        replacements: Mapping[str, str],
        *,
        budget_s: float,
        for_points: bool = True,
    ) -> Asked:
        """Ask a question: all at once where its calls are known, call by call where that gives no verdict.

        Args:
            question: Which.
            tests: With the class's inputs or others.
            replacements: Function name to source that takes the place of the student's.
            budget_s: What all calls may take together.
            for_points: Whether what fails beside other questions is asked once more where it is alone.
        """
        script = self.rehearsals.script(question.id, tests) if budget_s >= self.limits.question_wall_s else None
        if script is None:
            return self._alone(lambda left_s: self._call_by_call(question, tests, replacements, left_s), budget_s)
        at_once = functools.partial(
            ask_at_once,
            question.id,
            tests,
            self.worker,
            replacements,
            script,
            device=self.device,
            forbidden=question.forbidden,
            to_the_end=not for_points,
        )
        started = time.monotonic()
        try:
            return self._alone(lambda _: at_once(), budget_s) if for_points else at_once()
        except AskAgain:
            self.worker.discard()
            left_s = self._left_s(budget_s, time.monotonic() - started)
            return self._call_by_call(question, tests, replacements, left_s)

    def _alone(self, asking: Callable[[float], Asked], budget_s: float) -> Asked:
        """Ask where others were asked; if something fails there, once more where nothing else was."""
        self.worker.next_question()
        asked = asking(budget_s)
        if not self.worker.shared or asked.is_all(Verdict.PASSED) or asked.is_all(Verdict.NOT_IMPLEMENTED):
            return asked
        self.worker.discard()
        self.worker.next_question()
        return asking(self._left_s(budget_s, asked.spent_s))

    def _left_s(self, budget_s: float, spent_s: float) -> float:
        """Time for another try: at least that of one call, which may have been another's fault."""
        return max(self.limits.call_wall_s, budget_s - spent_s)

    def _call_by_call(
        self, question: Question, tests: HiddenTests, replacements: Mapping[str, str], budget_s: float
    ) -> Asked:
        asked = ask(question.id, tests, self.worker, replacements, forbidden=question.forbidden, budget_s=budget_s)
        if not asked.is_all(Verdict.PASSED):
            self.worker.discard()
        return asked

    def _diagnosis(self, tried: _Try) -> Diagnosis | None:
        if self.diagnostician is None or any(test.verdict in _UNNAMED for test in tried.result.tests):
            return None
        question = tried.result.question

        def again(tests: HiddenTests) -> Attempt:
            budget_s = self.limits.question_wall_s
            return self._ask(question, tests, tried.replacements, budget_s=budget_s, for_points=False).attempt

        return self.diagnostician.name(question.id, tried.asked.attempt, again)

    def _explain(self, results: Sequence[TestResult], question: Question) -> tuple[TestResult, ...]:
        """Put the cause in the place of its consequence: a cell that did not run, a name that is not allowed."""
        if all(result.verdict is Verdict.PASSED for result in results):
            return tuple(results)
        own = {
            cell.id: cell
            for cell in self.submission.cells
            if cell.question == question.id and cell.role is Role.SOLUTION
        }
        broken = next((report.message for report in self.worker.reports if report.cell in own and not report.ok), "")
        found = None
        if any(result.verdict in _MAY_BE_FORBIDDEN for result in results):
            names = (*self.notebook.forbidden, *question.forbidden)
            found = next((name for cell in own.values() for name in _find_forbidden(cell.source, names)), None)
        explained = []
        for result in results:
            if result.verdict is Verdict.NOT_IMPLEMENTED and broken:
                message = f"The cell with this answer did not run: {broken}"
                explained.append(replace(result, verdict=Verdict.STUDENT_ERROR, message=message))
            elif found and result.verdict in _MAY_BE_FORBIDDEN:
                message = f"{found} is not allowed in this question, and is not there when it is graded."
                explained.append(replace(result, verdict=Verdict.FORBIDDEN, message=message))
            else:
                explained.append(result)
        return tuple(explained)


def _final(first: _Try, better: _Try | None, name: Diagnosis | None) -> QuestionResult:
    """What counts of two tries."""
    if better is None:
        return replace(first.result, diagnosis=name)
    ours = ", ".join(sorted(better.replacements))
    remark = f"Graded with our versions of {ours}, because yours cost this question points."
    return replace(better.result, helped=True, remarks=(*better.result.remarks, remark), diagnosis=name)


def _tried(result: QuestionResult) -> bool:
    return any(entry.verdict is not Verdict.NOT_IMPLEMENTED for entry in result.tests)


def _better(second: QuestionResult, first: QuestionResult) -> bool:
    """Whether the second try earns more, or tells more than that something is not implemented."""
    return second.points > first.points or (_tried(second) and not _tried(first))


def _cell_remarks(submission: Submission, reports: Sequence[CellReport]) -> tuple[str, ...]:
    cells = {cell.id: cell for cell in submission.cells}
    return tuple(
        f"{_which(cells.get(report.cell))} did not run to its end ({report.message}); "
        + ("its imports and definitions were kept." if report.reduced else "nothing of it was kept.")
        for report in reports
        if not report.ok
    )


def _which(cell: Cell | None) -> str:
    """A cell as the student knows it."""
    match cell:
        case Cell(role=Role.SETUP):
            return "A set-up cell"
        case Cell(role=Role.SOLUTION, question=str() as question):
            return f"The answer cell of {question}"
        case Cell(role=Role.DEMO):
            return "A cell"
    return "A cell that you added"


def _ungraded(question: Question, tests: HiddenTests, problem: str) -> QuestionResult:
    if question.manual:
        return QuestionResult(question=question, points=0.0, points_pending=0.0, remarks=(problem,))
    results = [
        TestResult(test=test, verdict=Verdict.SKIPPED, message=problem)
        for test in tests.declared
        if test.question == question.id
    ]
    return score(question, results)
