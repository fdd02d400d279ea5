"""Writing a report whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograder.errors import CourseError


def replace_file(path: Path, data: bytes) -> Path:
    """Write a file beside its place and move it there; an older one stays until then.

    Raises:
        CourseError: If the disk refuses, in one line.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise CourseError(
            f"{path}: expected to write it, got: {error.strerror or error}. "
            "Check the folder's permissions and the space on the disk, then run again."
        ) from error
    return path
