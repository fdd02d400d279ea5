"""Functions whose names a notebook gives to something else later on, in an experiment below the check, say.

Run from the top, each answer was called before that. Here all cells have run before anything is called, so such names
get their functions back.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any

# Names of what Python and IPython keep for themselves begin with it.
_HIDDEN = "_"


class Functions:
    """What could be called in a notebook, by name."""

    def __init__(self) -> None:
        # `sum = 0` hides Python's own for good.
        self._last: dict[str, Callable[..., Any]] = {
            name: value for name, value in vars(builtins).items() if callable(value)
        }

    def note(self, namespace: Mapping[str, Any]) -> None:
        """See what can be called once a cell has run."""
        self._last.update(
            (name, value) for name, value in list(namespace.items()) if type(name) is str and callable(value)
        )

    def give_back(self, namespace: dict[str, Any], sources: Iterable[str]) -> None:
        """Undo what would make a call fail: a function of the notebook's own, or one that its functions call.

        Args:
            namespace: After all cells.
            sources: The cells' texts, which are looked into only where something can't be called any more.
        """
        lost = {
            name: last
            for name, last in self._last.items()
            if not name.startswith(_HIDDEN) and name in namespace and not callable(namespace[name])
        }
        if lost:
            called = {name for source in sources for name in _called(source)}
            own = {name for name, last in lost.items() if isinstance(last, FunctionType) and _is_own(last, namespace)}
            namespace.update((name, last) for name, last in lost.items() if name in called | own)


def _is_own(function: FunctionType, namespace: Mapping[str, Any]) -> bool:
    return function.__globals__ is namespace


def _called(source: str) -> Iterator[str]:
    """Names that the functions in a text call and don't have as names of their own."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inside = list(ast.walk(function))
            own = {node.arg for node in inside if isinstance(node, ast.arg)}
            own |= {node.id for node in inside if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
            calls = (node.func for node in inside if isinstance(node, ast.Call))
            yield from (called.id for called in calls if isinstance(called, ast.Name) and called.id not in own)
