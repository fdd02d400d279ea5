"""The journal keeps what is known, and survives what happens to files."""

from __future__ import annotations

import os

import pytest

from autograder.errors import CourseError
from autograder.grading.journal import open_journal
from autograder.model import (
    DeclaredTest,
    Diagnosis,
    ErrorMap,
    NotebookResult,
    Question,
    QuestionResult,
    Submission,
    TestKind,
    TestResult,
    Verdict,
)


def result(student: str) -> NotebookResult:
    submission = Submission(student=student, assignment="a", notebook="n")
    return NotebookResult(submission=submission, questions=(), sandbox_level="landlock")


def test_results_come_back(tmp_path):
    """What one run wrote, the next one knows."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", result("ada"))
        journal.append("k2", result("bob"))
    with open_journal(tmp_path, "a") as journal:
        assert journal.known == {"k1": result("ada"), "k2": result("bob")}
        assert journal.remark == ""


def test_pictures_and_diagnoses_come_back(tmp_path):
    """Where a result is wrong, and why, survive the journal."""
    test = DeclaredTest(id="t", question="q", kind=TestKind.VALUES, weight=1.0, title="T")
    picture = ErrorMap(rows=((0.0, 0.25), (1.0, 0.0)), row_axis="rows 0 to 1", column_axis="columns 0 to 1")
    failed = TestResult(test=test, verdict=Verdict.FAILED, message="No.", rung="values", error_map=picture)
    entry = QuestionResult(
        question=Question(id="q", title="Q", points=1.0),
        points=0.0,
        points_pending=0.0,
        tests=(failed,),
        diagnosis=Diagnosis(mistake="m", symptom="S.", hint="H?"),
    )
    graded = NotebookResult(submission=result("ada").submission, questions=(entry,), sandbox_level="landlock")
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", graded)
    with open_journal(tmp_path, "a") as journal:
        assert journal.known["k1"] == graded


def test_a_torn_last_record_is_cut_off(tmp_path):
    """A record without its end is removed with a remark; the next one starts on a line of its own."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", result("ada"))
        journal.append("k2", result("bob"))
    path = tmp_path / "a.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with open_journal(tmp_path, "a") as journal:
        assert set(journal.known) == {"k1"}
        assert "torn" in journal.remark
        journal.append("k3", result("cyd"))
    with open_journal(tmp_path, "a") as journal:
        assert set(journal.known) == {"k1", "k3"}


def test_a_damaged_record_in_the_middle_costs_itself_only(tmp_path):
    """Records behind a damaged one are still known."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", result("ada"))
        journal.append("k2", result("bob"))
    path = tmp_path / "a.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"\xff garbage\n" + lines[1])
    with open_journal(tmp_path, "a") as journal:
        assert set(journal.known) == {"k2"}
        assert "record 1 is damaged" in journal.remark


def test_a_second_grader_is_refused(tmp_path):
    """Two graders on one assignment would mix their records."""
    with (
        open_journal(tmp_path, "a"),
        pytest.raises(CourseError, match="another grader is at work"),
        open_journal(tmp_path, "a"),
    ):
        pass


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    """A record that does not fit is refused in one line, and what stood before stays readable."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", result("ada"))

        def no_sync(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", no_sync)
        with pytest.raises(CourseError, match="No space left on device"):
            journal.append("k2", result("bob"))
    monkeypatch.undo()
    with open_journal(tmp_path, "a") as journal:
        assert set(journal.known) == {"k1"}
        assert journal.remark == ""


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    """A file stands where the journal's folder should be."""
    (tmp_path / "journal").write_text("")
    with pytest.raises(CourseError, match=r"journal.*expected a journal"), open_journal(tmp_path / "journal", "a"):
        pass
