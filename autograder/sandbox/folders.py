"""Folders that student code has written in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def remove_folder(folder: Path) -> None:
    """Remove a folder, also one in which student code has made folders that can't be entered. No one writes there."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for path, names, _ in os.walk(folder):
            for child in (Path(path) / name for name in names):
                if not child.is_symlink():
                    child.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
