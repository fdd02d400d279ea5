"""The journal keeps what is known, and survives what happens to files."""

from __future__ import annotations

import os
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    """What one run wrote, the next one knows, by its key and by the answers; the last record of a key counts."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", "a1", result("ada"))
        journal.append("k2", "a2", result("bob"))
        journal.append("k3", "a1", result("ada again"))
        journal.append("k2", "a2", result("bob again"))
        assert journal.get("k1") == result("ada")
    with open_journal(tmp_path, "a") as journal:
        assert len(journal) == 3
        assert journal.get("k1") == result("ada")
        assert journal.get("k2") == result("bob again")
        assert journal.get("k4") is None
        assert journal.latest("a1") == result("ada again")
        assert journal.latest("a3") is None
        assert journal.knows("a1")
        assert not journal.knows("a3")
        assert journal.is_latest("k3", "a1")
        assert not journal.is_latest("k1", "a1")
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
        journal.append("k1", "a1", graded)
    with open_journal(tmp_path, "a") as journal:
        assert journal.get("k1") == graded


@pytest.fixture
def three(tmp_path):
    """A journal of three records."""
    with open_journal(tmp_path, "a") as journal:
        for number, student in enumerate(("ada", "bob", "cyd"), 1):
            journal.append(f"k{number}", f"a{number}", result(student))
    return tmp_path / "a.jsonl"


def known(path) -> tuple[set[str], str]:
    with open_journal(path.parent, "a") as journal:
        return {key for key in ("k1", "k2", "k3", "k4") if journal.get(key) is not None}, journal.remark


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:-20],
        lambda data: data[:-20] + b"\0" * 20,
        lambda data: data + b"\0" * 4096,
    ],
    ids=["no end", "torn", "zeros at the end", "zeros behind"],
)
def test_a_torn_end_is_cut_off(three, damage):
    """It is said once; what stood before is known, and the next record starts on a line of its own."""
    before = three.read_bytes()
    three.write_bytes(damage(before))
    whole = {"k1", "k2", "k3"} if len(three.read_bytes()) > len(before) else {"k1", "k2"}
    with open_journal(three.parent, "a") as journal:
        assert "the last record was torn and is cut off" in journal.remark
        journal.append("k4", "a4", result("dan"))
    assert known(three) == (whole | {"k4"}, "")


@pytest.mark.parametrize(
    ("damage", "keys", "named"),
    [
        (lambda data: data.replace(b"cyd", b"cyn"), {"k1", "k2"}, "record 3 is"),
        (lambda data: data + b'{"key": "k4"}\n\xff\n', {"k1", "k2", "k3"}, "records 4, 5 are"),
        (lambda data: data.replace(b'"check"', b'"sum"'), set(), "records 1, 2, 3 are"),
    ],
    ids=["other content", "garbage behind", "another version"],
)
def test_whole_lines_stay(three, damage, keys, named):
    """What can't be read is named and left alone, also at the end: it may be a journal that a newer grader wrote."""
    three.write_bytes(damage(three.read_bytes()))
    before = three.read_bytes()
    with open_journal(three.parent, "a") as journal:
        assert f"{named} damaged, or of another version of the grader" in journal.remark
        assert "cut off" not in journal.remark
        journal.append("k4", "a4", result("dan"))
    assert three.read_bytes().startswith(before)
    assert known(three)[0] == keys | {"k4"}


def test_damage_in_the_middle_costs_itself_only(three):
    """Records around a damaged one are known, it is named, and stays where it is."""
    lines = three.read_bytes().splitlines(keepends=True)
    three.write_bytes(lines[0] + lines[1].replace(b"bob", b"rob") + lines[2])
    before = three.read_bytes()
    keys, remark = known(three)
    assert keys == {"k1", "k3"}
    assert "record 2 is damaged" in remark
    assert three.read_bytes() == before


def test_damage_in_the_middle_and_at_the_end(three):
    """Both are said; many damaged records are not all named."""
    three.write_bytes(b"x\n" * 7 + three.read_bytes()[:-20])
    keys, remark = known(three)
    assert keys == {"k1", "k2"}
    assert "records 1, 2, 3, 4, 5 and others are damaged" in remark
    assert "is cut off" in remark


def test_nothing_but_garbage(three):
    """A journal without one good record starts anew."""
    three.write_bytes(b"\x1f\x8b garbage")
    keys, remark = known(three)
    assert keys == set()
    assert "is cut off" in remark
    assert three.read_bytes() == b""


@given(cut=st.integers(0, 2000), flipped=st.one_of(st.none(), st.integers(0, 2000)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_no_damage_makes_up_a_result(three, cut, flipped):
    """Whatever is cut off and whichever byte changes, a record is as it was written or it is not there."""
    whole = three.read_bytes()
    data = bytearray(whole[:cut])
    if flipped is not None and flipped < len(data):
        data[flipped] ^= 0x15
    three.write_bytes(data)
    with open_journal(three.parent, "a") as journal:
        for key, student in (("k1", "ada"), ("k2", "bob"), ("k3", "cyd")):
            assert journal.get(key) in (None, result(student))
    three.write_bytes(whole)


def test_results_stay_on_the_disk(tmp_path):
    """A large class costs no memory but that of its keys."""
    large = NotebookResult(
        submission=Submission(student="ada", assignment="a", notebook="n", remarks=("x" * 1_000_000,)),
        questions=(),
        sandbox_level="landlock",
    )
    with open_journal(tmp_path, "a") as journal:
        for number in range(20):
            journal.append(f"k{number}", "a", large)
    tracemalloc.start()
    with open_journal(tmp_path, "a") as journal:
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
        assert journal.get("k19") == large
    tracemalloc.stop()


def test_a_result_in_other_words_is_not_known(tmp_path):
    """A record of another version of ours is no reason to stop."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", "a1", replace(result("ada"), questions="none"))
        assert journal.get("k1") is None
        assert journal.latest("a1") is None


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    """A record that does not fit is refused in one line, and what stood before stays readable."""
    with open_journal(tmp_path, "a") as journal:
        journal.append("k1", "a1", result("ada"))

        def no_sync(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", no_sync)
        with pytest.raises(CourseError, match="No space left on device"):
            journal.append("k2", "a2", result("bob"))
    monkeypatch.undo()
    with open_journal(tmp_path, "a") as journal:
        assert journal.get("k1") == result("ada")
        assert journal.get("k2") is None
        assert journal.remark == ""


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    """A file stands where the journal's folder should be."""
    (tmp_path / "journal").write_text("")
    with pytest.raises(CourseError, match=r"journal.*expected a journal"), open_journal(tmp_path / "journal", "a"):
        pass
