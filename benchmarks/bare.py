"""What students' code takes by itself: cells and calls in one process, nothing started, nothing judged."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Sequence
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.model import Cell, Submission
from autograder.sandbox.loading import cells_to_run
from benchmarks.local import Material, Namespace, Tests


def run_bare(material: Material, submissions: Sequence[Submission]) -> dict[str, Any]:
    """CPU seconds of cells and calls, their number, and the points that come out."""
    tests = Tests(material)
    points: dict[str, dict[str, float]] = {}
    cpu_s, calls = 0.0, 0
    for submission in submissions:
        names, cells_s = run_cells(submission.cells)
        namespace = Namespace(names)
        with contextlib.redirect_stdout(io.StringIO()):
            earned = {entry.id: tests.points(entry.id, namespace) for entry in material.questions}
        points[submission.student] = earned
        cpu_s += cells_s + namespace.cpu_s
        calls += namespace.calls
    return {"student_cpu_s": cpu_s, "calls": calls, "points": points}


def run_cells(cells: Sequence[Cell]) -> tuple[dict[str, Any], float]:
    """Run a notebook's cells in this process, passing over those that fail: its names, and the CPU seconds it took."""
    names: dict[str, Any] = {"__name__": "__main__", "get_ipython": _Shell}
    cpu_s = 0.0
    transform = TransformerManager().transform_cell
    for cell in cells_to_run(cells):
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            source = transform(cell.source)
            started = time.process_time()
            try:
                exec(compile(source, cell.id, "exec"), names)  # noqa: S102 - our own sample class
            finally:
                cpu_s += time.process_time() - started
    return names, cpu_s


class _Shell:
    """Magics do nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None
