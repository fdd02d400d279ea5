"""One class for all tests of whole runs, and what is left behind where nothing happens to its grader."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.killed.course import left_behind, write_class
from tests.killed.runs import TWO, Undisturbed, Zygote, copy_of, log, size_kb
from tests.release.fixture_course import DemoCourse


@pytest.fixture(scope="package")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


@pytest.fixture(scope="package")
def handed_in(tmp_path_factory) -> DemoCourse:
    """A course with a class that nobody has graded."""
    return write_class(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="package")
def undisturbed(handed_in, zygote, tmp_path_factory) -> Undisturbed:
    """A run to which nothing happens."""
    demo = copy_of(handed_in, tmp_path_factory.mktemp("undisturbed"))
    started = time.monotonic()
    assert zygote.grade(demo, *TWO) == 0, log(demo)
    took_s = time.monotonic() - started
    return Undisturbed(left_behind(demo.course), took_s, size_kb(demo) - size_kb(handed_in))


@pytest.fixture
def demo(handed_in, tmp_path) -> DemoCourse:
    return copy_of(handed_in, tmp_path)
