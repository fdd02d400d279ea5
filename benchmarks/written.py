"""Functions as text that stands alone: what a closure holds becomes names of its own, as a student would write it.

The right and wrong answers beside the hidden tests are made by functions that build functions. A student's notebook
can't import them, so each is taken apart here: its own source, and that of everything it refers to.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from benchmarks.definitions import (
    Function,
    NotWritableError,
    arguments_of,
    definition_of,
    globals_of,
    item_name,
    own_names,
    used_from_outside,
)

__all__ = ["NotWritableError", "written"]

_OURS = ("autograder.", "benchmarks.", "tests.")
_OF_EVERY_CLASS = ("__module__", "__doc__", "__dict__", "__weakref__", "__qualname__", "__annotations__")
_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))


def written(functions: Mapping[str, Callable[..., Any]], mark: str) -> ast.Module:
    """Define some functions.

    Args:
        functions: Name to a live function.
        mark: Ends the names of all helpers, so that those of two answers in one notebook don't meet.

    Returns:
        A module that imports nothing of this project. Docstrings and annotations are left out.

    Raises:
        NotWritableError: If there is no such text.
    """
    writer = _Writer(mark)
    for name, function in functions.items():
        writer.define(name, function)
    imports = [statement for text in sorted(writer.imports) for statement in ast.parse(text).body]
    return ast.fix_missing_locations(ast.Module([*imports, *writer.body], []))


class _Writer:
    """Statements, each behind those it needs."""

    def __init__(self, mark: str) -> None:
        self.body: list[ast.stmt] = []
        self.imports: set[str] = set()
        self._mark = mark
        # The values are kept, so that no id is used twice.
        self._names: dict[int, tuple[str, Any]] = {}
        self._taken: set[str] = set()

    def define(self, name: str, value: Any) -> None:
        """Bind a name to a value."""
        if isinstance(value, FunctionType) and id(value) not in self._names:
            self._function(name, value)
        else:
            self.body.append(_assignment(name, self.expression(value, name)))

    def expression(self, value: Any, wish: str) -> ast.expr:
        """An expression for a value; what it needs is written before.

        Args:
            value: Anything.
            wish: What it would be called if it needs a name.
        """
        if id(value) in self._names:
            return ast.Name(self._names[id(value)][0], ast.Load())
        match value:
            case None:
                # Called in a branch that is never taken, a literal None would be worth a warning.
                self.body.append(_assignment(name := self._free(wish), ast.Constant(None)))
                return ast.Name(name, ast.Load())
            case _ if type(value) in _PLAIN:
                return _literal(value)
            case ModuleType():
                return self._imported(value, wish)
            case FunctionType() | type() if _is_ours(value):
                return self._definition(value, wish)
        return self._data(value, wish) or self._public(value, wish)

    def _definition(self, value: Any, wish: str) -> ast.expr:
        if isinstance(value, type):
            return self._class(value)
        name = self._free(value.__name__ if value.__name__.isidentifier() else wish)
        self._function(name, value)
        return ast.Name(name, ast.Load())

    def _data(self, value: Any, wish: str) -> ast.expr | None:
        """An expression for a container or an array; None for anything else."""
        match value:
            case functools.partial():
                made = _call("functools.partial", *(self.expression(part, wish) for part in (value.func, *value.args)))
                made.keywords = [ast.keyword(key, self.expression(part, key)) for key, part in value.keywords.items()]
                self.imports.add("import functools")
                return made
            case np.ndarray():
                self.imports.add("import numpy as np")
                return _call("np.array", ast.parse(repr(value.tolist()), mode="eval").body, _text(f"np.{value.dtype}"))
            case tuple() | list() | set() if type(value) in (tuple, list, set):
                return self._named(wish, value, self._container(value, wish))
            case dict():
                keys = [self.expression(key, wish) for key in value]
                return self._named(wish, value, ast.Dict([*keys], [self.expression(e, wish) for e in value.values()]))
            case _ if _is_ours(type(value)) and hasattr(value, "__dict__"):
                return self._object(value, wish)
        return self._dtype(value)

    def _dtype(self, value: Any) -> ast.expr | None:
        if isinstance(value, np.dtype):
            self.imports.add("import numpy as np")
            return _call("np.dtype", ast.Constant(value.str))
        if (type(value).__module__, type(value).__name__) == ("torch", "dtype"):
            self.imports.add("import torch")
            return _text(str(value))
        return None

    def _container(self, value: Any, wish: str) -> ast.expr:
        entries = [self.expression(entry, wish) for entry in value]
        match value:
            case tuple():
                return ast.Tuple(entries, ast.Load())
            case list():
                return ast.List(entries, ast.Load())
        return ast.Set(entries)

    def _named(self, wish: str, value: Any, made: ast.expr) -> ast.expr:
        """Constants stand where they are used; what can change has one place."""
        if isinstance(value, tuple):
            return made
        name = self._free(wish)
        self._names[id(value)] = name, value
        self.body.append(_assignment(name, made))
        return ast.Name(name, ast.Load())

    def _imported(self, module: ModuleType, wish: str) -> ast.expr:
        if f"{module.__name__}.".startswith(_OURS):
            raise NotWritableError(f"the module {module.__name__}")
        self.imports.add(f"import {module.__name__}" + (f" as {wish}" if wish != module.__name__ else ""))
        return ast.Name(wish, ast.Load())

    def _public(self, value: Any, wish: str) -> ast.expr:
        """Something of a library, by the way that leads there."""
        for module, name in _ways(value):
            if module == "builtins":
                return ast.Name(name, ast.Load())
            if module == "numpy":
                self.imports.add("import numpy as np")
                return _text(f"np.{name}")
            if module == "torch":
                self.imports.add("import torch")
                return _text(f"torch.{name}")
            self.imports.add(f"from {module} import {name.partition('.')[0]}")
            return _text(name)
        raise NotWritableError(f"{wish}: {type(value).__name__}")

    def _class(self, kind: type) -> ast.expr:
        if kind.__bases__ == (tuple,) and hasattr(kind, "_fields"):
            name = self._free(kind.__name__)
            self._names[id(kind)] = name, kind
            self.imports.add("import collections")
            fields = ast.Constant(" ".join(kind._fields))
            self.body.append(_assignment(name, _call("collections.namedtuple", ast.Constant(kind.__name__), fields)))
            return ast.Name(name, ast.Load())
        if kind.__bases__ != (object,):
            raise NotWritableError(f"the class {kind.__name__}")
        name = self._free(kind.__name__)
        self._names[id(kind)] = name, kind
        members = {key: value for key, value in vars(kind).items() if key not in _OF_EVERY_CLASS}
        body: list[ast.stmt] = [_assignment(key, self.expression(value, key)) for key, value in members.items()]
        self.body.append(ast.ClassDef(name, [], [], body or [ast.Pass()], []))
        return ast.Name(name, ast.Load())

    def _object(self, value: Any, wish: str) -> ast.expr:
        """An object of a class of ours, with what it holds."""
        kind = self._class(type(value)) if id(type(value)) not in self._names else self.expression(type(value), wish)
        name = self._free(wish)
        self._names[id(value)] = name, value
        self.body.append(_assignment(name, ast.Call(ast.Attribute(kind, "__new__", ast.Load()), [kind], [])))
        for key, held in vars(value).items():
            place = ast.Attribute(ast.Name(name, ast.Load()), key, ast.Store())
            self.body.append(ast.Assign([place], self.expression(held, key)))
        return ast.Name(name, ast.Load())

    def _function(self, name: str, function: FunctionType) -> None:
        self._names[id(function)] = name, function
        node = definition_of(function.__code__)
        if "__class__" in function.__code__.co_freevars:
            raise NotWritableError(f"{function.__qualname__}, which calls super()")
        held = inspect.getclosurevars(function)
        values = {**globals_of(function), **held.nonlocals}
        names = {old: self.expression(value, old) for old, value in used_from_outside(node, values)}
        made = _Renamed(names).visit(node)
        defaults = [self.expression(value, name) for value in function.__defaults__ or ()]
        keywords = {key: self.expression(value, key) for key, value in (function.__kwdefaults__ or {}).items()}
        made.args.defaults = defaults
        made.args.kw_defaults = [keywords.get(entry.arg) for entry in made.args.kwonlyargs]
        if isinstance(made, ast.Lambda):
            made = ast.FunctionDef(name, made.args, [ast.Return(made.body)], [])
        made.name, made.decorator_list, made.returns = name, [], None
        self.body.append(made)

    def _free(self, wish: str) -> str:
        wish = f"{wish.strip('_')}_{self._mark}"
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{wish}{number}"
        self._taken.add(name)
        return name


class _Renamed(ast.NodeTransformer):
    """Puts expressions in the places of free names, and takes annotations and docstrings away."""

    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self._names = dict(names)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        made = self._names.get(node.id)
        if made is None:
            return node
        if isinstance(made, ast.Name):
            return ast.Name(made.id, node.ctx)
        return made if isinstance(node.ctx, ast.Load) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if (made := self._names.get(item_name(node))) is not None:
            return made
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._inside(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self._inside(node)
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.stmt:
        renamed = [made.id for name in node.names if isinstance(made := self._names.get(name), ast.Name)]
        if not renamed:
            return node
        if len(renamed) < len(node.names):
            raise NotWritableError("names of two places in one statement")
        return ast.Global(renamed)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.Pass()
        return self.visit(ast.copy_location(ast.Assign([node.target], node.value), node))  # type: ignore[no-any-return]

    def _inside(self, node: Function) -> None:
        """Names that are the function's own stay."""
        for argument in arguments_of(node):
            argument.annotation = None
        kept = {name: self._names.pop(name) for name in own_names(node) & self._names.keys()}
        self.generic_visit(node)
        self._names |= kept


def _is_ours(value: Any) -> bool:
    return f"{value.__module__}.".startswith(_OURS)


def _ways(value: Any) -> Iterator[tuple[str, str]]:
    """Modules and names under which a value of a library can be reached."""
    names = dict.fromkeys(getattr(value, name, None) for name in ("__qualname__", "__name__"))
    owner = getattr(value, "__self__", None)
    modules = [owner.__name__] if isinstance(owner, ModuleType) else []
    for module in dict.fromkeys([*modules, "builtins", "numpy", "torch", getattr(value, "__module__", None)]):
        for name in names:
            if isinstance(module, str) and isinstance(name, str):
                yield from _there(module, name, value)


def _there(module: str, name: str, value: Any) -> Iterator[tuple[str, str]]:
    if module not in sys.modules or f"{module}.".startswith(_OURS):
        return
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is value:
        yield module, name


def _assignment(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_text(function), [*arguments], [])


def _text(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _literal(value: Any) -> ast.expr:
    if isinstance(value, float) and not math.isfinite(value):
        return _call("float", ast.Constant(str(value)))
    return _text(repr(value))
