"""From measurements to figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The same students under every contender, one after the other.

    Attributes:
        count: How many.
        student_s: CPU seconds of the students' code by itself.
        stock_s: CPU seconds of nbgrader.
        ours_s: CPU seconds of our grader with one job.
        stock_wall_s: Wall-clock seconds of the same.
        ours_wall_s: Wall-clock seconds of the same.
    """

    count: int
    student_s: float
    stock_s: float
    ours_s: float
    stock_wall_s: float
    ours_wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AllCores:
    """A class on all cores.

    Attributes:
        count: How many submissions.
        wall_s: From the first to the last of what grading a class takes.
        start_s: Until the first result: processes, imports, forkservers.
    """

    count: int
    wall_s: float
    start_s: float

    @property
    def per_minute(self) -> float:
        """Submissions per minute once it has started."""
        return 60.0 * (self.count - 1) / (self.wall_s - self.start_s)


def comparison(rounds: Sequence[Round], all_cores: Sequence[AllCores]) -> dict[str, Any]:
    """The figures of one class: per submission, medians over the rounds; ratios are taken within a round.

    Args:
        rounds: At least one.
        all_cores: Runs of ours on all cores, in the same rounds; at least one.
    """
    rate = median(run.per_minute for run in all_cores)
    stock_rate = median(60.0 * entry.count / entry.stock_wall_s for entry in rounds)
    return {
        "student_cpu_s": _each(rounds, "student_s"),
        "stock_cpu_s": _each(rounds, "stock_s"),
        "ours_cpu_s": _each(rounds, "ours_s"),
        "stock_wall_s": _each(rounds, "stock_wall_s"),
        "ours_wall_s": _each(rounds, "ours_wall_s"),
        "overhead_s": median((entry.ours_s - entry.student_s) / entry.count for entry in rounds),
        "overhead_stock_s": median((entry.stock_s - entry.student_s) / entry.count for entry in rounds),
        "overhead_ratio_per_core": median(
            (entry.stock_s - entry.student_s) / (entry.ours_s - entry.student_s) for entry in rounds
        ),
        "overhead_ratio_per_core_wall": median(
            (entry.stock_wall_s - entry.student_s) / (entry.ours_wall_s - entry.student_s) for entry in rounds
        ),
        "ratio_per_core": median(entry.stock_s / entry.ours_s for entry in rounds),
        "ratio_per_core_wall": median(entry.stock_wall_s / entry.ours_wall_s for entry in rounds),
        "ratio_all_cores": rate / stock_rate,
        "submissions_per_minute_stock": stock_rate,
        "submissions_per_minute_one_core": median(60.0 * entry.count / entry.ours_wall_s for entry in rounds),
        "submissions_per_minute_all_cores": rate,
        "start_s": median(run.start_s for run in all_cores),
    }


def differences(
    one: Mapping[str, Mapping[str, float]], other: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, str, float, float]]:
    """Student, question and both points wherever two contenders disagree on what both graded."""
    return [
        (student, question, points, other[student][question])
        for student in sorted(one.keys() & other.keys())
        for question, points in one[student].items()
        if question in other[student] and abs(points - other[student][question]) > 1e-6
    ]


def _each(rounds: Sequence[Round], name: str) -> float:
    """Median over the rounds, per submission."""
    return float(median(getattr(entry, name) / entry.count for entry in rounds))
