"""Which names a cell defines. Nothing is run: the text is parsed, or searched where it does not parse."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Set

from autograder.parsing import parse

_DEF = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
_MAGIC = re.compile(r"^[ \t]*[%!?].*|^.*\?[ \t]*$", re.MULTILINE)


def defined_names(
    source: str, *, must_parse: bool = False, limit: int = 100_000, wanted: Set[str] = frozenset()
) -> frozenset[str]:
    """Names that the text gives to functions and classes at its top level.

    Args:
        source: A cell's text. Magics or a syntax error don't hide the `def` lines that begin in the first column.
        must_parse: Demand that all of it is Python; for text that may well be prose.
        limit: Text of more characters is data rather than code: it is searched, not parsed.
        wanted: Names for which any value will do: a function may be the result of a call, or another one's alias.
    """
    if not any(mark in source for mark in ("def", "class", "lambda", *wanted)):
        return frozenset()
    tree = None
    if len(source) <= limit:
        tree = parse(source) or (None if must_parse else parse(_MAGIC.sub("", source)))
    if tree is None:
        return frozenset() if must_parse else frozenset(_DEF.findall(source))
    return frozenset(name for statement in tree.body for name in _names(statement, wanted))


def _names(statement: ast.stmt, wanted: Set[str]) -> Iterable[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            targets = [target]
        case _:
            return []
    # Of several targets at once, `f, g = make()`, each gets a value.
    nodes = [node for target in targets for node in (target.elts if isinstance(target, ast.Tuple) else [target])]
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    return [name for name in names if isinstance(value, ast.Lambda) or name in wanted]
