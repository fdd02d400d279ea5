"""The course's secret is made once and missed when it is gone."""

from __future__ import annotations

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
