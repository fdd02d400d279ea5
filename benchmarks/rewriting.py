"""The same answer in another hand: other names, remarks, and sums that are added up in another order.

All of it is right by construction, whatever the answer computes. Floating-point results then differ in their last bits,
as they do between students who wrote the same formula.
"""

from __future__ import annotations

import ast
import keyword
import random
from collections.abc import Sequence
from dataclasses import dataclass

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
        whole_sum: Adds up a whole array, as a pattern of its text; "{0}" leaves the call as it was.
        along: Adds up along an axis, as a pattern of array and axis; "" leaves it as it was.
        product: Multiplies matrices, as a function's text without its first line; "" leaves @ as it was.
        backwards: Whether loops that do nothing but add up run backwards.
        from_the_right: Whether a + b + c begins with b + c.
        optimize: What np.einsum is told, if anything.
        remarks: Comments, strewn in.
    """

    ending: str
    whole_sum: str
    along: str
    product: str
    backwards: bool
    from_the_right: bool
    optimize: bool | None
    remarks: Sequence[str]


_WHOLE_SUMS = {
    "numpy": ("{0}.sum()", "np.sum(np.ravel({0})[::-1])", "total({0})", "np.sum({0}, axis=0).sum()",
              "np.sum({0}, axis=-1).sum()", "np.sum(np.ravel({0}, order='F'))", "np.sum(np.transpose({0})[::-1])"),
    "torch": ("{0}.sum()", "torch.sum({0}.flatten().flip(0))", "{0}.sum(0).sum()", "{0}.sum(-1).sum()"),
}  # fmt: skip
_TOTAL = "    flat = np.ravel(a)\n    return flat[1::2].sum() + flat[::2].sum()"
_ALONG = {
    "numpy": ("", "np.flip({0}, {1})", "np.asfortranarray({0})", "np.array({0}, order='C')"),
    "torch": ("", "{0}.flip({1})"),
}
# With b's rows counted by its first axis if it is a vector, else by its last but one.
_IN_PARTS = (
    "    rows = lambda part: b[part] if b.ndim == 1 else b[..., part, :]\n"
    "    return sum((a[..., part] @ rows(part) for part in parts[1:]), a[..., parts[0]] @ rows(parts[0]))"
)
_PRODUCTS = {
    "numpy": (
        "",
        "    return a[..., ::-1] @ (b[::-1] if b.ndim == 1 else b[..., ::-1, :])",
        f"    parts = [slice(0, None, 2), slice(1, None, 2)]\n{_IN_PARTS}",
        f"    parts = [slice(2, None), slice(0, 2)]\n{_IN_PARTS}",
        f"    parts = [slice(i, i + 1) for i in range(max(a.shape[-1], 1))]\n{_IN_PARTS}",
        f"    parts = [slice(i, i + 1) for i in reversed(range(max(a.shape[-1], 1)))]\n{_IN_PARTS}",
    ),
    "torch": (
        "",
        "    return a.flip(-1) @ b.flip(0 if b.ndim == 1 else -2)",
        f"    parts = [slice(0, None, 2), slice(1, None, 2)]\n{_IN_PARTS}",
    ),
}


def hand(rng: random.Random, library: str) -> Hand:
    """Draw one student's.

    Args:
        rng: The student's.
        library: "numpy" or "torch".
    """
    return Hand(
        ending=rng.choice(_ENDINGS),
        whole_sum=rng.choice(_WHOLE_SUMS[library]),
        along=rng.choice(_ALONG[library]),
        product=rng.choice(_PRODUCTS[library]),
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
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and hand.ending:
            _rename_locals(statement, hand.ending, _names_of(tree))
    text = ast.unparse(ast.fix_missing_locations(tree))
    for name, body in sums.helpers.items():
        arguments = "a" if body == _TOTAL else "a, b"
        text = f"def {name}({arguments}):\n{body}\n\n{text}"
    return _with_remarks(text, hand.remarks)


class _Sums(ast.NodeTransformer):
    """Adds up in a student's order."""

    def __init__(self, hand: Hand, mark: str) -> None:
        self._hand = hand
        self._mark = mark
        self.helpers: dict[str, str] = {}

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="sum"), args=[what], keywords=[]):
                return self._whole(what, node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="einsum")):
                return self._einsum(node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch" | "math"))):
                return node
            case ast.Call(func=ast.Attribute(value=what, attr="sum"), args=[], keywords=[]):
                return self._whole(what, node)
            case ast.Call(func=ast.Attribute(value=what, attr="sum" | "mean"), args=[axes, *_]) if self._hand.along:
                return self._along(node, what, axes)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(op=ast.MatMult()) if self._hand.product:
                return self._helper("product", self._hand.product, node.left, node.right)
            case ast.BinOp(op=ast.Add(), left=ast.BinOp(op=ast.Add(), left=first, right=second), right=third):
                if self._hand.from_the_right:
                    return ast.BinOp(first, ast.Add(), ast.BinOp(second, ast.Add(), third))
        return node

    def _whole(self, what: ast.expr, node: ast.Call) -> ast.expr:
        if self._hand.whole_sum.startswith("{0}.sum()"):
            return node
        if self._hand.whole_sum.startswith("total("):
            return self._helper("total", _TOTAL, what)
        return _expression(self._hand.whole_sum, what)

    def _helper(self, name: str, body: str, *arguments: ast.expr) -> ast.expr:
        name = f"{name}_{self._mark}"
        self.helpers[name] = body
        return ast.Call(ast.Name(name, ast.Load()), [*arguments], [])

    def _along(self, node: ast.Call, what: ast.expr, axes: ast.expr) -> ast.expr:
        try:
            value = ast.literal_eval(axes)
        except ValueError:
            return node
        if not isinstance(value, int | tuple) or isinstance(value, bool) or value == ():
            return node
        assert isinstance(node.func, ast.Attribute)
        node.func.value = ast.parse(self._hand.along.format(f"({ast.unparse(what)})", value), mode="eval").body
        return node

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


def _expression(pattern: str, what: ast.expr) -> ast.expr:
    return ast.parse(pattern.format(f"({ast.unparse(what)})"), mode="eval").body
