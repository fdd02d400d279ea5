"""The course's secret is made once and missed when it is gone."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.config import load_course
from autograder.errors import CourseError
from autograder.grading.secret import course_secret

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path):
    return replace(load_course(ROOT), work=tmp_path / "course")


def test_it_is_made_once(course):
    """The second call reads what the first one wrote; nobody else may read the file."""
    first = course_secret(course)
    assert len(first) == 32
    assert course_secret(course) == first
    assert course.secret.stat().st_mode & 0o077 == 0


def test_it_is_missed_when_a_journal_exists(course):
    """Another secret would change the hidden inputs in the middle of a term."""
    course_secret(course)
    course.journal.mkdir()
    (course.journal / "a.jsonl").write_text("{}\n")
    course.secret.unlink()
    with pytest.raises(CourseError, match="expected the secret that the journal was graded with"):
        course_secret(course)
    assert not course.secret.exists()


def test_a_damaged_one_is_named(course):
    """What is not hexadecimal is refused, not replaced."""
    course.work.mkdir()
    course.secret.write_text("not hex\n")
    with pytest.raises(CourseError, match="expected a readable secret"):
        course_secret(course)


@pytest.mark.parametrize("text", ["", "\n", "abcd\n"])
def test_one_that_is_too_short_is_refused(course, text):
    """What a disk that was full left behind is no secret."""
    course.work.mkdir()
    course.secret.write_text(text)
    with pytest.raises(CourseError, match="expected a readable secret"):
        course_secret(course)


def test_an_empty_journal_misses_no_secret(course):
    """Nothing was graded yet: a new secret changes nothing."""
    course.journal.mkdir(parents=True)
    (course.journal / "a.jsonl").touch()
    assert len(course_secret(course)) == 32


def test_two_at_the_same_time_agree(course, monkeypatch):
    """Who comes second takes what the first one made, and leaves nothing behind."""
    make = tempfile.mkstemp
    theirs = "ab" * 32

    def slow(*args, **kwargs):
        course.secret.write_text(theirs + "\n")
        return make(*args, **kwargs)

    monkeypatch.setattr(tempfile, "mkstemp", slow)
    assert course_secret(course).hex() == theirs
    assert [path.name for path in course.work.iterdir()] == ["secret"]


def test_a_disk_without_hard_links(course, monkeypatch):
    """A mounted drive may know none."""

    def refuse(path, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    first = course_secret(course)
    assert course_secret(course) == first
