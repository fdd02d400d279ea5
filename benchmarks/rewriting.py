"""The same answer in another hand: other names, remarks, and sums that are added up in another order.

All of it is right by construction, whatever the answer computes. Floating-point results then differ in their last bits,
as they do between students who wrote the same formula.
"""

from __future__ import annotations

import ast
import keyword
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.orders import ARGUMENTS, BODIES

_ENDINGS = ("", "_", "2", "_new", "_here", "s", "_val", "_tmp", "_a", "1", "_cur", "_k")
_REMARKS = (
    "tried it on paper first",
    "shapes: see the exercise",
    "TODO make this faster",
    "works for the small case",
    "same as above, other axis",
    "careful with the last one",
    "not sure why, but the check passes",
    "second attempt",
)

# Functions and methods that leave everything as it is.
_PURE = frozenset(
    ("len", "range", "int", "float", "min", "max", "abs", "slice", "tuple", "sum", "mean", "reshape", "dot")
)


@dataclass(frozen=True, slots=True)
class Hand:
    """How one student writes.

    Attributes:
        ending: Of local names.
        helpers: Name of a helper in `orders` to the body that the student gives it; "" for none.
        backwards: Whether loops that do nothing but add up run backwards.
        from_the_right: Whether a + b + c begins with b + c.
        optimize: What np.einsum is told, if anything.
        remarks: Comments, strewn in.
    """

    ending: str
    helpers: Mapping[str, str]
    backwards: bool
    from_the_right: bool
    optimize: bool | None
    remarks: Sequence[str]


def hand(rng: random.Random, library: str) -> Hand:
    """Draw one student's.

    Args:
        rng: The student's.
        library: "numpy" or "torch".
    """
    return Hand(
        ending=rng.choice(_ENDINGS),
        helpers={name: rng.choice(bodies) for name, bodies in BODIES[library].items()},
        backwards=rng.random() < 0.5,
        from_the_right=rng.random() < 0.5,
        optimize=rng.choice((None, True, False)),
        remarks=rng.sample(_REMARKS, 3),
    )


def rewritten(answer: ast.Module, hand: Hand, mark: str) -> str:
    """The text of an answer in a student's hand.

    Args:
        answer: Definitions; it may be changed.
        hand: The student's.
        mark: Ends the names of helpers.
    """
    sums = _Sums(hand, mark)
    tree = sums.visit(answer)
    if hand.backwards:
        tree = _Backwards().visit(tree)
    kept = _names_of(tree)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and hand.ending:
            _rename_locals(statement, hand.ending, kept)
    text = ast.unparse(ast.fix_missing_locations(tree))
    helpers = [
        f"def my_{name}_{mark}({ARGUMENTS[name]}):{hand.helpers[name]}" for name in ARGUMENTS if name in sums.used
    ]
    text = "\n\n".join([*helpers, text])
    return _with_remarks(text, hand.remarks)


