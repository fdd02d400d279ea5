"""Everything that grades a notebook, found by its folder: what the tests here are parametrised over."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograder.diagnosis.attempt import View
from autograder.grading.hidden import hidden_tests_folder
from autograder.mistakes import Mistake, Policy
from tests.conftest import ROOT

Functions = Mapping[str, Callable[..., Any]]
_MODULES = ("alternatives", "library", "mistakes", "second", "steps")


@dataclass(frozen=True)
class Graded:
    """One notebook's folder of hidden tests, and what lies in it.

    Attributes:
        assignment: Id of the assignment.
        name: Of the notebook.
    """

    assignment: str
    name: str

    def module(self, name: str) -> ModuleType:
        """A module of the folder."""
        return importlib.import_module(f"autograder.hidden_tests.{self.assignment}.{self.name}.{name}")

    @property
    def tests(self) -> Path:
        """The folder."""
        return hidden_tests_folder() / self.assignment / self.name

    @cached_property
    def questions(self) -> Mapping[str, tuple[str, ...]]:
        """Question to the names of its functions."""
        questions: Mapping[str, tuple[str, ...]] = self.module("steps").QUESTIONS
        return questions

    @cached_property
    def right(self) -> dict[str, Callable[..., Any]]:
        """The first base: a right answer to everything."""
        return dict(self.module("steps").RIGHT)

    @cached_property
    def right_again(self) -> dict[str, Callable[..., Any]]:
        """The second base."""
        return dict(self.module("second").RIGHT_AGAIN)

    @cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        """As listed."""
        return tuple(self.module("mistakes").MISTAKES)

    @property
    def wrong(self) -> tuple[Mistake, ...]:
        """Those that cost points."""
        return tuple(mistake for mistake in self.mistakes if mistake.policy is Policy.WRONG)

    @cached_property
    def second(self) -> Mapping[str, Functions]:
        """Id of a mistake to its functions on the second base."""
        second: Mapping[str, Functions] = self.module("second").SECOND
        return second

    @cached_property
    def views(self) -> Mapping[str, View]:
        """Function to what its results amount to; empty where there is no such module."""
        return dict(self.module("views").VIEWS) if (self.tests / "views.py").is_file() else {}

    @cached_property
    def alternatives(self) -> Mapping[str, Functions]:
        """Right answers in other styles."""
        alternatives: Mapping[str, Functions] = self.module("alternatives").ALTERNATIVES
        return alternatives

    @cached_property
    def styles(self) -> tuple[tuple[str, str], ...]:
        """Each alternative with each question that it answers."""
        return tuple(
            (style, question)
            for style, functions in self.alternatives.items()
            for question, names in self.questions.items()
            if set(names) & set(functions)
        )

    @property
    def sources(self) -> Mapping[str, str]:
        """Function name to the text of its library-backed version."""
        sources: Mapping[str, str] = self.module("library").SOURCES
        return sources


def _found() -> tuple[Graded, ...]:
    folders = [folder for folder in sorted(hidden_tests_folder().glob("*/*")) if (folder / "steps.py").is_file()]
    whole = [folder for folder in folders if all((folder / f"{name}.py").is_file() for name in _MODULES)]
    return tuple(Graded(folder.parent.name, folder.name) for folder in whole)


GRADED = _found()
RELEASED = tuple(
    graded for graded in GRADED if (ROOT / "assignments" / graded.assignment / f"{graded.name}.ipynb").is_file()
)
# With visible checks, too.
CHECKED = tuple(graded for graded in GRADED if importlib.util.find_spec(f"course_utils.checks.{graded.name}"))


def for_each(names: str, listed: Callable[[Graded], Any]) -> pytest.MarkDecorator:
    """Parametrise a test over all notebooks and what one of them lists.

    Args:
        names: Of the arguments behind `graded`, with commas.
        listed: Their values for a notebook: one each, or a tuple of them.
    """
    cases = [(graded, *(entry if "," in names else (entry,))) for graded in GRADED for entry in listed(graded)]
    ids = [" ".join([graded.name, *(str(getattr(entry, "id", entry)) for entry in more)]) for graded, *more in cases]
    return pytest.mark.parametrize(f"graded,{names}", cases, ids=ids)


each_notebook = pytest.mark.parametrize("graded", GRADED, ids=lambda graded: graded.name)
each_released = pytest.mark.parametrize("graded", RELEASED, ids=lambda graded: graded.name)
