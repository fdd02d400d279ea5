"""One grader per course at a time: a lock that says who holds it, and that ends with its holder."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from autograder.errors import CourseError


class _Holder(msgspec.Struct, frozen=True):
    pid: int
    host: str
    since: str


@contextmanager
def only_grader(path: Path) -> Iterator[None]:
    """Hold the course's lock. The system lets go of it when the process ends, however it ends.

    Args:
        path: The lock's file; it stays, and says who held it last.

    Raises:
        CourseError: If another grader holds it, or the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise CourseError(
            f"{path}: expected a lock that can be written, got: {error.strerror or error}. "
            "Check who may write the file and its folder, then run again."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CourseError(_refusal(path)) from error
        except OSError as error:
            raise CourseError(
                f"{path}: expected a disk that can lock files, got: {error.strerror or error}. "
                "Keep the course on a disk of this machine."
            ) from error
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        try:
            os.ftruncate(file.fileno(), 0)
            file.write(msgspec.json.encode(_Holder(os.getpid(), platform.node(), since)))
        except OSError as error:
            raise CourseError(f"{path}: could not say who is grading ({error}). Make room and run again.") from error
        yield


def _refusal(path: Path) -> str:
    try:
        holder = msgspec.json.decode(path.read_bytes(), type=_Holder)
    except (OSError, msgspec.DecodeError):
        # It has just been taken.
        return f"{path}: another grader is at work on this course. Wait for it to end, then run again."
    here = holder.host == platform.node()
    place = "" if here else f" on {holder.host}"
    stop = f"stop it with `kill {holder.pid}`{place}"
    return (
        f"{path}: another grader is at work on this course: process {holder.pid}{place}, since {holder.since}. "
        f"Wait for it to end or {stop}, then run again; what it has graded is kept."
    )
