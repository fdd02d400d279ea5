"""Submissions per minute, overhead and memory of our grader, beside stock nbgrader with the same tests.

    python -m benchmarks.throughput --help

README.md beside this file says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import pickle
import platform
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.config import load_course
from autograder.grading.secret import course_secret
from autograder.release.build import build
from autograder.release.prove import solution_submission
from autograder.released import load_notebook
from benchmarks import local
from benchmarks.classes import ASSIGNMENT, NOTEBOOK, Classes
from benchmarks.collect import material
from benchmarks.figures import AllCores, Round, comparison, differences
from benchmarks.processes import Contender

ROOT = Path(__file__).parents[1]
_LIBRARIES = ("nbgrader", "nbclient", "ipykernel", "jupyter_client", "numpy", "pytest")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rounds", type=int, default=3, help="how often each contender has its turn (default 3)")
    add("--students", type=int, default=6, help="students per round and class (default 6)")
    add("--all-cores", type=int, default=60, help="students per run on all cores (default 60)")
    add("--classes", nargs="*", default=["solved", "mix"], help="classes to compare: solved, mix")
    add("--sizes", nargs="*", type=int, default=[100, 1000], help="classes of the mix, graded for time and memory")
    add("--loops", type=int, default=0, help="size of a class in which three in a hundred never end (default: none)")
    add("--out", type=Path, default=ROOT / "course" / "throughput.json", help="where the figures go")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        figures = measure(Path(folder), options)
    figures["benchmark_s"] = round(time.monotonic() - started, 1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"{options.out} holds all figures; it took {figures['benchmark_s']:.0f} s.")


def measure(place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All measurements in an empty folder."""
    classes, tests = _prepare(place)
    figures: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "versions": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "assignment": ASSIGNMENT,
        "notebook": NOTEBOOK,
        "tests": tests,
        "rounds": options.rounds,
        "per_core_means": "CPU seconds, user and system, of all processes; waiting keeps no core busy",
        "classes": {},
        "sizes": {},
    }
    for kind in options.classes:
        figures["classes"][kind] = compared = _compare(place, classes, kind, options)
        _print_comparison(kind, compared)
    if options.classes:
        # The class of solved notebooks is the one to compare: there both do the same work to the end.
        figures |= {key: value for key, value in figures["classes"][options.classes[0]].items() if _is_figure(value)}
    for kind, size in [*(("mix", size) for size in options.sizes), *([("loops", options.loops)] * bool(options.loops))]:
        figures["sizes"][f"{kind} {size}"] = graded = _grade_class(place, classes, kind, size)
        print(
            f"{kind}, {size} submissions on {os.cpu_count()} cores: {graded['wall_s']:.1f} s, of which "
            f"{graded['start_s']:.1f} s until the first result; grader {graded['grader_peak_mb']:.0f} MB, largest "
            f"other process {graded['other_peak_mb']:.0f} MB"
        )
    return figures


def _prepare(place: Path) -> tuple[Classes, int]:
    """A course of its own, built, and what the contenders need; also the number of hidden tests."""
    shutil.copy(ROOT / "course.toml", place)
    for folder in ("solutions", "assignments"):
        shutil.copytree(ROOT / folder, place / folder)
    course = load_course(place)
    build(course, [ASSIGNMENT])
    notebook = load_notebook(course, ASSIGNMENT, NOTEBOOK)
    solved = solution_submission(course, notebook)
    found = material(course, notebook, solved.cells, course_secret(course))
    (place / "material.pickle").write_bytes(pickle.dumps(found))
    return Classes(course, solved), len(found.items)


