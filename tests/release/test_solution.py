"""The executed solution."""

from __future__ import annotations

import json

import nbformat
import pytest

from autograder.errors import AuthoringError
from autograder.release.solution import execute_solution
from tests.release.fixture_course import DemoCourse, edit


@pytest.fixture
def offline(demo: DemoCourse) -> DemoCourse:
    """The small course with a setup cell that installs nothing."""
    edit(demo.notebook, "# %pip install --no-deps ", "address = ")
    return demo


def test_solution_is_executed(offline: DemoCourse) -> None:
    """Notebook and page hold solutions and outputs, no markers, and nothing that nbgrader would take for a hand-in."""
    seconds: dict[str, float] = {}
    notebook, page = execute_solution(offline.course, "demo", report=seconds.__setitem__)
    data = json.loads(notebook.read_bytes())
    cells = {cell["id"]: cell for cell in data["cells"]}

    nbformat.validate(data)
    assert (notebook.parent, page.name) == (offline.course.executed / "demo", "first.html")
    assert cells["demo-001"]["outputs"][0]["text"] == ["[0 2 4]\n"]
    assert "twice_of_everything" in "".join(cells["double-solution"]["source"])
    assert "Because the numbers" in page.read_text(encoding="utf-8")
    assert not any(word in notebook.read_text(encoding="utf-8") for word in ("BEGIN SOLUTION", "nbgrader", "iopub"))
    assert seconds["first"] > 0


def test_failing_check_is_named(offline: DemoCourse) -> None:
    """A released check lets the cells behind it run; a solution that fails its check is refused all the same."""
    edit(offline.notebook, "print(double(1))", "print(double(nothing))")
    with pytest.raises(
        AuthoringError, match=r"first\.py, cell 4, question double: solution: .*NameError: name 'nothing'"
    ):
        execute_solution(offline.course, "demo")


@pytest.mark.parametrize("note", ["No picture: double raised", "Nothing to see yet: double is not written."])
def test_a_note_in_the_place_of_a_picture_is_refused(offline: DemoCourse, note: str) -> None:
    """Pictures tell students in a sentence what fails; with the solution nothing may."""
    edit(offline.notebook, "print(double(np.arange(3)))", f"print('all is well'); print({note!r})")
    with pytest.raises(AuthoringError, match=rf"first\.py, cell 5: solution: .*got '{note}'"):
        execute_solution(offline.course, "demo")


def test_failing_cell_is_named(offline: DemoCourse) -> None:
    """A cell that raises is an AuthoringError with its place, and no file is written."""
    edit(offline.notebook, "print(double(np.arange(3)))", "print(nothing)")
    with pytest.raises(AuthoringError, match=r"first\.py, cell 5: solution: .*NameError: name 'nothing'"):
        execute_solution(offline.course, "demo")

    assert not offline.course.executed.exists()