class _Sums(ast.NodeTransformer):
    """Adds up in a student's order."""

    def __init__(self, hand: Hand, mark: str) -> None:
        self._hand = hand
        self._mark = mark
        self.used: set[str] = set()

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="einsum")):
                return self._einsum(node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch"), attr="sum" | "mean" as way)):
                return self._reduction(node, way, node.args[:1], node.args[1:])
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch"), attr="matmul"), args=[a, b]):
                return self._call("product", node, a, b)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch" | "math"))):
                return node
            case ast.Call(func=ast.Attribute(value=what, attr="sum" | "mean" as way)):
                return self._reduction(node, way, [what], node.args)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(op=ast.MatMult()):
                return self._call("product", node, node.left, node.right)
            case ast.BinOp(op=ast.Add(), left=ast.BinOp(op=ast.Add(), left=first, right=second), right=third):
                if self._hand.from_the_right:
                    return ast.BinOp(first, ast.Add(), ast.BinOp(second, ast.Add(), third))
        return node

    def _reduction(self, node: ast.Call, way: str, what: list[ast.expr], rest: list[ast.expr]) -> ast.expr:
        """A sum or mean of one array: over all of it, or along some axes."""
        axes = [*rest, *(entry.value for entry in node.keywords if entry.arg in ("axis", "dim"))]
        others = [entry for entry in node.keywords if entry.arg not in ("axis", "dim")]
        match len(what), len(axes):
            case 1, 0 if way == "sum" and not others:
                return self._call("total", node, *what)
            case 1, 1 if all(entry.arg in ("keepdims", "keepdim") for entry in others):
                made = self._call("along" if way == "sum" else "average", node, *what, *axes)
                if made is not node and isinstance(made, ast.Call):
                    made.keywords = others
                return made
        return node

    def _call(self, helper: str, otherwise: ast.expr, *arguments: ast.expr) -> ast.expr:
        """A call of one of the student's helpers, if they have it."""
        if not self._hand.helpers.get(helper):
            return otherwise
        self.used.add(helper)
        return ast.Call(ast.Name(f"my_{helper}_{self._mark}", ast.Load()), [*arguments], [])

    def _einsum(self, node: ast.Call) -> ast.expr:
        if self._hand.optimize is not None and not any(entry.arg == "optimize" for entry in node.keywords):
            node.keywords.append(ast.keyword("optimize", ast.Constant(self._hand.optimize)))
        return node


class _Backwards(ast.NodeTransformer):
    """Turns loops round that do nothing but add up."""

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        match node:
            case ast.For(iter=ast.Call(func=ast.Name(id="range")), orelse=[]) if _only_adds(node.body):
                node.iter = ast.Call(ast.Name("reversed", ast.Load()), [node.iter], [])
        return node


def _only_adds(body: Sequence[ast.stmt]) -> bool:
    """Whether turns of a loop may change places: each adds to something that none of them looks at."""
    added: set[str] = set()
    for statement in body:
        match statement:
            case ast.AugAssign(op=ast.Add(), target=ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))):
                added.add(name)
            case _:
                return False
    looked_at = [
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    ]
    subscripts = [s.target for s in body if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Subscript)]
    changing = any(isinstance(node, ast.NamedExpr | ast.Yield | ast.Await) for s in body for node in ast.walk(s))
    calls = [node for s in body for node in ast.walk(s) if isinstance(node, ast.Call)]
    return (
        not changing
        and all(map(_changes_nothing, calls))
        and all(
            looked_at.count(name) == sum(name == t.value.id for t in subscripts)  # type: ignore[attr-defined]
            for name in added
        )
    )


def _changes_nothing(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name):
            return name in _PURE
        case ast.Attribute(value=ast.Name(id="np" | "torch" | "math")):
            return not call.keywords or all(entry.arg != "out" for entry in call.keywords)
        case ast.Attribute(attr=name):
            return name in _PURE
    return False


def _rename_locals(function: ast.FunctionDef, ending: str, kept: set[str]) -> None:
    """Give another ending to the names that a function assigns, all the way down; arguments keep theirs."""
    nodes = list(ast.walk(function))
    kept = kept | {node.arg for node in nodes if isinstance(node, ast.arg)}
    kept |= {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    renamed = {name: f"{name}{ending}" for name in stored - kept}
    renamed = {old: new for old, new in renamed.items() if new not in used | kept and not keyword.iskeyword(new)}
    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = renamed.get(node.id, node.id)


def _names_of(tree: ast.Module) -> set[str]:
    """What a module defines, and everything it imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
    return names | {
        node.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    }


def _with_remarks(text: str, remarks: Sequence[str]) -> str:
    """Comments behind the first lines of some functions."""
    lines, left = [], [*remarks]
    for line in text.splitlines():
        lines.append(line)
        if line.startswith("def ") and line.endswith(":") and left:
            lines.append(f"    # {left.pop()}")
    return "\n".join([f"# {remarks[0]}", *lines])
