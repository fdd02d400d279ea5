from __future__ import annotations

import numpy as np
import pytest

from tests.hidden_tests.conftest import collected

__all__ = ["collected"]


@pytest.fixture
def rng():
    return np.random.default_rng(11)
