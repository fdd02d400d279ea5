"""Harm to whoever reads: small files for which a reader takes gigabytes, or minutes, or never comes to an end."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import ATTACKER, Case, NotebookJson, answer, code_cell, markdown_cell, put

HONEST = ("correlate1d",)
NAME = "sliding_windows"


def _zip_of(*names: str) -> Callable[[Path, bytes], None]:
    """Members of these names, and the notebook beside them."""

    def files(folder: Path, data: bytes) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, b"{}")
            archive.writestr(f"work/{NAME}.ipynb", data)
        put(folder / f"{ATTACKER}.zip", buffer.getvalue())

    return files


def _answered(text: str) -> Callable[[NotebookJson], None]:
    """An answer, wrong or not even Python, of that text."""
    return lambda notebook: answer(notebook, "conv_output_size", f"def conv_output_size(): pass\n{text}")


def _added(*texts: str) -> Callable[[NotebookJson], None]:
    def edit(notebook: NotebookJson) -> None:
        notebook["cells"] += [code_cell(text) for text in texts]

    return edit


def _alike(notebook: NotebookJson) -> None:
    """A thousand copies of each sign by which a cell is recognised."""
    known = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader")][:1]
    notebook["cells"] += [dict(cell, source=f"# {number}") for cell in known for number in range(1000)]


def _repeated_keys(folder: Path, data: bytes) -> None:
    """The list of cells twice: the last counts, and readers that take the first differ."""
    text = data.decode()
    put(folder / ATTACKER / f"{NAME}.ipynb", (text[: text.rindex("}")] + ', "cells": {}, "nbformat": "4"}').encode())


def _odd_numbers(notebook: NotebookJson) -> None:
    notebook["nbformat"] = -1e308
    for cell in notebook["cells"]:
        cell["execution_count"] = 10**4000
        cell["metadata"]["collapsed"] = {"a": [{}] * 100}
        cell["metadata"].setdefault("nbgrader", {})["points"] = 1e308


def _odd_texts(notebook: NotebookJson) -> None:
    notebook["cells"] += [
        code_cell("\ud800\udfff\x00\x1b]0;x\x07 = 1"),
        markdown_cell("\u202e" * 1000),
        dict(code_cell(""), source=["x = 1\n", ["y"], None]),
        dict(code_cell("z = 1"), id="x" * 100_000, metadata={"id": {"a": 1}, "course": ["role"], "nbgrader": 7}),
    ]


CASES = (
    Case(
        id="a name of a hundred thousand parts",
        threat="19 large",
        tries="Python's parser keeps every step of a dotted name: the square of its length, in the grader's memory.",
        honest=HONEST,
        edit=_answered("import a" + ".b" * 45_000),
    ),
    Case(
        id="names of a hundred thousand parts in many cells",
        threat="19 large",
        tries="No one cell is too long to be read.",
        honest=HONEST,
        edit=_added(*("from ..a" + " . b" * 20_000 + " import conv_output_size\ndef f(): pass" for _ in range(6))),
    ),
    Case(
        id="expressions without end",
        threat="19 deep nesting",
        tries="Parsers recurse, and a stack that is too small takes the process with it.",
        honest=HONEST,
        edit=_added(
            *(f"def f(): pass\nx = {part * 40_000}1" for part in ("-", "not ", "lambda: ", "1 if 1 else ", "a."))
        ),
    ),
    Case(
        id="a number of sixty thousand digits in a member's name",
        threat="18 many members",
        tries="Readers look for the number of a copy, at each of its digits anew.",
        files=_zip_of(f"{NAME}{'1' * 60_000}a1a.ipynb", *(f"{NAME}{'1' * 900}a{n}a.ipynb" for n in range(300))),
    ),
    Case(
        id="accents without end in members' names",
        threat="18 Unicode form",
        tries="To put accents in order takes the square of their number.",
        files=_zip_of(*(f"{number}{chr(0x301) * 10_000}{chr(0x316) * 10_000}" for number in range(20))),
    ),
    Case(
        id="a thousand cells with one id",
        threat="8 duplicating",
        tries="Each may be the one that is looked for.",
        honest=HONEST,
        edit=_alike,
    ),
    Case(
        id="keys that are there twice",
        threat="19 wrong kind",
        tries="One reader sees the answers, another sees something else.",
        files=_repeated_keys,
    ),
    Case(
        id="numbers beyond every number",
        threat="19 NaN",
        tries="Points and counts that overflow, a format before the first.",
        honest=HONEST,
        edit=_odd_numbers,
    ),
    Case(
        id="texts that are no texts",
        threat="19 encoding",
        tries="Halves of characters, control codes, lists in lists, ids as long as books.",
        honest=HONEST,
        edit=_odd_texts,
    ),
)
