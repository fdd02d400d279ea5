"""How long a large class would take on so many cores, from what `make bench` measured on this machine.

    python -m benchmarks.projection --submissions 100000 --cores 2 16 64 256

docs/scale.md says what is assumed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# CPU milliseconds of the grader for each submission that it need not grade; docs/scale.md says how to measure it.
_LEAD_MS = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One class, graded on all cores of one machine.

    Attributes:
        submissions: How many.
        cores: How many processes graded.
        start_s: Until the first result.
        grading_s: From there to the last result.
        rest_s: Gradebook, feedback and exports after that.
    """

    submissions: int
    cores: int
    start_s: float
    grading_s: float
    rest_s: float


def largest(figures: Mapping[str, Any]) -> Measured:
    """The largest class of the usual mix in what `make bench` wrote.

    Raises:
        ValueError: If there is none.
    """
    classes = [entry for name, entry in figures["sizes"].items() if name.startswith("mix ")]
    if not classes:
        raise ValueError("expected the figures of a class of the mix, found none; run `make bench`")
    found = max(classes, key=lambda entry: entry["submissions"])
    return Measured(
        submissions=found["submissions"],
        cores=figures["machine"]["cores"],
        start_s=found["start_s"],
        grading_s=found["wall_s"] - found["start_s"] - found["rest_s"],
        rest_s=found["rest_s"],
    )


def projected_s(measured: Measured, submissions: int, cores: int, lead_s: float) -> float:
    """Seconds for a class.

    Graders work side by side until the one process that reads, sends and journals is busy all the time; what comes
    after the last result is done by that process alone.

    Args:
        measured: What it is projected from.
        submissions: How many.
        cores: Processes that grade, on whatever machines.
        lead_s: Seconds that the leading process takes for each.
    """
    graded_s = measured.grading_s * measured.cores / measured.submissions
    after_s = measured.rest_s / measured.submissions
    return measured.start_s + submissions * (max(graded_s / cores, lead_s) + after_s)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each number of cores."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.projection", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("figures", type=Path, nargs="?", default=ROOT / "course" / "throughput.json", help="what `make bench` wrote")
    add("--submissions", type=int, default=100_000, help="size of the class (default 100000)")
    add("--cores", type=int, nargs="+", default=[2, 16, 64, 256], help="processes that grade")
    add("--lead-ms", type=float, default=_LEAD_MS, help=f"of the leading process for each (default {_LEAD_MS:g})")
    options = parser.parse_args(arguments)
    try:
        measured = largest(json.loads(options.figures.read_bytes()))
    except (OSError, ValueError) as error:
        parser.error(f"{options.figures}: {error}")
    print(f"| cores | {options.submissions:,} submissions |\n|---|---|")
    for cores in options.cores:
        seconds = projected_s(measured, options.submissions, cores, options.lead_ms / 1000)
        print(f"| {cores} | {seconds / 3600:.1f} h |")
    print(f"From {measured.submissions:,} submissions on {measured.cores} cores.")


if __name__ == "__main__":
    main()
