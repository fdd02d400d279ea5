"""Who is measured, each in a process of its own that waits for work: `python -m benchmarks.contenders NAME FOLDER`.

A line of JSON comes in and one goes out for each piece of work. The clocks run outside, in `measure`.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograder.config import load_course
from autograder.intake.collect import collect
from autograder.model import NotebookResult
from autograder.released import load_notebooks
from benchmarks.target import read_target

Work = Callable[[Path], dict[str, Any]]


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    # Whatever libraries print must not come between the answers.
    os.dup2(2, 1)
    name, place = sys.argv[1], Path(sys.argv[2])
    work = _NAMES[name](place)
    for line in sys.stdin:
        answers.write(json.dumps(work(Path(json.loads(line)))) + "\n")
        answers.flush()


def _stock(place: Path) -> Work:
    from benchmarks.stock import Stock  # noqa: PLC0415 - the others don't need nbgrader

    stock = Stock(Path(tempfile.mkdtemp(prefix="stock-", dir=place)), load_course(place).staging, read_target(place))

    def work(folder: Path) -> dict[str, Any]:
        students = stock.hand_in(folder)
        started = time.monotonic()
        stock.grade(students)
        return {"wall_s": time.monotonic() - started, "points": stock.points(students)}

    return work


def _student(place: Path) -> Work:
    from benchmarks.bare import run_bare  # noqa: PLC0415 - imports what a student's notebook does

    course, target = load_course(place), read_target(place)
    material = pickle.loads((place / "material.pickle").read_bytes())  # noqa: S301 - written by this benchmark

    def work(folder: Path) -> dict[str, Any]:
        submissions = collect(folder, target.assignment, load_notebooks(course, target.assignment))
        return run_bare(material, [entry for entry in submissions if entry.notebook == target.notebook])

    return work


def _ours(place: Path, jobs: int) -> Work:
    from autograder import pipeline  # noqa: PLC0415 - the others don't need it

    course, assignment = load_course(place), read_target(place).assignment

    def work(folder: Path) -> dict[str, Any]:
        seen: list[float] = []
        results: dict[str, dict[str, float]] = {}

        def progress(result: NotebookResult) -> None:
            seen.append(time.monotonic())
            results[result.submission.student] = {entry.question.id: entry.points for entry in result.questions}
            levels.add(result.sandbox_level)

        levels: set[str] = set()
        started = time.monotonic()
        pipeline.grade_assignment(
            course, assignment, folder, fresh=True, jobs=jobs, accept_weaker=True, progress=progress
        )
        ended = time.monotonic()
        return {
            "wall_s": ended - started,
            "start_s": seen[0] - started,
            "rest_s": ended - seen[-1],
            "points": results,
            "sandbox": sorted(levels),
        }

    return work


_NAMES: Mapping[str, Callable[[Path], Work]] = {
    "stock": _stock,
    "student": _student,
    "ours": lambda place: _ours(place, 1),
    "ours on all cores": lambda place: _ours(place, 0),
}

if __name__ == "__main__":
    main()
