from __future__ import annotations

import pytest

from autograder.grading.hidden import HiddenTests
from tests.hidden_tests.graded import Graded


@pytest.fixture(scope="session")
def collected():
    """Hidden tests of a notebook, collected once for each seed: `collected(graded, seed=3)`."""
    opened: dict[tuple[Graded, int], HiddenTests] = {}

    def collect(graded: Graded, seed: int = 0) -> HiddenTests:
        if (graded, seed) not in opened:
            opened[graded, seed] = HiddenTests(graded.tests, b"seed %d" % seed)
        return opened[graded, seed]

    yield collect
    for tests in opened.values():
        tests.close()
