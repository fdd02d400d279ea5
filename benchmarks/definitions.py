"""Where a live function's source is, and which of its names come from outside."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

Function = ast.FunctionDef | ast.Lambda


class NotWritableError(Exception):
    """Something is held that no text of a few lines makes."""


def used_from_outside(node: Function, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names from outside that a function refers to; entries of dictionaries that it takes by a constant alone."""
    inside = _Free()
    inside.visit(node)
    for name in inside.found:
        if name in values:
            yield name, values[name]
    for subscript in inside.subscripts:
        name, key = subscript.value.id, subscript.slice.value  # type: ignore[attr-defined]
        if isinstance(values.get(name), dict) and name not in inside.found:
            yield item_name(subscript), values[name][key]


class _Free(ast.NodeVisitor):
    """Gathers names that are not a function's own."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self.subscripts: list[ast.Subscript] = []
        self.own_names: list[set[str]] = []

    def visit_Name(self, node: ast.Name) -> None:
        if not any(node.id in own for own in self.own_names):
            self.found[node.id] = None

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if item_name(node) and node.value.id.isupper():  # type: ignore[attr-defined]
            self.subscripts.append(node)
        else:
            self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node, node.body)

    def _function(self, node: Function, body: list[Any]) -> None:
        # Defaults are written from their values, where the function is a live one, but inside they are text.
        if self.own_names:
            for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                self.visit(default)
        self.own_names.append(own_names(node))
        for statement in body:
            self.visit(statement)
        self.own_names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)


def own_names(node: Function) -> set[str]:
    """Arguments, and what is assigned in a function itself."""
    own = {argument.arg for argument in arguments_of(node)}
    outside: set[str] = set()
    waiting: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
    while waiting:
        entry = waiting.pop()
        match entry:
            case ast.Lambda():
                continue
            case ast.FunctionDef(name=name):
                own.add(name)
                continue
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                outside |= set(names)
            case ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.ExceptHandler(name=str(name)):
                own.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                own |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
        waiting.extend(ast.iter_child_nodes(entry))
    return own - outside


def arguments_of(node: Function) -> list[ast.arg]:
    """All arguments of a function, in order."""
    args = node.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]


def item_name(node: ast.Subscript) -> str:
    """What an entry of a dictionary is called while names are looked up; empty for other subscripts."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
            return f"{name}[{key}]"
    return ""


def globals_of(function: FunctionType) -> dict[str, Any]:
    """What a function, and those defined in it, may take from its module."""
    return {name: function.__globals__[name] for name in _code_names(function.__code__) if name in function.__globals__}


def _code_names(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {*code.co_names, *(name for entry in inner for name in _code_names(entry))}


def definition_of(code: CodeType) -> Any:
    """A copy of the definition that a code object was compiled from."""
    found = [node for node in _definitions(code.co_filename) if _is_of(node, code)]
    if not found:
        raise NotWritableError(f"{code.co_qualname}: its definition is not where it should be")
    # Lambdas may stand in one another; the text is parsed again, so that no change meets what others find.
    text = min(map(ast.unparse, found), key=len)
    return next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.Lambda))


def _is_of(node: Function, code: CodeType) -> bool:
    if isinstance(node, ast.FunctionDef):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        return node.name == code.co_name and first == code.co_firstlineno
    arguments = [argument.arg for argument in arguments_of(node)]
    if code.co_name != "<lambda>" or arguments != [*code.co_varnames[: len(arguments)]]:
        return False
    body = node.body
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [place for place in code.co_positions() if None not in place and place[2] != place[3]]
    return bool(places) and all(start <= (a, c) and (b, d) <= end for a, b, c, d in places)


@functools.cache
def _definitions(file: str) -> tuple[Function, ...]:
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise NotWritableError(f"no source: {file}") from error
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda))
