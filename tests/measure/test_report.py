"""What was measured, as table, JSON and complaints."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from autograder import cli, pipeline
from autograder.measure.model import COUNTS, Measured
from autograder.measure.report import complaints, measured_json, measured_table, notes, totals

GOOD = Measured(
    question="size",
    mistakes=("a", "b"),
    alike=(("c", "a"),),
    smallest=(("a", "test_one"), ("b", "test_two[odd]")),
    visibly=("a",),
    alternatives=("loops", "einsum"),
    rejected=(),
    diagnosed=(("a", "a"), ("b", "")),
    diagnosis_right=1,
    unrelated_bugs=10,
    named_bugs=2,
    accused=(),
    wall_s=1.5,
)
BAD = replace(
    GOOD,
    question="count",
    smallest=(("a", "test_one"),),
    rejected=(("loops", 0, "test_one", "Wrong."), ("loops", 1, "test_one", "Wrong.")),
    accused=(("a", "def f(): ..."),),
)


def test_json():
    """The counts stand at the top as sums, and for each question by its id."""
    data = json.loads(measured_json([GOOD, BAD], 2.0))
    assert [data[name] for name in COUNTS] == [4, 3, 2, 4, 3, 4, 2, 20, 1]
    assert data["questions"]["size"]["mistakes_caught"] == 2
    assert data["questions"]["size"]["smallest_case"] == {"a": "test_one", "b": "test_two[odd]"}
    assert data["questions"]["count"]["missed"] == ["b"]
    assert {name: data[name] for name in COUNTS} == totals([GOOD, BAD])


def test_complaints():
    """Only a mistake with full points and a right answer without are complaints; one line for each."""
    assert complaints([GOOD]) == ()
    first, second = complaints([GOOD, BAD])
    assert "count: the mistake b gets full points" in first
    assert "the right answer loops fails test_one with seed 0: Wrong." in second


def test_notes():
    """What the visible check misses, other names and wrong accusations are told, and fail nothing."""
    text = "\n".join(notes([GOOD, BAD]))
    assert "does not notice b" in text
    assert "b as nothing" in text
    assert "count: a random bug was called a" in text


def test_table():
    """One line per question, and one for all."""
    assert measured_table([GOOD, BAD]).row_count == 3


@pytest.mark.parametrize(("measured", "code"), [([GOOD], 0), ([GOOD, BAD], 1)])
def test_command(measured, code, monkeypatch, capsys, tmp_path, real_course):
    """It prints, writes the file, and exits with 1 where there is a complaint."""
    monkeypatch.chdir(real_course.root)
    monkeypatch.setattr(pipeline, "measure_mistakes", lambda *args, **options: measured)
    monkeypatch.setattr("sys.argv", ["autograder", "mistakes", "--json", str(tmp_path / "m.json")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code or 0) == code
    assert "size" in capsys.readouterr().out
    assert json.loads((tmp_path / "m.json").read_text())["mistakes_listed"] == 2 * len(measured)
