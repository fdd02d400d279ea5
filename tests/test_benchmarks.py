"""The benchmark: its arithmetic, and that it measures what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import AllCores, Round, Stock, comparison, differences
from benchmarks.processes import Contender

ROOT = Path(__file__).parents[1]
FIGURES = {
    "student_cpu_s",
    "stock_cpu_s",
    "ours_cpu_s",
    "ours_grader_cpu_s",
    "all_cores_cpu_s",
    "stock_wall_s",
    "ours_wall_s",
    "overhead_s",
    "overhead_stock_s",
    "overhead_ratio_per_core",
    "overhead_ratio_per_core_wall",
    "ratio_per_core",
    "ratio_per_core_wall",
    "ratio_all_cores",
    "submissions_per_minute_stock",
    "submissions_per_minute_one_core",
    "submissions_per_minute_all_cores",
    "start_s",
}


def a_round(**changes: Any) -> Round:
    given: dict[str, Any] = {
        "count": 10,
        "student_s": 0.2,
        "ours_s": 1.0,
        "ours_grader_s": 0.4,
        "ours_wall_s": 1.2,
        "stock": Stock(cpu_s=8.2, wall_s=12.0),
    }
    return Round(**(given | changes))


def test_ratios_are_of_what_is_beyond_the_students_code() -> None:
    """(8.2 - 0.2) / (1.0 - 0.2) is 10; the whole is 8.2 times as much."""
    found = comparison([a_round()], [AllCores(count=101, wall_s=12.0, start_s=2.0, cpu_s=12.0)])

    assert found["overhead_ratio_per_core"] == pytest.approx(10.0)
    assert found["ratio_per_core"] == pytest.approx(8.2)
    assert found["overhead_s"] == pytest.approx(0.08)
    assert found["overhead_stock_s"] == pytest.approx(0.8)
    assert found["overhead_ratio_per_core_wall"] == pytest.approx(11.8)


def test_rates_leave_out_the_start() -> None:
    """A hundred submissions after the first, in the ten seconds after the start; nbgrader has ten in twelve."""
    found = comparison([a_round()], [AllCores(count=101, wall_s=12.0, start_s=2.0, cpu_s=12.0)])

    assert found["submissions_per_minute_all_cores"] == pytest.approx(600.0)
    assert found["submissions_per_minute_stock"] == pytest.approx(50.0)
    assert found["ratio_all_cores"] == pytest.approx(12.0)


def test_ratios_are_taken_within_a_round() -> None:
    """A machine that is slow for one whole round changes no ratio."""
    slow = a_round(student_s=0.8, ours_s=4.0, stock=Stock(cpu_s=32.8, wall_s=12.0))
    found = comparison([a_round(), slow, slow], [AllCores(count=11, wall_s=3.0, start_s=1.0, cpu_s=3.0)])

    assert found["overhead_ratio_per_core"] == pytest.approx(10.0)
    assert found["overhead_s"] == pytest.approx(0.32)


def test_other_points_are_told() -> None:
    """Only what both graded is compared, question by question."""
    ours = {"ann": {"a": 4.0, "b": 2.0}, "bob": {"a": 1.0}}
    stock = {"ann": {"a": 4.0, "b": 2.5, "c": 1.0}}

    assert differences(ours, stock) == [("ann", "b", 2.0, 2.5)]


def test_a_contender_that_ends_is_told(tmp_path: Path) -> None:
    """No answer is an error with what the process said last."""
    contender = Contender("nobody", tmp_path, {})

    with pytest.raises(RuntimeError, match=r"(?s)nobody: expected an answer, but it ended:.*KeyError"):
        contender.measure("work")


@pytest.mark.slow
def test_a_tiny_benchmark(tmp_path: Path) -> None:
    """Both classes and a graded class: every figure is there, follows from the rounds, and all points agree."""
    out = tmp_path / "throughput.json"
    sizes = ["--rounds", "1", "--students", "2", "--all-cores", "3", "--sizes", "3", "--diverse", "3"]

    subprocess.run([sys.executable, "-m", "benchmarks.throughput", *sizes, "--out", str(out)], cwd=ROOT, check=True)

    found = json.loads(out.read_text())
    assert found.keys() >= FIGURES | {"machine", "date", "versions", "tests", "classes", "sizes"}
    assert found["tests"] > 100
    for name in ("solved", "mix"):
        compared = found["classes"][name]
        # Where an answer builds on a wrong one, ours asks again with a working version.
        for other in ("stock", "student"):
            differing = compared[f"points_differ_{other}"]
            assert all(ours > theirs for _, _, ours, theirs in differing)
            assert name == "mix" or differing == []
        assert compared["diversity"]["students"] == 3
        assert compared["sandbox"] != ["none"]
        rounds = [Round(**entry | {"stock": Stock(**entry["stock"])}) for entry in compared["rounds"]]
        again = comparison(rounds, [AllCores(**entry) for entry in compared["all_cores"]])
        assert again == {key: compared[key] for key in FIGURES}
        assert 0 < compared["student_cpu_s"] < compared["ours_cpu_s"] < compared["stock_cpu_s"]
    assert {key: found[key] for key in FIGURES} == {key: found["classes"]["solved"][key] for key in FIGURES}
    assert found["sizes"]["mix 3"]["grader_peak_mb"] > 10
