"""Results for machines: complete, sorted, the same bytes for the same results."""

import json
from dataclasses import replace

from autograder.model import Verdict
from autograder.reports.machine import results_json
from tests.reports.results import HOSTILE, QUESTIONS, question_result, result, ungraded

RESULTS = [
    result("grace", {"conv_nd": [Verdict.PASSED, (Verdict.FAILED, "Wrong.", "values")]}, submitted_at="2026-03-02"),
    result("ada", notebook="linear_maps", questions=[question_result("conv_nd", pending=1.5, points=0.5)]),
    result("ada"),
]


def test_schema() -> None:
    """Each submission has its sums, and its questions with a verdict per test."""
    ada, grace = json.loads(results_json(RESULTS))["submissions"]
    assert list(grace) == [
        "student",
        "assignment",
        "points",
        "points_pending",
        "max_points",
        "sandbox_level",
        "questions",
    ]
    assert (grace["student"], grace["assignment"], grace["sandbox_level"]) == ("grace", "a1_convolution", "namespaces")
    assert (grace["points"], grace["points_pending"], grace["max_points"]) == (50.0, 0.0, 52.0)
    assert [entry["id"] for entry in grace["questions"]] == list(QUESTIONS)
    assert grace["questions"][9] == {
        "id": "conv_nd",
        "points": 2.0,
        "points_pending": 0.0,
        "max_points": 4.0,
        "verdicts": {"test_conv_nd[case 0]": "PASSED", "test_conv_nd[case 1]": "FAILED"},
    }
    assert (ada["points"], ada["points_pending"], ada["max_points"], len(ada["questions"])) == (52.5, 1.5, 56.0, 13)


def test_same_bytes() -> None:
    """The order of the results and the time that grading took change no byte; the last one is a line feed."""
    later = [replace(entry, wall_s=9.0) for entry in RESULTS[::-1]]
    assert results_json(later) == results_json(RESULTS)
    assert results_json(RESULTS).endswith(b"}\n")


def test_problem() -> None:
    """What can't be graded says why; what can has no such key."""
    (pdf,) = json.loads(results_json([ungraded("pdf", "expected a notebook, got a PDF.")]))["submissions"]
    assert pdf["problem"] == "expected a notebook, got a PDF."
    assert pdf["points"] == 0.0


def test_hostile_text_is_kept_and_harmless() -> None:
    """Names come back as they were; the file itself is ASCII without controls."""
    data = results_json([ungraded(HOSTILE, HOSTILE)])
    (entry,) = json.loads(data)["submissions"]
    assert (entry["student"], entry["problem"]) == (HOSTILE, HOSTILE)
    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in data)


def test_nothing_handed_in() -> None:
    """No results are an empty list."""
    assert json.loads(results_json([])) == {"submissions": []}
