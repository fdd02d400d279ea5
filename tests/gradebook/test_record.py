import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from sqlalchemy.engine import Connection

from autograder.config import Course
from autograder.errors import CourseError
from autograder.gradebook.read import scores
from autograder.gradebook.record import record
from autograder.nbgrader_bridge import open_gradebook, programs_on_path
from tests.gradebook.course import ASSIGNMENT, NOTEBOOK, SUBMITTED_AT, notebook_of, release, result, write_release

TABLES = (
    *("student", "assignment", "notebook", "base_cell", "grade_cells", "solution_cells", "source_cell"),
    *("submitted_assignment", "submitted_notebook", "grade", "comment", "course", "alembic_version"),
)


def dump(course: Course) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(course.gradebook)) as database:
        return {name: sorted(database.execute(f"select * from {name}")) for name in TABLES}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def nbgraders(course: Course) -> Iterator[Gradebook]:
    with programs_on_path(), Gradebook(course.gradebook_url, course.id) as gradebook:
        yield gradebook


def grade_by_hand(course: Course, question: str, *, manual: float, extra: float = 0.0) -> None:
    """What formgrader does when a person enters a score."""
    with nbgraders(course) as gradebook:
        grade = gradebook.find_grade(question, NOTEBOOK, ASSIGNMENT, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = manual, extra, False
        gradebook.db.commit()


def test_scores_come_back(course: Course) -> None:
    """Every question of every student is in the gradebook with its score or with none where a person decides."""
    record(course, [result(course, "ada", first=2.5), result(course, "bob", fault=True)])
    read = scores(course, ASSIGNMENT)
    assert {entry.question: entry.auto for entry in read["ada"]} == {"first": 2.5, "second": 1.5, "why": None}
    assert {entry.question: entry.auto for entry in read["bob"]} == {"first": 4.0, "second": None, "why": None}
    assert {entry.question for entry in read["bob"] if entry.needs_manual_grade} == {"second", "why"}
    assert {entry.question: entry.max_points for entry in read["ada"]} == {"first": 4.0, "second": 3.0, "why": 2.0}


def test_nbgrader_reads_our_rows(course: Course) -> None:
    """nbgrader's own objects add up our rows: totals, maxima, what waits, what failed, when it came."""
    record(course, [result(course, "ada", first=2.5)])
    with nbgraders(course) as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "ada")
        assert (submission.score, submission.max_score) == (4.0, 9.0)
        assert (submission.max_code_score, submission.max_written_score) == (7.0, 2.0)
        assert submission.needs_manual_grade
        assert submission.timestamp == parse_utc(SUBMITTED_AT)
        notebook = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, "ada")
        assert notebook.failed_tests
        assert sorted(cell.name for cell in notebook.notebook.solution_cells) == [
            *("first__solution", "second__solution", "second__solution_2", "why")
        ]
        source = gradebook.find_source_cell("first", NOTEBOOK, ASSIGNMENT)
        assert (source.locked, source.source) == (True, "check.first(first)")
        assert "raised an error" in gradebook.find_comment("first__solution", NOTEBOOK, ASSIGNMENT, "ada").comment


def test_graded_notebooks_carry_nbgraders_time(course: Course) -> None:
    """timestamp.txt beside the graded notebook reads as the gradebook's time; without a time there is no file."""
    record(course, [result(course, "ada")])
    timestamp = course.autograded / "ada" / ASSIGNMENT / "timestamp.txt"
    assert parse_utc(timestamp.read_text().strip()) == parse_utc(SUBMITTED_AT)
    record(course, [result(course, "ada", submitted_at=None)])
    assert not timestamp.exists()
    with nbgraders(course) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "ada").timestamp is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_one_time_for_all_notebooks_of_a_student(course: Course, order: Sequence[int]) -> None:
    """It is the latest, whichever result comes first, though the time of a missing notebook is unknown."""
    times = {NOTEBOOK: None, "other": "2026-03-02T09:00:00+00:00", "third": SUBMITTED_AT}
    for name in times:
        data = release()
        data["metadata"]["course"]["notebook"] = name
        write_release(course.root, data, name)
    graded = result(course, "ada")
    results = [
        replace(graded, submission=replace(graded.submission, submitted_at=time, notebook=name))
        for name, time in times.items()
    ]
    record(course, [results[number] for number in order])
    timestamp = course.autograded / "ada" / ASSIGNMENT / "timestamp.txt"
    assert parse_utc(timestamp.read_text().strip()) == parse_utc(SUBMITTED_AT)


