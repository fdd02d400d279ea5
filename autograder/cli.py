"""The command line: reads arguments, calls the pipeline, prints.

What a person can mend is said in one line, with exit code 2. Imports stand in the commands, so that --help is quick.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.config import Course, load_course
from autograder.errors import AutograderError, CourseError, NothingHandedInError
from autograder.model import NotebookResult
from autograder.progress import progress

if TYPE_CHECKING:
    from autograder.grading.cluster import Cluster
    from autograder.pipeline import Outcome

app = typer.Typer(
    help="Release, sandboxed grading and feedback for a course of notebooks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
_PATHS_SHOWN = 12
_Assignments = Annotated[list[str] | None, typer.Argument(help="Assignments; all if none is named.")]
_Assignment = Annotated[str, typer.Argument(help="Id of the assignment, e.g. a1_convolution.")]


def main() -> None:
    """Run the command line."""
    try:
        app()
    except (AutograderError, OSError) as error:
        # Deliberate errors speak for themselves; the file system's name their file.
        print(f"autograder: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


@app.command()
def build(
    assignments: _Assignments = None,
    check: Annotated[bool, typer.Option(help="Compare only: is assignments/ what solutions/ gives?")] = False,
) -> None:
    """Make assignments/ from solutions/, and prove it: the solution earns all, the untouched release nothing."""
    from autograder import pipeline

    for line in pipeline.build_release(_course(), assignments or [], check=check):
        Console().print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def solution(assignment: _Assignment) -> None:
    """Execute the solution and write it as notebook and HTML."""
    from autograder.release.solution import execute_solution

    def report(name: str, seconds: float) -> None:
        print(f"{name}: ran in {seconds:.1f} s")

    _print_paths(execute_solution(_course(), assignment, report=report))


@app.command()
def bundle(assignment: _Assignment) -> None:
    """Make the students' zip: notebooks, wheel, environment."""
    from autograder.release.bundle import bundle as make_bundle

    _print_paths([make_bundle(_course(), assignment)])


@app.command()
def grade(
    assignments: _Assignments = None,
    submissions: Annotated[Path | None, typer.Option(help="Folder of submissions; course/submitted if none.")] = None,
    students: Annotated[
        list[str] | None,
        typer.Option(
            "--students",
            "--student",
            metavar="NAMES",
            help="Only these students: names with commas between them, or @FILE with a name on each line.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="QUESTIONS",
            help="Only these questions, with commas between them, for every student (or --students); gradebook, "
            "feedback and exports keep the other questions as they were found last for the same answers. Refused "
            "where an answer was never graded as a whole. A later run without --only grades all with one set of tests.",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what the journal knows.")] = False,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 means one per core, 1 none but this one.")] = 0,
    scheduler: Annotated[str | None, typer.Option(help="Grade on the dask cluster at this address.")] = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda", help="Where questions that take a device compute.")
    ] = "auto",
    json: Annotated[Path | None, typer.Option(help="Write the results for machines here.")] = None,
    accept_weaker_sandbox: Annotated[
        bool, typer.Option("--accept-weaker-sandbox", help="Grade below the course's minimum wall.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no tables.")] = False,
) -> None:
    """Grade submissions: verdicts to the journal, the gradebook, feedback pages and CSV.

    A run that was stopped or killed goes on where it was when the same command is given again.
    """
    from autograder import pipeline
    from autograder.grading.device import cuda_here

    course = _course()
    chosen = assignments or course.assignment_ids()
    questions = _names(only)
    if questions and len(chosen) != 1:
        raise CourseError(f"--only: expected the one assignment that has these questions, got {len(chosen)}. Name it.")
    results: list[NotebookResult] = []
    for number, assignment in enumerate(chosen, 1):
        try:
            with (
                _stoppable(fresh=fresh),
                _cluster(scheduler) as executor,
                progress(assignment, Console(stderr=True), quiet=quiet) as meter,
            ):
                outcome = pipeline.grade_assignment(
                    course,
                    assignment,
                    submissions or course.submitted,
                    students=_names(students),
                    only=questions,
                    fresh=fresh,
                    jobs=jobs,
                    accept_weaker=accept_weaker_sandbox,
                    executor=executor,
                    device=device,
                    has_cuda=cuda_here if executor is None else executor.has_gpu,
                    start=meter.start,
                    say=meter.say,
                    progress=meter.step,
                )
        except NothingHandedInError as error:
            # Of a whole course: not every assignment is due yet.
            if assignments or (number == len(chosen) and not results):
                raise
            print(f"{assignment}: left out. {error}", file=sys.stderr)
            continue
        if quiet:
            _print_remarks(outcome, Console(stderr=True))
        else:
            _print_outcome(outcome)
            print(meter.summary)
        results.extend(outcome.results)
    if json is not None:
        pipeline.write_json(json, results)
        if not quiet:
            _print_paths([json])


@app.command()
def export(assignment: _Assignment) -> None:
    """Write the gradebook's scores as CSV, with what people graded by hand."""
    from autograder import pipeline

    _print_paths([pipeline.export_scores(_course(), assignment)])


