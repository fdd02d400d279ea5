"""All cases behind every wall of this machine, as root and as an ordinary user: `python -m tests.hostile`.

Prints a table and writes `course/hostile.json`; fails if a case comes to something where it must not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder.config import load_course
from autograder.sandbox import levels
from tests.hostile.arena import Arena
from tests.hostile.cases import all_cases
from tests.hostile.ordinary import NotPossible, as_ordinary_user
from tests.hostile.report import Pass, figures, from_json, lines, to_json

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run one pass, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", help="Run here, behind this wall only, and print outcomes as JSON.")
    parser.add_argument("--levels", action="store_true", help="Print the levels that this user can have.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="Passes side by side.")
    options = parser.parse_args()
    if options.levels:
        print(json.dumps(levels.probe().levels))
        return 0
    if options.level:
        print(_one_pass(options.level))
        return 0
    course = load_course(ROOT)
    cases = all_cases()
    with ThreadPoolExecutor(options.jobs) as pool:
        passes = list(pool.map(_start, _planned()))
    for line in lines(cases, passes, course.minimum_sandbox):
        print(line)
    data = figures(cases, passes, course.minimum_sandbox)
    course.work.mkdir(parents=True, exist_ok=True)
    path = course.work / "hostile.json"
    path.write_bytes(data)
    print(f"Written: {path}")
    sums = json.loads(data)
    return int(any(sums[kind] for kind in ("gained", "leaked", "harmed")))


def _one_pass(level: str) -> str:
    arena = Arena(level)
    try:
        return to_json([arena.run(case) for case in all_cases()])
    finally:
        arena.close()


def _planned() -> list[tuple[str, str]]:
    """Level and user of every pass."""
    me = "root" if os.getuid() == 0 else "ordinary user"
    planned = [(level, me) for level in levels.probe().levels]
    if me == "root":
        try:
            offered = json.loads(_run(as_ordinary_user(["-m", "tests.hostile", "--levels"])))
            planned += [(level, "ordinary user") for level in offered]
        except NotPossible as error:
            planned.append((f"none ({error})", "ordinary user"))
    return planned


def _start(planned: tuple[str, str]) -> Pass:
    level, user = planned
    if level.startswith("none"):
        return Pass(level="none", user=user, skipped=level)
    arguments = ["-m", "tests.hostile", "--level", level]
    command = [sys.executable, *arguments]
    if os.getuid() == 0 and user != "root":
        command = as_ordinary_user(arguments)
    return Pass(level=level, user=user, outcomes=from_json(_run(command)))


def _run(command: list[str]) -> str:
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, check=False)
        errors.seek(0)
        if done.returncode:
            raise NotPossible(f"{' '.join(command[-3:])} ended with {done.returncode}: {errors.read()[-500:]}")
    return done.stdout.splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
