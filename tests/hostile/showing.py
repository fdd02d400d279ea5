"""What people and machines get to see of results, and what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import msgspec
from rich.console import Console

from autograder.gradebook.autograded import encode, graded_notebook
from autograder.gradebook.html import clean, markdown
from autograder.gradebook.release import Release
from autograder.model import Notebook, NotebookResult
from autograder.reports.classroom_page import render_classroom
from autograder.reports.export import class_csv
from autograder.reports.feedback import render_feedback
from autograder.reports.machine import results_json
from autograder.reports.table import class_table

Results = Sequence[NotebookResult]
_ACTIVE = {"script", "iframe", "object", "embed", "form", "input", "button", "link", "base", "audio", "video", "img"}
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FORMULA = re.compile(r"\s*[=+\-@]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def shown_texts(mine: Results, everyone: Results, release: Mapping[str, Any], notebook: Notebook) -> list[str]:
    """Everything in which something of a student's results stands."""
    return [
        msgspec.json.encode(list(mine)).decode(),
        *_pages(mine),
        *(_graded(result, release, notebook).decode() for result in mine),
        *_of_the_class(everyone),
    ]


def shown_faults(mine: Results, everyone: Results, release: Mapping[str, Any], notebook: Notebook) -> Iterator[str]:
    """What of it would run, steer a terminal, or be taken for a formula."""
    if not everyone:
        return
    for page in _pages(mine):
        yield from _active("feedback", page)
    table, json, sheet, classroom = _of_the_class(everyone)
    yield from _active("the page of the class", classroom)
    for name, text in (("the table", table), ("JSON", json), ("CSV", sheet.replace("\r\n", "\n"))):
        if found := _STEERING.search(text):
            yield f"{name} shows {found[0]!r}"
    for row in csv.reader(io.StringIO(sheet.removeprefix("\ufeff"))):
        yield from (f"CSV holds the formula {cell[:40]!r}" for cell in row if _is_formula(cell))
    for result in mine:
        for cell in msgspec.json.decode(_graded(result, release, notebook))["cells"]:
            if cell["cell_type"] == "markdown":
                yield from _active("formgrader", clean(markdown(cell["source"])))
            elif any(output["output_type"] not in {"stream", "execute_result"} for output in cell["outputs"]):
                yield "formgrader shows an output that is not ours"
            if cell.keys() & {"attachments"}:
                yield "formgrader shows an attachment"


def _pages(results: Results) -> list[str]:
    return [render_feedback(result.submission.student, "Convolution", [result]) for result in results]


def _graded(result: NotebookResult, release: Mapping[str, Any], notebook: Notebook) -> bytes:
    asked = {entry.question.id for entry in result.questions}
    questions = tuple(question for question in notebook.questions if question.id in asked)
    return encode(graded_notebook(Release(notebook=replace(notebook, questions=questions), data=release), result))


def _of_the_class(results: Results) -> tuple[str, str, str, str]:
    if not results:
        return "", "", "", ""
    console = Console(file=io.StringIO(), width=160, record=True)
    console.print(class_table(results))
    return (
        console.export_text(),
        results_json(results).decode(),
        class_csv(results).decode(),
        render_classroom("Convolution", results),
    )


def _is_formula(cell: str) -> bool:
    return bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell)


def _active(where: str, page: str) -> Iterator[str]:
    parser = _Active()
    parser.feed(page)
    parser.close()
    yield from (f"{where}: {fault}" for fault in parser.faults)


class _Active(HTMLParser):
    """Collects what a browser would run or ask for."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            target = re.sub(r"\s", "", value or "").lower()
            if name.startswith("on") or name in {"srcdoc", "formaction"}:
                self.faults.append(f"<{tag} {name}>")
            elif name in {"href", "src", "xlink:href"} and target.startswith(("javascript:", "data:", "vbscript:")):
                self.faults.append(f"<{tag} {name}={target[:30]}>")
