"""Small notebooks for the sandbox to run."""

from __future__ import annotations

import textwrap

from autograder.model import Cell, Limits, Origin, Role

FORBIDDEN = ("numpy.convolve", "numpy.correlate", "torch", "scipy")
# Tight, so that the tests are quick; wide enough for a busy machine.
LIMITS = Limits(
    cell_wall_s=0.8,
    load_wall_s=15.0,
    call_wall_s=1.0,
    question_wall_s=3.0,
    memory_bytes=256 << 20,
    output_bytes=10_000,
    file_bytes=1 << 20,
    processes=32,
)


def code(
    source: str, *, id: str = "answer", role: Role = Role.SOLUTION, origin: Origin = Origin.STUDENT, kind: str = "code"
) -> Cell:
    """One cell."""
    return Cell(id=id, role=role, kind=kind, source=textwrap.dedent(source).strip(), origin=origin)
