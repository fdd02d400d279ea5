"""What was measured, for people and for machines. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from autograder.measure.model import COUNTS, Measured


def measured_json(measured: Sequence[Measured], wall_s: float) -> bytes:
    """The counts of all questions together, and the same for each under "questions"."""
    data: dict[str, Any] = {**totals(measured), "wall_s": round(wall_s, 1)}
    data["questions"] = {entry.question: _question(entry) for entry in measured}
    return (json.dumps(data, indent=2) + "\n").encode("ascii")


def totals(measured: Sequence[Measured]) -> dict[str, int]:
    """The counts of all questions together."""
    return {name: sum(entry.counts[name] for entry in measured) for name in COUNTS}


def measured_table(measured: Sequence[Measured]) -> Table:
    """One line per question, and one for all."""
    table = Table(title="Mistakes, right answers, names and random bugs")
    table.add_column("question")
    for title in ("caught", "visibly", "accepted", "named right", "wrongly accused", "s"):
        table.add_column(title, justify="right")
    for entry in measured:
        table.add_row(entry.question, *_parts(entry.counts), f"{entry.wall_s:.1f}")
    table.add_section()
    table.add_row("all", *_parts(totals(measured)), f"{sum(entry.wall_s for entry in measured):.1f}")
    return table


def complaints(measured: Sequence[Measured]) -> tuple[str, ...]:
    """One line for each mistake that gets full points, and each right answer that does not."""
    lines = []
    for entry in measured:
        lines += [f"{entry.question}: the mistake {name} gets full points." for name in entry.missed]
        for name in entry.refused:
            _, seed, test, message = next(found for found in entry.rejected if found[0] == name)
            lines.append(f"{entry.question}: the right answer {name} fails {test} with seed {seed}: {message}")
    return tuple(lines)


def notes(measured: Sequence[Measured]) -> tuple[str, ...]:
    """One line for each mistake that the visible check misses, and each wrong name."""
    lines = []
    for entry in measured:
        unseen = [name for name in entry.mistakes if name not in entry.visibly]
        if unseen:
            lines.append(f"{entry.question}: the visible check does not notice {', '.join(unseen)}.")
        wrong = [f"{id} as {name or 'nothing'}" for id, name in entry.diagnosed if name != id]
        if wrong:
            lines.append(f"{entry.question}: on the second base, named {', '.join(wrong)}.")
        lines += [f"{entry.question}: a random bug was called {name}." for name, _ in entry.accused]
    return tuple(lines)


def _question(entry: Measured) -> dict[str, Any]:
    return {
        **entry.counts,
        "smallest_case": dict(entry.smallest),
        "missed": list(entry.missed),
        "not_noticed_visibly": [name for name in entry.mistakes if name not in entry.visibly],
        "equal_to": dict(entry.alike),
        "rejected": [list(found) for found in entry.rejected],
        "named": dict(entry.diagnosed),
        "named_bugs": entry.named_bugs,
        "accusations": [list(found) for found in entry.accused],
        "wall_s": round(entry.wall_s, 1),
    }


def _parts(counts: dict[str, int]) -> tuple[str, ...]:
    return (
        f"{counts['mistakes_caught']}/{counts['mistakes_listed']}",
        f"{counts['caught_visibly']}/{counts['mistakes_listed']}",
        f"{counts['alternatives_accepted']}/{counts['alternatives_listed']}",
        f"{counts['diagnosis_right']}/{counts['diagnosis_cases']}",
        f"{counts['accused']}/{counts['unrelated_bugs']}",
    )
