"""Folders that student code has written in."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path


def remove_folder(folder: Path) -> None:
    """Remove a folder, whatever student code has made in it. No one writes there any more.

    Folders in folders may be deeper than a path can be long and than Python recurses, and may not be entered. So each
    is moved up to the first level before it is looked into: no path gets longer than two names.
    """
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    found = True
    while found:
        found = False
        for entry in _entries(folder):
            if _is_folder(entry):
                found = _lift(entry, folder) or found
            else:
                _try_unlink(entry)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _lift(inner: Path, folder: Path) -> bool:
    """Move the folders of a folder up beside it and remove the rest. Whether it is gone."""
    with contextlib.suppress(OSError):
        inner.chmod(0o700)
        for entry in _entries(inner):
            if _is_folder(entry):
                # A folder that can't be written can't be moved either.
                entry.chmod(0o700)
                entry.rename(folder / secrets.token_hex(16))
            else:
                _try_unlink(entry)
        inner.rmdir()
        return True
    return False


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _try_unlink(entry: Path) -> None:
    with contextlib.suppress(OSError):
        entry.unlink()


def _is_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink()
