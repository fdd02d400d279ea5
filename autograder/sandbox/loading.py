"""Loading a notebook: which cells run, what happens to those that hang or end the process, and the reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from autograder.model import Cell, Limits, Origin, Role, Verdict
from autograder.sandbox import messages, wire
from autograder.sandbox.forms import WireError
from autograder.sandbox.group import Group, Overuse
from autograder.sandbox.protocol import CellReport, Stopped
from autograder.sandbox.reduce import REDUCED_WALL_S

_ALWAYS = (Role.SETUP, Role.SOLUTION, Role.ADDED)
# How many times `load_wall_s` may pass: as it is, then with definitions only, then without the rest.
_PHASES = 3
# How many times `load_wall_s` all loads of one notebook may take together: code that kills its worker in every call
# must not have the cells run again for hours.
_ALL_LOADS = 10

_ENDED = "it ended the process"


def cells_to_run(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Code cells that run when grading: set-up, answers and added cells, and others that the student edited."""
    return tuple(
        cell
        for cell in cells
        if cell.kind == "code"
        and cell.role is not Role.CHECK
        and (cell.role in _ALWAYS or cell.origin is Origin.STUDENT)
    )


class Loader:
    """Loads the same cells into a fresh worker as often as one is needed.

    A cell that fails or takes too long is reduced by the worker itself. One that hangs beyond that, or ends the
    process, costs the process: the next one gets only its imports and definitions, and if it does so again, nothing
    of it. The first process that ends is no cell's fault yet: something outside may have ended it.
    """

    def __init__(self, cells: Sequence[Cell], limits: Limits) -> None:
        self._cells = cells
        self._limits = limits
        self._left_s = _ALL_LOADS * limits.load_wall_s
        self._has_ended = False
        self._modes: list[Literal["full", "reduced", "skip"]] = ["full"] * len(cells)
        self._broken: dict[int, str] = {}
        self._reports: dict[int, CellReport] = {}

    @property
    def reports(self) -> tuple[CellReport, ...]:
        """How each cell ran, in order."""
        return tuple(
            self._reports.get(index) or CellReport(cell=cell.id, ok=False, message=self._broken.get(index, ""))
            for index, cell in enumerate(self._cells)
        )

    def load(self, spawn: Callable[[], Group]) -> Group | Stopped:
        """A worker in which the cells have run, or why there can be none.

        Args:
            spawn: Gives a fresh worker.

        Raises:
            SandboxError: If there is no worker to be had.
        """
        if self._left_s <= 0:
            message = "The notebook ended its process so often that it took too long to run its cells again."
            return Stopped(verdict=Verdict.TIMEOUT, message=message)
        started = time.monotonic()
        try:
            return self._load(spawn, started)
        finally:
            self._left_s -= time.monotonic() - started

    def _load(self, spawn: Callable[[], Group], started: float) -> Group | Stopped:
        phase = 1
        while True:
            group = spawn()
            failure = self._try(group, started + phase * self._limits.load_wall_s)
            if failure is None:
                return group
            group.kill()
            index, message = failure
            if message == _ENDED and not self._has_ended:
                self._has_ended = True
                continue
            if time.monotonic() - started >= phase * self._limits.load_wall_s:
                phase += 1
                message = f"the cells together took longer than {self._limits.load_wall_s:g} s"
                self._give_way_from(index, message, "reduced" if phase == 2 else "skip")
            elif index < len(self._cells) and self._modes[index] != "skip":
                self._give_way(index, message)
            else:
                return Stopped(verdict=Verdict.STUDENT_ERROR, message=f"The notebook could not be run: {message}.")
            if phase > _PHASES:
                return Stopped(verdict=Verdict.TIMEOUT, message=f"The notebook could not be run: {message}.")

    def _try(self, group: Group, total_deadline: float) -> tuple[int, str] | None:
        """Run all cells; where it broke and why, or None."""
        index = 0
        try:
            group.load(
                [
                    messages.CellSource(id=cell.id, source=cell.source, mode=mode)
                    for cell, mode in zip(self._cells, self._modes, strict=True)
                ]
            )
            while True:
                report = group.next_report(min(self._cell_deadline(), total_deadline))
                if isinstance(report, messages.CellDone) and report.index == index < len(self._cells):
                    self._note(report)
                    index += 1
                elif isinstance(report, messages.Loaded) and index == len(self._cells):
                    return None
                else:
                    return index, _ENDED if report is None else "it disturbed the grader"
        except wire.DeadlinePassed:
            return index, f"it took longer than {self._limits.cell_wall_s:g} s and could not be interrupted"
        except Overuse as error:
            return index, error.stopped.message
        except OSError:
            return index, _ENDED
        except WireError:
            return index, "it disturbed the grader"

    def _cell_deadline(self) -> float:
        """When a worker that should have interrupted its cell by itself is not coming back."""
        own_s = self._limits.cell_wall_s + min(REDUCED_WALL_S, self._limits.cell_wall_s)
        return time.monotonic() + 1.25 * own_s + 0.5

    def _give_way(self, index: int, message: str) -> None:
        self._broken.setdefault(index, message)
        self._modes[index] = "reduced" if self._modes[index] == "full" else "skip"

    def _give_way_from(self, index: int, message: str, mode: Literal["reduced", "skip"]) -> None:
        for later in range(index, len(self._cells)):
            self._broken.setdefault(later, message)
            self._modes[later] = mode

    def _note(self, done: messages.CellDone) -> None:
        if done.index in self._reports and done.index not in self._broken:
            return
        self._reports[done.index] = CellReport(
            cell=self._cells[done.index].id,
            ok=done.ok and done.index not in self._broken,
            message=self._broken.get(done.index, done.message),
            reduced=done.reduced,
        )
