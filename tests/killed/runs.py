"""Runs of the grader in processes of their own, on copies of one course."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.killed.course import ASSIGNMENT
from tests.release.fixture_course import DemoCourse

TWO = ("--jobs", "2")
_LONGEST_S = 300.0


@dataclass(frozen=True)
class Undisturbed:
    """A run to which nothing happens.

    Attributes:
        left: What it leaves behind.
        took_s: How long it took.
        needs_kb: What it adds to the disk.
    """

    left: dict[str, Any]
    took_s: float
    needs_kb: int


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


def copy_of(demo: DemoCourse, root: Path) -> DemoCourse:
    shutil.copytree(demo.root, root, dirs_exist_ok=True)
    return replace(demo, root=root, hidden_tests=root / demo.hidden_tests.relative_to(demo.root))


def log(demo: DemoCourse) -> str:
    return (demo.root / "log").read_text()


def size_kb(demo: DemoCourse) -> int:
    """What a course's files take on a disk of 4 KB pages."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in demo.root.rglob("*") if path.is_file())
