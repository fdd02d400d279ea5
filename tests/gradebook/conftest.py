from pathlib import Path

import pytest

from autograder.config import Course
from tests.gradebook.course import make_course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)
