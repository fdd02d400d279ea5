"""Walls for root, for root where Python may be read by all, and for an ordinary user; the same verdicts behind each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import levels, spare

ORDINARY = spare.FIRST + spare.COUNT - 1
# Itself, or the users that root can be.
USERS = [0, pytest.param(ORDINARY, marks=pytest.mark.slow)] if os.getuid() == 0 else [os.getuid()]


def run_as(uid: int, module: str) -> str:
    """What a module of the tests prints when another user runs it."""
    elsewhere = [sys.executable, "-m", "tests.sandbox.elsewhere", str(uid)] if os.getuid() == 0 else []
    done = subprocess.run(
        [*elsewhere, sys.executable, "-m", module],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif("namespaces" not in levels.probe().levels, reason="no mounts of our own on this machine")
@pytest.mark.parametrize("uid", USERS)
def test_verdicts_are_the_same_behind_every_wall(uid: int) -> None:
    """Right, wrong and hostile code ends the same at each level, and all levels that the user can have are there."""
    found = json.loads(run_as(uid, "tests.sandbox.agree"))
    assert set(found) == ({"landlock", "uid", "namespaces"} if uid == 0 else {"landlock", "namespaces"})
    expected = found.pop("landlock")
    assert [line for line in expected if line.endswith("returned open")] == ["writes('note2',): returned open"]
    for level, outcomes in found.items():
        assert outcomes == expected, level
