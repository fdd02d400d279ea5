"""The engine: faults of ours are tried again, then held; they never end a run and never cost a point."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.config import load_course
from autograder.errors import CourseError, SandboxError
from autograder.grading import engine
from autograder.grading.crew import Lost
from autograder.grading.engine import grade_class, grade_one
from autograder.grading.journal import open_journal
from autograder.grading.plan import plan_grading
from autograder.grading.since import Outlook
from autograder.model import (
    DeclaredTest,
    NotebookResult,
    QuestionResult,
    Submission,
    TestKind,
    TestResult,
    Verdict,
)
from autograder.released import load_notebook
from tests.conftest import ROOT

SUBMISSION = Submission(student="ada", assignment="a1_convolution", notebook="sliding_windows")


@pytest.fixture(scope="module")
def plan():
    course = load_course(ROOT)
    notebook = load_notebook(course, SUBMISSION.assignment, SUBMISSION.notebook)
    yield plan_grading(course, notebook, b"secret", minimum="rlimits")
    engine.open_grader.cache_clear()


def verdicts(result: NotebookResult) -> set[Verdict]:
    return {test.verdict for question in result.questions for test in question.tests}


@pytest.mark.parametrize("faults", [1, 2])
def test_a_fault_of_ours_is_tried_again(plan, monkeypatch, faults):
    """Once more with a new sandbox; a second fault holds the submission, and nothing is tried a third time."""
    seen = []
    graded = NotebookResult(submission=SUBMISSION, questions=(), sandbox_level="rlimits")

    def grade(submission, notebook, tests, sandbox, *rest):
        seen.append(sandbox)
        if len(seen) <= faults:
            raise RuntimeError("the forkserver is gone")
        return graded

    monkeypatch.setattr(engine, "grade_submission", grade)
    result = grade_one(plan, SUBMISSION)
    assert len(seen) == 2
    assert seen[0] is not seen[1]
    if faults == 1:
        assert result == graded
    else:
        assert verdicts(result) == {Verdict.GRADER_FAULT}
        assert result.points_pending == result.max_points


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_sandbox_that_dies_while_it_starts(plan, monkeypatch, deaths):
    """It is started once more, and the run goes on; the second time it is the machine's refusal, which ends the run."""
    graded = NotebookResult(submission=SUBMISSION, questions=(), sandbox_level="rlimits")
    start, started = engine.open_sandbox, []

    @contextmanager
    def open_sandbox(**options):
        started.append(options)
        if len(started) <= deaths:
            raise SandboxError("got exit status 137")
        with start(**options) as sandbox:
            yield sandbox

    engine.close_graders()
    monkeypatch.setattr(engine, "open_sandbox", open_sandbox)
    monkeypatch.setattr(engine, "grade_submission", lambda *_: graded)
    if deaths == 1:
        assert grade_one(plan, SUBMISSION) == graded
    else:
        with pytest.raises(SandboxError, match="137"):
            grade_one(plan, SUBMISSION)
    assert len(started) == 2


def test_a_process_that_died_holds_its_submission(plan, monkeypatch):
    """Every automatic point waits for a person, staff read why, and the run goes on."""
    monkeypatch.setattr(engine, "side_by_side", lambda task, work, jobs: iter([(0, Lost("it was killed"))]))
    (result,) = grade_class({SUBMISSION.notebook: plan}, [SUBMISSION])
    assert verdicts(result) == {Verdict.GRADER_FAULT}
    assert {test.staff for question in result.questions for test in question.tests} == {"it was killed"}


class Bench:
    """Grades one student's two questions with verdicts by hand, and counts what is graded."""

    def __init__(self, plan, monkeypatch, folder: Path) -> None:
        self.plan = replace(plan, notebook=replace(plan.notebook, questions=plan.notebook.questions[:2]))
        self.folder = folder
        self.points = 1.0
        self.verdict = Verdict.PASSED
        self.graded: list[tuple[str, ...] | None] = []
        self.outlooks: list[Outlook] = []
        monkeypatch.setattr(engine, "grade_one", self.grade)

    @property
    def names(self) -> list[str]:
        return [question.id for question in self.plan.notebook.questions]

    def grade(self, plan, submission) -> NotebookResult:
        self.graded.append(plan.only)
        pending = 1.0 if self.verdict is Verdict.GRADER_FAULT else 0.0
        questions = tuple(
            QuestionResult(
                question=question,
                points=self.points,
                points_pending=pending,
                tests=(TestResult(test=TEST, verdict=self.verdict),),
            )
            for question in plan.notebook.questions
            if plan.only is None or question.id in plan.only
        )
        return NotebookResult(submission=submission, questions=questions, sandbox_level="landlock")

    def run(
        self, *only: str, secret: bytes = b"s", submission: Submission = SUBMISSION, fresh: bool = False
    ) -> list[float]:
        plan = replace(self.plan, secret=secret, only=only or None)
        with open_journal(self.folder, "a1_convolution") as journal:
            (result,) = grade_class(
                {submission.notebook: plan},
                [submission],
                journal=journal,
                jobs=1,
                fresh=fresh,
                begin=self.outlooks.append,
            )
        assert [entry.question.id for entry in result.questions] == self.names
        return [entry.points for entry in result.questions]


