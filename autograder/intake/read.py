"""From bytes to cells. Any bytes may come; what can't be read becomes a SubmissionError that says what to do.

Only what grading needs is kept: each cell's kind, text, ids and points. Outputs and attachments are dropped here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.errors import SubmissionError
from autograder.intake.sniff import HOW_TO, binary_kind, has_conflict_markers, text_kind
from autograder.intake.text import clean, listed, shown

# What may be handed in; and what may be left of it without the pictures, films and sounds in its outputs.
MAX_FILE_BYTES = 60_000_000
MAX_NOTEBOOK_BYTES = 20_000_000
MAX_CELLS = 2_000
MAX_CELL_CHARS = 500_000

_KINDS = ("code", "markdown", "raw")
# Text that stands for bytes: nobody types so much in one piece.
_MEDIA = re.compile(rb"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{20000,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCell:
    """One cell as it was handed in.

    Attributes:
        kind: "code", "markdown" or "raw".
        source: Its text, cleaned.
        id: The notebook's cell id (Colab keeps it in the metadata), or None.
        grade_id: nbgrader's id, or None.
        points: Points that the notebook claims for it, or None.
    """

    kind: str
    source: str
    id: str | None = None
    grade_id: str | None = None
    points: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedNotebook:
    """What was handed in, as far as grading needs it.

    Attributes:
        cells: All readable cells in their order.
        assignment: The assignment that the notebook says it belongs to, or None.
        notebook: The notebook that it says it is, or None.
        language: Language of its kernel in small letters, "python" if it says none.
        remarks: What was mended or left out.
    """

    cells: tuple[ParsedCell, ...]
    assignment: str | None = None
    notebook: str | None = None
    language: str = "python"
    remarks: tuple[str, ...] = ()


def read_notebook(data: bytes, *, name: str = "The file") -> ParsedNotebook:
    """Read a notebook of any format version since 2, in any state.

    Args:
        data: The file's bytes.
        name: The file's name for messages.

    Raises:
        SubmissionError: If there is no notebook in it. The message says what came and what to do.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise _not_a_notebook(name, "an empty file", HOW_TO)
    if len(data) > MAX_NOTEBOOK_BYTES:
        size = len(data)
        if size <= MAX_FILE_BYTES:
            data = _MEDIA.sub(b"", data)
        if len(data) > MAX_NOTEBOOK_BYTES:
            raise SubmissionError(too_large(name, size))
    kind = binary_kind(data)
    if kind is not None:
        unpack = "Unpack it and hand in the notebook that it holds." if kind.endswith("archive") else HOW_TO
        raise _not_a_notebook(name, kind, unpack)
    text, remarks = _decode(data)
    content = _parse(text, name)
    metadata = _mapping(content.get("metadata"))
    cells, notes = _cells(content, name)
    course = _mapping(metadata.get("course"))
    return ParsedNotebook(
        cells=cells,
        assignment=_string(course.get("assignment")),
        notebook=_string(course.get("notebook")),
        language=_language(metadata),
        remarks=(*remarks, *notes),
    )


def too_large(name: str, size: int) -> str:
    """The message for a notebook above the limit of `MAX_NOTEBOOK_BYTES`."""
    return (
        f"{name}: expected at most {MAX_NOTEBOOK_BYTES // 1_000_000} MB, got {-(-size // 1_000_000)} MB. "
        "Clear all outputs (Edit > Clear Outputs of All Cells), save, and hand in again."
    )


def _not_a_notebook(name: str, got: str, advice: str) -> SubmissionError:
    return SubmissionError(f"{name}: expected a Jupyter notebook, got {got}. {advice}")


def _decode(data: bytes) -> tuple[str, list[str]]:
    encoding = json.detect_encoding(data)
    try:
        text, remarks = data.decode(encoding), []
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        remarks = ["The file isn't saved as UTF-8; it was read as Windows-1252, so accents may look odd."]
    if encoding not in ("utf-8", "utf-8-sig"):
        remarks.append(f"The file is saved as {encoding.upper()}, not as UTF-8; it was read all the same.")
    return text.strip("\x00 \t\r\n\ufeff"), remarks


def _parse(text: str, name: str) -> Mapping[str, Any]:
    try:
        # Integers of any length would be refused by `int`; nothing here needs them exact.
        content = json.loads(text, parse_int=float, strict=False)
    except json.JSONDecodeError as error:
        raise _why_not_json(text, name, error) from None
    except RecursionError:
        raise _not_a_notebook(name, "JSON that is nested thousands of levels deep", HOW_TO) from None
    if not isinstance(content, dict):
        raise _not_a_notebook(name, f"JSON that holds {_json_name(content)}", HOW_TO)
    return content


