"""Harm by notebooks that are none, or that no one has seen before. What can be read is graded as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.case import ATTACKER, Case, NotebookJson, code_cell, put

NAME = "sliding_windows.ipynb"
HONEST = ("correlate1d",)


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path, bytes], None]:
    """Hands in the notebook's bytes, changed."""

    def files(folder: Path, data: bytes) -> None:
        put(folder / ATTACKER / "a1_convolution" / NAME, change(data))

    return files


def _text(change: Callable[[str], str], encoding: str = "utf-8") -> Callable[[Path, bytes], None]:
    return _bytes(lambda data: change(data.decode()).encode(encoding))


def _nan(notebook: NotebookJson) -> None:
    notebook["metadata"]["score"] = [float("nan"), float("inf"), -float("inf"), 10**400]
    for cell in notebook["cells"]:
        cell["execution_count"] = float("nan")


def _old_format(notebook: NotebookJson) -> None:
    cells = notebook.pop("cells")
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["input"], cell["language"] = cell.pop("source"), "python"
    notebook |= {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}


def _no_format(notebook: NotebookJson) -> None:
    del notebook["nbformat"], notebook["nbformat_minor"]


def _without_cells(notebook: NotebookJson) -> None:
    notebook["cells"] = []


def _foreign(notebook: NotebookJson) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "Bash"}
    notebook["metadata"]["language_info"] = {"name": "R", "file_extension": ".sh"}


def _no_ids(notebook: NotebookJson) -> None:
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {}


def _odd_cells(notebook: NotebookJson) -> None:
    notebook["cells"] += [None, 7, [], {"cell_type": "code"}, {"cell_type": 7, "source": {}}, {"source": ["x", 1]}]


def _two(folder: Path, data: bytes) -> None:
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("return", "return 0 *")
    for place in ("", "a1_convolution/"):
        put(folder / ATTACKER / f"{place}{NAME}", json.dumps(notebook).encode() if not place else data)
        put(folder / ATTACKER / f"{place}sliding_windows-Copy1.ipynb", json.dumps(notebook).encode())


def _many_cells(notebook: NotebookJson) -> None:
    notebook["cells"] += [code_cell("x = 1")] * 5000


def _deep(text: str) -> str:
    return text[: text.rindex("}")] + ', "deep": ' + "[" * 100_000 + "]" * 100_000 + "}"


def _pipe(folder: Path, data: bytes) -> None:
    place = folder / ATTACKER / "a1_convolution"
    place.mkdir(parents=True)
    os.mkfifo(place / NAME)


def _folder(folder: Path, data: bytes) -> None:
    put(folder / ATTACKER / "a1_convolution" / NAME / NAME, data)


def _sparse(folder: Path, data: bytes) -> None:
    with put(folder / ATTACKER / NAME, b"{").open("r+b") as file:
        file.truncate(10**11)


def _any(value: Any) -> Callable[[Path, bytes], None]:
    return _bytes(lambda data: json.dumps(value).encode())


CASES = (
    Case(id="a PDF", threat="19 not JSON", tries="The reader stops.", files=_bytes(lambda data: b"%PDF-1.7\n" + data)),
    Case(
        id="random bytes",
        threat="19 not JSON",
        tries="The reader stops.",
        files=_bytes(lambda data: bytes(range(256)) * 100),
    ),
    Case(id="nothing at all", threat="19 not JSON", tries="The reader stops.", files=_bytes(lambda data: b"")),
    Case(
        id="half a notebook",
        threat="19 not JSON",
        tries="The reader stops.",
        files=_bytes(lambda data: data[: len(data) // 2]),
    ),
    Case(id="JSON that is a list", threat="19 wrong kind", tries="The reader stops.", files=_any([1, 2])),
    Case(id="JSON that is a number", threat="19 wrong kind", tries="The reader stops.", files=_any(4.0)),
    Case(
        id="JSON whose parts are of other kinds",
        threat="19 wrong kind",
        tries="Each part is something else than a notebook has.",
        files=_any({"cells": {"0": []}, "metadata": [], "nbformat": "4", "nbformat_minor": None}),
    ),
    Case(
        id="cells of other kinds among right ones",
        threat="19 wrong kind",
        tries="One odd cell stops the reader.",
        honest=HONEST,
        edit=_odd_cells,
    ),
    Case(
        id="a hundred megabytes",
        threat="19 large",
        tries="Time and memory of whoever reads it.",
        files=_text(lambda text: text.rstrip("}") + " " * 100_000_000 + "}"),
    ),
    Case(
        id="a pipe by the notebook's name",
        threat="19 not JSON",
        tries="Whoever opens it waits for a writer.",
        files=_pipe,
    ),
    Case(
        id="a folder by the notebook's name",
        threat="19 not JSON",
        tries="Whoever reads it fails.",
        files=_folder,
    ),
    Case(
        id="a hundred gigabytes of nothing",
        threat="19 large",
        tries="A file with a hole in it takes no room until it is read.",
        files=_sparse,
    ),
    Case(id="five thousand cells", threat="19 large", tries="Time of whoever reads them.", edit=_many_cells),
    Case(
        id="lists in lists, a hundred thousand deep",
        threat="19 deep nesting",
        tries="The reader's stack is full.",
        files=_text(_deep),
    ),
    Case(
        id="numbers that are none",
        threat="19 NaN",
        tries="NaN and Infinity are no JSON, and no sum survives them.",
        honest=HONEST,
        edit=_nan,
    ),
    Case(
        id="no nbformat",
        threat="19 no nbformat",
        tries="Which format it is must be guessed.",
        honest=HONEST,
        edit=_no_format,
    ),
    Case(
        id="nbformat 3",
        threat="19 old nbformat",
        tries="Cells lie in worksheets, and sources are inputs.",
        honest=HONEST,
        edit=_old_format,
    ),
    Case(
        id="UTF-16",
        threat="19 encoding",
        tries="Saved by an editor that knows better.",
        honest=HONEST,
        files=_text(str, "utf-16"),
    ),
    Case(
        id="Latin-1 and halves of characters",
        threat="19 encoding",
        tries="Bytes that are no UTF-8.",
        honest=HONEST,
        files=_bytes(lambda data: data.replace(b"Sliding", b"Slid\xefng \xff\xfe").replace(b"Pixels", b"\\ud800")),
    ),
    Case(
        id="a byte order mark",
        threat="19 BOM",
        tries="Three bytes before the first brace.",
        honest=HONEST,
        files=_bytes(lambda data: b"\xef\xbb\xbf" + data),
    ),
    Case(
        id="carriage returns in file and cells",
        threat="19 CRLF",
        tries="Line ends of Windows and of old Macs.",
        honest=HONEST,
        files=_text(lambda text: json.dumps(json.loads(text.replace("\\n", "\\r\\n")), indent=1).replace("\n", "\r\n")),
    ),
    Case(id="no cells", threat="19 no cells", tries="Nothing to be wrong.", edit=_without_cells),
    Case(
        id="the kernel of another language",
        threat="19 foreign kernel",
        tries="The grader starts the kernel that the notebook names.",
        honest=HONEST,
        edit=_foreign,
    ),
    Case(
        id="cells without ids and metadata",
        threat="19 no ids",
        tries="Nothing says which cell is which.",
        honest=HONEST,
        edit=_no_ids,
    ),
    Case(
        id="two notebooks of one name, and copies",
        threat="19 two notebooks",
        tries="One is checked, the other is graded.",
        honest=HONEST,
        files=_two,
    ),
)