def _compare(place: Path, classes: Classes, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Let the contenders take turns; the first turn of each warms it up and is not counted."""
    environment = {local.PLACE: str(place / "material.pickle"), "PYTHONPATH": str(ROOT)}
    rounds: list[Round] = []
    runs: list[AllCores] = []
    points: dict[str, dict[str, Mapping[str, float]]] = {name: {} for name in ("student", "stock", "ours")}
    with ExitStack() as stack:
        many = stack.enter_context(closing(Contender("ours on all cores", place, environment)))
        one = {name: stack.enter_context(closing(Contender(name, place, environment))) for name in points}
        for number in range(options.rounds + 1):
            folder = place / f"{kind}-{number}"
            classes.write(folder, kind, number * options.students, options.students)
            turn = {name: contender.measure(str(folder)) for name, contender in one.items()}
            if number == 0:
                continue
            for name, measured in turn.items():
                points[name] |= measured.answer["points"]
            rounds.append(
                Round(
                    count=options.students,
                    student_s=turn["student"].answer["student_cpu_s"],
                    stock_s=turn["stock"].cpu_s,
                    ours_s=turn["ours"].cpu_s,
                    stock_wall_s=turn["stock"].answer["wall_s"],
                    ours_wall_s=turn["ours"].answer["wall_s"],
                )
            )
            folder = place / f"{kind}-{number}-all"
            classes.write(folder, kind, number * options.all_cores, options.all_cores)
            answer = many.measure(str(folder)).answer
            runs.append(AllCores(count=options.all_cores, wall_s=answer["wall_s"], start_s=answer["start_s"]))
            sandbox = answer["sandbox"]
    return comparison(rounds, runs) | {
        "grader_peak_mb": many.peak_bytes / 1e6,
        "worker_peak_mb": one["ours"].peak_bytes_of_others / 1e6,
        "stock_peak_mb": one["stock"].peak_bytes / 1e6,
        "stock_kernel_peak_mb": one["stock"].peak_bytes_of_others / 1e6,
        "sandbox": sandbox,
        "calls": turn["student"].answer["calls"] / options.students,
        "points_differ_stock": differences(points["ours"], points["stock"]),
        "points_differ_student": differences(points["ours"], points["student"]),
        "rounds": [asdict(entry) for entry in rounds],
        "all_cores": [asdict(entry) for entry in runs],
    }


def _grade_class(place: Path, classes: Classes, kind: str, size: int) -> dict[str, float]:
    """A class from nothing: start, grading and every report; and what the largest process needed."""
    folder = place / f"class-{kind}-{size}"
    classes.write(folder, kind, 0, size)
    with closing(Contender("ours on all cores", place, {})) as contender:
        measured = contender.measure(str(folder))
    shutil.rmtree(folder)
    shutil.rmtree(load_course(place).autograded, ignore_errors=True)
    shutil.rmtree(load_course(place).feedback, ignore_errors=True)
    return {
        "submissions": size,
        "wall_s": measured.answer["wall_s"],
        "start_s": measured.answer["start_s"],
        "rest_s": measured.answer["rest_s"],
        "cpu_s": measured.cpu_s,
        "grader_peak_mb": contender.peak_bytes / 1e6,
        "other_peak_mb": contender.peak_bytes_of_others / 1e6,
    }


def _print_comparison(kind: str, found: Mapping[str, Any]) -> None:
    print(f"\n{kind}: one submission, CPU ms (wall ms), medians")
    print(f"  students' code alone   {_ms(found['student_cpu_s'])}")
    print(f"  nbgrader               {_ms(found['stock_cpu_s'])} ({_ms(found['stock_wall_s'])})")
    print(f"  ours, one job          {_ms(found['ours_cpu_s'])} ({_ms(found['ours_wall_s'])})")
    print(f"  overhead               nbgrader {_ms(found['overhead_stock_s'])}, ours {_ms(found['overhead_s'])}")
    print(f"  ratio of the overheads {found['overhead_ratio_per_core']:.1f} per core, by CPU seconds")
    print(f"                         {found['overhead_ratio_per_core_wall']:.1f} by wall-clock seconds")
    print(
        f"  per minute             nbgrader {found['submissions_per_minute_stock']:.0f}, "
        f"ours {found['submissions_per_minute_one_core']:.0f} with one job and "
        f"{found['submissions_per_minute_all_cores']:.0f} on all cores: {found['ratio_all_cores']:.1f} times"
    )
    print(
        f"  largest process, MB    nbgrader {found['stock_peak_mb']:.0f}, "
        f"its kernel {found['stock_kernel_peak_mb']:.0f}; our grader {found['grader_peak_mb']:.0f}, "
        f"forkserver and workers {found['worker_peak_mb']:.0f}"
    )
    for name in ("stock", "student"):
        for student, question, ours, theirs in found[f"points_differ_{name}"]:
            print(f"  points differ: {student}, {question}: ours {ours:g}, {name} {theirs:g}")


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f}"


def _machine() -> dict[str, Any]:
    cpu = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "cores": os.cpu_count(),
        "cpu": cpu,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
