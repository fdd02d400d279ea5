"""Files as they were handed in, read with care: no link is followed, nothing is read beyond its limit."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import SubmissionError
from autograder.intake.text import shown

_JUNK = {"__macosx", "thumbs.db", "desktop.ini", "timestamp.txt", "feedback", "submission_secret.txt"}


@dataclass(frozen=True, slots=True)
class Found:
    """One file that a student handed in.

    Attributes:
        name: Its name.
        original: Where it is, relative to the submissions folder; members of a zip follow the zip's name.
        read: Reads it. Raises SubmissionError if that can't be done.
    """

    name: str
    original: str
    read: Callable[[], bytes]


def is_junk(name: str) -> bool:
    """Whether a name is one of those that systems, editors and nbgrader leave behind."""
    return name.startswith((".", "~$")) or name.lower() in _JUNK


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name, without junk.

    Raises:
        SubmissionError: If it can't be listed.
    """
    try:
        return sorted(Path(entry) for entry in os.scandir(folder) if not is_junk(entry.name))
    except OSError as error:
        raise SubmissionError(_unreadable(folder.name, error)) from None


def exists(path: Path) -> bool:
    """Whether there is anything of this name, a dangling link included."""
    return _mode(path) != 0


def is_folder(path: Path) -> bool:
    """Whether it is a folder itself, not a link to one."""
    return stat.S_ISDIR(_mode(path))


def is_link(path: Path) -> bool:
    """Whether it is a symbolic link."""
    return stat.S_ISLNK(_mode(path))


def read_file(path: Path, limit: int, too_large: Callable[[str, int], str]) -> bytes:
    """Read a plain file that is no link and no larger than `limit` bytes.

    Args:
        path: Which file.
        limit: In bytes.
        too_large: Makes the message from the file's name and size.

    Raises:
        SubmissionError: If it is a link, a pipe or a device, too large, or can't be read.
    """
    name = shown(path.name)
    try:
        # Without waiting for a writer, should it be a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SubmissionError(f"{name}: expected a plain file, got a pipe, device or folder. {_ITSELF}")
            if status.st_size > limit:
                raise SubmissionError(too_large(name, status.st_size))
            return file.read(limit + 1)
    except OSError as error:
        if is_link(path):
            raise SubmissionError(link_problem(name)) from None
        raise SubmissionError(_unreadable(name, error)) from None


def link_problem(name: str) -> str:
    """The message for a symbolic link."""
    return f"{shown(name)}: expected a file or folder, got a link to one, which isn't followed. {_ITSELF}"


_ITSELF = "Hand in the notebook itself."


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _unreadable(name: str, error: OSError) -> str:
    return f"{shown(name)}: expected something readable, got: {error.strerror}. Check its permissions and the disk."
