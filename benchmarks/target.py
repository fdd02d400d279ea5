"""Which notebook is measured: noted in the benchmark's folder, where every contender finds it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "target.json"


@dataclass(frozen=True, slots=True)
class Target:
    """A notebook.

    Attributes:
        assignment: Name of its assignment.
        notebook: Its name.
    """

    assignment: str
    notebook: str

    def write(self, place: Path) -> None:
        """Note it."""
        (place / _FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")


def find_target(solutions: Path, notebook: str) -> Target:
    """Find a notebook among the solutions.

    Raises:
        ValueError: If there is none of this name.
    """
    known = {path.stem: path.parent.name for path in sorted(solutions.glob("*/*.py"))}
    if notebook not in known:
        raise ValueError(f"expected one of {', '.join(known)}, got {notebook}")
    return Target(known[notebook], notebook)


def read_target(place: Path) -> Target:
    """The one that was noted."""
    return Target(**json.loads((place / _FILE).read_bytes()))
