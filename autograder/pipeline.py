"""The stages, chained: what the command line and nbgrader's hooks call. Nothing here decides; it only connects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.config import SANDBOX_LEVELS, Course
from autograder.diagnosis.material import load_material
from autograder.errors import CourseError, did_you_mean
from autograder.gradebook.read import recorded, scores
from autograder.grading.device import choose_devices, cuda_here, no_effect
from autograder.grading.engine import grade_class, grade_one, spread
from autograder.grading.journal import open_journal
from autograder.grading.lock import only_grader
from autograder.grading.plan import GradingPlan, plan_grading
from autograder.grading.secret import course_secret
from autograder.grading.since import Outlook, changes_since, in_words, remember
from autograder.intake.collect import Collection, collect
from autograder.intake.single import submission_at
from autograder.measure.model import Measured
from autograder.measure.question import Task, measure_question
from autograder.measure.report import measured_json
from autograder.model import Notebook, NotebookResult, Submission
from autograder.outputs import outputs
from autograder.release.build import build, publish
from autograder.release.prove import prove, solution_submission
from autograder.released import load_notebook, load_notebooks, parse_notebook
from autograder.reports.files import replace_file
from autograder.reports.machine import results_json
from autograder.reports.scores import ScoreLine, write_scores
from autograder.sample_class.make import TEXTS, check_place, write_class

if TYPE_CHECKING:
    from autograder.grading.cluster import Cluster

# A release is proven with inputs of its own, so that building doesn't depend on a term's secret.
_PROOF_SECRET = b"proof of a release"
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a grading run leaves behind.

    Attributes:
        results: One per submission, by student, then notebook; without cells, messages and output.
        remarks: What a person should know about the run.
        paths: What to open.
    """

    results: tuple[NotebookResult, ...]
    remarks: tuple[str, ...]
    paths: tuple[Path, ...]


def grade_assignment(
    course: Course,
    assignment: str,
    folder: Path,
    *,
    students: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    fresh: bool = False,
    jobs: int = 0,
    accept_weaker: bool = False,
    executor: Executor | None = None,
    device: str = "auto",
    has_cuda: Callable[[], bool] = cuda_here,
    start: Callable[[int], None] = lambda count: None,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[NotebookResult], None] = lambda result: None,
) -> Outcome:
    """Grade a folder of submissions into gradebook, feedback and CSV.

    Args:
        course: The course.
        assignment: Id of the assignment.
        folder: Holds one folder per student, or one file per student.
        students: Only these; all if None.
        only: Only these questions; the others keep what was found last for the same answers. All if None.
        fresh: Grade even what the journal knows.
        jobs: Processes; 0 means one per core.
        accept_weaker: Grade behind a wall weaker than the course's minimum.
        executor: Where to grade instead of in processes of our own; see `open_cluster`.
        device: "cpu", "cuda", or "auto" for CUDA where there is one.
        has_cuda: Says whether there is, where it is graded.
        start: Called once with the number of submissions.
        say: Called with what a person should know before grading begins.
        progress: Called with each result as it comes.

    Raises:
        CourseError: If there is nothing to grade, or nowhere to write.
        SandboxError: If the wall is weaker than the course demands.
    """
    notebooks = load_notebooks(course, assignment)
    _check_questions(notebooks, only or ())
    devices = choose_devices(device, notebooks, has_cuda)
    with only_grader(course.lock):
        others = [name for name in course.assignment_ids() if name != assignment]
        submissions = _only(collect(folder, assignment, notebooks, others=others), students)
        start(len(submissions))
        plans = _plans(
            course, notebooks, course_secret(course), accept_weaker=accept_weaker, only=only, devices=devices
        )

        def begin(outlook: Outlook) -> None:
            # Single questions are graded again because somebody asked for it.
            if not only and (words := in_words(outlook, changes_since(course.journal, assignment, plans))):
                say(words)

        with open_journal(course.journal, assignment) as journal, outputs(course, assignment, len(notebooks)) as out:
            graded = grade_class(
                plans, submissions, journal=journal, fresh=fresh, jobs=jobs, executor=executor, begin=begin
            )
            for result in graded:
                with _nothing_is_lost():
                    out.take(result)
                progress(result)
            remarks = [journal.remark] if journal.remark else []
            with _nothing_is_lost():
                results, paths = out.finish(whole_class=not students)
            if not students:
                remember(course.journal, assignment, plans)
            remarks.extend(_on_gradebook(recorded(course, assignment), None if students else submissions.students))
        remarks.extend(_weaker_walls(course, results))
        remarks.extend(no_effect(device, assignment, notebooks))
    if course.database:
        remarks.append(f"Gradebook: {course.gradebook_name}")
    else:
        paths.append(course.gradebook)
    if students:
        remarks.append("The CSV of the class stays as it was; `autograder export` writes what the gradebook holds.")
    if only:
        remarks.append(f"Graded again: {', '.join(only)}. The other questions keep their earlier results.")
    return Outcome(results=results, remarks=tuple(remarks), paths=tuple(paths))