def _why_not_json(text: str, name: str, error: json.JSONDecodeError) -> SubmissionError:
    if has_conflict_markers(text):
        advice = (
            "Git left both versions in it: resolve the conflict, open the notebook in Jupyter, save, hand in again."
        )
        return _not_a_notebook(name, "a notebook with Git's conflict markers (<<<<<<<, >>>>>>>)", advice)
    if not text.startswith("{"):
        return _not_a_notebook(name, text_kind(text), HOW_TO)
    if error.pos >= len(text) or error.msg.startswith("Unterminated string") or not text.endswith("}"):
        advice = "The upload broke off or the disk was full: open the notebook in Jupyter, save, hand in again."
        return _not_a_notebook(name, "a file that ends too early", advice)
    advice = "Open it in Jupyter; if that fails, take up the last checkpoint (File > Revert), save, hand in again."
    return _not_a_notebook(name, f"damaged JSON (line {error.lineno}: {error.msg})", advice)


def _json_name(content: object) -> str:
    if content is None or isinstance(content, bool | float):
        return "a single value"
    return "a list" if isinstance(content, list) else "a text"


def _cells(content: Mapping[str, Any], name: str) -> tuple[tuple[ParsedCell, ...], list[str]]:
    """All readable cells, and what is to be said about the others."""
    raw, remarks = _raw_cells(content), []
    if raw is None:
        keys = listed([shown(key, 20) for key in content]) or "nothing"
        raise _not_a_notebook(name, f"JSON without a list of cells (it holds {keys})", HOW_TO)
    if not raw:
        advice = "Open it in Jupyter: if your work is there, save and hand in again."
        raise _not_a_notebook(name, "a notebook without any cell", advice)
    if len(raw) > MAX_CELLS:
        advice = "Remove those that you don't need, save, and hand in again."
        raise SubmissionError(f"{name}: expected at most {MAX_CELLS} cells, got {len(raw)}. {advice}")
    if "cells" not in content:
        remarks.append("The notebook has an old format; it was read as today's.")
    cells, unreadable, too_long = [], [], []
    for number, entry in enumerate(raw, start=1):
        cell = _cell(entry)
        if cell is None:
            unreadable.append(str(number))
        elif len(cell.source) > MAX_CELL_CHARS:
            too_long.append(str(number))
        else:
            cells.append(cell)
    if unreadable:
        remarks.append(f"Cells that could not be read were left out: number {listed(unreadable)}.")
    if too_long:
        remarks.append(f"Cells longer than {MAX_CELL_CHARS} characters were left out: number {listed(too_long)}.")
    return tuple(cells), remarks


def _raw_cells(content: Mapping[str, Any]) -> list[Any] | None:
    """The list of cells: formats 2 and 3 keep it in worksheets."""
    cells = content.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = content.get("worksheets")
    if not isinstance(sheets, list):
        return None
    lists = [_mapping(sheet).get("cells") for sheet in sheets]
    return [cell for cells in lists if isinstance(cells, list) for cell in cells]


def _cell(entry: object) -> ParsedCell | None:
    """One cell, or None if its kind or text is not what a cell has."""
    content = _mapping(entry)
    kind, metadata = content.get("cell_type"), _mapping(content.get("metadata"))
    source = _source(content.get("source", content.get("input")))
    if source is None:
        return None
    if kind == "heading":
        kind, source = "markdown", f"# {source}"
    if kind not in _KINDS:
        return None
    graded = _mapping(metadata.get("nbgrader"))
    points = graded.get("points")
    return ParsedCell(
        kind=kind,
        source=clean(source),
        id=_string(content.get("id")) or _string(metadata.get("id")),
        grade_id=_string(graded.get("grade_id")),
        points=points if isinstance(points, float) else None,
    )


def _source(value: object) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else None


def _language(metadata: Mapping[str, Any]) -> str:
    told = (
        _mapping(metadata.get("language_info")).get("name"),
        _mapping(metadata.get("kernelspec")).get("language"),
        _mapping(metadata.get("kernelspec")).get("name"),
    )
    language = next((text for text in map(_string, told) if text), "python").lower()
    return "python" if "python" in language else language


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
