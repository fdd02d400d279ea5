"""Processes side by side: every piece of work gets its answer, whatever happens to a process."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from autograder.errors import SandboxError
from autograder.grading.crew import Lost, side_by_side


def square(number: int) -> int:
    return number * number


def die_once(piece: tuple[Path, int]) -> int:
    """Killed on the first try of number 2, and only if it is not alone on the second."""
    marks, number = piece
    mine = marks / f"{number}-{os.getpid()}"
    mine.touch()
    if number == 2 and len(list(marks.glob("2-*"))) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 2:
        alive = {int(path.name.split("-")[1]) for path in marks.iterdir()} - {os.getpid()}
        return sum(Path(f"/proc/{pid}/cmdline").exists() for pid in alive)
    return -1


def die(number: int) -> int:
    if number == 1:
        os._exit(3)
    return number


def refuse(number: int) -> int:
    raise SandboxError(f"no {number}")


def linger(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def test_every_piece_has_its_answer():
    """More pieces than processes; numbers say which answer is whose."""
    assert sorted(side_by_side(square, iter([3, 1, 2, 5, 4]), 2)) == [(0, 9), (1, 1), (2, 4), (3, 25), (4, 16)]


def test_no_work_starts_no_process():
    """Nothing to do is done at once."""
    assert list(side_by_side(square, [], 2)) == []


def test_a_process_that_dies_is_tried_again_alone(tmp_path):
    """The piece that it had is done last, when no other process is there; the others lose nothing."""
    answers = list(side_by_side(die_once, [(tmp_path, number) for number in range(4)], 2))
    assert answers[-1] == (2, 0)
    assert sorted(answers[:-1]) == [(0, -1), (1, -1), (3, -1)]


def test_a_process_that_dies_twice_is_lost():
    """Then nothing more is tried; the others have their answers."""
    answers = dict(side_by_side(die, [0, 1, 2], 2))
    assert answers == {0: 0, 1: Lost("the process that graded ended with status 3"), 2: 2}


def test_what_the_task_raises_is_raised_here():
    """A deliberate error ends the run, with its type and words."""
    with pytest.raises(SandboxError, match=r"no [78]"):
        list(side_by_side(refuse, [7, 8], 2))


def test_stopping_ends_the_processes(tmp_path):
    """Whoever stops asking leaves no process behind, even one in the middle of its work."""

    class StopError(Exception):
        pass

    def pieces():
        yield tmp_path
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        raise StopError

    with pytest.raises(StopError):
        list(side_by_side(linger, pieces(), 2))
    (left,) = tmp_path.iterdir()
    assert not Path(f"/proc/{left.name}").exists()


class Fatal:
    """Work that is too much for a pipe, and ends the process that fetches it."""

    def __init__(self, size: int) -> None:
        self.text = "x" * size

    def __reduce__(self) -> tuple[object, ...]:
        # Ends it before the text has been read.
        return os._exit, (3,), {"text": self.text}

    def __call__(self, _: int) -> None:
        pass


@pytest.mark.parametrize("size", [1, 10_000_000])
def test_a_process_that_dies_while_it_starts(size):
    """It is lost like any other, and nobody waits for it to read what it was sent."""
    answers = list(side_by_side(Fatal(size), [0, 1], 2))
    assert sorted(answers) == [(number, Lost("the process that graded ended with status 3")) for number in (0, 1)]


def ctrl_c(_: int) -> tuple[bool, bool]:
    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return blocked, signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_ctrl_c_while_processes_start(monkeypatch, capfd):
    """It is the first process's to act on, even before another one could say that it ignores it."""
    start = BaseProcess.start

    def interrupted(process: BaseProcess) -> None:
        start(process)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)

    monkeypatch.setattr(BaseProcess, "start", interrupted)
    assert list(side_by_side(ctrl_c, [0], 2)) == [(0, (False, True))]
    assert capfd.readouterr() == ("", "")
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def places(_: int) -> tuple[int, ...]:
    time.sleep(0.2)
    return tuple(sorted(os.sched_getaffinity(0)))


def test_each_process_keeps_to_a_core_of_its_own() -> None:
    """With as many cores as processes no two share one; with more processes than cores none is tied to any."""
    cores = tuple(sorted(os.sched_getaffinity(0)))
    answers = [answer for _, answer in side_by_side(places, range(3 * len(cores)), len(cores))]
    assert set(answers) == {(core,) for core in cores}
    answers = [answer for _, answer in side_by_side(places, range(len(cores) + 1), len(cores) + 1)]
    assert set(answers) == {cores}
