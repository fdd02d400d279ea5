"""Results as small as tables need them, so that a class of thousands fits into memory while it is graded.

What only one student's own pages show (cells, messages, output, pictures) is left out; what students have in common is
kept once.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from autograder.model import NotebookResult, QuestionResult, TestResult

# By what else results of one question, and of one test, may differ.
_OF_QUESTIONS = [entry.name for entry in fields(QuestionResult) if entry.name not in {"tests", "output"}]
_OF_TESTS = [entry.name for entry in fields(TestResult) if entry.name not in {"message", "staff", "error_map"}]


class Compactor:
    """Makes results compact. One is for one run: what it has seen, it shares among results."""

    def __init__(self) -> None:
        self._tests: dict[Any, TestResult] = {}
        self._questions: dict[Any, QuestionResult] = {}

    def compact(self, result: NotebookResult) -> NotebookResult:
        """A result with all that scores, tables and exports are made of, in a thousandth of the memory."""
        return replace(
            result,
            submission=replace(result.submission, cells=()),
            questions=tuple(self._question(entry) for entry in result.questions),
        )

    def _question(self, entry: QuestionResult) -> QuestionResult:
        tests = tuple(self._test(test) for test in entry.tests)
        # Shared tests are the same objects: their addresses stand for them.
        key = (*map(id, tests), *(getattr(entry, name) for name in _OF_QUESTIONS))
        found = self._questions.get(key)
        if found is None:
            found = self._questions[key] = replace(entry, tests=tests, output="")
        return found

    def _test(self, result: TestResult) -> TestResult:
        key = tuple(getattr(result, name) for name in _OF_TESTS)
        found = self._tests.get(key)
        if found is None:
            found = self._tests[key] = replace(result, message="", staff="", error_map=None)
        return found
