"""Text that students wrote, made safe to compare, to run and to show."""

from __future__ import annotations

import re
import unicodedata

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(source: str) -> str:
    """A cell's text as Python can take it: Unix line ends, no NUL characters, no halves of a surrogate pair."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", source)


def essence(source: str) -> str:
    """A text without blank lines and white space at the ends of lines: equal where only such white space differs."""
    lines = (line.rstrip().expandtabs(4) for line in source.splitlines())
    return "\n".join(line for line in lines if line)


def shown(text: str, limit: int = 60) -> str:
    """Text from a student as one short line for a message: no control, direction or undecodable characters."""
    line = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSHOWN else c for c in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def listed(items: list[str], limit: int = 5) -> str:
    """A few items joined by commas, and how many more there are."""
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more
