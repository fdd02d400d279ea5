"""The CSV file: what is written comes back, and no spreadsheet runs any of it."""

import csv
import errno
import io
from pathlib import Path

import pytest

from autograder.config import Course
from autograder.errors import CourseError
from autograder.model import NotebookResult, Verdict
from autograder.reports.export import class_csv, safe_cell, write_csv
from tests.reports.results import HOSTILE, QUESTIONS, question_result, result, ungraded


def rows(results: list[NotebookResult]) -> list[dict[str, str]]:
    """Lines of the CSV, read back."""
    return list(csv.DictReader(io.StringIO(class_csv(results).decode("utf-8-sig"), newline="")))


def test_comes_back() -> None:
    """A line per student, sorted; a column per question, then the sums and remarks."""
    half = {"conv2d_forward": [Verdict.PASSED, (Verdict.TIMEOUT, "Too long.")], "conv_nd": [Verdict.NOT_IMPLEMENTED]}
    grace = result("grace", half, remarks=["A cell, that failed."])
    first, second = rows([grace, result("ada")])
    assert list(first) == ["student", *QUESTIONS, "total", "pending", "max", "remarks"]
    assert first == {
        "student": "ada",
        **{name: str(float(points)) for name, (_, points) in QUESTIONS.items()},
        "total": "52.0",
        "pending": "0.0",
        "max": "52.0",
        "remarks": "",
    }
    assert (second["conv2d_forward"], second["conv_nd"], second["total"]) == ("4.0", "0.0", "44.0")
    assert second["remarks"] == "1 not implemented; conv2d_forward: took too long; A cell, that failed."


def test_remarks_say_what_needs_a_person() -> None:
    """Held points, reflections, second tries and remarks on questions are told with the question's id."""
    questions = [
        question_result("correlate1d", [Verdict.GRADER_FAULT], pending=4.0, points=0.0),
        question_result("conv_nd", helped=True, remarks=("Graded with our conv2d_forward.",)),
    ]
    (line,) = rows([result(questions=questions)])
    assert line["pending"] == "4.0"
    assert line["remarks"].split("; ") == [
        "correlate1d: not judged, our fault",
        "conv_nd: helped",
        "conv_nd: Graded with our conv2d_forward.",
    ]


def test_problem_is_told_once() -> None:
    """What can't be graded says why, and nothing of its questions that were not looked at."""
    (line,) = rows([ungraded("pdf", "expected a notebook, got a PDF.", remarks=["Not to be seen."])])
    assert line["remarks"] == "not graded: expected a notebook, got a PDF."


def test_question_that_was_not_asked_is_empty() -> None:
    """A student without one of the notebooks has empty cells there, not zeros."""
    both = [result("ada"), result("ada", notebook="a", questions=[question_result("conv_nd")])]
    lines = list(csv.reader(io.StringIO(class_csv([*both, result("bob")]).decode("utf-8-sig"), newline="")))
    assert lines[0][:3] == ["student", "conv_nd", "correlate1d"]
    assert [line[1] for line in lines[1:]] == ["4.0", ""]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff20", " =", "\t=", "\r=", "\n="])
def test_no_formula(sign: str) -> None:
    """A text that a spreadsheet would run gets an apostrophe, at its start and behind a semicolon."""
    (line,) = rows([result(f"{sign}cmd|' /C calc'!A0", remarks=[f"x;{sign}1+1"])])
    assert line["student"].startswith("'")
    assert "cmd|' /C calc'!A0" in line["student"]
    assert ";'" in line["remarks"]


def test_ordinary_text_stays() -> None:
    """Names and sentences with such signs inside are left alone, quotes and commas included."""
    for text in ("O'Brien-Smith, Zoë", 'a "b" = c', "1 + 1 = 2", "Ada", ""):
        assert safe_cell(text) == text
    (line,) = rows([result('Zoë "王", Ada')])
    assert line["student"] == 'Zoë "王", Ada'


def test_numbers_stay_numbers() -> None:
    """Texts are quoted and numbers are not, so that a spreadsheet adds them."""
    line = class_csv([result("ada")]).decode("utf-8-sig").split("\r\n")[1]
    assert line == '"ada",4.0,5.0,4.0,3.0,4.0,4.0,5.0,8.0,3.0,4.0,3.0,5.0,52.0,0.0,52.0,""'


def test_marked_as_utf8() -> None:
    """A byte order mark stands at the start, once."""
    data = class_csv([result("Zoë")])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\xef\xbb\xbf") == 1


def test_hostile_text_is_one_cell() -> None:
    """Controls, halves of pairs and line ends leave neither their line nor their cell."""
    lines = rows([result(HOSTILE + "\nmore", remarks=[HOSTILE]), result("zoe")])
    assert [line["total"] for line in lines] == ["52.0", "52.0"]
    assert all(char.isprintable() for line in lines for text in line.values() for char in text)


def test_same_bytes() -> None:
    """The order of the results changes nothing."""
    results = [result("ada"), result("bob"), result("ada", notebook="a", questions=[question_result("conv_nd")])]
    assert class_csv(results) == class_csv(results[::-1])


def test_write(course: Course) -> None:
    """The file is named after its assignment and holds that one's results only."""
    path = write_csv(course, "a1_convolution", [result("ada"), result("bob", assignment="a2")])
    assert path == course.exports / "a1_convolution.csv"
    assert path.read_bytes() == class_csv([result("ada")])
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_full_disk_leaves_the_older_file(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk takes no more, one line says so and nothing half-written is left."""
    path = write_csv(course, "a1_convolution", [result("ada")])
    before = path.read_bytes()

    def refuse(file: Path, data: bytes) -> int:
        with file.open("wb") as stream:
            stream.write(data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(CourseError, match=r"a1_convolution\.csv: expected to write it, got: No space left") as caught:
        write_csv(course, "a1_convolution", [result("bob")])
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_no_folder_to_write_into(course: Course) -> None:
    """A file in the folder's place is told in one line."""
    course.work.mkdir()
    course.exports.write_text("in the way")
    with pytest.raises(CourseError, match="expected to write it"):
        write_csv(course, "a1_convolution", [result("ada")])