def test_recording_twice_changes_nothing(course: Course) -> None:
    """The same results again leave every row, id and file as it was."""
    results = [result(course, "ada"), result(course, "bob", fault=True), result(course, "eve", cells=(), problem="No.")]
    record(course, results)
    rows, notebooks = dump(course), files(course.autograded)
    record(course, results)
    assert dump(course) == rows
    assert files(course.autograded) == notebooks


def test_rows_that_nbgrader_made_are_used(course: Course) -> None:
    """Where nbgrader's generate has written the assignment, its rows are used and none is doubled."""
    course.work.mkdir()
    with nbgraders(course) as gradebook:
        gradebook.add_assignment(ASSIGNMENT)
        gradebook.add_notebook(NOTEBOOK, ASSIGNMENT)
        gradebook.add_grade_cell("first", NOTEBOOK, ASSIGNMENT, max_score=1, cell_type="code")
        gradebook.add_solution_cell("first__solution", NOTEBOOK, ASSIGNMENT)
        gradebook.add_source_cell("first", NOTEBOOK, ASSIGNMENT, cell_type="code", source="old", locked=True)
    before = dump(course)
    record(course, [result(course, "ada")])
    after = dump(course)
    assert set(before["base_cell"]) < set(after["base_cell"])
    assert len(after["base_cell"]) == 3 + 4
    assert before["notebook"][0][0] == after["notebook"][0][0]
    with nbgraders(course) as gradebook:
        assert gradebook.find_grade_cell("first", NOTEBOOK, ASSIGNMENT).max_score == 4.0
        assert gradebook.find_source_cell("first", NOTEBOOK, ASSIGNMENT).source == "check.first(first)"


def test_a_regrade_keeps_what_people_entered(course: Course) -> None:
    """Manual scores, extra credit and manual comments outlive a regrade with other results; the new score is there."""
    record(course, [result(course, "ada", first=2.5)])
    grade_by_hand(course, "first", manual=3.0, extra=0.5)
    grade_by_hand(course, "why", manual=1.0)
    with nbgraders(course) as gradebook:
        gradebook.find_comment("why", NOTEBOOK, ASSIGNMENT, "ada").manual_comment = "Nearly."
        gradebook.db.commit()
    record(course, [result(course, "ada", first=4.0)])
    read = {entry.question: entry for entry in scores(course, ASSIGNMENT)["ada"]}
    assert (read["first"].auto, read["first"].manual, read["first"].extra_credit) == (4.0, 3.0, 0.5)
    assert read["first"].points == 3.5
    assert (read["why"].auto, read["why"].manual, read["why"].points) == (None, 1.0, 1.0)
    assert not any(entry.needs_manual_grade for entry in read.values())
    with nbgraders(course) as gradebook:
        assert gradebook.find_comment("why", NOTEBOOK, ASSIGNMENT, "ada").comment == "Nearly."


def test_a_new_submission_asks_for_a_second_look(course: Course) -> None:
    """A score by hand stays when the student hands in again, but waits for a person to confirm it."""
    record(course, [result(course, "ada")])
    grade_by_hand(course, "why", manual=1.0)
    record(course, [result(course, "ada", submitted_at="2026-03-03T08:00:00+00:00")])
    why = next(entry for entry in scores(course, ASSIGNMENT)["ada"] if entry.question == "why")
    assert (why.manual, why.needs_manual_grade) == (1.0, True)


def test_a_fault_that_is_gone_waits_no_more(course: Course) -> None:
    """Once a regrade judges what a fault of ours held, the score is there and nobody waits."""
    record(course, [result(course, "ada", fault=True)])
    record(course, [result(course, "ada", second=3.0)])
    second = next(entry for entry in scores(course, ASSIGNMENT)["ada"] if entry.question == "second")
    assert (second.auto, second.needs_manual_grade) == (3.0, False)


def test_other_students_stay(course: Course) -> None:
    """Grading one student leaves the rows of the others alone."""
    record(course, [result(course, "ada"), result(course, "bob")])
    before = scores(course, ASSIGNMENT)
    record(course, [result(course, "ada", first=0.0)])
    after = scores(course, ASSIGNMENT)
    assert after["bob"] == before["bob"]
    assert after["ada"] != before["ada"]


