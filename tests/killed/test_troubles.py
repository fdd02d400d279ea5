"""What else may happen to a run: it is stopped, its disk is full, its gradebook is gone. Nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.killed.runs import TWO, Undisturbed, Zygote, copy_of, log, size_kb
from tests.killed.test_killed import check, family
from tests.release.fixture_course import DemoCourse

# Of what a run needs: from a disk without room for the first record to one with room for all but the last files.
ROOM = (0.02, 0.1, 0.25, 0.45, 0.7, 0.85, 0.95)


class Signaller:
    """Sends a signal once the first result is in the journal, to the grader alone or to all as a terminal does."""

    def __init__(self, demo: DemoCourse, number: int, *, to_all: bool) -> None:
        self._journal = demo.course.journal
        self._number = number
        self._to_all = to_all
        self.family: set[int] = set()

    def __call__(self, grader: int, ended: Callable[[], bool]) -> None:
        while not ended() and not any(path.stat().st_size for path in self._journal.glob("*.jsonl")):
            time.sleep(0.01)
        self.family = set(family(grader))
        (os.killpg if self._to_all else os.kill)(grader, self._number)


@pytest.mark.parametrize(
    ("number", "to_all", "status"),
    [
        (signal.SIGINT, True, 130),
        pytest.param(signal.SIGTERM, False, 143, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, False, -9, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_stopped(demo, zygote, undisturbed, number, to_all, status):
    """It ends at once with all of its processes, says how to go on where it can, and goes on."""
    signaller = Signaller(demo, number, to_all=to_all)
    assert zygote.grade(demo, *TWO, meanwhile=signaller) == status, log(demo)
    if number != signal.SIGKILL:
        assert log(demo).strip().splitlines() == [
            "autograder: stopped; what was graded is kept. Run the same command again to go on."
        ]
    give_up = time.monotonic() + 30
    while any(Path(f"/proc/{pid}/root").exists() for pid in signaller.family) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not [pid for pid in signaller.family if Path(f"/proc/{pid}/root").exists()]
    check(demo, zygote, undisturbed.left)


def test_what_is_lost_is_made_again(demo, zygote, undisturbed):
    """From the journal alone come gradebook, graded notebooks, feedback and exports; nothing is graded again."""
    assert zygote.grade(demo, *TWO) == 0, log(demo)
    course = demo.course
    course.gradebook.unlink()
    for folder in (course.autograded, course.feedback, course.exports):
        shutil.rmtree(folder)
    records = {path: path.read_bytes() for path in course.journal.iterdir()}
    check(demo, zygote, undisturbed.left)
    assert {path: path.read_bytes() for path in course.journal.iterdir()} == records


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Callable[[int], Path]]:
    """A folder on a disk of its own; called with the kilobytes that it has."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = False

    def mount(size_kb: int) -> Path:
        nonlocal mounted
        option = f"size={size_kb}k" + (",remount" if mounted else "")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", folder], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("only root may mount a small disk")
        mounted = True
        return folder

    yield mount
    if mounted:
        # Lazily: processes of a run may take a moment to end.
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOM)
def test_a_full_disk(handed_in: DemoCourse, zygote: Zygote, undisturbed: Undisturbed, small_disk, room):
    """One line says what could not be written; with room, the same command ends as if there had always been some."""
    demo = copy_of(handed_in, small_disk(100_000))
    folder = small_disk(size_kb(demo) + int(room * undisturbed.needs_kb) // 4 * 4)
    (demo.root / "log").symlink_to(f"{folder}-log")
    assert zygote.grade(demo, *TWO) == 2, log(demo)
    (line,) = log(demo).strip().splitlines()
    assert "No space left on device" in line or "disk is full" in line
    (demo.root / "log").unlink()
    small_disk(100_000)
    check(demo, zygote, undisturbed.left)
