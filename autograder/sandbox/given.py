"""Arguments that travel as text: evaluated beside student code, where they are needed."""

from __future__ import annotations

import ast
import builtins
import functools
import math
import sys
from types import CodeType
from typing import Any

import numpy as np

from autograder.sandbox.protocol import Given

_FILE = "<given>"


def evaluate(given: Given, device: str = "cpu") -> Any:
    """What a text gives: its statements run in a namespace of their own, and its last expression is the value.

    Args:
        given: The text, and the names that it refers to.
        device: Where tensors are.
    """
    scope: dict[str, Any] = {"__name__": "given", "__builtins__": builtins, "np": np, "math": math}
    if (torch := sys.modules.get("torch")) is not None:
        scope |= {"torch": torch, "device": device}
    scope |= given.names
    statements, value = _compiled(given.text)
    exec(statements, scope)  # noqa: S102 - it comes from a hidden test
    return eval(value, scope)  # noqa: S307


@functools.lru_cache(maxsize=64)
def _compiled(text: str) -> tuple[CodeType, CodeType]:
    *statements, last = ast.parse(text).body
    assert isinstance(last, ast.Expr)
    return (
        compile(ast.Module(statements, []), _FILE, "exec", dont_inherit=True),
        compile(ast.Expression(last.value), _FILE, "eval", dont_inherit=True),
    )
