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
from benchmarks.classes import KINDS, Classes
from benchmarks.collect import material
from benchmarks.figures import AllCores, Round, Stock, comparison, differences
from benchmarks.processes import Contender, Measured
from benchmarks.target import Target, find_target

ROOT = Path(__file__).parents[1]
_LIBRARIES = ("nbgrader", "nbclient", "ipykernel", "jupyter_client", "numpy", "pytest")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rounds", type=int, default=3, help="how often each contender has its turn (default 3)")
    add("--students", type=int, default=10, help="students per round and class (default 10)")
    add("--all-cores", type=int, default=200, help="students per run on all cores (default 200)")
    add("--notebook", default="sliding_windows", help="which notebook (default sliding_windows)")
    add("--classes", nargs="*", default=["solved", "mix"], choices=KINDS, help="classes to compare: solved, mix")
    add("--diverse", type=int, default=60, help="students over whom a class's diversity is counted (default 60)")
    add("--without-nbgrader", action="store_true", help="compare with students' code alone")
    add("--sizes", nargs="*", type=int, default=[100, 1000], help="classes of the mix, graded for time and memory")
    add("--loops", type=int, default=0, help="size of a class in which three in a hundred never end (default: none)")
    add("--out", type=Path, default=ROOT / "course" / "throughput.json", help="where the figures go")
    options = parser.parse_args(arguments)
    try:
        target = find_target(ROOT / "solutions", options.notebook)
    except ValueError as error:
        parser.error(f"--notebook: {error}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        figures = measure(Path(folder), target, options)
    figures["benchmark_s"] = round(time.monotonic() - started, 1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"{options.out} holds all figures; it took {figures['benchmark_s']:.0f} s.")


def measure(place: Path, target: Target, options: argparse.Namespace) -> dict[str, Any]:
    """All measurements in an empty folder."""
    classes, tests = _prepare(place, target)
    figures: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "versions": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "assignment": target.assignment,
        "notebook": target.notebook,
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


def _prepare(place: Path, target: Target) -> tuple[Classes, int]:
    """A course of its own, built, and what the contenders need; also the number of hidden tests."""
    shutil.copy(ROOT / "course.toml", place)
    for folder in ("solutions", "assignments"):
        shutil.copytree(ROOT / folder, place / folder)
    course = load_course(place)
    target.write(place)
    build(course, [target.assignment])
    notebook = load_notebook(course, target.assignment, target.notebook)
    solved = solution_submission(course, notebook)
    found = material(course, notebook, solved.cells, course_secret(course))
    (place / "material.pickle").write_bytes(pickle.dumps(found))
    return Classes(course, solved), len(found.items)


def _compare(place: Path, classes: Classes, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Let the contenders take turns; the first turn of each warms it up and is not counted."""
    environment = {local.PLACE: str(place / "material.pickle"), "PYTHONPATH": str(ROOT)}
    rounds: list[Round] = []
    runs: list[AllCores] = []
    names = ("student", "ours") if options.without_nbgrader else ("student", "stock", "ours")
    points: dict[str, dict[str, Mapping[str, float]]] = {name: {} for name in names}
    with ExitStack() as stack:
        many = stack.enter_context(closing(Contender("ours on all cores", place, environment)))
        one = {name: stack.enter_context(closing(Contender(name, place, environment))) for name in points}
        folder = place / f"{kind}-diversity"
        classes.write(folder, kind, 0, options.diverse)
        diverse = one["student"].measure(str(folder)).answer["diversity"]
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
                    ours_s=turn["ours"].cpu_s,
                    ours_grader_s=turn["ours"].own_cpu_s,
                    ours_wall_s=turn["ours"].answer["wall_s"],
                    stock=_stock(turn.get("stock")),
                )
            )
            folder = place / f"{kind}-{number}-all"
            classes.write(folder, kind, number * options.all_cores, options.all_cores)
            measured = many.measure(str(folder))
            answer = measured.answer
            runs.append(
                AllCores(
                    count=options.all_cores,
                    wall_s=answer["wall_s"],
                    start_s=answer["start_s"],
                    cpu_s=measured.cpu_s,
                )
            )
            sandbox = answer["sandbox"]
    found = comparison(rounds, runs) | {
        "grader_peak_mb": many.peak_bytes / 1e6,
        "worker_peak_mb": one["ours"].peak_bytes_of_others / 1e6,
        "sandbox": sandbox,
        "diversity": diverse,
        "calls": turn["student"].answer["calls"] / options.students,
        **{f"points_differ_{name}": differences(points["ours"], points[name]) for name in names if name != "ours"},
        "rounds": [asdict(entry) for entry in rounds],
        "all_cores": [asdict(entry) for entry in runs],
    }
    if "stock" in one:
        found["stock_peak_mb"] = one["stock"].peak_bytes / 1e6
        found["stock_kernel_peak_mb"] = one["stock"].peak_bytes_of_others / 1e6
    return found


def _stock(measured: Measured | None) -> Stock | None:
    return None if measured is None else Stock(cpu_s=measured.cpu_s, wall_s=measured.answer["wall_s"])


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
        "grader_cpu_s": measured.own_cpu_s,
        "grader_peak_mb": contender.peak_bytes / 1e6,
        "other_peak_mb": contender.peak_bytes_of_others / 1e6,
    }


def _print_comparison(kind: str, found: Mapping[str, Any]) -> None:
    beside = "stock_cpu_s" in found
    print(f"\n{kind}: one submission, CPU ms (wall ms), medians")
    print(f"  students' code alone   {_ms(found['student_cpu_s'])}")
    print(
        f"  ours, one job          {_ms(found['ours_cpu_s'])} ({_ms(found['ours_wall_s'])}): the grading process "
        f"{_ms(found['ours_grader_cpu_s'])}, the rest beside students' code"
    )
    print(f"  ours, overhead         {_ms(found['overhead_s'])}")
    print(
        f"  ours, per minute       {found['submissions_per_minute_one_core']:.0f} with one job, "
        f"{found['submissions_per_minute_all_cores']:.0f} on all cores ({_ms(found['all_cores_cpu_s'])} CPU ms each)"
    )
    print(
        f"  largest process, MB    our grader {found['grader_peak_mb']:.0f}, "
        f"forkserver and workers {found['worker_peak_mb']:.0f}"
    )
    if beside:
        print(f"  nbgrader               {_ms(found['stock_cpu_s'])} ({_ms(found['stock_wall_s'])})")
        print(f"  nbgrader, overhead     {_ms(found['overhead_stock_s'])}")
        print(f"  ratio of the overheads {found['overhead_ratio_per_core']:.1f} per core, by CPU seconds")
        print(f"                         {found['overhead_ratio_per_core_wall']:.1f} by wall-clock seconds")
        print(
            f"  nbgrader, per minute   {found['submissions_per_minute_stock']:.0f}; "
            f"ours on all cores {found['ratio_all_cores']:.1f} times as many"
        )
        print(
            f"  largest process, MB    nbgrader {found['stock_peak_mb']:.0f}, "
            f"its kernel {found['stock_kernel_peak_mb']:.0f}"
        )
    diverse = found["diversity"]
    print(
        f"  of {diverse['students']} students, {diverse['all_right']} have everything right; "
        "distinct texts / distinct replies:"
    )
    for question, count in diverse["texts"].items():
        print(f"    {question:<30} {count} / {diverse['replies'][question]}")
    print(f"  replies to a test that an earlier student gave, bit by bit: {diverse['seen_before']:.0%}")
    for name in ("stock", "student"):
        for student, question, ours, theirs in found.get(f"points_differ_{name}", ()):
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
