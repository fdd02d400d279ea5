"""The command line: the whole way of a class, and one line for everything that a person can mend."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import errno
import json
import os
import re
import shutil
import signal
import sqlite3
import tomllib
from pathlib import Path

import pytest

from autograder import cli
from autograder.config import Course
from autograder.gradebook.read import scores
from autograder.grading.lock import only_grader
from autograder.pipeline import Outcome
from autograder.sandbox import levels
from tests.reports.results import result

ASSIGNMENT, NOTEBOOK = "a1_convolution", "sliding_windows"


class Run:
    """Runs the command line in this process, inside a course."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], course: Course) -> None:
        self.monkeypatch, self.capsys, self.course = monkeypatch, capsys, course
        monkeypatch.chdir(course.root)

    def __call__(self, *args: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.argv", ["autograder", *args])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = self.capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    def refused(self, *args: str) -> str:
        """The one line of a refusal."""
        code, _, error = self(*args)
        assert code == 2, error
        lines = error.strip().splitlines()
        assert len(lines) == 1, error
        return lines[0]


@pytest.fixture
def run(monkeypatch, capsys, real_course):
    keep_one_notebook(real_course)
    return Run(monkeypatch, capsys, real_course)


def keep_one_notebook(course: Course) -> None:
    """Leave out what the command line treats no differently: tests stay quick, and need not count all the rest."""
    for folder in (course.solutions, course.assignments):
        for path in folder.iterdir():
            if path.is_dir() and path.name != ASSIGNMENT:
                shutil.rmtree(path)
    for path in (course.solutions / ASSIGNMENT).glob("*.py"):
        if path.stem != NOTEBOOK:
            path.unlink()
    settings = course.solutions / ASSIGNMENT / "assignment.toml"
    text = settings.read_text(encoding="utf-8")
    sections = re.split(r"(?m)^(?=\[notebooks\.\w+\]$)", text)
    (kept,) = [section for section in sections if section.startswith(f"[notebooks.{NOTEBOOK}]")]
    points = tomllib.loads(kept)["notebooks"][NOTEBOOK]["points"]
    settings.write_text(f'title = "Convolution"\npoints = {points}\n\n{kept}', encoding="utf-8")


def hand_in(course: Course, student: str, data: bytes | None = None) -> Path:
    path = course.submitted / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data if data is not None else released(course).read_bytes())
    return path


def released(course: Course) -> Path:
    return course.assignments / ASSIGNMENT / f"{NOTEBOOK}.ipynb"


def with_answer(course: Course, old: str, new: str) -> bytes:
    notebook = json.loads(released(course).read_bytes())
    for cell in notebook["cells"]:
        cell["source"] = re.sub(old, new, "".join(cell["source"]), flags=re.DOTALL)
    return json.dumps(notebook).encode()


