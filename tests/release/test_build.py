"""The build as a whole: bytes, gradebook, clean-up, and what happens to a folder that can't be written."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from pathlib import Path

import nbformat
import pytest

from autograder.errors import CourseError
from autograder.release import build
from tests.release.fixture_course import WHEEL_ADDRESS, DemoCourse, edit, release, write_course


def test_rebuild_gives_the_same_bytes(demo: DemoCourse, tmp_path: Path) -> None:
    """Building again, or elsewhere, gives the same bytes, and the report says that nothing changed."""
    first = release(demo.course, hidden_tests=demo.hidden_tests)
    data = demo.released.read_bytes()
    again = release(demo.course, hidden_tests=demo.hidden_tests)
    other = write_course(tmp_path / "elsewhere")
    release(other.course, hidden_tests=other.hidden_tests)

    assert first.changed == (demo.released,)
    assert again.changed == ()
    assert demo.released.read_bytes() == data == other.released.read_bytes()
    assert data.endswith(b"}\n")


def test_release_is_a_clean_notebook(demo: DemoCourse) -> None:
    """The release is valid nbformat 4.5 without outputs, with stubs, the wheel's address and derived ids."""
    release(demo.course, hidden_tests=demo.hidden_tests)
    data = json.loads(demo.released.read_bytes())

    nbformat.validate(data)
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    assert [cell["id"] for cell in data["cells"]] == [
        "prose-001", "setup-001", "prose-002", "double-solution", "double-check", "demo-001", "prose-003",
        "scale-solution", "scale-solution-2", "scale-check", "prose-004", "why-reflection",
    ]  # fmt: skip
    sources = {cell["id"]: "".join(cell["source"]) for cell in data["cells"]}
    assert WHEEL_ADDRESS in sources["setup-001"]
    assert sources["why-reflection"] == "*Write your answer here.*"
    assert sources["double-solution"].endswith('\n    raise NotImplementedError("Replace this line with your code.")')
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in data["cells"] if "outputs" in cell)


def test_points_sit_on_the_check(demo: DemoCourse) -> None:
    """nbgrader's metadata: points on the locked check, solutions ungraded, reflections graded by hand, others none."""
    release(demo.course, hidden_tests=demo.hidden_tests)
    cells = {cell["id"]: cell["metadata"] for cell in json.loads(demo.released.read_bytes())["cells"]}

    def says(cell: str) -> tuple[object, ...]:
        entry = cells[cell]["nbgrader"]
        return tuple(entry.get(key) for key in ("grade_id", "grade", "solution", "locked", "points"))

    assert says("scale-check") == ("scale", True, False, True, 4.5)
    assert says("scale-solution") == ("scale__solution", False, True, False, None)
    assert says("scale-solution-2") == ("scale__solution_2", False, True, False, None)
    assert says("why-reflection") == ("why", True, True, False, 1.5)
    assert not any("nbgrader" in cells[cell] for cell in ("prose-001", "setup-001", "demo-001"))


def test_gradebook_knows_the_assignment(demo: DemoCourse) -> None:
    """formgrader finds assignment, notebook and points in the database after a build."""
    release(demo.course, hidden_tests=demo.hidden_tests)
    with sqlite3.connect(demo.course.gradebook) as database:
        assignments = database.execute("select name from assignment").fetchall()
        cells = dict(database.execute("select name, max_score from base_cell join grade_cells using (id)").fetchall())
    database.close()

    assert assignments == [("demo",)]
    assert cells == {"double": 4.0, "scale": 4.5, "why": 1.5}


def test_staging_holds_only_notebooks(demo: DemoCourse) -> None:
    """What else lies in staging is gone before nbgrader can release it."""
    staging = demo.course.staging / "demo"
    staging.mkdir(parents=True)
    (staging / "answers.txt").write_text("42")
    release(demo.course, hidden_tests=demo.hidden_tests)

    assert [path.name for path in staging.iterdir()] == ["first.ipynb"]
    assert [path.name for path in (demo.course.release / "demo").iterdir()] == ["first.ipynb"]


def test_removed_notebooks_go(demo: DemoCourse) -> None:
    """A notebook that solutions/ no longer has leaves assignments/; other files stay."""
    gone = demo.course.assignments / "old" / "gone.ipynb"
    second = demo.course.assignments / "demo" / "second.ipynb"
    kept = demo.course.assignments / "demo" / "notes.md"
    for path in (gone, second, kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    report = release(demo.course, hidden_tests=demo.hidden_tests)

    assert set(report.removed) == {gone, second}
    assert not gone.parent.exists()
    assert sorted(path.name for path in kept.parent.iterdir()) == ["first.ipynb", "notes.md"]


def test_building_one_leaves_the_others(demo: DemoCourse) -> None:
    """Building one assignment by name doesn't touch the folders of others."""
    other = demo.course.assignments / "other" / "kept.ipynb"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    report = release(demo.course, ["demo"], hidden_tests=demo.hidden_tests)

    assert other.exists()
    assert report.removed == ()


def test_comparing_writes_nothing(demo: DemoCourse) -> None:
    """A build that is not published says what differs, and assignments/ stays as it is."""
    release(demo.course, hidden_tests=demo.hidden_tests)
    before = demo.released.read_bytes()
    edit(demo.notebook, "Multiply by two.", "Multiply by 2.")
    report = build(demo.course, hidden_tests=demo.hidden_tests)

    assert report.changed == (demo.released,)
    assert demo.released.read_bytes() == before


def test_report_counts(demo: DemoCourse) -> None:
    """The report names each notebook with its questions and points."""
    (notebook,) = release(demo.course, hidden_tests=demo.hidden_tests).notebooks

    assert (notebook.assignment, notebook.name, notebook.questions, notebook.points) == ("demo", "first", 3, 10)


def test_unknown_assignment(demo: DemoCourse) -> None:
    """A wrong name is refused with the names there are."""
    with pytest.raises(CourseError, match="expected one of demo, got 'dmeo'"):
        release(demo.course, ["dmeo"], hidden_tests=demo.hidden_tests)


def test_missing_notebook(demo: DemoCourse) -> None:
    """A notebook that assignment.toml names but nobody wrote is refused."""
    demo.notebook.unlink()
    with pytest.raises(CourseError, match=r"first\.py: expected a hand-written notebook"):
        release(demo.course, hidden_tests=demo.hidden_tests)


def test_corrupt_gradebook(demo: DemoCourse) -> None:
    """A database that is none stops the build with nbgrader's reason, and assignments/ stays empty."""
    demo.course.work.mkdir()
    demo.course.gradebook.write_text("no database" * 1000)
    with pytest.raises(CourseError, match="file is not a database"):
        release(demo.course, hidden_tests=demo.hidden_tests)

    assert not demo.released.exists()


def test_folder_that_cannot_be_written(demo: DemoCourse) -> None:
    """Where assignments/ can't be made, one line says so."""
    demo.course.assignments.write_text("a file in its place")
    with pytest.raises(CourseError, match=r"Build: expected to write .*assignments"):
        release(demo.course, hidden_tests=demo.hidden_tests)


@pytest.mark.parametrize("address", ["", "two words", 'a"b', "a'b", "a\\b", "a{b}", "$(x)"])
def test_wheel_address_that_breaks_out(demo: DemoCourse, address: str) -> None:
    """An address that could end the text in which it stands is refused."""
    with pytest.raises(CourseError, match="wheel: expected an address"):
        release(dataclasses.replace(demo.course, wheel=address), hidden_tests=demo.hidden_tests)
