"""What all tests share: a copy of the real course in a temporary folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.config import Course, load_course

ROOT = Path(__file__).parents[1]


@pytest.fixture
def real_course(tmp_path: Path) -> Course:
    """The repository's course with its releases, in a folder of its own, without submissions.

    It accepts any wall, so that a test says the same on every machine.
    """
    root = tmp_path / "real"
    root.mkdir()
    settings = (ROOT / "course.toml").read_text()
    (root / "course.toml").write_text(settings.replace('minimum_sandbox = "landlock"', 'minimum_sandbox = "rlimits"'))
    for folder in ("solutions", "assignments"):
        shutil.copytree(ROOT / folder, root / folder)
    return load_course(root)
