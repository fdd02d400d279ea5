"""Which names a cell defines. Nothing is run: the text is parsed, or searched where it does not parse."""

from __future__ import annotations

import ast
import re
import warnings

_DEF = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)


def defined_names(source: str, *, must_parse: bool = False, limit: int = 100_000) -> frozenset[str]:
    """Names that the text gives to functions and classes at its top level.

    Args:
        source: A cell's text. Magics or a syntax error don't hide the `def` lines that begin in the first column.
        must_parse: Demand that all of it is Python; for text that may well be prose.
        limit: Text of more characters is data rather than code: it is searched, not parsed.
    """
    if not any(mark in source for mark in ("def", "class", "lambda")):
        return frozenset()
    tree = _parse(source) if len(source) <= limit else None
    if tree is None:
        return frozenset() if must_parse else frozenset(_DEF.findall(source))
    return frozenset(name for statement in tree.body for name in _names(statement))


def _parse(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            # A student's "\d" in a plain string is no concern of ours.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The parser reports text that is nested too deeply by the last two.
        return None


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []
