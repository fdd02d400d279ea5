"""Text that others wrote, made safe to show: on a page, in a table, in a terminal. Pure.

Escaping for HTML, rich and CSV is left to their own means; this is about what no such means takes care of: control
characters that steer a terminal, direction marks that reorder what stands around them, halves of surrogate pairs that
can't be encoded, and text without end.
"""

from __future__ import annotations

import unicodedata

# What joins letters in Persian and in emoji is harmless and belongs to the text.
_JOINERS = "\u200c\u200d"
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def clean(text: str) -> str:
    r"""Show what can't be seen as Python writes it: a terminal's escape as `\x1b`, a direction mark as `\u202e`.

    Line feeds and tabs stay. A line that was overwritten by carriage returns, as progress bars do, keeps its last text.
    """
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return text if text.isprintable() else "".join(map(_seen, text))


def one_line(text: str, limit: int | None = None) -> str:
    """Clean text on one line, its white space collapsed, of at most `limit` characters."""
    line = clean(" ".join(text.split()))
    return line if limit is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def shortened(text: str, *, lines: int, characters: int) -> str:
    """Clean text up to a number of lines and characters, with a last line that says how much was left out."""
    text = clean(text).strip("\n")
    kept = "\n".join(text.split("\n")[:lines])[:characters]
    left = len(text) - len(kept)
    return f"{kept.rstrip()}\n… ({left:,} more characters)" if left else kept


def _seen(character: str) -> str:
    if character in "\n\t" or character in _JOINERS or unicodedata.category(character) not in _UNSEEN:
        return character
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
