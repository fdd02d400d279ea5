"""A course's files, as far as reports read them."""

from pathlib import Path

import pytest

from autograder.config import Course, load_course
from tests.reports.results import ASSIGNMENT


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with one assignment of two notebooks."""
    (tmp_path / "course.toml").write_text(
        '[course]\nid = "c"\ntitle = "C"\nwheel = "https://example.edu/x.whl"\nwork = "course"\n'
        '[grading]\nminimum_sandbox = "rlimits"\n'
    )
    folder = tmp_path / "solutions" / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(
        'title = "Convolution"\npoints = 100\n'
        '[notebooks.sliding_windows]\ntitle = "Sliding windows"\npoints = 52\nkind = "numpy"\n'
        '[notebooks.linear_maps]\ntitle = "Linear maps"\npoints = 48\nkind = "numpy"\n'
    )
    return load_course(tmp_path)
