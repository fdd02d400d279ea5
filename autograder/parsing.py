"""Student code is read as Python in the grader too, where no limit of the sandbox holds: only what is worth it."""

from __future__ import annotations

import ast
import re
import warnings

# The parser joins `import a.b.c` name by name and keeps every step: of names without end it keeps gigabytes.
_CHAIN = re.compile(r"(?<!\w)(?:\w+[ \t\f\\\r\n]*\.[ \t\f\\\r\n]*){100}")


def parse(source: str) -> ast.Module | None:
    """The tree of a text, or None if it is no Python, or nested or joined by dots without measure.

    Args:
        source: A cell's text. A tree takes hundreds of times its memory: whoever calls this limits its length.
    """
    if _CHAIN.search(source):
        return None
    try:
        with warnings.catch_warnings():
            # A student's "\d" in a plain string is no concern of ours.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The parser reports text that is nested too deeply by the last two.
        return None
