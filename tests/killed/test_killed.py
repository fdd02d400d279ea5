"""Whatever is killed whenever: the same command again ends where an undisturbed run ends."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.killed.course import ASSIGNMENT, left_behind
from tests.killed.runs import TWO, Zygote, log
from tests.release.fixture_course import DemoCourse

VICTIMS = ("grader", "helper", "forkserver", "worker", "session")


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
        killers.append(Killer(victim, rng.uniform(0, undisturbed.took_s)))
        zygote.grade(demo, *TWO, meanwhile=killers[-1])
    assert killers[0].struck
    check(demo, zygote, undisturbed.left)
    journal = demo.course.journal / f"{ASSIGNMENT}.jsonl"
    before = journal.read_bytes()
    assert zygote.grade(demo, *TWO) == 0
    assert journal.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_thirty_moments(demo, zygote, undisturbed, number):
    """A new course for each moment; the second run alone must mend it."""
    rng = random.Random(number)
    killer = Killer(VICTIMS[number % len(VICTIMS)], rng.uniform(0, undisturbed.took_s))
    zygote.grade(demo, *TWO, meanwhile=killer)
    check(demo, zygote, undisturbed.left)
