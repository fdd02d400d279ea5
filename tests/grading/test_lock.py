"""One grader per course: the second is told who the first one is, and a dead one is in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from autograder.errors import CourseError
from autograder.grading.lock import only_grader

_HOLD = """
import sys, time
from pathlib import Path
from autograder.grading.lock import only_grader
with only_grader(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_grader_is_refused_and_a_killed_one_is_not_in_the_way(tmp_path):
    """The refusal names the process, since when it works, and what to do; kill -9 frees the lock."""
    path = tmp_path / "course" / "grading.lock"
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CourseError) as refused, only_grader(path):
            pass
        assert f"process {holder.pid}, since 20" in str(refused.value)
        assert f"`kill {holder.pid}`" in str(refused.value)
        holder.send_signal(signal.SIGKILL)
    with only_grader(path):
        assert f'"pid":{os.getpid()}' in path.read_text()


def test_a_grader_after_another(tmp_path):
    """Who has ended holds nothing."""
    for _ in range(2):
        with only_grader(tmp_path / "lock"):
            pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"pid": 7, "host": "lab-3", "since": "2026-01-01 10:00:00 UTC"}', "process 7 on lab-3, since 2026"),
        ("", "another grader is at work on this course. Wait"),
    ],
)
def test_a_grader_that_is_not_of_here(tmp_path, text, said):
    """On a shared disk the holder may be on another machine; one that has just begun has not said its name yet."""
    path = tmp_path / "lock"
    with only_grader(path):
        path.write_text(text)
        with pytest.raises(CourseError, match=said), only_grader(path):
            pass


def test_a_place_that_can_not_be_written(tmp_path):
    """Said in one line."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="expected a lock that can be written"), only_grader(tmp_path / "file" / "x"):
        pass