@contextmanager
def _nothing_is_lost() -> Iterator[None]:
    """Say, where a result can't be written to its last place, that it stands in the journal."""
    try:
        yield
    except CourseError as error:
        raise CourseError(f"{error} Nothing is lost: the journal keeps every result.") from error


@contextmanager
def open_cluster(address: str) -> Iterator[Cluster]:
    """Connect to a dask scheduler whose workers grade.

    Raises:
        CourseError: If dask isn't installed, or there is no scheduler or no worker.
    """
    try:
        from autograder.grading import cluster  # noqa: PLC0415 - an extra, which most instructors don't have
    except ModuleNotFoundError as error:
        raise CourseError(
            "--scheduler: expected dask.distributed to be installed, found none. "
            'Run: pip install "convnet-course-autograder[cluster]"'
        ) from error
    with cluster.open_cluster(address) as opened:
        yield opened


def grade_file(course: Course, student: str, assignment: str, notebook: str, path: Path) -> NotebookResult:
    """Grade one file as it lies there; what `nbgrader autograde` calls for each notebook."""
    release = load_notebook(course, assignment, notebook)
    submission = submission_at(path, release, student)
    return grade_one(_plans(course, (release,), course_secret(course))[notebook], submission)


def build_release(course: Course, assignments: Sequence[str], *, check: bool = False) -> Iterator[str]:
    """Make assignments/ from solutions/ and prove it, telling a line for each step.

    Args:
        course: The course.
        assignments: Their ids; none means all.
        check: Compare only; assignments/ stays as it is.

    Raises:
        AuthoringError: If a rule of authoring is broken, or the proof fails.
        CourseError: If `check` finds a difference.
    """
    report = build(course, assignments)
    if check and report.changed:
        names = ", ".join(str(path.relative_to(course.root)) for path in report.changed)
        raise CourseError(
            f"{names}: expected what solutions/ gives, found something else. Run `autograder build` and commit it."
        )
    for assignment in report.assignments:
        entries = [entry for entry in report.notebooks if entry.assignment == assignment]
        built = [parse_notebook(json.loads(entry.data)) for entry in entries]
        # The code that is proven is ours: any wall will do.
        prove(course, assignment, _grader(_plans(course, built, _PROOF_SECRET, accept_weaker=True)))
        for entry in entries:
            yield (
                f"{entry.path.relative_to(course.root)}: {entry.questions} questions, {entry.points:g} points; the "
                "solution earns every automatic point, the untouched release none."
            )
    if not check:
        publish(report)


def make_sample_class(course: Course) -> tuple[str, ...]:
    """Hand in the sample class's notebooks of a built course.

    Returns:
        The assignments that now have submissions.
    """
    check_place(course)
    for assignment, notebook in TEXTS:
        write_class(course, solution_submission(course, load_notebook(course, assignment, notebook)))
    return tuple(dict.fromkeys(assignment for assignment, _ in TEXTS))


def measure_mistakes(
    course: Course, assignments: Sequence[str] = (), *, seeds: int = 20, bugs: int = 40, jobs: int = 0
) -> tuple[Measured, ...]:
    """Measure the hidden tests of the notebooks for which mistakes are listed.

    Args:
        course: The course, built.
        assignments: Their ids; none means all.
        seeds: How many sets of inputs the right answers must pass.
        bugs: How many random bugs per question.
        jobs: Processes; 0 means one per core.

    Raises:
        CourseError: If an assignment is not there or not built.
    """
    notebooks = [
        notebook
        for assignment in assignments or course.assignment_ids()
        for notebook in load_notebooks(course, assignment)
        if load_material(notebook) is not None
    ]
    tasks = [
        Task(
            plan=plan_grading(course, notebook, _PROOF_SECRET, minimum=SANDBOX_LEVELS[0]),
            question=question,
            solution=solution_submission(course, notebook),
            seeds=seeds,
            bugs=bugs,
        )
        for notebook in notebooks
        for question in notebook.questions
        if not question.manual
    ]
    # The longest first: what a question takes grows with its mistakes.
    order = sorted(range(len(tasks)), key=lambda index: -_listed(tasks[index]))
    measured = spread(measure_question, [tasks[index] for index in order], jobs)
    return tuple(entry for _, entry in sorted(zip(order, measured, strict=True), key=lambda pair: pair[0]))


