from __future__ import annotations

import pytest

from autograder.grading.hidden import HiddenTests
from tests.hidden_tests.harness import TESTS


@pytest.fixture(scope="session")
def hidden_by_seed():
    """Hidden tests of sliding_windows, collected once per seed: `hidden_by_seed(3)`."""
    opened: dict[int, HiddenTests] = {}

    def by_seed(seed: int) -> HiddenTests:
        if seed not in opened:
            opened[seed] = HiddenTests(TESTS, b"seed %d" % seed)
        return opened[seed]

    yield by_seed
    for tests in opened.values():
        tests.close()


@pytest.fixture(scope="session")
def hidden(hidden_by_seed):
    return hidden_by_seed(0)
