"""The class in a terminal: narrow, complete, and steered by nobody."""

import io

import pytest
from rich.console import Console

from autograder.model import NotebookResult, Verdict
from autograder.reports.table import class_table
from tests.reports.results import HOSTILE, QUESTIONS, question_result, result, ungraded


def shown(results: list[NotebookResult], width: int = 100) -> str:
    """The table as a terminal without colours shows it."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, force_terminal=False).print(class_table(results, width))
    return stream.getvalue()


def cells(results: list[NotebookResult], student: str) -> list[str]:
    """The first line of a student's row, in words."""
    return next(line.split() for line in shown(results).splitlines() if line.startswith(f" {student} "))


def test_row() -> None:
    """A student's points stand in the order of the questions, then the total, then remarks."""
    given = {"conv2d_forward": [Verdict.PASSED, (Verdict.TIMEOUT, "Too long.")], "sobel_edges": [Verdict.FAILED]}
    row = cells([result("ada", given)], "ada")
    assert row[1:14] == ["4", "5", "4", "0", "4", "4", "5", "4", "3", "4", "3", "5", "45"]
    assert row[14:] == ["Q8:", "took", "too", "long"]


def test_heads_and_legend() -> None:
    """Questions have short heads; the legend below names each with its points; the total says of how many."""
    lines = shown([result("ada")]).splitlines()
    assert lines[2].split() == ["student", *(f"Q{number}" for number in range(1, 13)), "of", "52", "remarks"]
    legend = " ".join(shown([result("ada")]).split())
    for number, (name, (_, points)) in enumerate(QUESTIONS.items(), 1):
        assert f"Q{number}={name} ({points})" in legend


def test_fits_100_columns() -> None:
    """With the widest points there are, long names and long remarks no line is wider, and no question is cut off."""
    given = {name: [Verdict.PASSED, Verdict.PASSED, (Verdict.FORBIDDEN, "No.")] for name in QUESTIONS}
    results = [
        result("a-very-long-name-of-a-student@example.edu", given, remarks=["x"]),
        ungraded("王" * 40, "y" * 500),
    ]
    text = shown(results)
    assert max(map(len, text.splitlines())) <= 100
    row = next(line.split() for line in text.splitlines() if line.startswith(" a-very"))
    assert row[1:13] == ["2.6", "3.3", "2.6", "2", "2.6", "2.6", "3.3", "5.3", "2", "2.6", "2", "3.3"]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_narrow_terminals(width: int) -> None:
    """Rather than cut names, totals or reasons off, the points of the questions are left out, and the table says so."""
    given = {name: [Verdict.PASSED, Verdict.PASSED, (Verdict.FORBIDDEN, "No.")] for name in QUESTIONS}
    text = shown([result("ada", given), ungraded("student00007", "this is a picture of a cat")], width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    words = " ".join(text.split())
    assert "CSV has them. Questions (points): Q1=" in words
    assert "a picture" in words
    assert [line.split()[1] for line in text.splitlines() if line.startswith((" ada ", " student00007 "))] == [
        "34.67",
        "0",
    ]
    assert "wider terminal" not in shown([result("ada", given)], 100)


def test_cut_not_rounded_up() -> None:
    """Points a hair below the maximum don't look like all of them; the total keeps its decimals."""
    row = cells([result("ada", questions=[question_result("conv_nd", points=3.96)])], "ada")
    assert row[1:3] == ["3.9", "3.96"]


def test_waiting_and_ungraded() -> None:
    """A "?" marks points that wait for a person, a "–" what could not be graded."""
    held = question_result("conv_nd", [Verdict.PASSED, Verdict.GRADER_FAULT], pending=2.0)
    assert cells([result("ada", questions=[held])], "ada")[1:] == ["2?", "2?", "Q1:", "not", "judged,", "our", "fault"]
    row = cells([ungraded("pdf", "got a PDF.")], "pdf")
    assert row[1:14] == ["–"] * 12 + ["0"]
    assert row[14:16] == ["not", "graded:"]


def test_several_notebooks() -> None:
    """Each notebook has a table of its own, one below the other."""
    text = shown([result("ada"), result("ada", notebook="linear_maps", questions=[question_result("conv_nd")])])
    assert text.index("a1_convolution · linear_maps") < text.index("Q1=conv_nd")
    assert text.index("Q1=conv_nd") < text.index("a1_convolution · sliding_windows") < text.index("Q12=receptive_field")


@pytest.mark.parametrize("name", ["[red]x[/red]", "[/]", ":smile:", "[link=https://example.edu]x[/link]"])
def test_markup_is_text(name: str) -> None:
    """What rich would take for its own markup is shown as it was written."""
    assert name[:12] in shown([result(name)])


def test_no_terminal_is_steered() -> None:
    """Escapes, direction marks and line ends of names and problems never reach the terminal."""
    text = shown([ungraded(HOSTILE, HOSTILE), result("\x1b]0;x\x07", remarks=[HOSTILE])])
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b]0;x\\x07" in text


def test_empty_class() -> None:
    """No results make no rows and no error."""
    assert shown([]).strip() == ""
