"""The gradebook on PostgreSQL: a real server, two graders at once, and nbgrader's own eyes on what came out."""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import cli
from autograder.config import Course, load_course
from autograder.errors import CourseError
from autograder.gradebook.read import condition, scores
from autograder.gradebook.record import record
from autograder.nbgrader_bridge import configure, open_gradebook, programs_on_path
from tests.gradebook import postgres
from tests.gradebook.course import ASSIGNMENT, NOTEBOOK, make_course, result

pytest.importorskip("psycopg", reason="psycopg is not installed: no gradebook on PostgreSQL")

from psycopg import connect, sql

PROGRAMS = postgres.programs()
ROUNDS = 5

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's initdb and pg_ctl are not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    assert PROGRAMS is not None
    with postgres.server(PROGRAMS) as address:
        yield address


@pytest.fixture
def address(server: str) -> str:
    """Address of an empty database of the test's own."""
    name = f"course_{uuid.uuid4().hex}"
    with connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.replace("/postgres?", f"/{name}?")


def course_on(root: Path, address: str) -> Course:
    """A course whose gradebook is at an address."""
    root.mkdir(parents=True, exist_ok=True)
    make_course(root)
    return with_gradebook(root, address)


def with_gradebook(root: Path, address: str) -> Course:
    settings = root / "course.toml"
    settings.write_text(settings.read_text().replace("[course]\n", f'[course]\ngradebook = "{address}"\n'))
    return load_course(root)


@contextmanager
def nbgraders(course: Course) -> Iterator[Gradebook]:
    with programs_on_path(), Gradebook(course.gradebook_url, course.id) as gradebook:
        yield gradebook


def grade_often(root: str, students: list[str], first: float, barrier: object) -> None:
    """What one of two graders does, in a process of its own."""
    course = load_course(Path(root))
    barrier.wait(60)
    for _ in range(ROUNDS):
        record(course, [result(course, student, first=first) for student in students])


def test_two_graders_at_once(tmp_path, address):
    """Both write at the same time into an empty database, and each student has one submission with one score each."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    classes = {"one": (["ada", "bob", "cleo"], 1.0), "two": (["cleo", "dan", "eve"], 2.5)}
    graders = []
    for name, (students, first) in classes.items():
        course = course_on(tmp_path / name, address)
        args = (str(course.root), students, first, barrier)
        graders.append(context.Process(target=grade_often, args=args))
        graders[-1].start()
    for grader in graders:
        grader.join(120)
    assert [grader.exitcode for grader in graders] == [0, 0]

    with nbgraders(course) as gradebook:
        assert sorted(entry.id for entry in gradebook.students) == ["ada", "bob", "cleo", "dan", "eve"]
        handed_in = gradebook.assignment_submissions(ASSIGNMENT)
        assert sorted(entry.student_id for entry in handed_in) == ["ada", "bob", "cleo", "dan", "eve"]
        for entry in handed_in:
            (notebook,) = entry.notebooks
            found = {grade.name: grade.auto_score for grade in notebook.grades}
            assert found["second"] == 1.5
            assert found["first"] in {"ada": {1.0}, "bob": {1.0}, "cleo": {1.0, 2.5}}.get(entry.student_id, {2.5})
            assert set(found) == {"first", "second", "why"}
    assert set(scores(course, ASSIGNMENT)) == {"ada", "bob", "cleo", "dan", "eve"}


def test_what_a_person_gave_stays(tmp_path, address):
    """Points that a person enters with nbgrader survive a regrade, as in a file."""
    course = course_on(tmp_path, address)
    record(course, [result(course, "ada", first=1.0)])
    with nbgraders(course) as gradebook:
        grade = gradebook.find_grade("first", NOTEBOOK, ASSIGNMENT, "ada")
        grade.manual_score, grade.needs_manual_grade = 3.5, False
        gradebook.db.commit()
    record(course, [result(course, "ada", first=2.0)])
    with nbgraders(course) as gradebook:
        grade = gradebook.find_grade("first", NOTEBOOK, ASSIGNMENT, "ada")
        assert (grade.auto_score, grade.manual_score, grade.score) == (2.0, 3.5, 3.5)


def test_one_writer_at_a_time(tmp_path, address):
    """Who writes keeps other graders and nbgrader's writers out, and lets readers in; the one who waits hears why."""
    course = course_on(tmp_path, address)
    record(course, [result(course, "ada")])
    with open_gradebook(course):
        assert set(scores(course, ASSIGNMENT)) == {"ada"}
        with (
            pytest.raises(CourseError, match="expected to be its only writer") as caught,
            open_gradebook(course, wait_s=0.2),
        ):
            pass
        assert_no_password(str(caught.value))
    with nbgraders(course) as gradebook:
        gradebook.find_grade("first", NOTEBOOK, ASSIGNMENT, "ada").manual_score = 1.0
        gradebook.db.flush()
        with pytest.raises(CourseError, match="expected to be its only writer"), open_gradebook(course, wait_s=0.2):
            pass
        gradebook.db.rollback()