def test_a_class_of_two(run):
    """Grading writes gradebook, feedback, CSV, JSON and journal; grading again knows the results already."""
    course = run.course
    answer = with_answer(course, r"(def conv_output_size\(.*?)raise NotImplementedError\([^\n]*\)", r"\1return 1 / 0")
    hand_in(course, "ada", answer)
    hand_in(course, "bob", b"%PDF-1.7")
    code, out, err = run("grade", ASSIGNMENT, "--jobs", "1", "--json", "out.json")
    assert code == 0, err
    assert "ada" in out
    first = (course.root / "out.json").read_bytes()
    entries = {entry["student"]: entry for entry in json.loads(first)["submissions"]}
    assert set(entries) == {"ada", "bob"}
    assert entries["ada"]["max_points"] == 52
    verdicts = {question["id"]: set(question["verdicts"].values()) for question in entries["ada"]["questions"]}
    assert verdicts["correlate1d"] == {"NOT_IMPLEMENTED"}
    assert "STUDENT_ERROR" in verdicts["conv_output_size"]
    assert course.gradebook.is_file()
    assert "ZeroDivisionError" in (course.feedback / "ada" / ASSIGNMENT / "feedback.html").read_text()
    with (course.exports / f"{ASSIGNMENT}.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["student", "ada", "bob"]
    assert f"course/exports/{ASSIGNMENT}-class.html" in out
    assert "1 more could not be graded" in (course.exports / f"{ASSIGNMENT}-class.html").read_text(encoding="utf-8")
    records = (course.journal / f"{ASSIGNMENT}.jsonl").read_bytes()
    assert run("grade", ASSIGNMENT, "--jobs", "1", "--json", "out.json")[0] == 0
    assert (course.root / "out.json").read_bytes() == first
    assert (course.journal / f"{ASSIGNMENT}.jsonl").read_bytes() == records
    code, out, _ = run("export", ASSIGNMENT)
    assert code == 0
    assert (course.exports / f"{ASSIGNMENT}-gradebook.csv").is_file()


def test_why_all_is_graded_again(run):
    """When tests, limits or the release have changed, a run says so before it grades what was graded before."""
    hand_in(run.course, "ada", b"%PDF-1.7")
    assert "graded before" not in "".join(map(str, run("grade", ASSIGNMENT, "--jobs", "1")))
    assert "graded before" not in run("grade", ASSIGNMENT, "--jobs", "1")[2]
    settings = run.course.root / "course.toml"
    settings.write_text(settings.read_text().replace("processes = 64", "processes = 63"))
    hand_in(run.course, "bob", b"%PDF-1.7")
    _, _, err = run("grade", ASSIGNMENT, "--jobs", "1")
    assert "1 notebook graded before, graded again, for this has changed: the limits." in err


def test_a_student_who_is_renamed_or_hands_in_again(run):
    """The gradebook keeps the old name's rows, and points given by hand for an earlier submission: both are said."""
    course = run.course
    old = hand_in(course, "ada", b"%PDF-1.7")
    bob = hand_in(course, "bob", b"%PDF-1.7")
    (bob.parent / "timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    _, out, err = run("grade", ASSIGNMENT, "--jobs", "1")
    assert "In the gradebook" not in out + err
    with contextlib.closing(sqlite3.connect(course.gradebook)) as gradebook, gradebook:
        gradebook.execute("update grade set manual_score = 1, needs_manual_grade = 0")
    old.parents[1].rename(old.parents[2] / "ada-lovelace")
    (bob.parent / "timestamp.txt").write_text("2026-03-03 10:00:00 UTC")
    code, out, err = run("grade", ASSIGNMENT, "--jobs", "1")
    assert code == 0, err
    assert "Points given by hand, and handed in again since: bob. The points stay" in out
    assert "In the gradebook, but not among these submissions: ada. If a student was renamed" in out
    assert "In the gradebook, but" not in run("grade", ASSIGNMENT, "--jobs", "1", "--students", "bob")[1]
    assert set(scores(course, ASSIGNMENT)) == {"ada", "ada-lovelace", "bob"}


def test_what_a_class_of_five_misunderstood(capsys):
    """From five students on, a second table says what was hard; below, there is none. Long lists keep their ends."""
    paths = tuple(Path(f"page{number}") for number in range(20))
    for count in (4, 5):
        cli._print_outcome(Outcome(results=(result(),) * count, remarks=(), paths=paths))
        out = capsys.readouterr().out
        assert ("most frequent mistakes" in out) == (count == 5)
        shown = [line.strip() for line in out.partition("Open:")[2].splitlines()[1:]]
        assert shown == [f"page{n}" for n in range(9)] + ["... and 8 more", "page17", "page18", "page19"]


def test_an_unknown_assignment(run):
    """The known ones are named."""
    line = run.refused("grade", "a1_convolutions")
    assert "expected one of a1_convolution, got 'a1_convolutions'" in line


def test_a_folder_that_is_not_there(run):
    """Nothing was handed in yet."""
    assert str(run.course.submitted) in run.refused("grade", ASSIGNMENT)
    assert not run.course.gradebook.exists()


def test_an_empty_folder(run):
    """A folder without submissions is no class."""
    run.course.submitted.mkdir(parents=True)
    assert str(run.course.submitted) in run.refused("grade", ASSIGNMENT)


def test_an_unknown_student(run):
    """A student who did not hand in is no student of this run."""
    hand_in(run.course, "ada")
    assert "got 'eve'" in run.refused("grade", ASSIGNMENT, "--student", "eve")
    assert not run.course.feedback.exists()


def test_an_assignment_that_was_not_built(run):
    """Without a release there is nothing to grade against."""
    hand_in(run.course, "ada")
    released(run.course).unlink()
    assert "autograder build" in run.refused("grade", ASSIGNMENT)


def test_a_corrupt_database(run):
    """A gradebook that is none is left as it is, and nothing is written beside it."""
    hand_in(run.course, "ada")
    run.course.gradebook.write_bytes(b"not a database at all, whatever its name says" * 100)
    before = run.course.gradebook.read_bytes()
    assert "gradebook.db" in run.refused("grade", ASSIGNMENT, "--jobs", "1")
    assert run.course.gradebook.read_bytes() == before
    assert not run.course.autograded.exists()
    assert not run.course.feedback.exists()


def test_a_secret_that_is_gone(run):
    """With a journal and without its secret, grading would ask other questions than before."""
    hand_in(run.course, "ada")
    assert run("grade", ASSIGNMENT, "--jobs", "1")[0] == 0
    run.course.secret.unlink()
    assert "secret" in run.refused("grade", ASSIGNMENT)
    assert not run.course.secret.exists()


def test_a_folder_that_can_not_be_written(run, monkeypatch):
    """A read-only course is said in one line."""
    hand_in(run.course, "ada")
    make = Path.mkdir

    def refuse(path, *args, **kwargs):
        if path == run.course.journal:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        make(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert "Permission denied" in run.refused("grade", ASSIGNMENT)


def test_a_full_disk(run, monkeypatch):
    """What was graded before the disk was full stays in the journal; the rest is graded by the next run."""
    hand_in(run.course, "ada")
    hand_in(run.course, "bob", b"%PDF-1.7")
    sync = os.fsync
    calls = []

    def full(descriptor):
        calls.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        if calls.count(str(run.course.journal / f"{ASSIGNMENT}.jsonl")) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert "No space left on device" in run.refused("grade", ASSIGNMENT, "--jobs", "1")
    assert len((run.course.journal / f"{ASSIGNMENT}.jsonl").read_bytes().splitlines()) == 1
    assert not run.course.autograded.exists()
    code, _, err = run("grade", ASSIGNMENT, "--jobs", "1")
    assert code == 0, err


def test_outside_of_a_course(run, tmp_path, monkeypatch):
    """A folder without course.toml is no course."""
    monkeypatch.chdir(tmp_path)
    assert "course.toml" in run.refused("grade", ASSIGNMENT)


def test_results_that_can_not_be_written(run):
    """The place for --json must exist."""
    hand_in(run.course, "ada")
    assert "out.json" in run.refused("grade", ASSIGNMENT, "--jobs", "1", "--json", "/proc/none/out.json")


def test_one_json_file_holds_every_graded_assignment(run, monkeypatch):
    """With several assignments, the file for machines has the results of all, not of the last."""
    written: list[object] = []
    monkeypatch.setattr(
        "autograder.pipeline.grade_assignment",
        lambda course, assignment, folder, **options: Outcome(results=(assignment,), remarks=(), paths=()),
    )
    monkeypatch.setattr("autograder.pipeline.write_json", lambda path, results: written.extend(results))
    monkeypatch.setattr(cli, "_print_outcome", lambda outcome: None)
    assert run("grade", "a1", "a2", "--json", "out.json")[0] == 0
    assert written == ["a1", "a2"]


def test_an_assignment_that_is_not_due_yet(run):
    """Of a whole course it is left out, with a line; named, it is refused; nobody gets points for what is to come."""
    course = run.course
    shutil.copytree(course.solutions / ASSIGNMENT, course.solutions / "a2_later")
    shutil.copytree(course.assignments / ASSIGNMENT, course.assignments / "a2_later")
    path = course.assignments / "a2_later" / f"{NOTEBOOK}.ipynb"
    path.write_text(path.read_text().replace(f'"{ASSIGNMENT}"', '"a2_later"'))
    hand_in(course, "ada", b"%PDF-1.7")
    code, out, err = run("grade", "--jobs", "1")
    assert code == 0, err
    assert "a2_later: left out. Submissions: expected some for a2_later" in err
    assert f"{ASSIGNMENT}: 1 of 1" in out
    code, _, err = run("grade", "a2_later", "--jobs", "1")
    assert code == 2
    assert "autograder: Submissions: expected some for a2_later" in err
    assert not (course.feedback / "ada" / "a2_later").exists()


def test_a_negative_number_of_processes_is_refused(run):
    """`--jobs -1` is a slip, not another word for one per core."""
    code, _, error = run("grade", ASSIGNMENT, "--jobs", "-1")
    assert code == 2
    assert "--jobs" in error


def test_stopped_by_hand(run, monkeypatch):
    """Ctrl-C says how to go on, and ends as shells expect."""
    hand_in(run.course, "ada")

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.pipeline.grade_class", stop)
    code, _, error = run("grade", ASSIGNMENT, "--jobs", "1")
    assert code == 130
    assert "Run the same command again to go on" in error


def test_a_wall_that_is_too_weak(run, monkeypatch):
    """Below the course's minimum nothing is graded, unless told; then the run says behind what the code ran."""
    weak = dataclasses.replace(levels.probe(), no_uid="refused", no_namespaces="refused")
    monkeypatch.setattr(levels, "probe", lambda **_: weak)
    hand_in(run.course, "ada")
    settings = run.course.root / "course.toml"
    settings.write_text(settings.read_text().replace('minimum_sandbox = "rlimits"', 'minimum_sandbox = "namespaces"'))
    assert "the course demands 'namespaces'" in run.refused("grade", ASSIGNMENT, "--jobs", "1")
    assert not run.course.gradebook.exists()
    code, out, error = run("grade", ASSIGNMENT, "--jobs", "1", "--accept-weaker-sandbox")
    assert code == 0, error
    assert "the course demands 'namespaces', student code ran behind" in out


def test_near_names_are_offered(run):
    """A slip of the pen gets the name that was meant; a name like no other gets none."""
    hand_in(run.course, "ada-lovelace")
    assert "Did you mean 'a1_convolution'?" in run.refused("grade", "a1_convolutoin")
    assert "Did you mean 'ada-lovelace'?" in run.refused("grade", ASSIGNMENT, "--students", "Ada-Lovelac")
    assert "Did you mean 'conv_counts'?" in run.refused("grade", ASSIGNMENT, "--only", "con_counts")
    assert "Did you mean" not in run.refused("grade", ASSIGNMENT, "--students", "zoe")


def test_a_question_of_which_assignment(run):
    """A question belongs to one assignment; among several it must be named."""
    other = run.course.solutions / "a2_other"
    other.mkdir()
    (other / "assignment.toml").write_text("")
    assert "Name it" in run.refused("grade", "--only", "conv_counts")


def test_students_by_name_and_by_file(run, monkeypatch):
    """Names with commas, the option again, and a file with a name on each line, which may hold commas."""
    wanted: list[object] = []

    def grade(course, assignment, folder, *, students, **options):
        wanted.append(students)
        return Outcome(results=(), remarks=(), paths=())

    monkeypatch.setattr("autograder.pipeline.grade_assignment", grade)
    monkeypatch.setattr(cli, "_print_outcome", lambda outcome: None)
    Path("names.txt").write_bytes(b"\xef\xbb\xbfada\r\n\r\n Doe, Jane \r\nada\r\n")
    assert run("grade", ASSIGNMENT, "--students", "ada, bob", "--student", "cyd")[0] == 0
    assert run("grade", ASSIGNMENT, "--students", "@names.txt")[0] == 0
    assert run("grade", ASSIGNMENT)[0] == 0
    assert wanted == [["ada", "bob", "cyd"], ["ada", "Doe, Jane"], None]
    assert "expected names, got none" in run.refused("grade", ASSIGNMENT, "--students", ",")
    assert "nobody.txt" in run.refused("grade", ASSIGNMENT, "--students", "@nobody.txt")


def test_one_question_again(run):
    """It is graded for all, the others stay as they were; gradebook, feedback and CSV hold both."""
    course = run.course
    broken = with_answer(course, r"(def conv_counts\(.*?)raise NotImplementedError\([^\n]*\)", r"\1return 1 / 0")
    hand_in(course, "ada", broken)
    hand_in(course, "bob", b"%PDF-1.7")
    first = ("--json", "first.json")
    assert "found none for 2 of 2" in run.refused("grade", ASSIGNMENT, "--jobs", "1", "--only", "conv_counts")
    assert not course.gradebook.exists()
    assert run("grade", ASSIGNMENT, "--jobs", "1", *first)[0] == 0
    table = (course.exports / f"{ASSIGNMENT}.csv").read_bytes()
    course.gradebook.unlink()
    code, out, err = run("grade", ASSIGNMENT, "--jobs", "1", "--only", "conv_counts", "--json", "second.json")
    assert code == 0, err
    assert "Graded again: conv_counts. The other questions keep their earlier results." in out
    assert Path("second.json").read_bytes() == Path("first.json").read_bytes()
    assert (course.exports / f"{ASSIGNMENT}.csv").read_bytes() == table
    assert course.gradebook.is_file()
    hand_in(course, "cyd")
    line = run.refused("grade", ASSIGNMENT, "--jobs", "1", "--only", "conv_counts")
    assert "found none for 1 of 3 as they are now (cyd)" in line


def test_a_second_grader(run):
    """While one grades, another on the same course is refused, and touches nothing."""
    hand_in(run.course, "ada")
    with only_grader(run.course.lock):
        assert f"process {os.getpid()}" in run.refused("grade", ASSIGNMENT, "--jobs", "1")
    assert not run.course.secret.exists()


def test_quiet(run):
    """Nothing is printed but what a person must know."""
    hand_in(run.course, "ada", b"%PDF-1.7")
    assert run("grade", ASSIGNMENT, "--jobs", "1", "--quiet", "--json", "out.json") == (0, "", "")
    journal = run.course.journal / f"{ASSIGNMENT}.jsonl"
    journal.write_bytes(b"garbage\n" + journal.read_bytes())
    code, out, err = run("grade", ASSIGNMENT, "--jobs", "1", "-q")
    assert (code, out) == (0, "")
    assert "record 1 is damaged" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end(run, monkeypatch, number):
    """`kill` and a lost terminal leave what Ctrl-C leaves, with the exit status that shells expect."""
    hand_in(run.course, "ada")

    def end(*args, **kwargs):
        signal.raise_signal(number)

    monkeypatch.setattr("autograder.pipeline.grade_class", end)
    code, _, error = run("grade", ASSIGNMENT, "--jobs", "1", "--fresh")
    assert code == 128 + number
    assert "Run the same command again, without --fresh, to go on" in error
    assert signal.getsignal(number) is signal.SIG_DFL
    monkeypatch.undo()
    run.monkeypatch.chdir(run.course.root)
    assert run("grade", ASSIGNMENT, "--jobs", "1")[0] == 0


def test_a_gradebook_that_another_program_writes(run, monkeypatch):
    """It is waited for; then one line says who is in the way of what, and that nothing is lost."""
    hand_in(run.course, "ada", b"%PDF-1.7")
    assert run("grade", ASSIGNMENT, "--jobs", "1")[0] == 0
    monkeypatch.setattr("autograder.gradebook.record.WAIT_S", 0.2)
    with contextlib.closing(sqlite3.connect(run.course.gradebook)) as other:
        other.execute("BEGIN IMMEDIATE")
        hand_in(run.course, "bob", b"%PDF-1.7")
        line = run.refused("grade", ASSIGNMENT, "--jobs", "1")
        assert "database is locked" in line
        assert "Nothing is lost: the journal keeps every result." in line
        records = (run.course.journal / f"{ASSIGNMENT}.jsonl").read_bytes().splitlines()
        assert len(records) == 2
    assert run("grade", ASSIGNMENT, "--jobs", "1")[0] == 0
    assert len((run.course.journal / f"{ASSIGNMENT}.jsonl").read_bytes().splitlines()) == 2
    assert set(scores(run.course, ASSIGNMENT)) == {"ada", "bob"}
