"""The address of a gradebook: what is accepted, and that no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.config import Course, load_course
from autograder.database import check_address, shown, without_password
from autograder.errors import CourseError
from tests.gradebook.course import make_course

TOML = Path("course.toml")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://h/db", "postgresql+psycopg://h/db"),
        ("postgresql+psycopg://u@h:5432/db", "postgresql+psycopg://u@h:5432/db"),
        ("postgresql://u:pa%40ss@h/db?sslmode=require", "postgresql+psycopg://u:***@h/db"),
        ("postgresql://u:@h/db", "postgresql+psycopg://u:***@h/db"),
        ("postgresql:///db?host=/run/x&user=u&password=pass", "postgresql+psycopg:///db"),
        ("postgresql://u:p@[::1]:5432/db", "postgresql+psycopg://u:***@[::1]:5432/db"),
    ],
)
def test_addresses(address, name):
    """What is accepted always names our driver, and people see it without password and options."""
    checked = check_address(TOML, address)
    assert checked.startswith("postgresql+psycopg://")
    assert shown(checked) == name


@pytest.mark.parametrize(
    "address",
    [
        "mysql://u:hush@h/db",
        "sqlite:///hush.db",
        "postgresql+psycopg2://u:hush@h/db",
        "hush",
        "",
        "postgresql:hush",
        7,
        "postgresql://u:hush@h",
        "postgresql://u:hush@h/",
        "postgresql://u:hu@sh@h/db",
        "postgresql://u:hu/sh@h/db",
        "postgresql://u:hu?sh@h/db",
        "postgresql://u:hu#sh@h/db",
        "postgresql://u:hush@h:port/db",
        "postgresql://u:hush@h:99999/db",
        "postgresql://u:hush@[::1/db",
    ],
)
def test_addresses_that_are_none(address):
    """Each is refused with an example, and without repeating what may hold a password."""
    with pytest.raises(CourseError, match="gradebook: expected postgresql\\+psycopg://user@host/database") as caught:
        check_address(TOML, address)
    for part in ("hush", "hu@", "sh@", "hu/", "hu?", "hu#"):
        assert part not in str(caught.value)


def test_a_password_in_the_words_of_others():
    """Messages of servers and libraries are shown without the password, however it is written."""
    url = check_address(TOML, "postgresql://u:pa%40ss@h/db?password=other%21")
    assert without_password("got pa@ss, pa%40ss, other! and other%21 for u", url) == "got ***, ***, *** and *** for u"
    assert without_password("nothing", check_address(TOML, "postgresql://u@h/db")) == "nothing"


def course_with(tmp_path: Path, line: str) -> Course:
    make_course(tmp_path)
    settings = tmp_path / "course.toml"
    settings.write_text(settings.read_text().replace("[course]\n", f"[course]\n{line}\n"))
    return load_course(tmp_path)


def test_the_gradebook_in_course_toml(tmp_path):
    """Without a line it is a file; with one it is that address, and the course's own repr keeps the password."""
    course = course_with(tmp_path, "")
    assert course.gradebook_url == f"sqlite:///{course.gradebook}"
    assert course.gradebook_name == str(course.gradebook)
    (tmp_path / "two").mkdir()
    course = course_with(tmp_path / "two", 'gradebook = "postgresql://u:hush@h/db"')
    assert course.gradebook_url == "postgresql+psycopg://u:hush@h/db"
    assert course.gradebook_name == "postgresql+psycopg://u:***@h/db"
    assert "hush" not in repr(course)
    (tmp_path / "three").mkdir()
    with pytest.raises(CourseError, match=r"course\.toml: gradebook: expected"):
        course_with(tmp_path / "three", 'gradebook = "mysql://u:hush@h/db"')
