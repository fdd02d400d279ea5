"""Whatever is killed whenever: the same command again ends where an undisturbed run ends."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.killed.course import ASSIGNMENT, left_behind, write_class
from tests.release.fixture_course import DemoCourse

VICTIMS = ("grader", "helper", "forkserver", "worker", "session")
TWO = ("--jobs", "2")
_LONGEST_S = 300.0


class Zygote:
    """Runs `autograder grade` in processes of its own, and lets tests do something to them meanwhile."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
            bufsize=1,
        )

    def grade(
        self, demo: DemoCourse, *arguments: str, meanwhile: Callable[[int, Callable[[], bool]], None] | None = None
    ) -> int:
        """Grade a course's class.

        Args:
            demo: The course.
            arguments: More for the command line.
            meanwhile: Is given the process and what tells whether it has ended.

        Returns:
            The exit status.
        """
        assert self._process.stdin is not None
        words = [str(demo.root), "grade", ASSIGNMENT, "--json", "out.json", *arguments]
        self._process.stdin.write(json.dumps(words) + "\n")
        pid = int(self._read())
        if meanwhile is not None:
            meanwhile(pid, lambda: bool(select.select([self._process.stdout], [], [], 0)[0]))
        return int(self._read())

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def _read(self) -> str:
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], _LONGEST_S)[0], "the run does not end"
        return self._process.stdout.readline()


class Killer:
    """Kills one process of a run with SIGKILL: the first of its kind that is there at a moment.

    Args:
        victim: Which kind.
        moment_s: Seconds after the run's start.
    """

    def __init__(self, victim: str, moment_s: float) -> None:
        self._victim = victim
        self._moment = time.monotonic() + moment_s
        self.struck = False

    def __call__(self, grader: int, ended: Callable[[], bool]) -> None:
        while not ended() and not self.struck:
            if time.monotonic() >= self._moment:
                for pid in candidates(self._victim, grader)[:1]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        self.struck = True
            time.sleep(0.005)


def candidates(victim: str, grader: int) -> list[int]:
    """The processes of a kind that belong to a run."""
    if victim == "grader":
        return [grader]
    parents = family(grader)
    named = {pid: name for pid in parents if (name := command(pid))}
    helpers = [pid for pid, name in named.items() if "multiprocessing.spawn" in name]
    forkservers = [pid for pid, name in named.items() if parents[pid] in helpers and "sandbox" in name]
    if victim == "helper":
        return helpers
    if victim == "forkserver":
        return forkservers
    workers = [pid for pid in parents if parents[pid] in forkservers]
    return workers if victim == "worker" else [pid for pid in parents if parents[pid] in workers]


def family(ancestor: int) -> dict[int, int]:
    """Descendants of a process, each with its parent."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: dict[int, int] = {}
    ring = {ancestor}
    while ring:
        ring = {pid for pid, parent in parents.items() if parent in ring}
        found |= {pid: parents[pid] for pid in ring}
    return found


def command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory) -> DemoCourse:
    """A course with a class that nobody has graded."""
    return write_class(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def undisturbed(handed_in, zygote, tmp_path_factory) -> tuple[dict[str, Any], float]:
    """What is left behind where nothing is killed, and how long it took."""
    demo = copy_of(handed_in, tmp_path_factory.mktemp("undisturbed"))
    started = time.monotonic()
    assert zygote.grade(demo, *TWO) == 0, log(demo)
    return left_behind(demo.course), time.monotonic() - started


@pytest.fixture
def demo(handed_in, tmp_path) -> DemoCourse:
    return copy_of(handed_in, tmp_path)


def copy_of(demo: DemoCourse, root: Path) -> DemoCourse:
    shutil.copytree(demo.root, root, dirs_exist_ok=True)
    return replace(demo, root=root, hidden_tests=root / demo.hidden_tests.relative_to(demo.root))


def log(demo: DemoCourse) -> str:
    return (demo.root / "log").read_text()


def check(demo: DemoCourse, zygote: Zygote, undisturbed: dict[str, Any]) -> None:
    """The same command again: all is as if nothing had happened."""
    assert zygote.grade(demo, *TWO) == 0, log(demo)
    assert left_behind(demo.course) == undisturbed


def test_a_handful_of_moments(demo, zygote, undisturbed):
    """One course, killed again and again at random moments, another process each time; then nothing is left to do."""
    seed = int(os.environ.get("AUTOGRADER_SEED", "1"))
    print(f"seed {seed}")
    rng = random.Random(seed)
    killers = []
    for victim in VICTIMS:
        killers.append(Killer(victim, rng.uniform(0, undisturbed[1])))
        zygote.grade(demo, *TWO, meanwhile=killers[-1])
    assert killers[0].struck
    check(demo, zygote, undisturbed[0])
    journal = demo.course.journal / f"{ASSIGNMENT}.jsonl"
    before = journal.read_bytes()
    assert zygote.grade(demo, *TWO) == 0
    assert journal.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_thirty_moments(demo, zygote, undisturbed, number):
    """A new course for each moment; the second run alone must mend it."""
    rng = random.Random(number)
    killer = Killer(VICTIMS[number % len(VICTIMS)], rng.uniform(0, undisturbed[1]))
    zygote.grade(demo, *TWO, meanwhile=killer)
    check(demo, zygote, undisturbed[0])
