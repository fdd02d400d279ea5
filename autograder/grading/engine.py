"""The engine: a class of submissions, spread over processes, each result journaled as it comes."""

from __future__ import annotations

import atexit
import functools
import gc
import hashlib
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from autograder.config import SANDBOX_LEVELS
from autograder.diagnosis.material import load_material
from autograder.errors import CourseError, GraderFault, SandboxError
from autograder.grading.answer import grade_submission, held_result
from autograder.grading.crew import Lost, cores, in_order, side_by_side
from autograder.grading.diagnose import Diagnostician
from autograder.grading.elsewhere import elsewhere
from autograder.grading.hidden import HiddenTests
from autograder.grading.journal import Journal
from autograder.grading.partial import held, merged
from autograder.grading.plan import GradingPlan, answer_key, plan_key, submission_key
from autograder.grading.rehearsal import Rehearsals
from autograder.grading.since import Outlook
from autograder.model import DeclaredTest, Notebook, NotebookResult, Submission
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.levels import choose, probe
from autograder.sandbox.place import place_for
from autograder.sandbox.protocol import Sandbox

Work = TypeVar("Work")
Result = TypeVar("Result")

# A process asks one submission at a time: hidden tests and forkserver serve one, and an executor may have threads.
_TURN = threading.Lock()
_open: list[ExitStack] = []
_TRIES = 2
_NAMED = 5


def grade_class(
    plans: Mapping[str, GradingPlan],
    submissions: Sequence[Submission],
    *,
    journal: Journal | None = None,
    fresh: bool = False,
    jobs: int = 0,
    executor: Executor | None = None,
    begin: Callable[[Outlook], None] = lambda outlook: None,
) -> Iterator[NotebookResult]:
    """Grade submissions; what the journal knows is not graded again.

    Nothing is kept: a submission is taken from the sequence when its turn comes, and its result is the caller's.
    Where a plan names single questions, the others keep what was found last for the same answers.

    Args:
        plans: Notebook name to plan.
        submissions: Whom to grade.
        journal: Where results are kept; None keeps them nowhere.
        fresh: Grade even what the journal knows.
        jobs: Processes of our own; 0 means one per core, 1 stays in this process.
        executor: Any executor to use instead of processes of our own.
        begin: Called once, when all that the journal knows has been given and grading begins.

    Yields:
        One result per submission, in the order in which they come.

    Raises:
        SandboxError: If the wall is weaker than the course demands.
        CourseError: If the journal can't be written, or single questions are wanted of a submission without earlier
            results.
    """
    keys = {name: plan_key(plan) for name, plan in plans.items()}
    _refuse_without_earlier(plans, submissions, journal)
    waiting: Sequence[int] = range(len(submissions))
    outlook = Outlook(new=len(submissions))
    if not fresh and journal is not None and len(journal):
        waiting, held_before, before = [], 0, 0
        for index, submission in enumerate(submissions):
            known = _known(plans[submission.notebook], keys[submission.notebook], submission, journal)
            if known is None:
                waiting.append(index)
                is_held = submission_key(keys[submission.notebook], submission) in journal
                held_before += is_held
                before += not is_held and journal.knows(answer_key(submission))
            else:
                # The same answers may have been handed in again under another file name or time.
                yield replace(known, submission=submission)
        outlook = Outlook(
            known=len(submissions) - len(waiting),
            held=held_before,
            again=before,
            new=len(waiting) - held_before - before,
        )
    begin(outlook)
    work = (submissions[index] for index in waiting)
    for position, answer in _run(plans, work, jobs, executor):
        graded = answer
        if isinstance(graded, Lost):
            submission = submissions[waiting[position]]
            plan = plans[submission.notebook]
            graded = held_result(submission, plan.notebook, declared_tests(plan), graded.reason)
        name = graded.submission.notebook
        yield _kept(plans[name], keys[name], graded, journal)


def _known(plan: GradingPlan, key: str, submission: Submission, journal: Journal) -> NotebookResult | None:
    """What the journal has on a submission, if nothing is left to be graded."""
    own, answer = submission_key(key, submission), answer_key(submission)
    if plan.only is None:
        result = journal.get(own)
        return None if result is None or held(result.questions) else result
    if not plan.only:
        return journal.latest(answer)
    # A later record may know other questions better.
    result = journal.get(own) if journal.is_latest(own, answer) else None
    if result is None or held([entry for entry in result.questions if entry.question.id in plan.only]):
        return None
    return result


def _kept(plan: GradingPlan, key: str, graded: NotebookResult, journal: Journal | None) -> NotebookResult:
    """What was graded, complete, and written down."""
    if journal is None:
        return graded
    answer = answer_key(graded.submission)
    if plan.only is not None:
        earlier = journal.latest(answer)
        assert earlier is not None, "a journal that had it a moment ago"
        graded = merged(earlier, graded, plan.only)
    journal.append(submission_key(key, graded.submission), answer, graded)
    return graded


def _refuse_without_earlier(
    plans: Mapping[str, GradingPlan], submissions: Sequence[Submission], journal: Journal | None
) -> None:
    """Refuse to grade some questions of a notebook whose others have no result."""
    if all(plan.only is None for plan in plans.values()):
        return
    missing = [
        submission.student
        for submission in submissions
        if plans[submission.notebook].only is not None
        and (journal is None or journal.latest(answer_key(submission)) is None)
    ]
    if missing:
        students = tuple(dict.fromkeys(missing))
        named = ", ".join(students[:_NAMED]) + (" and others" if len(students) > _NAMED else "")
        raise CourseError(
            f"Single questions: expected earlier results for the other questions of every submission, found none for "
            f"{len(missing)} of {len(submissions)} as they are now ({named}). Grade these as a whole first."
        )


