"""Random bugs: a right function with one operator, comparison, index or constant changed. Pure and seeded."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator

_OPERATORS: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
_COMPARISONS: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)

Edit = Callable[[ast.AST], None]


def bugs(source: str, count: int, seed: int) -> tuple[str, ...]:
    """Different versions of some functions, each with one random bug.

    Args:
        source: Text that defines functions.
        count: How many versions; fewer if there are not so many.
        seed: The same seed gives the same bugs.
    """
    tree = ast.parse(source)
    right = ast.unparse(tree)
    sites = [(number, edit) for number, (node, names) in enumerate(_nodes(tree)) for edit in _edits(node, names)]
    random.Random(seed).shuffle(sites)  # noqa: S311 - bugs are no secret
    found: dict[str, None] = {}
    for number, edit in sites:
        if len(found) == count:
            break
        changed = copy.deepcopy(tree)
        edit(_nodes(changed)[number][0])
        text = ast.unparse(changed)
        if text != right:
            found[text] = None
    return tuple(found)


def _nodes(tree: ast.Module) -> list[tuple[ast.AST, tuple[str, ...]]]:
    """What can be wrong, each with the names that could stand there.

    These are the bodies of functions, without their docstrings and the words of their errors.
    """
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [
        (node, names)
        for function in functions
        for statement in function.body
        for names in [_names(function, statement)]
        for node in _below(statement)
    ]


def _below(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.FunctionDef):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _below(child)


def _names(function: ast.FunctionDef, statement: ast.stmt) -> tuple[str, ...]:
    """The arguments of a function, and what was computed before a statement of it."""
    arguments = function.args
    names = [entry.arg for entry in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    for earlier in function.body[: function.body.index(statement)]:
        stored = [node for node in ast.walk(earlier) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        names += [node.id for node in stored]
    return tuple(dict.fromkeys(names))


def _edits(node: ast.AST, names: tuple[str, ...]) -> list[Edit]:
    """Every way to get one node wrong."""
    edits: list[Edit] = []
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if isinstance(op, _OPERATORS):
            edits = [_set("op", kind()) for kind in _OPERATORS if not isinstance(op, kind)]
        case ast.Compare(ops=[op]) if isinstance(op, _COMPARISONS):
            edits = [_set("ops", [kind()]) for kind in _COMPARISONS if not isinstance(op, kind)]
        case ast.Constant(value=bool(value)):
            edits = [_set("value", not value)]
        case ast.Constant(value=int(value) | float(value)):
            edits = [_set("value", value + 1), _set("value", value - 1), _set("value", 2 * value)]
        case ast.UnaryOp(op=ast.USub()):
            edits = [_set("op", ast.UAdd())]
        case ast.BoolOp(op=op):
            edits = [_set("op", ast.Or() if isinstance(op, ast.And) else ast.And())]
        case ast.Slice():
            edits = [_set(field, None) for field in ("lower", "upper", "step")]
        case ast.Subscript(slice=ast.Tuple(elts=elements) as index):
            edits = [_set("slice", ast.Tuple(elts=elements[::-1], ctx=index.ctx))]
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            edits = [_set("id", other) for other in names if other != name]
    return edits


def _set(field: str, value: object) -> Edit:
    return lambda node: setattr(node, field, copy.deepcopy(value))
