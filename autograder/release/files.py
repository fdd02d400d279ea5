"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import CourseError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn what the disk refuses into one line that says what and what to do.

    Raises:
        CourseError: In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise CourseError(
            f"{what}: expected to write {error.filename or 'files'}, got: {error.strerror or error}. "
            "Check its permissions and the space on the disk."
        ) from error
