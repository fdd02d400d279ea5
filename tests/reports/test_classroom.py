"""What a class misunderstood: shares, correlations and counts, worked out by hand; nobody is named."""

from __future__ import annotations

import io
import statistics
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.config import Course
from autograder.model import Diagnosis, NotebookResult, Question, QuestionResult, Verdict
from autograder.reports.classroom import QuestionSummary, summarise
from autograder.reports.classroom_page import render_classroom, write_classroom
from autograder.reports.classroom_table import classroom_table
from autograder.reports.words import percent, signed
from tests.reports.html import Element, parse
from tests.reports.results import HOSTILE, question_result, result, ungraded

BIAS = Diagnosis(mistake="m1", symptom="Your numbers lack the bias.", hint="Where is b added?")
ALIKE = Diagnosis(mistake="m2", symptom=BIAS.symptom, hint="Is b added once?")
FLIP = Diagnosis(mistake="m3", symptom="Your filter is turned.", hint="Which entry meets which?")
RIGHT = [Verdict.PASSED, Verdict.PASSED]
HALF = [Verdict.PASSED, Verdict.FAILED]
WRONG = [Verdict.FAILED, Verdict.STUDENT_ERROR]


def student(name: str, **given: object) -> NotebookResult:
    """A student's answers: verdicts, or a whole question's result."""
    entries = [
        entry if isinstance(entry, QuestionResult) else question_result(question, entry)  # type: ignore[arg-type]
        for question, entry in given.items()
    ]
    return result(name, questions=entries)


def six() -> list[NotebookResult]:
    """A class of six, one of them with a PDF."""
    lacking = [question_result("conv2d_forward", HALF, diagnosis=diagnosis) for diagnosis in (BIAS, ALIKE, FLIP)]
    return [
        student("ada", correlate1d=RIGHT, conv_nd=RIGHT, conv2d_forward=RIGHT),
        student("bob", correlate1d=HALF, conv_nd=RIGHT, conv2d_forward=lacking[0]),
        student("cyd", correlate1d=WRONG, conv_nd=RIGHT, conv2d_forward=lacking[1]),
        student("dee", correlate1d=RIGHT, conv_nd=RIGHT, conv2d_forward=lacking[2]),
        student("eve", correlate1d=WRONG, conv_nd=RIGHT, conv2d_forward=WRONG),
        ungraded("pdf", "got a PDF."),
    ]


def summary(results: list[NotebookResult], question: str) -> QuestionSummary:
    """One question of the only notebook."""
    (found,) = summarise(results)
    return next(entry for entry in found.questions if entry.question.id == question)


def test_shares() -> None:
    """Shares are means over those who could be graded; the notebook's is weighted by points."""
    (found,) = summarise(six())
    assert (found.students, found.ungraded) == (5, 1)
    assert [entry.share for entry in found.questions] == pytest.approx([0.5, 1.0, 0.5])
    assert found.share == pytest.approx((4 * 0.5 + 4 * 1.0 + 8 * 0.5) / 16)


def test_discrimination() -> None:
    """A question is correlated with the points of all others, itself left out."""
    own, rest = [4, 2, 0, 4, 0], [4 + 8, 4 + 4, 4 + 4, 4 + 4, 4 + 0]
    assert summary(six(), "correlate1d").discrimination == pytest.approx(statistics.correlation(own, rest))


@pytest.mark.parametrize(
    ("results", "question"),
    [
        (six(), "conv_nd"),
        (six()[:4], "correlate1d"),
        ([student(f"s{n}", correlate1d=RIGHT if n % 2 else WRONG) for n in range(6)], "correlate1d"),
    ],
    ids=["all earned the same", "fewer than five", "no other question"],
)
def test_no_discrimination(results: list[NotebookResult], question: str) -> None:
    """Where a correlation has no meaning there is none."""
    assert summary(results, question).discrimination is None


def test_worst_verdicts() -> None:
    """Each student counts once, with the worst verdict; one error among passes is an error."""
    entry = summary(six(), "correlate1d")
    assert entry.verdicts == ((Verdict.PASSED, 2), (Verdict.FAILED, 1), (Verdict.STUDENT_ERROR, 2))
    assert entry.verdict_counts == ("2 passed", "1 not right", "2 raised an error")


def test_mistakes() -> None:
    """Mistakes with one symptom are counted together, the most frequent first, then what was not recognised."""
    assert summary(six(), "conv2d_forward").mistake_counts(5) == (
        "2 of 5: Your numbers lack the bias.",
        "1 of 5: Your filter is turned.",
        "1 of 5: wrong, by none of the listed mistakes",
    )
    assert summary(six(), "conv_nd").mistake_counts(5) == ()


def test_what_waits_is_left_out() -> None:
    """A held answer counts neither as wrong nor as right, nor the total of its student; a reflection has no share."""
    held = question_result("correlate1d", [Verdict.GRADER_FAULT], pending=4.0)
    reflection = QuestionResult(
        question=Question(id="why", title="Why", points=2, manual=True), points=0.0, points_pending=2.0
    )
    results = [
        student("ada", correlate1d=held, conv_nd=RIGHT, why=reflection),
        *(student(f"s{n}", correlate1d=RIGHT, conv_nd=HALF if n else WRONG, why=reflection) for n in range(4)),
    ]
    entry = summary(results, "correlate1d")
    assert (entry.students, entry.share) == (4, 1.0)
    assert entry.verdicts == ((Verdict.PASSED, 4), (Verdict.GRADER_FAULT, 1))
    assert summary(results, "conv_nd").students == 5
    assert summary(results, "conv_nd").discrimination is None
    assert summary(results, "why").share is None
    (found,) = summarise(results)
    assert found.share == pytest.approx((4 * 1.0 + 4 * (1 + 3 * 0.5 + 0) / 5) / 8)


