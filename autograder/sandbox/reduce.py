"""What is kept of a cell that fails: its imports and definitions. Pure."""

from __future__ import annotations

import ast
from collections.abc import Sequence

REDUCED_WALL_S = 2.0
_DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
# Calls that define something and take no time.
_CONSTRUCTORS = frozenset({"namedtuple", "NamedTuple", "TypeVar", "partial", "default_rng", "array"})
_CODE = (ast.Await, ast.Yield, ast.YieldFrom, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BLOCK_STARTS = ("def ", "async def ", "class ", "import ", "from ", "@")


def keep_definitions(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements that import or define something, or give a name to a plain value."""
    return [statement for statement in statements if _defines(statement)]


def one_import_each(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, with `import a, b` as two: one of them may be missing."""
    return [single for statement in statements for single in _singles(statement)]


def split_blocks(source: str) -> list[str]:
    """A cell's text as one block if it can be parsed; else cut before each definition, so that one can be broken."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _cut(source)
    return [source]


def _singles(statement: ast.stmt) -> list[ast.stmt]:
    if not isinstance(statement, ast.Import):
        return [statement]
    return [ast.copy_location(ast.Import([name]), statement) for name in statement.names]


def _cut(source: str) -> list[str]:
    blocks: list[list[str]] = [[]]
    decorated = False
    for number, line in enumerate(source.splitlines()):
        if line.startswith(_BLOCK_STARTS) and not decorated:
            # Empty lines above keep the line numbers as they are.
            blocks.append([""] * number)
        decorated = line.startswith("@")
        blocks[-1].append(line)
    return ["\n".join(block) for block in blocks]


def _defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return _is_plain(value)
        case ast.If(test=test, body=body, orelse=orelse):
            return _is_plain(test) and all(map(_defines, (*body, *orelse)))
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
            inside = [entry for handler in handlers for entry in handler.body]
            return all(map(_defines, (*body, *inside, *orelse, *finalbody)))
        case ast.Expr(value=ast.Constant()):
            return True
    return isinstance(statement, _DEFINING)


def _is_plain(value: ast.expr) -> bool:
    """Whether an expression takes no time: constants, names, arithmetic, containers, lambdas."""
    match value:
        case ast.Lambda():
            return True
        case ast.Call(func=function, args=args, keywords=keywords):
            return _called(function) in _CONSTRUCTORS and all(map(_is_plain, (*args, *(k.value for k in keywords))))
    if isinstance(value, _CODE):
        return False
    return all(_is_plain(child) for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr))


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
