"""Which questions the hidden tests grade, read from their text: building must not run them."""

from __future__ import annotations

import ast

from autograder.errors import AuthoringError


def declared_tests(source: str, file: str) -> list[tuple[str, str, str]]:
    """Question, kind and file of each hidden test in a file, in order.

    Args:
        source: Text of autograder/hidden_tests/<assignment>/<notebook>/test_*.py.
        file: Its path, as messages show it.

    Raises:
        AuthoringError: If it is no Python, a test has no `@question("id")`, or an id is not written out.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise AuthoringError(f"expected Python, got in line {error.lineno}: {error.msg}. Mend it.", file) from error
    return [
        _declaration(node, file)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
    ]


def _declaration(test: ast.FunctionDef, file: str) -> tuple[str, str, str]:
    calls = [entry for entry in test.decorator_list if isinstance(entry, ast.Call) and _name(entry.func) == "question"]
    if len(calls) != 1:
        raise AuthoringError(
            f'{test.name}: expected one @question("id"), got {len(calls)}. Say which question it grades.', file
        )
    options = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    name = _text(calls[0].args[0] if calls[0].args else options.get("name"))
    kind = _text(options.get("kind", ast.Constant("values")))
    if name is None or kind is None:
        raise AuthoringError(f"{test.name}: expected @question with its id and kind written out as texts.", file)
    return name, kind, file


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text(value: ast.expr | None) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