def export_scores(course: Course, assignment: str) -> Path:
    """Write the gradebook's scores as CSV, with what people graded by hand.

    Raises:
        CourseError: If there is no such assignment or no gradebook, or the file can't be written.
    """
    order = [question.id for notebook in load_notebooks(course, assignment) for question in notebook.questions]
    lines = []
    for student, found in scores(course, assignment).items():
        ranked = sorted(found, key=lambda score: order.index(score.question) if score.question in order else len(order))
        points = tuple((score.question, score.points) for score in ranked)
        waiting = tuple(score.question for score in ranked if score.needs_manual_grade)
        lines.append(ScoreLine(student=student, points=points, waiting=waiting))
    return write_scores(course, assignment, lines)


def write_json(path: Path, results: Sequence[NotebookResult]) -> None:
    """Write results for machines; the file is replaced as a whole or not at all.

    Raises:
        CourseError: If it can't be written.
    """
    replace_file(path, results_json(results))


def write_measured(path: Path, measured: Sequence[Measured], wall_s: float) -> None:
    """Write what was measured for machines.

    Raises:
        CourseError: If it can't be written.
    """
    replace_file(path, measured_json(measured, wall_s))


def _listed(task: Task) -> int:
    material = load_material(task.plan.notebook)
    return 0 if material is None else len(material.of(task.question.id))


def _grader(plans: Mapping[str, GradingPlan]) -> Callable[[Submission], NotebookResult]:
    return lambda submission: grade_one(plans[submission.notebook], submission)


def _on_gradebook(recorded: Mapping[str, bool], handed_in: Sequence[str] | None) -> Iterator[str]:
    """What a person should look at in the gradebook; `handed_in` is None where the run was not about all students."""
    if again := [student for student, waits in recorded.items() if waits]:
        yield (
            f"Points given by hand, and handed in again since: {_named(again)}. The points stay; formgrader shows what "
            "to look at once more."
        )
    if handed_in is not None and (gone := sorted(recorded.keys() - set(handed_in))):
        yield (
            f"In the gradebook, but not among these submissions: {_named(gone)}. If a student was renamed or has left, "
            "`nbgrader db student remove NAME --force` takes the old rows away, with points given by hand."
        )


def _named(students: Sequence[str]) -> str:
    more = len(students) - _NAMED
    return ", ".join(students[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _weaker_walls(course: Course, results: Sequence[NotebookResult]) -> Iterator[str]:
    """What to say where student code ran behind less than the course demands."""
    ranks = {level: rank for rank, level in enumerate(SANDBOX_LEVELS)}
    ran = {result.sandbox_level for result in results if result.sandbox_level in ranks}
    for level in sorted(ran, key=ranks.__getitem__):
        if ranks[level] < ranks[course.minimum_sandbox]:
            yield (
                f"Sandbox: the course demands '{course.minimum_sandbox}', student code ran behind '{level}'. "
                "`autograder doctor` says what this machine offers."
            )


def _only(submissions: Collection, students: Sequence[str] | None) -> Collection:
    if not students:
        return submissions
    known = set(submissions.students)
    for name in students:
        if name not in known:
            raise CourseError(
                f"Student: expected one of the {len(known)} who handed in, got '{name}'."
                f"{did_you_mean(name, known)} Look at the folder's names."
            )
    return submissions.of(students)


def _check_questions(notebooks: Sequence[Notebook], only: Sequence[str]) -> None:
    """Refuse names that are no questions, and questions that a person grades."""
    assignment = notebooks[0].assignment
    questions = {question.id: question for notebook in notebooks for question in notebook.questions}
    for name in only:
        if name not in questions:
            raise CourseError(
                f"Question: expected one of {assignment}'s ({', '.join(questions)}), got '{name}'."
                f"{did_you_mean(name, questions)}"
            )
        if questions[name].manual:
            raise CourseError(f"Question: expected one that is graded by tests, got '{name}', which a person grades.")


def _plans(
    course: Course,
    notebooks: Sequence[Notebook],
    secret: bytes,
    *,
    accept_weaker: bool = False,
    only: Sequence[str] | None = None,
    devices: Mapping[str, str] | None = None,
) -> dict[str, GradingPlan]:
    minimum = SANDBOX_LEVELS[0] if accept_weaker else None
    devices = devices or choose_devices("auto", notebooks)
    plans = {
        notebook.name: plan_grading(course, notebook, secret, minimum=minimum, device=devices[notebook.name])
        for notebook in notebooks
    }
    if not only:
        return plans
    own = {entry.name: tuple(question.id for question in entry.questions if question.id in only) for entry in notebooks}
    return {name: replace(plan, only=own[name]) for name, plan in plans.items()}
