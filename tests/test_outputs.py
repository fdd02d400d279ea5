"""What a run leaves behind: made while it goes on, put into place at the end, or not at all."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.config import Course
from autograder.errors import CourseError
from autograder.gradebook.read import scores
from autograder.outputs import outputs
from tests.gradebook.course import ASSIGNMENT, make_course, result


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith("gradebook.db")}


def run(course: Course, students: list[str], *, whole_class: bool = True) -> tuple[str, ...]:
    with outputs(course, ASSIGNMENT, 1) as out:
        for student in students:
            out.take(result(course, student))
        results, _ = out.finish(whole_class=whole_class)
    return tuple(entry.submission.student for entry in results)


def test_the_order_of_results_changes_nothing(course: Course, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Results come in any order; files, rows and what is returned are the same."""
    other = make_course(tmp_path_factory.mktemp("other"))

    assert run(course, ["bob", "ada", "cy"]) == run(other, ["cy", "bob", "ada"]) == ("ada", "bob", "cy")
    assert files(course.work) == files(other.work)
    assert scores(course, ASSIGNMENT) == scores(other, ASSIGNMENT)
    assert {name for name in files(course.work) if "ada" in name} == {
        f"autograded/ada/{ASSIGNMENT}/windows.ipynb",
        f"autograded/ada/{ASSIGNMENT}/timestamp.txt",
        f"feedback/ada/{ASSIGNMENT}/feedback.html",
    }


def test_nothing_changes_before_the_end(course: Course) -> None:
    """A run that is stopped leaves notebooks, feedback and gradebook as they were, and no drafts."""
    run(course, ["ada"])
    before, rows = files(course.work), scores(course, ASSIGNMENT)

    with pytest.raises(KeyboardInterrupt):
        stopped(course)

    assert files(course.work) == before
    assert scores(course, ASSIGNMENT) == rows


def stopped(course: Course) -> None:
    with outputs(course, ASSIGNMENT, 1) as out:
        out.take(result(course, "ada", first=0.0))
        out.take(result(course, "bob"))
        raise KeyboardInterrupt


def test_part_of_a_class(course: Course) -> None:
    """Where only some students are graded, what shows the class stays as it was."""
    run(course, ["ada", "bob"])
    before = files(course.exports)

    run(course, ["ada"], whole_class=False)

    assert files(course.exports) == before
    assert before.keys() == {f"{ASSIGNMENT}.csv", f"{ASSIGNMENT}-class.html"}


def test_what_cannot_be_written_is_said_at_the_end(course: Course) -> None:
    """A result whose files can't be written stops no grading; the end says why, and nothing is in its place."""
    with outputs(course, ASSIGNMENT, 1) as out:
        out.take(replace(result(course, "ada"), submission=replace(result(course, "ada").submission, student="..")))
        out.take(result(course, "bob"))
        with pytest.raises(CourseError, match="expected a name that can be a folder's"):
            out.finish(whole_class=True)

    assert files(course.work) == {}


def test_a_student_with_several_notebooks_has_one_page(course: Course) -> None:
    """The page is made when all of a student's results are there."""
    with outputs(course, ASSIGNMENT, 2) as out:
        out.take(result(course, "ada"))
        assert not list(course.work.rglob("*.html"))
        out.take(result(course, "ada"))
        assert len(list(course.work.rglob("*.html"))) == 1


def test_memory_hardly_grows_with_the_class(course: Course) -> None:
    """What is kept of a result is a small part of it: here 4 KB at most of 200 KB of answer."""
    long = "x = 1  # " + "long " * 40_000
    one = result(course, "ada")
    kept: list[int] = []
    with outputs(course, ASSIGNMENT, 1) as out:
        tracemalloc.start()
        for number in range(60):
            cells = tuple(replace(cell, source=f"{long}{number}") for cell in one.submission.cells[:1])
            out.take(replace(one, submission=replace(one.submission, student=f"s{number}", cells=cells)))
            if number in (9, 59):
                kept.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()

    assert (kept[1] - kept[0]) / 50 < 4096
