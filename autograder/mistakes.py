"""Typical mistakes as data: small wrong implementations, each with what a student sees and a way on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Policy(StrEnum):
    """What a mistake costs."""

    WRONG = "wrong"
    """Hidden tests must notice it."""
    REMARK = "remark"
    """Accepted, and worth a sentence."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One typical mistake.

    Attributes:
        id: Unique within a notebook.
        question: Id of the question.
        functions: Function name to its wrong version; what is not named is right.
        symptom: What the student's result looks like, in one line for the student.
        hint: A question, or the next step.
        policy: What it costs.
    """

    id: str
    question: str
    functions: Mapping[str, Callable[..., Any]]
    symptom: str
    hint: str
    policy: Policy = Policy.WRONG
