"""One submission, question by question: ask, try again where a prerequisite was to blame, score."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.diagnosis.attempt import Attempt
from autograder.grading.asking import Asked, ask
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hidden import HiddenTests
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
from autograder.sandbox.ahead import Ahead
from autograder.sandbox.forbidden import find_forbidden
from autograder.sandbox.protocol import CellReport, Sandbox

# A limit cut the answer short, or we did not judge it: what it replied is not the whole of it.
_UNNAMED = {Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT, Verdict.FORBIDDEN, Verdict.GRADER_FAULT}


def grade_submission(
    submission: Submission,
    notebook: Notebook,
    tests: HiddenTests,
    sandbox: Sandbox,
    library: Mapping[str, str] | None = None,
    diagnostician: Diagnostician | None = None,
    only: Collection[str] | None = None,
    limits: Limits | None = None,
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
        )
        asked = [question for question in notebook.questions if only is None or question.id in only]
        questions = tuple(exam.grade(question) for question in asked)
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
    attempt: Attempt
    replacements: Mapping[str, str]
    spent_s: float

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

    def grade(self, question: Question) -> QuestionResult:
        """Grade one question, with a second try where a prerequisite may be to blame."""
        if question.manual:
            return score(question, ())
        first = self._try(question, {}, self.limits.question_wall_s)
        if first.complete or not (_tried(first.result) or self._answered(question)):
            return first.result
        second = self._second_try(question, first)
        if second is None or not _better(second.result, first.result):
            return replace(first.result, diagnosis=self._diagnosis(first))
        names = ", ".join(sorted(second.replacements))
        remark = f"Graded with our versions of {names}, because yours cost this question points."
        # What the first try shows is the student's own work; where that has no name, the rest may have one.
        diagnosis = None if second.complete else self._diagnosis(first) or self._diagnosis(second)
        return replace(second.result, helped=True, remarks=(*second.result.remarks, remark), diagnosis=diagnosis)

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
            budget_s = max(self.limits.call_wall_s, budget_s - first.spent_s)
        return self._try(question, replacements, budget_s) if replacements else None

    def _try(self, question: Question, replacements: Mapping[str, str], budget_s: float) -> _Try:
        ahead = None if replacements else self.tests.rehearsals.ahead(question.id)
        asked = self._ask(question, self.tests, replacements, budget_s, ahead)
        result = score(question, self._explain(asked.results, question), output=asked.output)
        return _Try(result=result, attempt=asked.attempt, replacements=replacements, spent_s=asked.spent_s)

    def _ask(
        self,
        question: Question,
        tests: HiddenTests,
        replacements: Mapping[str, str],
        budget_s: float,
        ahead: Ahead | None = None,
    ) -> Asked:
        """Ask a question where others were asked, with calls sent ahead where they are known.

        If something fails there, it is asked once more where nothing else was, each call when its turn comes.
        """
        sent = ahead if ahead is not None and ahead.calls is not None else None

        def once(budget_s: float, ahead: Ahead | None) -> tuple[Asked, bool]:
            self.worker.next_question()
            asked = ask(
                question.id,
                tests,
                self.worker,
                replacements,
                forbidden=question.forbidden,
                budget_s=budget_s,
                ahead=ahead,
            )
            passed = all(result.verdict is Verdict.PASSED for result in asked.results)
            if not passed or (sent is not None and not sent.is_whole):
                self.worker.discard()
            return asked, passed

        asked, passed = once(budget_s, ahead)
        if ahead is not None:
            tests.rehearsals.learn(question.id, ahead, passed=passed)
        if (passed and sent.is_whole) if sent is not None else (passed or not self.worker.shared):
            return asked
        return once(max(self.limits.call_wall_s, budget_s - asked.spent_s), None)[0]

    def _diagnosis(self, tried: _Try) -> Diagnosis | None:
        if self.diagnostician is None or any(test.verdict in _UNNAMED for test in tried.result.tests):
            return None
        question = tried.result.question

        def again(tests: HiddenTests) -> Attempt:
            return self._ask(question, tests, tried.replacements, self.limits.question_wall_s).attempt

        return self.diagnostician.name(question.id, tried.attempt, again)

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
        names = (*self.notebook.forbidden, *question.forbidden)
        found = next((name for cell in own.values() for name in find_forbidden(cell.source, names)), None)
        explained = []
        for result in results:
            if result.verdict is Verdict.NOT_IMPLEMENTED and broken:
                message = f"The cell with this answer did not run: {broken}"
                explained.append(replace(result, verdict=Verdict.STUDENT_ERROR, message=message))
            elif found and result.verdict in {Verdict.FAILED, Verdict.STUDENT_ERROR}:
                message = f"{found} is not allowed in this question, and is not there when it is graded."
                explained.append(replace(result, verdict=Verdict.FORBIDDEN, message=message))
            else:
                explained.append(result)
        return tuple(explained)


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
