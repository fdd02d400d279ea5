"""Any bytes become cells or a message that says what to do."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from autograder.errors import SubmissionError
from autograder.intake import read as reading
from autograder.intake.read import read_notebook
from tests.intake.notebooks import CORRELATE, cell, code_cell, insert_after, to_bytes


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "text")
    return buffer.getvalue()


def message(data: bytes) -> str:
    with pytest.raises(SubmissionError) as caught:
        read_notebook(data, name="sliding_windows.ipynb")
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_reads_what_jupyter_saved(content: dict[str, Any]) -> None:
    """Kinds, texts and ids arrive; outputs don't."""
    parsed = read_notebook(to_bytes(content))
    assert [entry.kind for entry in parsed.cells] == [entry["cell_type"] for entry in content["cells"]]
    answer = parsed.cells[3]
    assert (answer.id, answer.grade_id, answer.source) == ("correlate1d-solution", "correlate1d__solution", CORRELATE)
    assert parsed.cells[4].points == 4
    assert (parsed.assignment, parsed.notebook, parsed.language) == ("a1_convolution", "sliding_windows", "python")
    assert parsed.remarks == ()


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"", "an empty file"),
        (b" \r\n\t", "an empty file"),
        (b"\x00" * 4096, "an empty file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF file"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word file"),
        (zipped("xl/workbook.xml"), "an Excel file"),
        (zipped("sliding_windows.ipynb"), "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "an old Word, Excel or PowerPoint file"),
        (b"\x89PNG\r\n\x1a\n\x00", "a picture"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"Rar!\x1a\x07\x00", "a RAR archive"),
        (b"\n<!DOCTYPE html>\n<html><body>Jupyter</body></html>", "a web page, saved from the browser"),
        (b"\xef\xbb\xbf<html>", "a web page, saved from the browser"),
        (b"<?xml version='1.0'?><a/>", "an XML file"),
        (b"https://colab.research.google.com/drive/1a2b3c\n", "a link"),
        (b"[InternetShortcut]\r\nURL=https://colab.research.google.com\r\n", "a link"),
        (b"import numpy as np\n\ndef f(x):\n    return x\n", "a Python file"),
        (b"# %%\nx = 1\n", "a Python file"),
        (b"Dear professor, my dog ate it.", "a text file"),
        (bytes(range(256)), "a text file"),
        (b"[1, 2, 3]", "JSON that holds a list"),
        (b"3", "JSON that holds a single value"),
        (b"NaN", "JSON that holds a single value"),
        (b"null", "JSON that holds a single value"),
        (b'"cells"', "JSON that holds a text"),
        (b"{}", "JSON without a list of cells (it holds nothing)"),
        (b'{"type": "FeatureCollection", "features": []}', "JSON without a list of cells (it holds type, features)"),
        (b'{"cells": {"0": "x"}, "nbformat": 4}', "JSON without a list of cells (it holds cells, nbformat)"),
        (b'{"cells": [], "nbformat": 4}', "a notebook without any cell"),
        (b"[" * 200_000, "JSON that is nested thousands of levels deep"),
        (b'{"cells": ' + b'{"a":' * 100_000, "JSON that is nested thousands of levels deep"),
        (b'{"cells": [1,, 2]}', "damaged JSON (line 1: Expecting value)"),
    ],
)
def test_says_what_came_instead(data: bytes, got: str) -> None:
    """Each kind of wrong file is named, with one next step."""
    text = message(data)
    assert text.startswith(f"sliding_windows.ipynb: expected a Jupyter notebook, got {got}. ")
    assert "hand in" in text


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated(content: dict[str, Any], share: float) -> None:
    """A file that ends too early is called that, wherever it was cut."""
    data = to_bytes(content)
    assert "got a file that ends too early. The upload broke off" in message(data[: int(len(data) * share)])


