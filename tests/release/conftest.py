from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder import nbgrader_bridge
from tests.release.fixture_course import DemoCourse, write_course


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once: nbgrader starts a program for each new one, which takes seconds."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with nbgrader_bridge.programs_on_path():
        Gradebook(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def demo(tmp_path: Path, empty_gradebook: Path) -> DemoCourse:
    """A small course that keeps every rule."""
    demo = write_course(tmp_path / "demo")
    demo.course.work.mkdir()
    shutil.copy(empty_gradebook, demo.course.gradebook)
    return demo