def grade_one(plan: GradingPlan, submission: Submission) -> NotebookResult:
    """Grade one submission in this process.

    A fault of ours (a forkserver that was killed, say) is tried once more with everything started anew; the second
    becomes a result that is held for a person.

    Raises:
        SandboxError: If the wall is weaker than the course demands.
    """
    with _TURN:
        for _ in range(_TRIES):
            grader = _opened(plan)
            try:
                return grade_submission(
                    submission,
                    plan.notebook,
                    grader.tests,
                    grader.sandbox,
                    dict(plan.library),
                    grader.diagnostician,
                    plan.only,
                    plan.limits,
                    grader.rehearsals,
                    plan.device,
                )
            except Exception:  # noqa: BLE001 - the end of a stage: one submission must not stop a class
                fault = traceback.format_exc()
                open_grader.cache_clear()
                grader.stack.close()
        return held_result(submission, plan.notebook, grader.tests.declared, fault)


def declared_tests(plan: GradingPlan) -> tuple[DeclaredTest, ...]:
    """The hidden tests of a plan's notebook."""
    return open_grader(plan).tests.declared


def spread(task: Callable[[Work], Result], work: Sequence[Work], jobs: int = 0) -> tuple[Result, ...]:
    """Do the same with each piece of work, in processes side by side; results in the order of the work.

    Args:
        task: A function of a module.
        work: The pieces; the longest first is quickest.
        jobs: Processes; 0 means one per core, 1 stays in this process.
    """
    if min(jobs or cores(), len(work)) <= 1:
        return tuple(map(task, work))
    answers = []
    for answer in in_order(task, work, jobs):
        if isinstance(answer, Lost):
            raise GraderFault(f"Expected an answer from each process, got none from one: {answer.reason}.")
        answers.append(answer)
    return tuple(answers)


@dataclass(frozen=True, slots=True)
class Grader:
    """What one process holds open to grade one notebook."""

    tests: HiddenTests
    sandbox: Sandbox
    diagnostician: Diagnostician | None
    rehearsals: Rehearsals
    stack: ExitStack


def _restricted(notebook: Notebook) -> tuple[str, ...]:
    """Names that single questions don't allow."""
    return tuple(dict.fromkeys(name for question in notebook.questions for name in question.forbidden))


@functools.lru_cache(maxsize=4)
def open_grader(plan: GradingPlan) -> Grader:
    """One set of hidden tests and one forkserver per process and plan, closed when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    _open.append(stack)
    sandbox = stack.enter_context(
        open_sandbox(
            kind=plan.notebook.kind,
            limits=plan.limits,
            forbidden=plan.notebook.forbidden,
            restricted=_restricted(plan.notebook),
            level=plan.level,
            place=place_for(plan.device),
        )
    )
    if SANDBOX_LEVELS.index(sandbox.level) < SANDBOX_LEVELS.index(plan.minimum):
        stack.close()
        raise SandboxError(
            f"Sandbox: the course demands '{plan.minimum}', this machine gives '{sandbox.level}'. Run `autograder "
            "doctor` to see why, or grade with --accept-weaker-sandbox if you trust these students."
        )
    tests = stack.enter_context(HiddenTests(plan.tests, plan.secret))
    material = load_material(plan.notebook)
    rehearsals = Rehearsals(None if material is None else functools.cache(lambda: sandbox.load(material.right)))
    diagnostician = None
    if material is not None:
        fresh = hashlib.sha256(b"fresh inputs" + plan.secret).digest()
        opener = functools.partial(HiddenTests, plan.tests, fresh)
        found = Diagnostician(material, sandbox, tests, opener, rehearsals, plan.device)
        diagnostician = stack.enter_context(closing(found))
    # Libraries and collected tests stay; the garbage collector need not look through them for each submission again.
    gc.collect()
    gc.freeze()
    return Grader(tests, sandbox, diagnostician, rehearsals, stack)


def _opened(plan: GradingPlan) -> Grader:
    try:
        return open_grader(plan)
    except SandboxError:
        # A forkserver that was killed while it started (memory ran short, say) says nothing of the machine. What the
        # machine refuses, it refuses again.
        return open_grader(plan)


def close_graders() -> None:
    """Close what this process holds open to grade; the next submission opens it anew."""
    with _TURN:
        open_grader.cache_clear()
        while _open:
            _open.pop().close()


def _run(
    plans: Mapping[str, GradingPlan], work: Iterable[Submission], jobs: int, executor: Executor | None
) -> Iterator[tuple[int, NotebookResult | Lost]]:
    """Grade each submission somewhere: its number and its result, in the order in which they come."""
    if executor is not None:
        yield from elsewhere(executor, grade_one, ((plans[submission.notebook], submission) for submission in work))
    elif jobs == 1:
        for position, submission in enumerate(work):
            yield position, grade_one(plans[submission.notebook], submission)
    else:
        # What this machine offers is found out once, so that all submissions stand behind the same wall.
        walled = {name: replace(plan, level=choose(plan.level, probe(thorough=False))) for name, plan in plans.items()}
        for position, answer in side_by_side(_Grade(walled), work, jobs):
            yield position, answer if isinstance(answer, Lost) else msgspec.msgpack.decode(answer, type=NotebookResult)


@dataclass(frozen=True, slots=True)
class _Grade:
    """What a process of ours does. It gets the plans once, and gives results in a form that is quick to send."""

    plans: Mapping[str, GradingPlan]

    def __call__(self, submission: Submission) -> bytes:
        return msgspec.msgpack.encode(grade_one(self.plans[submission.notebook], submission))