TEST = DeclaredTest(id="t", question="q", kind=TestKind.VALUES, weight=1.0, title="T")


@pytest.fixture
def bench(plan, monkeypatch, tmp_path):
    return Bench(plan, monkeypatch, tmp_path)


def test_what_is_known_is_not_graded_again(bench):
    """Not for the same answers; for others, with another secret, and when told, it is."""
    bench.run()
    bench.run()
    assert len(bench.graded) == 1
    bench.run(secret=b"other")
    bench.run(submission=replace(SUBMISSION, problem="a picture"))
    bench.run(fresh=True)
    assert len(bench.graded) == 4
    expected = [Outlook(new=1), Outlook(known=1), Outlook(again=1), Outlook(new=1), Outlook(new=1)]
    assert bench.outlooks == expected


def test_what_is_held_is_tried_again(bench):
    """A fault of ours is kept as what was found, and is no reason not to try again."""
    bench.verdict = Verdict.GRADER_FAULT
    bench.run()
    bench.verdict = Verdict.PASSED
    bench.run()
    bench.run()
    assert len(bench.graded) == 2
    assert bench.outlooks == [Outlook(new=1), Outlook(held=1), Outlook(known=1)]


def test_one_question_again(bench):
    """The other keeps its earlier points, whatever has changed; the same command again finds it done."""
    first, second = bench.names
    bench.run()
    bench.points = 2.0
    assert bench.run(second, secret=b"new tests") == [1.0, 2.0]
    bench.points = 3.0
    assert bench.run(second, secret=b"new tests") == [1.0, 2.0]
    assert bench.run(first, secret=b"new tests") == [3.0, 2.0]
    bench.points = 4.0
    assert bench.run(second, secret=b"new tests") == [3.0, 4.0]
    assert bench.graded == [None, (second,), (first,), (second,)]


def test_all_after_one(bench):
    """A whole run is graded with one set of tests: it takes nothing over from a run of single questions."""
    second = bench.names[1]
    bench.run()
    bench.points = 2.0
    bench.run(second, secret=b"new tests")
    assert bench.run() == [1.0, 1.0]
    assert bench.run(secret=b"new tests") == [2.0, 2.0]


def test_none_of_a_notebook_again(bench):
    """A notebook that has none of the questions keeps its earlier result, even when told to grade anew."""
    bench.run()
    bench.plan = replace(bench.plan, only=())
    with open_journal(bench.folder, "a1_convolution") as journal:
        (result,) = grade_class({SUBMISSION.notebook: bench.plan}, [SUBMISSION], journal=journal, jobs=1)
    assert result.points == 2.0
    assert len(bench.graded) == 1


def test_one_question_without_earlier_results(bench):
    """What was never graded as a whole, as it is now, has no points to keep; nothing is graded then."""
    with pytest.raises(CourseError, match=r"found none for 1 of 1 as they are now \(ada\)"):
        bench.run(bench.names[0])
    bench.run()
    with pytest.raises(CourseError, match="Grade these as a whole first"):
        bench.run(bench.names[0], submission=replace(SUBMISSION, problem="a picture"))
    assert len(bench.graded) == 1


def test_one_question_that_is_held(bench):
    """It is tried again; one that is held beside it stays held, and is none of this run's."""
    second = bench.names[1]
    bench.verdict = Verdict.GRADER_FAULT
    bench.run()
    bench.run(second)
    bench.verdict = Verdict.PASSED
    bench.run(second)
    bench.run(second)
    assert bench.graded == [None, (second,), (second,)]
