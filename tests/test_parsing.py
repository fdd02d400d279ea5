"""Student code as a tree: what can be read is read, and what would take gigabytes or a stack is not."""

from __future__ import annotations

import ast
import tracemalloc

import pytest

from autograder.parsing import parse


@pytest.mark.parametrize("source", ["x = np.lib.stride_tricks.sliding_window_view(a)", "def f(x):\n    return x\n", ""])
def test_python_is_read(source: str) -> None:
    """The tree is that of Python's own parser."""
    tree = parse(source)
    assert tree is not None
    assert ast.dump(tree) == ast.dump(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "import a" + ".b" * 5000,
        "from ...a" + " . b" * 5000 + " import c",
        "import a" + ". \\\n b" * 5000,
        "x = a" + ".b" * 5000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "not " * 50_000 + "1",
        "x = " + "(" * 300 + ")" * 300,
        "def f(:",
        "\x00",
    ],
)
def test_text_without_measure_is_not_read(source: str) -> None:
    """Names and operators without end, what is no Python: None, and little memory."""
    tracemalloc.start()
    try:
        assert parse(source) is None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 50 << 20
