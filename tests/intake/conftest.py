"""Fixtures for intake."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.model import Notebook
from tests.intake import notebooks


@pytest.fixture
def release() -> Notebook:
    """A small released notebook."""
    return notebooks.release_notebook()


@pytest.fixture
def content(release: Notebook) -> dict[str, Any]:
    """The solved notebook as JSON, to be changed by the test."""
    return notebooks.solved(release)
