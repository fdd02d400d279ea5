"""The course's secret: what makes hidden inputs the same for a class and other ones next term."""

from __future__ import annotations

import os
import secrets

from autograder.config import Course
from autograder.errors import CourseError


def course_secret(course: Course) -> bytes:
    """Read the secret, or make one if the course has not graded yet.

    Raises:
        CourseError: If a journal exists and the secret is gone (another one would change the hidden inputs in the
            middle of a term), or if the file can't be read or written.
    """
    path = course.secret
    try:
        if path.is_file():
            return bytes.fromhex(path.read_text(encoding="ascii").strip())
        if any(course.journal.glob("*.jsonl")):
            raise CourseError(
                f"{path}: expected the secret that the journal was graded with, found none. "
                "Restore it from a backup, or move the journal away to grade everything anew."
            )
        course.work.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_bytes(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
    except (OSError, ValueError) as error:
        raise CourseError(f"{path}: expected a readable secret in a writable folder, got: {error}.") from error
    return secret
