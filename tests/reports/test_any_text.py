"""Whatever students write, and whatever their files are called, every report shows it as text and nothing runs it."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from autograder.model import Diagnosis, ErrorMap, NotebookResult, Submission, Verdict
from autograder.reports.classroom_page import render_classroom
from autograder.reports.classroom_table import classroom_table
from autograder.reports.export import class_csv
from autograder.reports.feedback import render_feedback
from autograder.reports.machine import results_json
from autograder.reports.scores import ScoreLine, scores_csv
from autograder.reports.table import class_table
from tests.reports.html import parse
from tests.reports.results import HOSTILE, question_result, result
from tests.reports.test_feedback import TAGS

WIDTH = 120
TEXTS = {
    "formula": "=cmd|' /C calc'!A0",
    "formula behind a tab": "\t=1+1",
    "formula behind a line": "x\r\n=HYPERLINK(1)",
    "formula behind an odd space": "\u3000\xa0@SUM(A1)",
    "wide formula": "\uff1d1+1",
    "quotes": '"";=1+1;"',
    "null": "a\0b",
    "carriage return": "harmless\rowned",
    "line separators": "a\x85b\u2028c\u2029d\x0be\x0cf",
    "direction": "\u202egnp.ipynb\u2066x\u200e",
    "tags": "\U000e0041\U000e007f",
    "half a pair": "\ud800\udc00 \udfff",
    "escape": "\x1b[2J\x1b]8;;https://example.edu\x1b\\\\x\x9b31m\x07",
    "markup": "<img src=x onerror=alert(1)>&lt;script&gt;</style></title><!--",
    "rich": "[link=https://example.edu]x[/link][/]",
    "template": "{{ 7*7 }}{% raw %}",
    "long word": "W" * 10_000,
    "many words": "word " * 2_000,
    "many lines": "\n" * 10_000 + "end",
    "accents": "Z" + "\u0301\u0327" * 5_000,
    "right to left": "\u0623\u062d\u0645\u062f " * 20,
    "nothing": "",
    "white": " \t ",
    "all of it": HOSTILE,
}


def told(text: str) -> NotebookResult:
    """A student of whom every free text is this one: name, messages, remarks, output, time and file."""
    entry = question_result(
        "conv_nd",
        [Verdict.PASSED, (Verdict.STUDENT_ERROR, text, "ran"), (Verdict.FAILED, text, "values")],
        remarks=(text,),
        output=text,
    )
    return result(text, questions=[entry], remarks=[text], submitted_at=text, original=text)


def terminal(make: Callable[[list[NotebookResult]], object], text: str) -> str:
    """What a terminal gets to see."""
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, force_terminal=False, color_system=None).print(make([told(text)] * 5))
    return stream.getvalue()


def check_page(source: str) -> None:
    """No element or attribute is a student's, nothing steers what reads the page, and its length has a bound."""
    root = parse(source)
    assert {element.tag for element in root.all()} <= TAGS
    assert not any(name.startswith("on") for element in root.all() for name in element.attributes)
    check_characters(source)
    assert len(source) < 60_000


def check_characters(text: str) -> None:
    """Nothing steers a terminal, turns the direction of the text, or can't be encoded."""
    unseen = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    found = {char for char in text if unicodedata.category(char) in unseen}
    # Joiners belong to Persian and to emoji.
    assert found <= set("\n\t\u200c\u200d")


def check_csv(data: bytes) -> None:
    """One line per student; no cell is a formula or longer than a spreadsheet takes, and nothing steers a reader."""
    text = data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert len(lines) == 2
    assert len(lines[0]) == len(lines[1])
    for cell in lines[1]:
        assert len(cell) <= 3000
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    check_characters(text.replace("\r\n", "\n"))


def check_everywhere(text: str) -> None:
    """Every report of a student who writes this."""
    check_page(render_feedback(text, "Convolution", [told(text)]))
    check_page(render_feedback(text, "Convolution", [replace(told(text), submission=problem(text))]))
    check_csv(class_csv([told(text)]))
    check_csv(scores_csv([ScoreLine(student=text, points=(("q", 1.0),), waiting=("q",))]))
    assert json.loads(results_json([told(text)]))["submissions"][0]["points"] == pytest.approx(1.33)
    for make in (class_table, classroom_table):
        shown = terminal(make, text)
        assert all(cell_len(line) <= WIDTH and len(line) <= 3 * WIDTH for line in shown.splitlines())
        check_characters(shown)
    assert text.strip() == "" or len(text) < 9 or text not in render_classroom("Convolution", [told(text)] * 5)


def problem(text: str) -> Submission:
    """A file that can't be graded for a reason that quotes it."""
    return replace(told(text).submission, problem=f"{text}: expected a notebook.")


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_text_in_every_report(name: str) -> None:
    """Names, messages and output reach page, CSV, JSON and terminal as text, of bounded length."""
    check_everywhere(TEXTS[name])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_is_text(text: str) -> None:
    """The same for texts that nobody thought of."""
    check_everywhere(text)


def test_tables_say_nothing_of_diagnoses_and_hidden_tests() -> None:
    """CSV, JSON and the class's table hold points and remarks: no symptom, hint, message, place, or trace of a test."""
    marks = ["SYMPTOM", "HINT", "MESSAGE", "rows ROW", "OUTPUT", "STAFF ONLY"]
    picture = ErrorMap(rows=((1.0,),), row_axis="rows ROW", column_axis="")
    entry = question_result(
        "conv_nd",
        [Verdict.PASSED, (Verdict.FAILED, "MESSAGE", "values")],
        diagnosis=Diagnosis(mistake="SYMPTOM", symptom="SYMPTOM", hint="HINT"),
        output="OUTPUT",
    )
    entry = replace(entry, tests=tuple(replace(test, error_map=picture) for test in entry.tests))
    results = [result("ada", questions=[entry])]
    stream = io.StringIO()
    Console(file=stream, width=WIDTH).print(class_table(results))
    for text in (class_csv(results).decode(), results_json(results).decode(), stream.getvalue()):
        assert "conv_nd" in text
        assert not [mark for mark in marks if mark in text]
    # What the class is told is the symptom, and nothing that only one student should read.
    source = render_classroom("Convolution", results)
    assert [mark for mark in marks if mark in source] == ["SYMPTOM"]