@app.command()
def mistakes(
    assignments: _Assignments = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures for machines here.")] = None,
    seeds: Annotated[int, typer.Option(help="Sets of inputs that the right answers must pass.", min=1)] = 20,
    jobs: Annotated[int, typer.Option(help="Processes; 0 means one per core.")] = 0,
) -> None:
    """Measure the tests: listed mistakes caught, right answers accepted, mistakes named and bugs not accused."""
    from autograder import pipeline
    from autograder.measure.report import complaints, measured_table, notes

    started = time.monotonic()
    measured = pipeline.measure_mistakes(_course(), assignments or (), seeds=seeds, jobs=jobs)
    wall_s = time.monotonic() - started
    console = _console()
    console.print(measured_table(measured))
    for line in (*notes(measured), *complaints(measured), f"It took {wall_s:.0f} s."):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if json is not None:
        pipeline.write_measured(json, measured, wall_s)
        _print_paths([json])
    if complaints(measured):
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say what this machine's sandbox can do, what is in force, and whether the gradebook can be reached."""
    from autograder.gradebook.read import condition
    from autograder.sandbox.doctor import Finding, examine

    console = Console()
    course: Course | None = None
    try:
        course = _course()
    except CourseError as error:
        usable, detail = False, str(error)
    else:
        usable, detail = condition(course)
    findings = examine() if course is None else examine(course.limits, course.minimum_sandbox)
    for finding in (*findings, Finding("Gradebook", usable, detail)):
        mark = "yes" if finding.ok else "no"
        console.print(f"{finding.name:<28} {mark:<4} {finding.detail}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def demo() -> None:
    """Release an assignment, make a sample class, grade it, and say what to open."""
    from autograder import pipeline

    course = _course()
    console = Console()
    for line in pipeline.build_release(course, []):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for assignment in pipeline.make_sample_class(course):
        with _stoppable(fresh=False), progress(assignment, Console(stderr=True)) as meter:
            # The sample class is ours: it may run behind any wall.
            outcome = pipeline.grade_assignment(
                course,
                assignment,
                course.submitted,
                fresh=True,
                accept_weaker=True,
                start=meter.start,
                progress=meter.step,
            )
        _print_outcome(outcome)


def _course() -> Course:
    return load_course(Path.cwd())


class _Terminated(KeyboardInterrupt):
    """Somebody asked the process to end; goes the way of Ctrl-C, so that everything is left in order.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _cluster(address: str | None) -> Iterator[Cluster | None]:
    from autograder import pipeline

    if address is None:
        yield None
        return
    with pipeline.open_cluster(address) as cluster:
        if cluster.advice:
            print(f"autograder: {cluster.advice}", file=sys.stderr)
        yield cluster


@contextmanager
def _stoppable(*, fresh: bool) -> Iterator[None]:
    """End in order on Ctrl-C, `kill` and a terminal that hangs up, and say how to go on."""

    def end(number: int, _frame: object) -> None:
        raise _Terminated(number)

    # What is ignored on purpose (nohup) stays ignored.
    numbers = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    except KeyboardInterrupt as stop:
        again = "the same command again, without --fresh," if fresh else "the same command again"
        print(f"autograder: stopped; what was graded is kept. Run {again} to go on.", file=sys.stderr)
        if isinstance(stop, _Terminated):
            raise SystemExit(128 + stop.number) from stop
        raise
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _names(values: Sequence[str] | None) -> list[str] | None:
    """Names from options that may be repeated: with commas between them, or `@file` with a name on each line.

    Raises:
        CourseError: If a file can't be read, or nothing is named.
    """
    if not values:
        return None
    names: list[str] = []
    for value in values:
        try:
            listed = Path(value[1:]).read_text("utf-8-sig").splitlines() if value.startswith("@") else value.split(",")
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"{value[1:]}: expected a text file with a name on each line, got: {error}.") from error
        names += [name.strip() for name in listed if name.strip()]
    if not names:
        raise CourseError(f"{' '.join(values)}: expected names, got none.")
    return list(dict.fromkeys(names))


def _print_outcome(outcome: Outcome) -> None:
    from autograder.reports.classroom_table import classroom_table
    from autograder.reports.table import class_table

    console = _console()
    console.print(class_table(outcome.results, console.width))
    misunderstood = classroom_table(outcome.results)
    if misunderstood is not None:
        console.print(misunderstood)
    _print_remarks(outcome, console)
    console.print("Open:", markup=False, highlight=False)
    _print_paths(outcome.paths)


def _print_remarks(outcome: Outcome, console: Console) -> None:
    for remark in outcome.remarks:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        # A log or a pipe has no width of its own; what is not wrapped can be read and searched.
        console.width = 160
    return console


def _print_paths(paths: Sequence[Path]) -> None:
    here = Path.cwd()
    shown = [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]
    if len(shown) > _PATHS_SHOWN:
        # A class of hundreds: the first pages show where the others are; the last paths are those of the class.
        left_out = len(shown) - _PATHS_SHOWN
        shown = [*shown[: _PATHS_SHOWN - 3], Path(f"... and {left_out} more"), *shown[-3:]]
    for path in shown:
        print(f"  {path}")
