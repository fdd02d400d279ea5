"""One file on the disk becomes one submission, links and giants included."""

from __future__ import annotations

import json

from autograder.intake.read import MAX_FILE_BYTES
from autograder.intake.single import submission_at
from autograder.model import Notebook


def test_a_link_is_not_followed(tmp_path, release: Notebook):
    """A link to someone else's file is a problem of the submission, not its content."""
    target = tmp_path / "other.ipynb"
    target.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    link = tmp_path / "notebook.ipynb"
    link.symlink_to(target)
    submission = submission_at(link, release, "ada")
    assert submission.problem is not None
    assert "link" in submission.problem
    assert submission.cells == ()


def test_a_giant_is_not_read(tmp_path, release: Notebook):
    """A file above the limit is refused by its size."""
    path = tmp_path / "notebook.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    submission = submission_at(path, release, "ada")
    assert submission.problem is not None
    assert "MB" in submission.problem
