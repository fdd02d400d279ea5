"""What must not be left in a release: solution lines, hidden tests, outputs, the names of the grader."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograder.release.author import AuthoredNotebook, solution_rows
from autograder.released import cell_source

# Shorter lines, without their spaces, say too little to be a solution: `out = x @ w`.
_TELLING = 20
_SPACE = re.compile(r"\s+")
# What is returned gives as much away in `y = ...` as after `return`.
_RETURN = re.compile(r"^\s*return\b")
# A call, an index, an operator: code without any only names things, `kernel, stride, padding, dilation`.
_WORK = re.compile(r"[(\[=+*/%@<>&|^~-]")
# These open lines that solutions, tests and given code share by right.
_SHARED = ("def ", "class ", "import ", "from ", "@", "raise NotImplementedError")
_GRADER = re.compile(r"\b(autograder|hidden_tests)\b")


def check_release(
    data: Mapping[str, Any],
    notebook: AuthoredNotebook,
    *,
    solutions: Iterable[str],
    hidden: Mapping[str, str],
) -> None:
    """Refuse a released notebook that says more than students should know.

    Args:
        data: The released notebook.
        notebook: The hand-written notebook from which it was made.
        solutions: Telling lines of solutions, as `solution_lines` gives them.
        hidden: Text of each file of hidden tests, by its path.

    Raises:
        AuthoringError: At the first leak.
    """
    secrets = [(line, "a line of a solution") for line in sorted(solutions)]
    for file, source in sorted(hidden.items()):
        secrets += [(statement, f"a statement of {file}") for statement in sorted(telling_statements(source))]
    if len(data["cells"]) != len(notebook.cells):
        raise notebook.refuse(f"release: expected {len(notebook.cells)} cells, got {len(data['cells'])}. Build again.")
    for released, cell in zip(data["cells"], notebook.cells, strict=True):
        if released.get("outputs") or released.get("execution_count") is not None:
            raise notebook.refuse("release: expected no outputs, found some. Clear them.", cell)
        text = cell_source(released)
        if match := _GRADER.search(json.dumps([text, released["metadata"]])):
            raise notebook.refuse(f"release: expected no word of the grader, got '{match[0]}'. Say it otherwise.", cell)
        if "BEGIN SOLUTION" in text or "END SOLUTION" in text:
            raise notebook.refuse("release: expected no solution markers, found some. Build again.", cell)
        squeezed = _squeeze(text)
        for secret, what in secrets:
            if secret in squeezed:
                raise notebook.refuse(f"release: expected {what} to be hidden, found '{secret}'. Reword it.", cell)


def solution_lines(notebooks: Sequence[AuthoredNotebook]) -> set[str]:
    """Telling lines and comments between the markers of all these notebooks, and of reflections' model answers."""
    secrets: set[str] = set()
    for notebook in notebooks:
        for cell in notebook.having("solution"):
            hidden = solution_rows(cell.source)
            secrets |= {line for row, line in _telling_rows(cell.source) if row in hidden}
        for cell in notebook.having("reflection"):
            lines = cell.source.split("\n")
            # Without markers nbgrader takes the whole cell as the answer.
            hidden = solution_rows(cell.source) or set(range(len(lines)))
            secrets |= {_squeeze(lines[row]) for row in hidden if _is_telling(lines[row])}
    return secrets


def telling_statements(source: str) -> set[str]:
    """Statements of code that would give something away, without white space: no headers, imports or docstrings."""
    statements: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(
            node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Assert | ast.Expr | ast.Raise
        ):
            text = ast.get_source_segment(source, node) or ""
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not docstring and _is_telling_code(text):
                statements.add(_squeeze(text))
    return statements


def _telling_rows(source: str) -> Iterable[tuple[int, str]]:
    """Row and squeezed text of each telling line of code and each telling comment; docstrings are the students'."""
    code = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            code[row - 1] = code[row - 1][:column]
            if _is_telling(comment := token.string.lstrip("# ")):
                yield row - 1, _squeeze(comment)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for row in range(node.lineno - 1, node.end_lineno or node.lineno):
                code[row] = ""
    for row, line in enumerate(code):
        if _is_telling_code(line):
            yield row, _squeeze(line)


def _squeeze(text: str) -> str:
    return _SPACE.sub("", _RETURN.sub("", text))


def _is_telling(text: str) -> bool:
    return len(_squeeze(text)) >= _TELLING


def _is_telling_code(text: str) -> bool:
    return _is_telling(text) and bool(_WORK.search(text)) and not text.strip().startswith(_SHARED)
