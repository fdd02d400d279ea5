"""nbgrader's own commands, run as an instructor runs them, on a course that is configured as ours is."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import nbformat
import pytest

from autograder.config import Course
from autograder.gradebook.autograded import encode, graded_notebook
from autograder.gradebook.read import QuestionScore, scores
from autograder.gradebook.record import record
from autograder.gradebook.release import load_release
from tests.gradebook.course import ASSIGNMENT, NOTEBOOK, handed_in_notebook, make_course, release
from tests.gradebook.fake_grader import grade_file

STUDENTS = ("ada", "bob", "eve", "fay")
TIMESTAMP = "2026-03-02 10:20:30.123456 UTC"
ROOT = Path(__file__).parents[2]


def nbgrader(course: Course, *arguments: str) -> str:
    """Run a command in the course's root, without the environment's programs on the PATH."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(course.root / "home")}
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tampered() -> bytes:
    """A notebook whose metadata stops stock nbgrader: edited points and flags, a check twice, one gone, a picture."""
    notebook = release()
    notebook["cells"][2]["source"] = "def first(x):\n    return typo"
    notebook["cells"][3]["metadata"]["nbgrader"] |= {"points": 400, "solution": True, "schema_version": 99}
    notebook["cells"][7]["metadata"]["nbgrader"]["grade_id"] = ""
    picture = {"cell_type": "markdown", "id": "p", "metadata": {}, "source": "![a plot](attachment:x.png)"}
    notebook["cells"] = [*notebook["cells"][:6], notebook["cells"][3], notebook["cells"][7], picture]
    return json.dumps(notebook).encode()


def forget_submissions(course: Course) -> None:
    """Leave the gradebook as a build leaves it: questions, and no student."""
    with closing(sqlite3.connect(course.gradebook)) as database:
        for table in ("grade", "comment", "submitted_notebook", "submitted_assignment", "student"):
            database.execute(f"delete from {table}")
        database.commit()
    shutil.rmtree(course.autograded)
    assert scores(course, ASSIGNMENT) == {}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Mapping[str, tuple[QuestionScore, ...]]]:
    """A class recorded by us, and its scores; then all of it forgotten and made again by nbgrader's commands."""
    root = tmp_path_factory.mktemp("course")
    course = make_course(root)
    (root / "nbgrader_config.py").write_text(
        (ROOT / "nbgrader_config.py").read_text() + '\nc.Recorder.grader = "tests.gradebook.fake_grader:grade_file"\n'
    )
    unlucky = json.dumps(release()).replace("import numpy", "import unlucky").encode()
    contents = [json.dumps(release()).encode(), tampered(), b"\x89PNG", unlucky]
    for student, data in zip(STUDENTS, contents, strict=True):
        path = handed_in_notebook(course, student)
        path.write_bytes(data)
        (path.parent / "timestamp.txt").write_text(TIMESTAMP)
    evil = course.submitted / "bob" / ASSIGNMENT
    (evil / "nbgrader_config.py").write_text("raise SystemExit")
    (evil / "page").mkdir()
    (evil / "page" / "index.html").write_text("<script>alert('page')</script>")
    results = [
        grade_file(course, student, ASSIGNMENT, NOTEBOOK, handed_in_notebook(course, student)) for student in STUDENTS
    ]
    record(course, results)
    ours = scores(course, ASSIGNMENT)
    forget_submissions(course)
    nbgrader(course, "autograde", ASSIGNMENT)
    nbgrader(course, "generate_feedback", ASSIGNMENT)
    nbgrader(course, "export", "--to", str(root / "grades.csv"))
    return course, ours


def test_autograde_gives_the_same_scores(graded: tuple[Course, Mapping[str, tuple[QuestionScore, ...]]]) -> None:
    """`nbgrader autograde` with our configuration leaves the scores of our own run, held questions included."""
    course, ours = graded
    assert set(ours) == set(STUDENTS)
    assert scores(course, ASSIGNMENT) == ours
    assert {entry.question: entry.auto for entry in ours["bob"]} == {"first": 2.5, "second": 1.5, "why": None}
    assert {entry.question: entry.auto for entry in ours["fay"]} == {"first": 4.0, "second": None, "why": None}


def test_autograde_writes_the_same_notebooks(graded: tuple[Course, object]) -> None:
    """The graded notebooks that nbgrader writes hold what ours hold."""
    course, _ = graded
    for student in STUDENTS:
        path = handed_in_notebook(course, student)
        built = graded_notebook(
            load_release(course, ASSIGNMENT, NOTEBOOK), grade_file(course, student, ASSIGNMENT, NOTEBOOK, path)
        )
        written = nbformat.read(course.autograded / student / ASSIGNMENT / path.name, as_version=4)
        assert written == nbformat.reads(encode(built).decode(), as_version=4)


def test_autograde_keeps_foreign_files_out(graded: tuple[Course, object]) -> None:
    """Pages, modules and configuration beside a submission don't come along."""
    course, _ = graded
    for step in (course.autograded, course.nbgrader_feedback):
        kept = {path.name for path in (step / "bob" / ASSIGNMENT).rglob("*")}
        assert kept <= {f"{NOTEBOOK}.ipynb", f"{NOTEBOOK}.html", "timestamp.txt"}
        assert "timestamp.txt" in kept


def test_export_has_every_student(graded: tuple[Course, object]) -> None:
    """`nbgrader export` writes each student's total, its maximum and the time of submission."""
    course, _ = graded
    with (course.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in rows.items()} == {
        "ada": 5.5,
        "bob": 4.0,
        "eve": 0.0,
        "fay": 4.0,
    }
    assert {row["max_score"] for row in rows.values()} == {"9.0"}
    assert {row["timestamp"] for row in rows.values()} == {TIMESTAMP.removesuffix(" UTC")}


def test_feedback_shows_scores_and_reasons(graded: tuple[Course, object]) -> None:
    """`nbgrader generate_feedback` renders points, verdicts and comments, and the reason where nothing was graded."""
    course, _ = graded
    pages = {
        student: (course.nbgrader_feedback / student / ASSIGNMENT / f"{NOTEBOOK}.html").read_text()
        for student in STUDENTS
    }
    assert "(Score: 4.0 / 9.0)" in pages["bob"]
    assert "First is right (case 1): raised an error" in pages["bob"]
    assert "(Score: 0.0 / 9.0)" in pages["eve"]
    assert "got a picture" in pages["eve"]


def test_feedback_runs_nothing_of_the_students(graded: tuple[Course, object]) -> None:
    """Scripts in an answer's Markdown and in a message are shown as text, and formatting still works."""
    course, _ = graded
    page = (course.nbgrader_feedback / "bob" / ASSIGNMENT / f"{NOTEBOOK}.html").read_text()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert('reflection')") == 1
    assert page.count("&lt;script&gt;alert('message')") >= 1
    assert "<strong>padding</strong>" in page
