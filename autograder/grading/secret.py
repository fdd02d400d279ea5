"""The course's secret: what makes hidden inputs the same for a class and other ones next term."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from autograder.config import Course
from autograder.errors import CourseError

_SHORTEST = 16


def course_secret(course: Course) -> bytes:
    """Read the secret, or make one if the course has not graded yet.

    Raises:
        CourseError: If a journal exists and the secret is gone (another one would change the hidden inputs in the
            middle of a term), or if the file can't be read or written.
    """
    path = course.secret
    try:
        if not path.is_file():
            if any(journal.stat().st_size for journal in course.journal.glob("*.jsonl")):
                raise CourseError(
                    f"{path}: expected the secret that the journal was graded with, found none. "
                    "Restore it from a backup, or move the journal away to grade everything anew."
                )
            _make(path)
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        if len(secret) < _SHORTEST:
            raise ValueError(f"{len(secret)} bytes")  # noqa: TRY301 - one way out
    except (OSError, ValueError) as error:
        raise CourseError(f"{path}: expected a readable secret in a writable folder, got: {error}.") from error
    return secret


def _make(path: Path) -> None:
    """Put a new secret in its place as a whole, unless another process does so at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(32).hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            pass
        except OSError:
            # A mounted drive that knows no hard links.
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
