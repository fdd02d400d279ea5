"""What a file is that should be a notebook and isn't: said in words a student knows."""

from __future__ import annotations

import re

HOW_TO = (
    "In Jupyter choose File > Download, in Colab File > Download > Download .ipynb, in VS Code File > Save; "
    "then hand in that .ipynb file."
)

_STARTS = (
    (b"%PDF-", "a PDF file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word, Excel or PowerPoint file"),
    (b"{\\rtf", "a rich text (RTF) file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"bplist", "a Mac shortcut, which holds a link only"),
)
# A zip that is a document says so in the names of its members.
_ZIPPED = (
    (b"word/", "a Word file"),
    (b"xl/", "an Excel file"),
    (b"ppt/", "a PowerPoint file"),
    (b"opendocument", "an OpenDocument file"),
)
_CONFLICT = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)
_PYTHON = re.compile(r"^(?:import \w+|from [\w.]+ import |def \w+\(|# %%)", re.MULTILINE)
_LINK = re.compile(r"\s*(?:https?://\S+\s*$|\[InternetShortcut\])")


def binary_kind(data: bytes) -> str | None:
    """Name the kind of a binary file by its first bytes; None if they tell nothing."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return next((kind for mark, kind in _ZIPPED if mark in data), "a zip archive")
    return next((kind for start, kind in _STARTS if data.startswith(start)), None)


def text_kind(text: str) -> str:
    """Name the kind of a text that is not JSON."""
    start = text[:2000].lstrip().lower()
    if start.startswith("<"):
        is_page = any(mark in start for mark in ("<!doctype html", "<html", "<head", "<body"))
        return "a web page, saved from the browser" if is_page else "an XML file"
    if _LINK.match(text):
        return "a link"
    if _PYTHON.search(text):
        return "a Python file"
    return "a text file"


def has_conflict_markers(text: str) -> bool:
    """Whether Git left both versions of a merge in the text."""
    return len(_CONFLICT.findall(text)) >= 2
