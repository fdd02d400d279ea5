"""What the course's own files may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.config import Course, load_assignment, load_course
from autograder.errors import CourseError

COURSE = """
[course]
id = "c"
title = "C"
wheel = "https://example.edu/x.whl"
work = "course"

[grading]
minimum_sandbox = "rlimits"
"""
ASSIGNMENT = """
title = "A"
points = 1

[notebooks.n]
title = "N"
points = 1
kind = "numpy"
"""


def course(root: Path, lectures: str = "", ideas: str = "") -> Course:
    """A course of one assignment, with these lines added."""
    (root / "course.toml").write_text(COURSE + lectures, encoding="utf-8")
    (root / "solutions" / "a").mkdir(parents=True)
    (root / "solutions" / "a" / "assignment.toml").write_text(ASSIGNMENT + ideas, encoding="utf-8")
    return load_course(root)


def test_lectures_and_ideas(tmp_path: Path) -> None:
    """Both tables are read; the address of a lecture may hold whatever an address holds."""
    address = "https://example.edu:8080/l_7/~notes%20x.pdf?page=2&x=[1]#sec-3"
    found = course(tmp_path, f'[lectures]\n"Lecture 7" = "{address}"', '[notebooks.n.ideas]\nq = "Lecture 7: x"')
    assert found.lectures == {"Lecture 7": address}
    (notebook,) = load_assignment(found, "a").notebooks
    assert notebook.ideas == {"q": "Lecture 7: x"}


def test_neither_is_needed(tmp_path: Path) -> None:
    """A course says nothing of lectures where it has nothing to say."""
    found = course(tmp_path)
    assert found.lectures == {}
    assert load_assignment(found, "a").notebooks[0].ideas == {}
    assert hash(found)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "lecture-7.pdf",
        "https://",
        "https://example.edu/a b",
        'https://example.edu/\\" onclick=\\"x',
        "https://example.edu/<b>",
        "https://example.edu/\\u202e",
    ],
)
def test_no_address(tmp_path: Path, address: str) -> None:
    """What a browser might run, or can't open, is refused with the place and what was expected."""
    with pytest.raises(CourseError, match=r"course\.toml: \[lectures\] Lecture 7: expected .* got "):
        course(tmp_path, f'[lectures]\n"Lecture 7" = "{address}"')


@pytest.mark.parametrize(("value", "got"), [("7", "got 7"), ('""', "got ''"), ('" "', "got ' '"), ('"a\\nb"', "got")])
def test_no_idea(tmp_path: Path, value: str, got: str) -> None:
    """An idea is a text on one line."""
    with pytest.raises(CourseError, match=rf"assignment\.toml: \[notebooks\.n\.ideas\] q: expected a text .*{got}"):
        load_assignment(course(tmp_path, ideas=f"[notebooks.n.ideas]\nq = {value}"), "a")


def test_no_table(tmp_path: Path) -> None:
    """A text where a table belongs is refused in one line, not with a traceback."""
    with pytest.raises(CourseError, match=r"\[lectures\]: expected a table, got 7"):
        load_course(_with_text_for_table(tmp_path))


def _with_text_for_table(root: Path) -> Path:
    (root / "course.toml").write_text("lectures = 7\n" + COURSE, encoding="utf-8")
    return root
