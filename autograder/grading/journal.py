"""The journal: every result, appended and synced as it comes, so that a killed run goes on where it was.

One record is one line of JSON: the hash of all that its verdicts depend on, the hash of the answers that were graded,
a check sum, the result. Results stay on the disk until they are asked for; only their places are kept in memory.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from autograder.errors import CourseError
from autograder.model import NotebookResult

_NAMED = 5


class _Record(msgspec.Struct, frozen=True):
    key: str
    answer: str
    check: int
    result: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    start: int
    length: int


@dataclass(slots=True)
class Journal:
    """Where each result lies, and the file to which new ones are appended.

    Attributes:
        remark: What was damaged on opening, or "".
    """

    _file: BinaryIO
    _folder: Path
    _places: dict[str, _Place] = field(default_factory=dict)
    _latest: dict[str, _Place] = field(default_factory=dict)
    remark: str = ""

    def __len__(self) -> int:
        """How many keys have a result."""
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        """Whether something was found under a key."""
        return key in self._places

    def get(self, key: str) -> NotebookResult | None:
        """What was found under a key, or None."""
        return self._read(self._places.get(key))

    def knows(self, answer: str) -> bool:
        """Whether something was found for some answers, whatever it was found with."""
        return answer in self._latest

    def latest(self, answer: str) -> NotebookResult | None:
        """What was found last for some answers, whatever the tests, the environment and the secret were then."""
        return self._read(self._latest.get(answer))

    def is_latest(self, key: str, answer: str) -> bool:
        """Whether nothing was found for these answers since the record of a key."""
        place = self._latest.get(answer)
        return place is not None and place.key == key

    def append(self, key: str, answer: str, result: NotebookResult) -> None:
        """Write one result and wait until it is on the disk.

        Args:
            key: Hash of all that its verdicts depend on.
            answer: Hash of the answers.
            result: What was found.

        Raises:
            CourseError: If the disk takes no more; what was written before stays good.
        """
        data = msgspec.json.encode(result)
        line = msgspec.json.encode(_Record(key, answer, _check(key, answer, data), msgspec.Raw(data))) + b"\n"
        start = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - one way out
            os.fsync(self._file.fileno())
            if start == 0:
                _sync_folder(self._folder)
        except OSError as error:
            os.ftruncate(self._file.fileno(), start)
            raise CourseError(f"Journal: could not write a result ({error}). Make room and run again.") from error
        self.note(key, answer, start, len(line))

    def note(self, key: str, answer: str, start: int, length: int) -> None:
        """Remember where a record lies."""
        self._places[key] = self._latest[answer] = _Place(key, start, length)

    def _read(self, place: _Place | None) -> NotebookResult | None:
        if place is None:
            return None
        line = os.pread(self._file.fileno(), place.length, place.start)
        record = _decode(line)
        if record is None:
            return None
        try:
            return msgspec.json.decode(record.result, type=NotebookResult)
        except msgspec.DecodeError:
            # Another version of ours wrote it, in other words.
            return None


@contextmanager
def open_journal(folder: Path, assignment: str) -> Iterator[Journal]:
    """Open the journal of one assignment. Whoever opens it holds the course's lock.

    A last record without an end, which a killed run or a full disk leaves behind, is cut off; any other damage stays
    where it is. Either is said in the journal's remark, and what it held is graded again.

    Raises:
        CourseError: If the folder can't be written.
    """
    path = folder / f"{assignment}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Unbuffered: what a failed write left behind must not be written again on closing.
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise CourseError(
            f"{path}: expected a journal that can be written, got: {error.strerror or error}. "
            "Check who may write the file and its folder, and the space on the disk, then run again."
        ) from error
    with file:
        yield _load(file, path)


def _load(file: BinaryIO, path: Path) -> Journal:
    journal = Journal(file, path.parent)
    start = 0
    line = b"\n"
    damaged: list[int] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            record = _decode(line)
            if record is not None:
                journal.note(record.key, record.answer, start, len(line))
            elif line.endswith(b"\n"):
                damaged.append(number)
            start += len(line)
    remarks = []
    if damaged:
        named = ", ".join(map(str, damaged[:_NAMED])) + (" and others" if len(damaged) > _NAMED else "")
        words = "record {} is" if len(damaged) == 1 else "records {} are"
        remarks.append(
            f"{path.name}: {words.format(named)} damaged, or of another version of the grader; "
            "what was held there is graded again."
        )
    if not line.endswith(b"\n"):
        # The next record must not be glued to a torn one. What has an end stays, in case somebody can still read it.
        os.ftruncate(file.fileno(), start - len(line))
        remarks.append(f"{path.name}: the last record was torn and is cut off; what it held is graded again.")
    journal.remark = " ".join(remarks)
    return journal


def _decode(line: bytes) -> _Record | None:
    """A record, or None where it is damaged."""
    try:
        record = msgspec.json.decode(line, type=_Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    sound = line.endswith(b"\n") and record.check == _check(record.key, record.answer, bytes(record.result))
    return record if sound else None


def _check(key: str, answer: str, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(f"{key} {answer} ".encode()))


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file is found again after the power was cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