def test_a_class_is_written_in_bulk(course: Course) -> None:
    """The number of statements doesn't grow with the class."""
    counts = []
    for size in (2, 40):
        seen: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            execute = _counting(seen)
            patch.setattr("sqlalchemy.engine.Connection.execute", execute)
            record(course, [result(course, f"{size}-student-{number}") for number in range(size)])
        counts.append(len(seen))
    assert counts[0] > 0
    # The first run also makes the database and the release's rows.
    assert counts[1] <= counts[0]


def _counting(seen: list[str]) -> Any:
    execute = Connection.execute

    def count(self: Connection, statement: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(str(statement))
        return execute(self, statement, *args, **kwargs)

    return count


def one_line(caught: pytest.ExceptionInfo[CourseError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_corrupt_database_is_left_alone(course: Course) -> None:
    """A file that is no database is named in one line with what to do, and nothing is written."""
    course.work.mkdir()
    course.gradebook.write_bytes(b"not a database at all" * 100)
    with pytest.raises(CourseError) as caught:
        record(course, [result(course, "ada")])
    message = one_line(caught)
    assert message.startswith("gradebook.db: expected an nbgrader database, got")
    assert message.endswith("move it away or restore a backup.")
    assert list(files(course.work)) == ["gradebook.db"]


def test_a_damaged_database_is_named(course: Course) -> None:
    """A database with overwritten pages is refused the same way."""
    record(course, [result(course, "ada")])
    data = bytearray(course.gradebook.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    course.gradebook.write_bytes(data)
    with pytest.raises(CourseError, match=r"expected an nbgrader database, got '.*malformed'"):
        record(course, [result(course, "ada", first=0.0)])


def test_a_foreign_database_is_left_alone(course: Course) -> None:
    """A database of another program gets no tables of ours."""
    course.work.mkdir()
    with closing(sqlite3.connect(course.gradebook)) as database:
        database.execute("create table recipes (id integer)")
    before = course.gradebook.read_bytes()
    with pytest.raises(CourseError) as caught:
        record(course, [result(course, "ada")])
    assert "expected an nbgrader database, got one without" in one_line(caught)
    assert course.gradebook.read_bytes() == before


def test_an_older_format_is_refused(course: Course) -> None:
    """A gradebook of an older nbgrader asks for its upgrade."""
    record(course, [result(course, "ada")])
    with closing(sqlite3.connect(course.gradebook)) as database:
        database.execute("update alembic_version set version_num = 'older'")
        database.commit()
    with pytest.raises(CourseError, match=r"got older; keep a copy and run `nbgrader db upgrade`\."):
        record(course, [result(course, "ada")])


def test_a_locked_database_is_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another program is writing, the run stops with one line and no file is changed."""
    record(course, [result(course, "ada")])
    before = files(course.autograded)
    monkeypatch.setattr("autograder.gradebook.record.WAIT_S", 0.05)
    with closing(sqlite3.connect(course.gradebook, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(CourseError) as caught:
            record(course, [result(course, "ada", first=0.0)])
        other.execute("rollback")
    assert "database is locked'; close formgrader or wait, then run again." in one_line(caught)
    assert files(course.autograded) == before


def test_a_read_only_course_is_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """A course folder without write permission gives one line that names it."""

    def refuse(*, dir: Path, prefix: str) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{dir}/{prefix}")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(CourseError, match="got 'Permission denied'; check the folder's permissions") as caught:
        record(course, [result(course, "ada")])
    assert str(course.work) in one_line(caught)


def test_a_database_that_cannot_be_opened_is_named(course: Course) -> None:
    """Where the gradebook's place is taken by a folder, one line names it and no notebook is written."""
    course.gradebook.mkdir(parents=True)
    with pytest.raises(CourseError, match="expected to read and write it, got 'unable to open") as caught:
        record(course, [result(course, "ada")])
    assert str(course.gradebook) in one_line(caught)
    assert not course.autograded.exists()


def test_a_folder_that_cannot_be_made_is_named(course: Course) -> None:
    """Where the course's folder is a file, one line names it."""
    course.work.write_text("in the way")
    with pytest.raises(CourseError, match="expected to write the graded notebooks, got 'File exists'") as caught:
        record(course, [result(course, "ada")])
    assert str(course.work) in one_line(caught)


def test_a_full_disk_leaves_nothing_half_written(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full while notebooks are prepared, rows and notebooks stay as they were."""
    record(course, [result(course, "ada")])
    rows, notebooks = dump(course), files(course.work)
    written = []
    write = Path.write_bytes

    def fill(path: Path, data: bytes) -> int:
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        return write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fill)
        with pytest.raises(CourseError, match="No space left on device") as caught:
            record(course, [result(course, "ada", first=0.0), result(course, "bob")])
    assert "the space on the disk" in one_line(caught)
    assert dump(course) == rows
    assert files(course.work) == notebooks


def test_a_failure_while_moving_takes_the_rows_back(course: Course) -> None:
    """If a graded notebook can't take its place, no row says that it did."""
    record(course, [result(course, "ada")])
    rows = dump(course)
    (course.autograded / "bob").write_text("in the way")
    with pytest.raises(CourseError, match="expected to write the graded notebooks"):
        record(course, [result(course, "ada", first=0.0), result(course, "bob")])
    assert dump(course) == rows
    assert not list(course.work.glob(".recording-*"))


def test_questions_of_another_release_are_refused(course: Course) -> None:
    """A question that the release no longer has would count in nbgrader's totals: it is named, and nothing changes."""
    record(course, [result(course, "ada")])
    graded = result(course, "ada")
    before = dump(course)
    data = release()
    data["cells"] = [cell for cell in data["cells"] if "first" not in cell["id"]]
    write_release(course.root, data)
    with pytest.raises(CourseError) as caught:
        record(course, [replace(graded, questions=graded.questions[1:])])
    assert "got also first, first__solution." in one_line(caught)
    assert dump(course) == before


def test_changed_points_reach_the_gradebook(course: Course) -> None:
    """New points of a question in the release are the gradebook's after the next run."""
    record(course, [result(course, "ada")])
    data = release()
    data["cells"][3]["metadata"]["nbgrader"]["points"] = 6
    write_release(course.root, data)
    record(course, [result(course, "ada")])
    assert notebook_of(course).points == 11
    first = next(entry for entry in scores(course, ASSIGNMENT)["ada"] if entry.question == "first")
    assert first.max_points == 6.0


@pytest.mark.parametrize("student", ["../bob", "", "..", "a/b"])
def test_a_student_is_one_folder(course: Course, student: str) -> None:
    """A name that would lead out of the student's folder is refused before anything is written."""
    with pytest.raises(CourseError, match="expected a name that can be a folder's"):
        record(course, [result(course, student)])
    assert not files(course.work)


def test_reading_needs_a_gradebook(course: Course) -> None:
    """Reading scores before any run says so and makes no empty database."""
    with pytest.raises(CourseError, match=r"found none. Run `autograder grade` first\."):
        scores(course, ASSIGNMENT)
    assert not course.gradebook.exists()


def test_a_new_gradebook_is_nbgraders_own(course: Course, tmp_path: Path) -> None:
    """A database that we make has the same tables and format as one that nbgrader makes."""
    record(course, [result(course, "ada")])
    with programs_on_path(), Gradebook(f"sqlite:///{tmp_path / 'theirs.db'}", course.id):
        pass
    schema = "select name, sql from sqlite_master where name not like 'sqlite_%' order by name"
    with (
        closing(sqlite3.connect(course.gradebook)) as ours,
        closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs,
    ):
        assert ours.execute(schema).fetchall() == theirs.execute(schema).fetchall()
        version = "select * from alembic_version"
        assert ours.execute(version).fetchall() == theirs.execute(version).fetchall()


def test_a_new_gradebook_is_whole_or_not_there(course: Course) -> None:
    """What fails while a gradebook is made leaves no empty file behind; an older one stays."""
    course.work.mkdir(parents=True, exist_ok=True)
    with pytest.raises(ZeroDivisionError), open_gradebook(course):
        raise ZeroDivisionError
    assert not course.gradebook.exists()
    with open_gradebook(course):
        pass
    with pytest.raises(ZeroDivisionError), open_gradebook(course):
        raise ZeroDivisionError
    assert course.gradebook.exists()