def test_nothing_is_written_by_halves(tmp_path, address):
    """An error in the middle leaves the database as it was, tables included."""
    course = course_on(tmp_path, address)
    with pytest.raises(ZeroDivisionError), open_gradebook(course):
        raise ZeroDivisionError
    with pytest.raises(CourseError, match="expected a gradebook, found none"):
        scores(course, ASSIGNMENT)


def test_the_way_of_a_class(real_course, address, monkeypatch, capsys):
    """`autograder grade` and `export` work on it, no file takes its place, and no password is printed."""
    course = with_gradebook(real_course.root, address)
    released = course.assignments / "a1_convolution" / "sliding_windows.ipynb"
    for student in ("ada", "bob"):
        path = course.submitted / student / "a1_convolution" / released.name
        path.parent.mkdir(parents=True)
        path.write_bytes(released.read_bytes() if student == "ada" else b"%PDF-1.7")
    monkeypatch.chdir(course.root)
    for command in (["grade", "a1_convolution", "--jobs", "1"], ["export", "a1_convolution"]):
        monkeypatch.setattr("sys.argv", ["autograder", *command])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        assert not ended.value.code, captured.err
        assert_no_password(captured.out + captured.err)
        if command[0] == "grade":
            assert "Gradebook: postgresql+psycopg://grader:***@/" in captured.out
    assert set(scores(course, "a1_convolution")) == {"ada", "bob"}
    assert not course.gradebook.exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (postgres.QUOTED, "another%40%2Fhush"),
        ("/course_", "/missing_"),
        ("host=/tmp/", "host=/tmp/nowhere"),
        ("host=", "nonsense=1&host="),
        ("?host=", f"?password={postgres.QUOTED}x&host="),
    ],
)
def test_what_the_server_refuses(tmp_path, address, old, new):
    """One line without the password: the server isn't there, or doesn't let this user in."""
    course = course_on(tmp_path, address.replace(old, new, 1))
    with pytest.raises(CourseError, match="check that the server runs and lets this user in") as caught:
        record(course, [])
    assert "\n" not in str(caught.value)
    assert_no_password(str(caught.value))
    assert "another" not in str(caught.value)


def test_nbgrader_is_told_the_same_address(tmp_path, address):
    """nbgrader's own commands and formgrader work on the same database."""
    course = course_on(tmp_path, address)
    config = Config()
    configure(config, course)
    assert config.CourseDirectory.db_url == course.gradebook_url
    assert course.gradebook_url.startswith("postgresql+psycopg://")
    assert_no_password(repr(course))


def assert_no_password(text: str) -> None:
    for part in (postgres.PASSWORD, postgres.QUOTED, *postgres.PASSWORD.split("@/")):
        assert part not in text


def test_the_doctor_looks_at_the_gradebook(tmp_path, address):
    """Whether it can be used, and who is in it, or why not; never with the password."""
    course = course_on(tmp_path, address)
    usable, detail = condition(course)
    assert (usable, "found none" in detail) == (False, True)
    record(course, [result(course, "ada")])
    assert condition(course) == (True, f"{course.gradebook_name}: 1 students")
    usable, detail = condition(replace(course, database=course.database.replace("/course_", "/missing_")))
    assert not usable
    assert_no_password(detail)
