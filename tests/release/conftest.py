from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.fixture_course import DemoCourse, write_course


@pytest.fixture
def demo(tmp_path: Path) -> DemoCourse:
    """A small course that keeps every rule."""
    return write_course(tmp_path / "demo")
