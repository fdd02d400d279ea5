"""How far a run of grading is: a live bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from autograder.model import NotebookResult

# A plain line this often; the first one this long after the first result.
_LINE_EVERY_S = 10.0
# The rate is that of the last results: what the journal knew comes at once and says nothing about the rest.
_RATE_OF = 25


class Meter:
    """Counts what comes, and says it.

    Args:
        name: What is being graded.
        clock: Seconds, from any start.
        tell: Called with the words whenever they change.
        say: Prints a line that stays.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float],
        tell: Callable[[Meter], None],
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.name = name
        self.say = say
        self.total = 0
        self.done = 0
        self.held = 0
        self.unreadable = 0
        self._clock = clock
        self._tell = tell
        self._started = clock()
        self._times: deque[float] = deque(maxlen=_RATE_OF)

    def start(self, count: int) -> None:
        """There will be so many results."""
        self.total = count
        self._tell(self)

    def step(self, result: NotebookResult) -> None:
        """A result has come."""
        self.done += 1
        self.unreadable += result.submission.problem is not None
        self.held += any(entry.points_pending and entry.tests for entry in result.questions)
        self._times.append(self._clock())
        self._tell(self)

    @property
    def words(self) -> str:
        """How far it is, in one line."""
        parts = [f"{self.done} of {self.total}"]
        if self.done == self.total:
            parts.append("writing gradebook and feedback")
        elif rate := self._rate():
            parts += [f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"]
            parts += [f"{_duration((self.total - self.done) / rate)} left"]
        # What comes last is what a narrow terminal cuts off.
        return ", ".join([*parts, *self._troubles()])

    @property
    def summary(self) -> str:
        """What came of it, in one line."""
        took = _duration(self._clock() - self._started)
        return ", ".join([f"{self.name}: {self.done} of {self.total} notebooks", *self._troubles(), f"in {took}"])

    def _troubles(self) -> Iterator[str]:
        if self.held:
            yield f"{self.held} held for a person"
        if self.unreadable:
            yield f"{self.unreadable} could not be graded"

    def _rate(self) -> float:
        """Results per second; 0 while nothing is known."""
        passed_s = self._times[-1] - self._times[0] if self._times else 0.0
        return (len(self._times) - 1) / passed_s if passed_s > 0 else 0.0


@contextmanager
def progress(name: str, console: Console, *, quiet: bool = False) -> Iterator[Meter]:
    """Show how far the grading of an assignment is, until it has ended.

    Args:
        name: What is being graded.
        console: Where to show it.
        quiet: Whether to show nothing at all.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    if quiet:
        yield Meter(name, time.monotonic, lambda meter: None)
    elif console.is_terminal:
        # A line of its own: names are long, and a terminal may have 40 columns.
        say(f"grading {name}")
        with Progress(BarColumn(bar_width=None), TextColumn("{task.fields[words]}"), console=console) as bar:
            task = bar.add_task("", total=None, words="looking at the submissions")

            def draw(meter: Meter) -> None:
                bar.update(task, total=meter.total, completed=meter.done, words=meter.words)

            yield Meter(name, time.monotonic, draw, say)
    else:
        yield Meter(name, time.monotonic, Lines(console, time.monotonic), say)


class Lines:
    """A plain line now and then, for logs and pipes.

    Args:
        console: Where to print.
        clock: Seconds, from any start.
    """

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._last: float | None = None

    def __call__(self, meter: Meter) -> None:
        """Print, if the last line was long enough ago."""
        now = self._clock()
        if self._last is None:
            self._last = now if meter.done else None
        elif now - self._last >= _LINE_EVERY_S:
            self._last = now
            line = f"grading {meter.name}: {meter.words}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _duration(seconds: float) -> str:
    """A time as people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
