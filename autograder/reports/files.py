"""Writing a report whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.errors import CourseError


def replace_file(path: Path, data: bytes) -> Path:
    """Write a file beside its place and move it there; an older one stays until then.

    Raises:
        CourseError: If the disk refuses, in one line.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from error
    return path


def move_file(source: Path, target: Path) -> Path:
    """Put a file that was written elsewhere on the same disk into its place.

    Raises:
        CourseError: If the disk refuses, in one line.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    except OSError as error:
        raise _refused(target, error) from error
    return target


def _refused(path: Path, error: OSError) -> CourseError:
    return CourseError(
        f"{path}: expected to write it, got: {error.strerror or error}. "
        "Check the folder's permissions and the space on the disk, then run again."
    )
