"""Random bugs: different from the right text and each other, runnable, the same for the same seed."""

from __future__ import annotations

import ast

from autograder.diagnosis.bugs import bugs

RIGHT = '''
def pool(x, size, *, stride=1):
    """Docstring with 1 and 2."""
    if size > len(x):
        raise ValueError(f"got {size + 1}")
    out = []
    for i in range(0, len(x) - size + 1, stride):
        out.append(max(x[i : i + size]))
    return out
'''


def test_each_is_another_text():
    """As many as asked for, all different, none of them right."""
    found = bugs(RIGHT, 20, seed=1)
    assert len(found) == len(set(found)) == 20
    assert ast.unparse(ast.parse(RIGHT)) not in found


def test_seeded():
    """The same seed gives the same bugs, another seed others."""
    assert bugs(RIGHT, 10, seed=1) == bugs(RIGHT, 10, seed=1)
    assert bugs(RIGHT, 10, seed=1) != bugs(RIGHT, 10, seed=2)


def test_one_place_is_changed():
    """A bug differs in one line, never in the docstring or the words of an error."""
    lines = ast.unparse(ast.parse(RIGHT)).splitlines()
    for bug in bugs(RIGHT, 1000, seed=3):
        changed = [line for line, was in zip(bug.splitlines(), lines, strict=True) if line != was]
        assert len(changed) == 1
        assert "raise" not in changed[0]
        assert "Docstring" not in changed[0]


def test_kinds_of_bugs():
    """Operators, comparisons, constants, slices and names are among them."""
    text = "\n".join(bugs(RIGHT, 1000, seed=3))
    for part in ("len(x) + size", "size >= len(x)", "range(1, len(x)", "x[:i + size]", "range(0, len(x) - stride"):
        assert part in text


def test_nothing_to_change():
    """What has no place for a bug gives none."""
    assert bugs("def f():\n    pass", 5, seed=0) == ()
