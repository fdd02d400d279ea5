"""What students' code takes by itself: cells and calls in one process, nothing started, nothing judged."""

from __future__ import annotations

import contextlib
import copy
import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.model import Cell, Role, Submission
from autograder.sandbox.loading import cells_to_run
from autograder.sandbox.protocol import Count, Reply, Returned
from benchmarks.diversity import digest, diversity
from benchmarks.local import Material, Namespace, Tests


class _Noted(Namespace):
    """Keeps digests of what is replied, by test."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        super().__init__(names)
        self.digests: dict[str, str] = {}

    def counted(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, Count]:
        """To count is the grader's wish: what the call takes without is timed beside it."""
        with contextlib.suppress(Exception):
            self.timed(function, *copy.deepcopy((args, kwargs)))
        return super().counted(function, args, kwargs)

    def replied(self, reply: Reply) -> None:
        """Steps and passes that were counted are no part of what a function replied."""
        value = (reply.value, reply.arguments) if isinstance(reply, Returned) else reply
        self.digests[self.test] = digest((self.digests.get(self.test, ""), value))


def run_bare(material: Material, submissions: Sequence[Submission]) -> dict[str, Any]:
    """CPU seconds of cells and calls, their number, the points that come out, and how different the students are."""
    tests = Tests(material)
    points: dict[str, dict[str, float]] = {}
    replies: list[dict[str, str]] = []
    cpu_s, calls = 0.0, 0
    for submission in submissions:
        names, cells_s = run_cells(submission.cells)
        namespace = _Noted(names)
        with contextlib.redirect_stdout(io.StringIO()):
            earned = {entry.id: tests.points(entry.id, namespace) for entry in material.questions}
        points[submission.student] = earned
        cpu_s += cells_s + namespace.cpu_s
        calls += namespace.calls
        replies.append(namespace.digests)
    found = diversity(
        [_texts(submission.cells) for submission in submissions],
        replies,
        {item.test.id: item.test.question for item in material.items},
    )
    most = {entry.id: entry.points for entry in material.questions}
    found["all_right"] = sum(earned == most for earned in points.values())
    return {"student_cpu_s": cpu_s, "calls": calls, "points": points, "diversity": found}


def _texts(cells: Sequence[Cell]) -> dict[str, str]:
    """Digests of what a student wrote, by question."""
    written: dict[str, list[str]] = {}
    for cell in cells:
        if cell.role is Role.SOLUTION and cell.question is not None:
            written.setdefault(cell.question, []).append(cell.source)
    return {question: digest(sources) for question, sources in written.items()}


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
