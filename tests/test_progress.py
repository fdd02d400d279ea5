"""What a person sees while a class is graded."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.model import NotebookResult
from autograder.progress import Lines, Meter, progress
from tests.reports.results import result


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def console(*, terminal: bool = False, width: int = 120) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=terminal, width=width, legacy_windows=False), stream


def unreadable() -> NotebookResult:
    graded = result()
    return replace(graded, submission=replace(graded.submission, problem="A PDF."))


def test_how_far_it_is(clock):
    """Done of all, what could not be graded, the rate, and the time that is left."""
    meter = Meter("a1", clock, lambda meter: None)
    meter.start(7)
    assert meter.words == "0 of 7"
    for number in range(4):
        clock.now += 20
        meter.step(unreadable() if number == 1 else result())
    assert meter.words == "4 of 7, 3.0/min, 1 min 0 s left, 1 could not be graded"
    for _ in range(3):
        meter.step(result())
    assert meter.words == "7 of 7, writing gradebook and feedback, 1 could not be graded"
    assert meter.summary == "a1: 7 of 7 notebooks, 1 could not be graded, in 1 min 20 s"


def test_what_the_journal_knew_says_nothing_about_the_rest(clock):
    """The rate and the time left are those of what is graded now."""
    meter = Meter("a1", clock, lambda meter: None)
    meter.start(12_000)
    for _ in range(2000):
        meter.step(result())
    for _ in range(30):
        clock.now += 0.5
        meter.step(result())
    assert meter.words == "2030 of 12000, 2.0/s, 1 h 23 min left"


def test_plain_lines(clock):
    """None before ten seconds have passed since the first result, then one every ten seconds."""
    shown, stream = console()
    meter = Meter("a1", clock, Lines(shown, clock))
    meter.start(100)
    clock.now += 60
    for _ in range(50):
        clock.now += 0.5
        meter.step(result())
    lines = stream.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == ["grading a1: 21 of 100", "grading a1: 41 of 100"]


def test_a_short_run_writes_no_lines():
    """What came of it says the table."""
    shown, stream = console()
    with progress("a1", shown) as meter:
        meter.start(1)
        meter.step(result())
    assert stream.getvalue() == ""
    assert meter.summary == "a1: 1 of 1 notebooks, in 0 s"


def test_a_terminal_gets_a_bar():
    """It moves while results come."""
    shown, stream = console(terminal=True)
    with progress("a[1]", shown) as meter:
        meter.start(2)
        meter.step(result())
        meter.step(result())
    assert "grading a[1]" in stream.getvalue()
    assert "2 of 2" in stream.getvalue()


def test_a_narrow_terminal(clock, monkeypatch):
    """With 40 columns and a long name the count, the rate and the time left are there; of troubles, what has room."""
    monkeypatch.setattr("time.monotonic", clock)
    shown, stream = console(terminal=True, width=40)
    with progress("a2_pooling_and_normalization", shown) as meter:
        meter.start(1200)
        for _ in range(50):
            clock.now += 0.5
            meter.step(unreadable())
    assert "grading a2_pooling_and_normalization" in stream.getvalue()
    assert "50 of 1200, 2.0/s, 9 min 35 s left" in stream.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet(terminal):
    """Nothing at all."""
    shown, stream = console(terminal=terminal)
    with progress("a1", shown, quiet=True) as meter:
        meter.start(1)
        meter.step(result())
    assert stream.getvalue() == ""
