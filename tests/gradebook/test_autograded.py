import copy
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import determine_grade, is_grade

from autograder.config import Course
from autograder.gradebook.autograded import encode, graded_notebook
from autograder.gradebook.release import Release, load_release
from autograder.model import Cell, NotebookResult, Origin, Role
from tests.gradebook.course import ASSIGNMENT, NOTEBOOK, result


@pytest.fixture
def release(course: Course) -> Release:
    return load_release(course, ASSIGNMENT, NOTEBOOK)


def by_id(notebook: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {cell["id"]: cell for cell in notebook["cells"]}


def with_cells(graded: NotebookResult, *cells: Cell) -> NotebookResult:
    return replace(graded, submission=replace(graded.submission, cells=(*graded.submission.cells, *cells)))


def test_it_is_a_valid_notebook(course: Course, release: Release) -> None:
    """What we write passes nbformat's schema and nbgrader's check of its metadata."""
    notebook = nbformat.from_dict(graded_notebook(release, result(course, "ada", fault=True)))
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)


def test_nbgrader_reads_the_same_scores(course: Course, release: Release) -> None:
    """nbgrader's own reading of the check cells gives our scores, zero and fractions included."""
    graded = result(course, "ada", first=0.0, second=0.1 + 0.2)
    notebook = nbformat.from_dict(graded_notebook(release, graded))
    read = {
        cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
        for cell in notebook.cells
        if cell.cell_type == "code" and is_grade(cell)
    }
    assert read == {"first": 0.0, "second": 0.1 + 0.2}


def test_a_check_cell_has_one_text_and_one_number(course: Course, release: Release) -> None:
    """Nothing before the number can pass for a result, and there is exactly one."""
    cells = by_id(graded_notebook(release, result(course, "ada")))
    text, number = cells["first-check"]["outputs"]
    assert (text["output_type"], text["name"]) == ("stream", "stdout")
    assert text["text"].startswith("4 of 4 points\n")
    assert (number["output_type"], number["data"]) == ("execute_result", {"text/plain": "4.0"})


def test_a_held_question_has_no_number(course: Course, release: Release) -> None:
    """Where a person has to decide, the check cell says so and shows no score."""
    cells = by_id(graded_notebook(release, result(course, "ada", fault=True)))
    (text,) = cells["second-check"]["outputs"]
    assert text["output_type"] == "stream"
    assert "our fault" in text["text"]


def test_sources_are_the_students_and_metadata_ours(course: Course, release: Release) -> None:
    """Answers and added cells keep their text and place; no cell keeps metadata or outputs of the student's."""
    cells = graded_notebook(release, result(course, "ada"))["cells"]
    assert [cell["id"] for cell in cells][:4] == ["prose-001", "setup-001", "mine", "first-solution"]
    assert cells[2]["source"] == "helper = 1"
    assert cells[2]["metadata"] == {"course": {"role": "added"}}
    assert cells[3]["source"] == "def first(x):\n    return x + 1"
    assert cells[3]["metadata"] == by_id(dict(release.data))["first-solution"]["metadata"]
    assert all(not cell.get("outputs") for cell in cells if "check" not in cell["id"])


@pytest.mark.parametrize("name", ["first-check", "mine", "", 'x"><script>', "a" * 65])
def test_added_cells_get_ids_of_their_own(course: Course, release: Release, name: str) -> None:
    """An added cell with a taken or malformed id gets a new one, and never a check cell's score."""
    extra = Cell(id=name, role=Role.ADDED, kind="code", source="4.0", origin=Origin.STUDENT)
    notebook = graded_notebook(release, with_cells(result(course, "ada"), extra))
    nbformat.validate(nbformat.from_dict(notebook))
    added = notebook["cells"][-1]
    assert added["id"] == "added-001"
    assert added["outputs"] == []
    assert "nbgrader" not in added["metadata"]


def test_a_submission_without_cells_shows_the_release(course: Course, release: Release) -> None:
    """Where nothing could be read, the graded notebook is the release with the reason at every question."""
    graded = result(course, "eve", cells=(), problem="expected a notebook, got a picture.")
    cells = by_id(graded_notebook(release, graded))
    assert list(cells) == [cell["id"] for cell in release.data["cells"]]
    assert "got a picture" in cells["first-check"]["outputs"][0]["text"]
    assert cells["first-check"]["outputs"][1]["data"] == {"text/plain": "0.0"}


def test_building_is_pure(course: Course, release: Release) -> None:
    """The release stays as it was, and equal results give equal bytes."""
    before = copy.deepcopy(dict(release.data))
    once = encode(graded_notebook(release, result(course, "ada")))
    assert encode(graded_notebook(release, result(course, "ada"))) == once
    assert release.data == before
