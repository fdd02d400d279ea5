"""The command line: reads arguments, calls the pipeline, prints.

What a person can mend is said in one line, with exit code 2. Imports stand in the commands, so that --help is quick.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.config import Course, load_course
from autograder.errors import AutograderError
from autograder.model import NotebookResult

if TYPE_CHECKING:
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
    student: Annotated[list[str] | None, typer.Option(help="Only these students.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what the journal knows.")] = False,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 means one per core.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the results for machines here.")] = None,
    accept_weaker_sandbox: Annotated[
        bool, typer.Option("--accept-weaker-sandbox", help="Grade below the course's minimum wall.")
    ] = False,
) -> None:
    """Grade submissions: verdicts to the journal, the gradebook, feedback pages and CSV."""
    from autograder import pipeline

    course = _course()
    results: list[NotebookResult] = []
    for assignment in assignments or course.assignment_ids():
        with _progress(assignment) as (start, step):
            outcome = pipeline.grade_assignment(
                course,
                assignment,
                submissions or course.submitted,
                students=student,
                fresh=fresh,
                jobs=jobs,
                accept_weaker=accept_weaker_sandbox,
                start=start,
                progress=step,
            )
        _print_outcome(outcome)
        results.extend(outcome.results)
    if json is not None:
        pipeline.write_json(json, results)
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
    seeds: Annotated[int, typer.Option(help="Sets of inputs that the right answers must pass.", min=1)] = 3,
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
    """Say what this machine's sandbox can do, and what is in force."""
    from autograder.sandbox.doctor import examine

    console = Console()
    for finding in examine():
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
        with _progress(assignment) as (start, step):
            # The sample class is ours: it may run behind any wall.
            outcome = pipeline.grade_assignment(
                course, assignment, course.submitted, fresh=True, accept_weaker=True, start=start, progress=step
            )
        _print_outcome(outcome)


def _course() -> Course:
    return load_course(Path.cwd())


@contextmanager
def _progress(assignment: str) -> Iterator[tuple[Callable[[int], None], Callable[[NotebookResult], None]]]:
    """A live bar on standard error, which is silent where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"grading {assignment}", total=None)

            def start(count: int) -> None:
                bar.update(task, total=count)

            def step(_: NotebookResult) -> None:
                bar.advance(task)

            yield start, step
    except KeyboardInterrupt:
        print("autograder: stopped; what was graded is kept. Run the same command again to go on.", file=sys.stderr)
        raise


def _print_outcome(outcome: Outcome) -> None:
    from autograder.reports.classroom_table import classroom_table
    from autograder.reports.table import class_table

    console = _console()
    console.print(class_table(outcome.results))
    misunderstood = classroom_table(outcome.results)
    if misunderstood is not None:
        console.print(misunderstood)
    for remark in outcome.remarks:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)
    console.print("Open:", markup=False, highlight=False)
    _print_paths(outcome.paths)


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