def test_cut_after_any_byte_never_crashes(content: dict[str, Any]) -> None:
    """Every prefix of a notebook is refused kindly, but the whole file."""
    data = to_bytes(content, indent=None).strip()
    for end in range(0, len(data), 7):
        assert "expected a Jupyter notebook" in message(data[:end])


def test_conflict_markers(content: dict[str, Any]) -> None:
    """Git's markers are recognised."""
    text = to_bytes(content).decode()
    middle = text.index('"metadata"')
    torn = text[:middle] + '\n<<<<<<< HEAD\n"a": 1,\n=======\n"a": 2,\n>>>>>>> theirs\n' + text[middle:]
    assert "Git's conflict markers" in message(torn.encode())
    assert "resolve the conflict" in message(torn.encode())


def test_pictures_do_not_count(monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]) -> None:
    """A notebook that is too large for its pictures alone is read without them; what people type stays."""
    plain = read_notebook(to_bytes(content))
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0K" * 10_000}}
    content["cells"][1]["outputs"] = [picture] * 20
    monkeypatch.setattr(reading, "MAX_NOTEBOOK_BYTES", 1_000_000)
    assert read_notebook(to_bytes(content)).cells == plain.cells
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 1_500_000)
    with pytest.raises(SubmissionError, match="expected at most 1 MB, got 2 MB"):
        read_notebook(to_bytes(content))


def test_too_large(monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]) -> None:
    """Beyond the limit the student is told to clear the outputs."""
    monkeypatch.setattr(reading, "MAX_NOTEBOOK_BYTES", 1_000_000)
    data = to_bytes(content) + b" " * 2_000_000
    want = "sliding_windows.ipynb: expected at most 1 MB, got 3 MB. Clear all outputs"
    assert message(data).startswith(want)


