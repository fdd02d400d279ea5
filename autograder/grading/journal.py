"""The journal: every result, appended and synced as it comes, so that a killed run goes on where it was."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from autograder.errors import CourseError
from autograder.model import NotebookResult


class _Entry(msgspec.Struct, frozen=True):
    key: str
    result: NotebookResult


@dataclass(slots=True)
class Journal:
    """Results by key, and the file to which new ones are appended.

    Attributes:
        known: What earlier runs found.
        remark: What was mended on opening, or "".
    """

    _file: BinaryIO
    known: dict[str, NotebookResult] = field(default_factory=dict)
    remark: str = ""

    def append(self, key: str, result: NotebookResult) -> None:
        """Write one result and wait until it is on the disk.

        Raises:
            CourseError: If the disk takes no more; what was written before stays good.
        """
        line = msgspec.json.encode(_Entry(key, result)) + b"\n"
        start = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - one way out
            os.fsync(self._file.fileno())
        except OSError as error:
            os.ftruncate(self._file.fileno(), start)
            raise CourseError(f"Journal: could not write a result ({error}). Make room and run again.") from error
        self.known[key] = result


@contextmanager
def open_journal(folder: Path, assignment: str) -> Iterator[Journal]:
    """Open the journal of one assignment for one grader at a time.

    Raises:
        CourseError: If another grader holds it, or the folder can't be written.
    """
    path = folder / f"{assignment}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Unbuffered: what a failed write left behind must not be written again on closing.
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise CourseError(f"{path}: expected a journal that can be written, got: {error}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CourseError(
                f"{path}: another grader is at work on this assignment. Wait for it to end, then run again."
            ) from error
        yield _read(file, path)


def _read(file: BinaryIO, path: Path) -> Journal:
    decoder = msgspec.json.Decoder(_Entry)
    journal = Journal(file)
    lines = path.read_bytes().splitlines(keepends=True)
    end = 0
    for number, line in enumerate(lines):
        end += len(line)
        try:
            entry = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            journal.remark = f"{path.name}: record {number + 1} is damaged; what it held is graded again."
        else:
            journal.known[entry.key] = entry.result
    if lines and not lines[-1].endswith(b"\n"):
        # A run was killed while it wrote: the next record must not be glued to the torn one.
        journal.remark = f"{path.name}: the last record was torn and is cut off; what it held is graded again."
        os.ftruncate(file.fileno(), end - len(lines[-1]))
    return journal
