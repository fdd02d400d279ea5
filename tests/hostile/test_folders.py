"""What student code may leave in its folder."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.sandbox.folders import remove_folder


def test_folders_deeper_than_paths_are_long(tmp_path, monkeypatch):
    """Two thousand folders in each other are removed, and a link out of them stays a link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.chdir(scratch)
    for level in range(2000):
        Path("a" * 100).mkdir()
        os.chdir("a" * 100)
        if level % 500 == 0:
            Path("link").symlink_to(outside)
            Path("closed").mkdir(0)
            os.mkfifo("pipe")
    Path().chmod(0)
    monkeypatch.chdir(tmp_path)
    remove_folder(scratch)
    assert not scratch.exists()
    assert (outside / "kept").read_text() == "kept"
    remove_folder(scratch)
