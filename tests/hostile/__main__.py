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
from tests.hostile.ordinary import NotPossible, as_ordinary_user, as_root
from tests.hostile.report import Pass, figures, from_json, lines, to_json

ROOT = Path(__file__).parents[2]
_MODULE = ["-m", "tests.hostile"]


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


def _planned() -> list[tuple[str, str, list[str]]]:
    """User, level and command of every pass; without a command, the level says why there is none."""
    if os.getuid() != 0:
        return [("ordinary user", level, _here(level)) for level in levels.probe().levels]
    planned = [("root", level, _here(level)) for level in levels.probe().levels]
    for user, become in (("root", as_root), ("ordinary user", as_ordinary_user)):
        try:
            offered = json.loads(_run(become([*_MODULE, "--levels"])))
        except NotPossible as error:
            planned.append((user, str(error), []))
            continue
        known = {level for other, level, _ in planned if other == user}
        planned += [(user, level, become([*_MODULE, "--level", level])) for level in offered if level not in known]
    return planned


def _here(level: str) -> list[str]:
    return [sys.executable, *_MODULE, "--level", level]


def _start(planned: tuple[str, str, list[str]]) -> Pass:
    user, level, command = planned
    if not command:
        return Pass(level="none", user=user, skipped=level)
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
