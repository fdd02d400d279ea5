"""From measurements to figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What nbgrader took in one round, in seconds."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The same students under every contender, one after the other.

    Attributes:
        count: How many.
        student_s: CPU seconds of the students' code by itself.
        ours_s: CPU seconds of our grader with one job.
        ours_grader_s: Of these, those of the grading process; the others are spent beside students' code.
        ours_wall_s: Wall-clock seconds of our grader.
        stock: The same of nbgrader, if it took part.
    """

    count: int
    student_s: float
    ours_s: float
    ours_grader_s: float
    ours_wall_s: float
    stock: Stock | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllCores:
    """A class on all cores.

    Attributes:
        count: How many submissions.
        wall_s: From the first to the last of what grading a class takes.
        start_s: Until the first result: processes, imports, forkservers.
        cpu_s: CPU seconds of all processes.
    """

    count: int
    wall_s: float
    start_s: float
    cpu_s: float

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
    figures = {
        "student_cpu_s": _each(rounds, "student_s"),
        "ours_cpu_s": _each(rounds, "ours_s"),
        "ours_grader_cpu_s": _each(rounds, "ours_grader_s"),
        "all_cores_cpu_s": median(run.cpu_s / run.count for run in all_cores),
        "ours_wall_s": _each(rounds, "ours_wall_s"),
        "overhead_s": median((entry.ours_s - entry.student_s) / entry.count for entry in rounds),
        "submissions_per_minute_one_core": median(60.0 * entry.count / entry.ours_wall_s for entry in rounds),
        "submissions_per_minute_all_cores": rate,
        "start_s": median(run.start_s for run in all_cores),
    }
    beside = [(entry, entry.stock) for entry in rounds if entry.stock is not None]
    return figures | (_beside_stock(beside, rate) if beside else {})


def _beside_stock(rounds: Sequence[tuple[Round, Stock]], rate: float) -> dict[str, Any]:
    """The figures that need nbgrader's."""
    stock_rate = median(60.0 * entry.count / stock.wall_s for entry, stock in rounds)
    return {
        "stock_cpu_s": median(stock.cpu_s / entry.count for entry, stock in rounds),
        "stock_wall_s": median(stock.wall_s / entry.count for entry, stock in rounds),
        "overhead_stock_s": median((stock.cpu_s - entry.student_s) / entry.count for entry, stock in rounds),
        "overhead_ratio_per_core": median(
            (stock.cpu_s - entry.student_s) / (entry.ours_s - entry.student_s) for entry, stock in rounds
        ),
        "overhead_ratio_per_core_wall": median(
            (stock.wall_s - entry.student_s) / (entry.ours_wall_s - entry.student_s) for entry, stock in rounds
        ),
        "ratio_per_core": median(stock.cpu_s / entry.ours_s for entry, stock in rounds),
        "ratio_per_core_wall": median(stock.wall_s / entry.ours_wall_s for entry, stock in rounds),
        "ratio_all_cores": rate / stock_rate,
        "submissions_per_minute_stock": stock_rate,
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
