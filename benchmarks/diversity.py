"""How different the students of a class are: a class of copies would flatter a grader that remembers. Pure."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from statistics import mean
from typing import Any

import numpy as np

Digests = Mapping[str, str]


def diversity(texts: Sequence[Digests], replies: Sequence[Digests], questions: Mapping[str, str]) -> dict[str, Any]:
    """Figures of one class.

    Args:
        texts: For each student, question to a digest of what they wrote.
        replies: For each student, test to a digest of all that was replied to it.
        questions: Test to its question.

    Returns:
        How many students; for each question the distinct texts, and the distinct replies to all of its tests; and over
        all tests, the share of students whose replies to one test are, bit by bit, those of an earlier student.
    """
    tests = {question: [test for test in questions if questions[test] == question] for question in questions.values()}
    return {
        "students": len(replies),
        "texts": {question: len({student.get(question) for student in texts}) for question in tests},
        "replies": {
            question: len({tuple(student.get(test) for test in named) for student in replies})
            for question, named in tests.items()
        },
        "seen_before": mean(1 - len({student.get(test) for student in replies}) / len(replies) for test in questions),
    }


def digest(value: Any) -> str:
    """Equal for values that are equal bit by bit, and of the same types."""
    found = hashlib.sha256()
    _feed(found, value)
    return found.hexdigest()[:16]


def _feed(found: Any, value: Any) -> None:
    found.update(type(value).__name__.encode() + b"\0")
    match value:
        case np.ndarray() if value.dtype != object:
            found.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
        case np.generic():
            found.update(value.tobytes())
        case float():
            found.update(struct.pack("d", value))
        case tuple() | list():
            found.update(b"%d" % len(value))
            for entry in value:
                _feed(found, entry)
        case dict():
            for key, entry in value.items():
                _feed(found, (key, entry))
        case _ if is_dataclass(value):
            for field in fields(value):
                _feed(found, getattr(value, field.name))
        case _ if hasattr(value, "detach"):
            _feed(found, value.detach().cpu().numpy())
        case _ if callable(value):
            pass
        case _:
            found.update(repr(value).encode())
