"""Typical mistakes as data: small wrong implementations, each with what a student sees and a way on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Functions = Mapping[str, Callable[..., Any]]
"""Function name to a version of it."""


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
    functions: Functions
    symptom: str
    hint: str
    policy: Policy = Policy.WRONG


def named(prefix: str, function: str, made: Mapping[str, Callable[..., Any]]) -> dict[str, Functions]:
    """Wrong versions of one function by the ids of mistakes, of which `made` has the last parts."""
    return {f"{prefix}_{name}": {function: wrong} for name, wrong in made.items()}
