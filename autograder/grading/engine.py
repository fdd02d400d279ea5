"""The engine: a class of submissions, spread over processes, each result journaled as it comes."""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib
import importlib.metadata
import os
import platform
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import msgspec

import course_utils
from autograder.config import SANDBOX_LEVELS, Course
from autograder.diagnosis.material import load_material
from autograder.errors import AutograderError, SandboxError
from autograder.grading.answer import grade_submission, held_result
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hidden import HiddenTests, hidden_tests_folder
from autograder.grading.journal import Journal
from autograder.model import DeclaredTest, Limits, Notebook, NotebookResult, Submission
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.protocol import Sandbox

Work = TypeVar("Work")
Result = TypeVar("Result")

_LIBRARIES = ("numpy", "torch", "matplotlib", "pytest", "msgspec", "ipython")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingPlan:
    """All that a grader process must know to grade one notebook; small, and the same for a whole class.

    Attributes:
        notebook: Our release.
        tests: Path of the hidden tests.
        library: Function name to source of a library-backed version.
        secret: The course's secret.
        limits: What student code may use.
        level: Wall to put up, or None for the strongest that the machine offers.
        minimum: Weakest wall at which grading is allowed.
    """

    notebook: Notebook
    tests: str
    library: tuple[tuple[str, str], ...]
    secret: bytes
    limits: Limits
    level: str | None
    minimum: str


def plan_grading(
    course: Course, notebook: Notebook, secret: bytes, *, level: str | None = None, minimum: str | None = None
) -> GradingPlan:
    """Gather what grading one notebook takes."""
    folder = hidden_tests_folder() / notebook.assignment
    return GradingPlan(
        notebook=notebook,
        tests=str(folder / f"test_{notebook.name}.py"),
        library=tuple(sorted(_library(notebook).items())),
        secret=secret,
        limits=course.limits,
        level=level,
        minimum=course.minimum_sandbox if minimum is None else minimum,
    )


def grade_class(
    plans: Mapping[str, GradingPlan],
    submissions: Sequence[Submission],
    *,
    journal: Journal | None = None,
    fresh: bool = False,
    jobs: int = 0,
    executor: Executor | None = None,
    progress: Callable[[NotebookResult], None] = lambda result: None,
) -> tuple[NotebookResult, ...]:
    """Grade submissions; what the journal knows is not graded again.

    Args:
        plans: Notebook name to plan.
        submissions: Whom to grade.
        journal: Where results are kept; None keeps them nowhere.
        fresh: Grade even what the journal knows.
        jobs: Processes; 0 means one per core, 1 stays in this process.
        executor: Any executor to use instead of processes of our own.
        progress: Called with each result as it comes.

    Returns:
        One result per submission, in the order of the submissions.

    Raises:
        SandboxError: If the wall is weaker than the course demands.
    """
    results: dict[int, NotebookResult] = {}
    waiting: list[tuple[int, str]] = []
    keys = {name: _plan_key(plan) for name, plan in plans.items()}
    for index, submission in enumerate(submissions):
        key = _submission_key(keys[submission.notebook], submission)
        known = None if journal is None or fresh else journal.known.get(key)
        if known is None:
            waiting.append((index, key))
        else:
            # The same answers may have been handed in again under another file name or time.
            results[index] = replace(known, submission=submission)
            progress(results[index])
    work = [(plans[submissions[index].notebook], submissions[index]) for index, _ in waiting]
    jobs = min(jobs or os.cpu_count() or 1, len(work))
    for position, result in _run(work, jobs, executor):
        index, key = waiting[position]
        if journal is not None and not any(entry.points_pending and entry.tests for entry in result.questions):
            journal.append(key, result)
        results[index] = result
        progress(result)
    return tuple(results[index] for index in range(len(submissions)))


def grade_one(plan: GradingPlan, submission: Submission) -> NotebookResult:
    """Grade one submission in this process. A fault of ours becomes a result that is held for a person.

    Raises:
        SandboxError: If the wall is weaker than the course demands.
    """
    grader = open_grader(plan)
    try:
        return grade_submission(
            submission, plan.notebook, grader.tests, grader.sandbox, dict(plan.library), grader.diagnostician
        )
    except Exception:  # noqa: BLE001 - the end of a stage: one submission must not stop a class
        open_grader.cache_clear()
        grader.stack.close()
        return held_result(submission, plan.notebook, grader.tests.declared, traceback.format_exc())


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
    jobs = min(jobs or os.cpu_count() or 1, len(work))
    if jobs <= 1:
        return tuple(map(task, work))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return tuple(pool.map(task, work))


