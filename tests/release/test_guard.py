"""nbgrader by itself, with our configuration: it releases what the build would release, or nothing."""

from __future__ import annotations

import pytest

from autograder import nbgrader_bridge
from autograder.errors import CourseError
from autograder.release import formgrader_config
from tests.release.fixture_course import DemoCourse, edit, release


def generate(demo: DemoCourse) -> None:
    """What formgrader's Generate button does."""
    nbgrader_bridge.generate_release(demo.course, formgrader_config(demo.course), "demo")


@pytest.fixture
def built(demo: DemoCourse) -> DemoCourse:
    release(demo.course, hidden_tests=demo.hidden_tests)
    return demo


def test_fresh_staging_is_released(built: DemoCourse) -> None:
    """Generating from a fresh staging gives the bytes of the build."""
    generate(built)

    assert (built.course.release / "demo" / "first.ipynb").read_bytes() == built.released.read_bytes()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("solutions/demo/first.py", "Multiply by two", "Multiply by 2"),
        ("solutions/demo/first.py", "np.add(x, x)", "x + x"),
        ("solutions/demo/assignment.toml", '"First steps"', '"The first steps"'),
        ("course.toml", "utils-1.0", "utils-1.1"),
        ("course/staging/demo/first.ipynb", "Multiply by two", "Multiply by 2"),
        ("course/staging/demo/first.ipynb", '"points": 4,', '"points": 40,'),
    ],
)
def test_stale_staging_is_refused(built: DemoCourse, file: str, old: str, new: str) -> None:
    """A staging that is not what the hand-written files say is refused, and no release is left."""
    edit(built.root / file, old, new)
    with pytest.raises(CourseError, match=r"solutions/demo/first\.py: staging: .*Run `autograder build`"):
        generate(built)

    assert not (built.course.release / "demo").exists()


def test_other_files_in_staging_are_refused(built: DemoCourse) -> None:
    """nbgrader would release whatever lies in its source folder."""
    (built.course.staging / "demo" / "answers.txt").write_text("42")
    with pytest.raises(CourseError, match=r"assignment\.toml: staging: .*got answers\.txt"):
        generate(built)

    assert not (built.course.release / "demo").exists()


def test_foreign_notebook_in_staging_is_refused(built: DemoCourse) -> None:
    """A notebook that the assignment doesn't have is refused."""
    staging = built.course.staging / "demo"
    (staging / "aaa.ipynb").write_bytes((staging / "first.ipynb").read_bytes())
    with pytest.raises(CourseError, match=r"got aaa\.ipynb"):
        generate(built)


def test_leak_is_refused(built: DemoCourse) -> None:
    """What nbgrader leaves in is found after its own steps."""
    config = formgrader_config(built.course)
    steps = config.GenerateAssignment.preprocessors
    config.GenerateAssignment.preprocessors = [step for step in steps if not step.endswith("ClearSolutions")]
    with pytest.raises(CourseError, match="expected no solution markers"):
        nbgrader_bridge.generate_release(built.course, config, "demo")

    assert not (built.course.release / "demo").exists()