def test_too_many_cells() -> None:
    """A notebook of a hundred thousand cells is refused."""
    data = json.dumps({"cells": [code_cell("1")] * 100_000, "nbformat": 4}).encode()
    assert "expected at most 2000 cells, got 100000" in message(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(content: dict[str, Any], encoding: str) -> None:
    """UTF-8 with and without a mark and the wider forms are read; accents and emoji survive."""
    insert_after(content, "demo-001", code_cell("größe = '日本 🙂'"))
    data = json.dumps(content, ensure_ascii=False).encode(encoding)
    parsed = read_notebook(data)
    assert parsed.cells[6].source == "größe = '日本 🙂'"
    assert bool(parsed.remarks) == (not encoding.startswith("utf-8"))


def test_latin1(content: dict[str, Any]) -> None:
    """A file in a Windows encoding is read, and the student is told."""
    insert_after(content, "demo-001", code_cell("größe = 1"))
    parsed = read_notebook(json.dumps(content, ensure_ascii=False).encode("cp1252"))
    assert parsed.cells[6].source == "größe = 1"
    assert parsed.remarks == ("The file isn't saved as UTF-8; it was read as Windows-1252, so accents may look odd.",)


def test_line_ends_and_nul(content: dict[str, Any]) -> None:
    """Windows and old Mac line ends, NULs, raw control characters and lone surrogates do no harm."""
    cell(content, "correlate1d-solution")["source"] = "def f():\r\n\treturn\x00 1\r# \ud800 end"
    data = json.dumps(content).encode().replace(b"\n", b"\r\n") + b"\x00" * 100
    source = read_notebook(data).cells[3].source
    assert source == "def f():\n\treturn 1\n# \ufffd end"
    source.encode()


def test_nan_and_endless_numbers(content: dict[str, Any]) -> None:
    """Numbers that JSON or Python don't allow stand in outputs and metadata and disturb nobody."""
    cell(content, "demo-001")["outputs"] = [{"data": {"application/json": float("nan")}}]
    data = to_bytes(content).replace(b'"execution_count": 1', b'"execution_count": ' + b"9" * 6000)
    assert b"9" * 6000 in data
    assert len(read_notebook(data).cells) == 10


def test_raw_control_characters(content: dict[str, Any]) -> None:
    """Line ends and tabs that some tool forgot to escape are taken as they are."""
    insert_after(content, "demo-001", code_cell("") | {"source": "x = 1\n\ty = 2"})
    data = json.dumps(content).replace("1\\n\\ty", "1\n\ty").encode()
    assert b"1\n\ty" in data
    assert [entry.source for entry in read_notebook(data).cells][6] == "x = 1\n\ty = 2"


@pytest.mark.parametrize("missing", ["nbformat", "nbformat_minor", "metadata"])
def test_missing_parts(content: dict[str, Any], missing: str) -> None:
    """A notebook without format version or metadata is read."""
    del content[missing]
    assert len(read_notebook(to_bytes(content)).cells) == 10


def test_old_format() -> None:
    """Worksheets of format 3 are read: input instead of source, headings, several sheets."""
    sheets = [
        {"cells": [{"cell_type": "heading", "level": 2, "source": ["Sizes"], "metadata": {}}]},
        {"cells": [{"cell_type": "code", "language": "python", "input": ["x = 1\n", "y = 2"], "outputs": []}]},
        "broken",
    ]
    parsed = read_notebook(json.dumps({"nbformat": 3, "worksheets": sheets, "metadata": {"name": ""}}).encode())
    assert [(entry.kind, entry.source) for entry in parsed.cells] == [("markdown", "# Sizes"), ("code", "x = 1\ny = 2")]
    assert parsed.remarks == ("The notebook has an old format; it was read as today's.",)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        "x = 1",
        ["x"],
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": None},
        {"cell_type": "code", "source": {"a": 1}},
        {"cell_type": "code", "source": ["a", 1]},
        {"cell_type": "sql", "source": "SELECT 1"},
        {"cell_type": ["code"], "source": "x"},
        {"source": "x = 1"},
    ],
)
def test_broken_cells(content: dict[str, Any], broken: object) -> None:
    """A cell that is none is left out with a remark; the others are read."""
    content["cells"].insert(2, broken)
    parsed = read_notebook(to_bytes(content))
    assert len(parsed.cells) == 10
    assert parsed.remarks == ("Cells that could not be read were left out: number 3.",)


def test_many_broken_cells_make_one_remark(content: dict[str, Any]) -> None:
    """The remark stays short."""
    content["cells"] += [None] * 500
    (remark,) = read_notebook(to_bytes(content)).remarks
    assert remark.endswith("number 11, 12, 13, 14, 15 and 495 more.")


def test_endless_cell(content: dict[str, Any]) -> None:
    """A cell of more than half a million characters is left out."""
    insert_after(content, "demo-001", code_cell("x" * 500_001))
    parsed = read_notebook(to_bytes(content))
    assert len(parsed.cells) == 10
    assert parsed.remarks == ("Cells longer than 500000 characters were left out: number 7.",)


@pytest.mark.parametrize("metadata", [None, [], "x", {"nbgrader": 3}, {"nbgrader": {"grade_id": 3, "points": "4"}}])
def test_odd_metadata(content: dict[str, Any], metadata: object) -> None:
    """Metadata of any kind is no reason to lose a cell."""
    content["cells"][3] |= {"metadata": metadata, "id": 12}
    parsed = read_notebook(to_bytes(content))
    assert (parsed.cells[3].id, parsed.cells[3].grade_id, parsed.cells[3].points) == (None, None, None)


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R"}}, "r"),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"kernelspec": {"name": "conda-env-python-py", "language": ""}}, "python"),
        ({"kernelspec": 3, "language_info": []}, "python"),
        ({}, "python"),
    ],
)
def test_language(content: dict[str, Any], metadata: dict[str, Any], language: str) -> None:
    """The kernel's language is read from wherever it is said."""
    content["metadata"] = metadata
    assert read_notebook(to_bytes(content)).language == language
