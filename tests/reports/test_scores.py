"""The gradebook's scores as CSV."""

from __future__ import annotations

import csv
import io

from autograder.reports.scores import ScoreLine, scores_csv


def rows(lines):
    return list(csv.reader(io.StringIO(scores_csv(lines).decode("utf-8-sig"))))


def test_points_total_and_what_waits():
    """Each question has its column; a question that was not asked is empty; the total is the sum."""
    lines = [
        ScoreLine(student="ada", points=(("size", 2.0), ("words", 0.5)), waiting=("words",)),
        ScoreLine(student="bob", points=(("size", 1.1),)),
    ]
    assert rows(lines) == [
        ["student", "size", "words", "total", "waiting for a person"],
        ["ada", "2.0", "0.5", "2.5", "words"],
        ["bob", "1.1", "", "1.1", ""],
    ]


def test_a_name_is_no_formula():
    """A student called like a formula can't run in the instructor's spreadsheet."""
    assert rows([ScoreLine(student="=cmd|' /C calc'!A0", points=())])[1][0].startswith("'=")
