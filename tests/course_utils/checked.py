"""The visible checks of a notebook, beside everything that is known to be right or wrong in it."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType, SimpleNamespace
from typing import Any

from course_utils.checks import CheckFailed
from course_utils.compare import Rung
from tests.hidden_tests.graded import CHECKED as WITH_CHECKS
from tests.hidden_tests.graded import Functions, Graded


@dataclass(frozen=True)
class Checked:
    """One notebook's checks.

    Attributes:
        graded: What grades the notebook: right answers on two bases and in many styles, and typical mistakes.
    """

    graded: Graded

    @property
    def name(self) -> str:
        """Of the notebook."""
        return self.graded.name

    @property
    def check(self) -> ModuleType:
        """Its checks, one for each question."""
        return importlib.import_module(f"course_utils.checks.{self.name}")

    @property
    def cases(self) -> Mapping[str, Any]:
        """Question to the cases that its check goes through."""
        cases: Mapping[str, Any] = importlib.import_module(f"course_utils.checks.{self.name}_cases").CASES
        return cases

    @property
    def questions(self) -> Mapping[str, tuple[str, ...]]:
        """Question to the names of its functions."""
        return self.graded.questions

    @cached_property
    def right(self) -> Any:
        """The right functions, as attributes."""
        return SimpleNamespace(**self.graded.right)

    def ways(self, question: str) -> dict[str, Functions]:
        """Right answers to a question: both bases, and every style."""
        bases = {"first base": self.graded.right, "second base": self.graded.right_again}
        styles = {style: made for style, made in self.graded.alternatives.items() if (style, question) in self.styles}
        return bases | {style: self.graded.right | dict(made) for style, made in styles.items()}

    @cached_property
    def styles(self) -> frozenset[tuple[str, str]]:
        """Each style with each question that it answers."""
        return frozenset(self.graded.styles)

    @cached_property
    def mistakes(self) -> dict[str, dict[str, Functions]]:
        """Question to what is wrong with it, by name: what hidden tests must notice, and what a check alone must.

        What is listed for hidden tests is made on both bases.
        """
        own = f"tests.course_utils.mistakes.{self.name}"
        found: dict[str, dict[str, Functions]] = {question: {} for question in self.questions}
        for mistake in self.graded.wrong:
            found[mistake.question][mistake.id] = mistake.functions
            if mistake.id in self.graded.second:
                again = self.graded.right_again | dict(self.graded.second[mistake.id])
                names = self.questions[mistake.question]
                found[mistake.question][f"{mistake.id}, second base"] = {name: again[name] for name in names}
        if importlib.util.find_spec(own):
            for question, listed in importlib.import_module(own).MISTAKES.items():
                assert not set(listed) & set(found[question])
                found[question] |= listed
        return found

    def failure(self, question: str, functions: Functions) -> CheckFailed | None:
        """What a check says to some functions in the place of right ones; None if it lets them through."""
        return refusal(
            getattr(self.check, question),
            {name: functions.get(name, self.graded.right[name]) for name in self.questions[question]},
        )

    def said(self, question: str, mistake: str) -> CheckFailed | None:
        """What a check says to a listed mistake."""
        return self.failure(question, self.mistakes[question][mistake])


CHECKED = tuple(Checked(graded) for graded in WITH_CHECKS)


def checks_of(name: str) -> Checked:
    """The checks of a notebook by its name."""
    (found,) = (checked for checked in CHECKED if checked.name == name)
    return found


def refusal(check: Callable[..., None], functions: Functions) -> CheckFailed | None:
    """The failure of a check that is given some functions by name; None if it lets them through."""
    with warnings.catch_warnings():
        # A wrong function may divide by zero, and the check says so.
        warnings.simplefilter("ignore")
        try:
            check(**functions)
        except CheckFailed as failed:
            return failed
    return None


def expect_reason(failed: CheckFailed | None, rung: Rung, parts: list[str]) -> None:
    """Demand that a check fails at a rung, and that its message has some parts and is short."""
    assert failed is not None
    assert failed.rung is rung, failed.message
    for part in parts:
        assert part in failed.message, failed.message
    assert len(failed.message) < MOST_LETTERS


MOST_LETTERS = 900
"""A message is read below the cell that it is about."""
