"""Whatever is killed whenever: the same command again ends where an undisturbed run ends."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.killed.course import ASSIGNMENT, left_behind, write_class
from tests.release.fixture_course import DemoCourse

VICTIMS = ("grader", "helper", "forkserver", "worker", "session")
_LONGEST_S = 300.0


class Zygote:
    """Runs `autograder` in processes of its own, and lets tests do something to them meanwhile."""

    def __init__(self, demo: DemoCourse) -> None:
        environment = {**os.environ, "HIDDEN_TESTS": str(demo.hidden_tests), "PYTHONPATH": str(ROOT)}
        self._demo = demo
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            bufsize=1,
        )

    def run(self, *arguments: str, meanwhile: Callable[[int, Callable[[], bool]], None] | None = None) -> int:
        """Run a command in the course.

        Args:
            arguments: Of the command line.
            meanwhile: Is given the process and what tells whether it has ended.
        """
        self._write([str(self._demo.root), *arguments])
        pid = int(self._read())
        if meanwhile is not None:
            meanwhile(pid, lambda: bool(select.select([self._process.stdout], [], [], 0)[0]))
        return int(self._read())

    def grade(self, **options: Any) -> int:
        return self.run("grade", ASSIGNMENT, "--jobs", "2", "--json", "out.json", **options)

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def _write(self, words: list[str]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")

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
def undisturbed(tmp_path_factory) -> tuple[dict[str, Any], float]:
    """What is left behind where nothing is killed, and how long it took."""
    demo = write_class(tmp_path_factory.mktemp("undisturbed"))
    zygote = Zygote(demo)
    started = time.monotonic()
    assert zygote.grade() == 0, (demo.root / "log").read_text()
    took_s = time.monotonic() - started
    zygote.close()
    return left_behind(demo.course), took_s


@pytest.fixture
def demo(tmp_path) -> DemoCourse:
    return write_class(tmp_path)


@pytest.fixture
def zygote(demo) -> Iterator[Zygote]:
    made = Zygote(demo)
    yield made
    made.close()


def check(demo: DemoCourse, zygote: Zygote, undisturbed: dict[str, Any]) -> None:
    """The same command again: all is as if nothing had happened, and nothing is graded a third time."""
    assert zygote.grade() == 0, (demo.root / "log").read_text()
    assert left_behind(demo.course) == undisturbed
    journal = demo.course.journal / f"{ASSIGNMENT}.jsonl"
    before = journal.read_bytes()
    assert zygote.grade() == 0
    assert journal.read_bytes() == before


def test_a_handful_of_moments(demo, zygote, undisturbed):
    """One course, killed again and again at random moments, a different process each time."""
    seed = int(os.environ.get("AUTOGRADER_SEED", "1"))
    print(f"seed {seed}")
    rng = random.Random(seed)
    killers = []
    for victim in VICTIMS:
        killers.append(Killer(victim, rng.uniform(0, undisturbed[1])))
        zygote.grade(meanwhile=killers[-1])
    assert killers[0].struck
    check(demo, zygote, undisturbed[0])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_thirty_moments(demo, zygote, undisturbed, number):
    """A new course for each moment; the second run alone must mend it."""
    rng = random.Random(number)
    killer = Killer(VICTIMS[number % len(VICTIMS)], rng.uniform(0, undisturbed[1]))
    zygote.grade(meanwhile=killer)
    check(demo, zygote, undisturbed[0])