@dataclass(frozen=True, slots=True)
class Grader:
    """What one process holds open to grade one notebook."""

    tests: HiddenTests
    sandbox: Sandbox
    diagnostician: Diagnostician | None
    stack: ExitStack


@functools.lru_cache(maxsize=4)
def open_grader(plan: GradingPlan) -> Grader:
    """One set of hidden tests and one forkserver per process and plan, closed when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    sandbox = stack.enter_context(
        open_sandbox(kind=plan.notebook.kind, limits=plan.limits, forbidden=plan.notebook.forbidden, level=plan.level)
    )
    if SANDBOX_LEVELS.index(sandbox.level) < SANDBOX_LEVELS.index(plan.minimum):
        stack.close()
        raise SandboxError(
            f"Sandbox: the course demands '{plan.minimum}', this machine gives '{sandbox.level}'. Run `autograder "
            "doctor` to see why, or grade with --accept-weaker-sandbox if you trust these students."
        )
    tests = stack.enter_context(HiddenTests(Path(plan.tests), plan.secret))
    material = load_material(plan.notebook)
    diagnostician = None
    if material is not None:
        fresh = hashlib.sha256(b"fresh inputs" + plan.secret).digest()
        opener = functools.partial(HiddenTests, Path(plan.tests), fresh)
        diagnostician = stack.enter_context(closing(Diagnostician(material, sandbox, tests, opener)))
    return Grader(tests, sandbox, diagnostician, stack)


def _run(
    work: Sequence[tuple[GradingPlan, Submission]], jobs: int, executor: Executor | None
) -> Iterator[tuple[int, NotebookResult]]:
    if executor is None and jobs <= 1:
        for position, (plan, submission) in enumerate(work):
            yield position, grade_one(plan, submission)
        return
    with ExitStack() as stack:
        if executor is None:
            # Spawned, not forked: a grader process must not carry what this one holds open.
            executor = stack.enter_context(ProcessPoolExecutor(jobs, mp_context=get_context("spawn")))
        futures: dict[Future[NotebookResult], int] = {
            executor.submit(grade_one, plan, submission): position for position, (plan, submission) in enumerate(work)
        }
        try:
            for future in as_completed(futures):
                position = futures[future]
                try:
                    yield position, future.result()
                except AutograderError:
                    raise
                except Exception:  # noqa: BLE001 - a grader process died: its submission is held, not lost
                    plan, submission = work[position]
                    yield position, held_result(submission, plan.notebook, declared_tests(plan), traceback.format_exc())
        finally:
            for future in futures:
                future.cancel()


def _library(notebook: Notebook) -> dict[str, str]:
    """The library-backed versions that lie beside the hidden tests, if there are any."""
    name = f"autograder.hidden_tests.{notebook.assignment}.library_{notebook.name}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}
    sources: dict[str, str] = module.SOURCES
    return sources


def _plan_key(plan: GradingPlan) -> str:
    """Hash of all that a verdict depends on, but for the submission."""
    digest = hashlib.sha256()
    judges = Path(__file__).parent
    folders = (
        Path(plan.tests).parent,
        judges,
        judges.parent,
        judges.parent / "sandbox",
        judges.parent / "diagnosis",
        Path(course_utils.__file__).parent,
    )
    for path in [path for folder in folders for path in sorted(folder.glob("*.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    digest.update("\n".join((platform.python_version(), *versions)).encode())
    digest.update(hashlib.sha256(plan.secret).digest())
    digest.update(msgspec.json.encode((plan.notebook, plan.limits, plan.level, plan.library)))
    return digest.hexdigest()


def _submission_key(plan_key: str, submission: Submission) -> str:
    answer = (submission.student, submission.cells, submission.remarks, submission.problem)
    return hashlib.sha256(plan_key.encode() + msgspec.json.encode(answer)).hexdigest()