def test_order_of_students_is_nothing() -> None:
    """The same results in another order sum up to the same, and notebooks stand by name."""
    results = [*six(), *(result(f"s{n}", notebook="linear_maps") for n in range(3))]
    assert summarise(results) == summarise(results[::-1])
    assert [entry.notebook for entry in summarise(results)] == ["linear_maps", "sliding_windows"]
    assert summarise([]) == ()


# The table


def shown(results: list[NotebookResult]) -> str:
    """The table as a terminal without colours shows it, its cells in words."""
    table = classroom_table(results)
    assert table is not None
    stream = io.StringIO()
    Console(file=stream, width=160, color_system=None, force_terminal=False).print(table)
    return stream.getvalue()


def test_table() -> None:
    """A line per question: points, share, correlation, verdicts and mistakes with counts."""
    text = shown(six())
    assert "sliding_windows: 5 students, 1 could not be graded" in text
    line = next(line for line in text.splitlines() if line.startswith(" conv2d_forward"))
    assert line.split()[1:4] == ["8", "50", "%"]
    assert "2 of 5: Your numbers lack the bias." in line
    assert "1 of 5: wrong, by none of the listed mistakes" in text


def test_no_table_for_a_few() -> None:
    """Four students are no class."""
    assert classroom_table(six()[:4]) is None
    assert classroom_table([]) is None


def test_numbers_as_people_write_them() -> None:
    """Nearly all is not all, and a missing number is a dash."""
    assert [percent(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0, None)] == [
        "0 %",
        "1 %",
        "50 %",
        "99 %",
        "100 %",
        "–",
    ]
    assert [signed(number) for number in (0.421, -0.1, -0.0001, None)] == ["+0.42", "\u22120.10", "+0.00", "–"]


# The page


def page(results: list[NotebookResult]) -> Element:
    """The page, parsed."""
    return parse(render_classroom("Convolution", results, {"sliding_windows": "Sliding windows"}))


def test_page() -> None:
    """The share of the class, the mistakes that several made, a section for each question with its counts."""
    root = page(six())
    assert root.one("h1").text == "Convolution"
    assert root.one("p", class_="score").text == "62 % of the points, on average over 5 students"
    frequent = root.one("ol", class_="frequent").all("li")
    assert [item.text for item in frequent] == ["2 of 5 Your numbers lack the bias. The convolution layer"]
    section = root.one("section", id="sliding_windows.conv2d_forward")
    rows = {row.one("dt").text: row.one("dd").text for row in section.one("dl").all("div")}
    assert rows["Worst verdict"] == "1 passed, 3 not right, 1 raised an error"
    assert rows["Mistakes"].startswith("2 of 5: Your numbers lack the bias.")


def test_idea() -> None:
    """Each question says what of the lectures it grades, so that the class's figures speak of lectures."""
    entry = question_result("conv_nd", HALF)
    entry = replace(entry, question=replace(entry.question, idea="Lecture 7: channels are summed over"))
    section = page([result("ada", questions=[entry])]).one("section", class_="question")
    assert section.one("p", class_="note").text == "Lecture 7: channels are summed over."


def test_figure() -> None:
    """Every question has its bar, as long as its share, its numbers in words, and a mark where there is one."""
    figure = page(six()).one("svg", class_="bars")
    assert figure.attributes["role"] == "img"
    rows = figure.all("g")
    assert [[text.text for text in row.all("text")][:2] for row in rows] == [
        ["correlate1d", "50 %"],
        ["conv_nd", "100 %"],
        ["conv2d_forward", "50 %"],
    ]
    widths = [float(row.one("rect", class_="share").attributes["width"]) for row in rows]
    assert widths[0] == pytest.approx(widths[1] / 2)
    assert [len(row.all("path", class_="mark")) for row in rows] == [1, 0, 1]


def test_nobody_is_named() -> None:
    """Neither names nor what students wrote is on the page; links lead to places on it, and nothing is fetched."""
    results = six()
    source = render_classroom("Convolution", results)
    assert not any(entry.submission.student in source for entry in results if entry.submission.student != "pdf")
    assert "got a PDF" not in source
    root = parse(source)
    assert {element.tag for element in root.all()} & {"script", "img", "link", "iframe"} == set()
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert all(link.attributes["href"].removeprefix("#") in ids for link in root.all("a"))
    policy = root.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")


def test_text_is_escaped() -> None:
    """Titles and symptoms are text, whatever they hold."""
    bad = Diagnosis(mistake="m", symptom=HOSTILE, hint="")
    entries = [question_result("conv_nd", HALF, diagnosis=bad) for _ in range(5)]
    results = [result(HOSTILE, questions=[entry]) for entry in entries]
    source = render_classroom(HOSTILE, results)
    assert not {element.tag for element in parse(source).all()} & {"script", "img"}
    assert not set(source) & set("\x1b\x07\x9b\u202e\u2066\u200f\ud83d\r")


def test_empty_class() -> None:
    """Nothing graded is said, and breaks nothing."""
    assert "Nothing has been graded yet." in page([]).text
    assert page([ungraded("pdf", "No.")]).one("p", class_="score").text.startswith("–")


def test_write(course: Course) -> None:
    """The page lies among the exports; other assignments' results are left out."""
    path = write_classroom(course, "a1_convolution", [*six(), result("zoe", assignment="a2")])
    assert path == course.exports / "a1_convolution-class.html"
    assert [heading.text for heading in parse(path.read_text(encoding="utf-8")).all("h2")] == ["Sliding windows"]
