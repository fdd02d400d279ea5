"""All answers to a notebook that we have, right and wrong, to draw from."""

from __future__ import annotations

import ast
import functools
import importlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagnosis.bugs import bugs
from autograder.mistakes import Policy
from benchmarks.rewriting import Hand, rewritten
from benchmarks.written import NotWritableError, written

Functions = Mapping[str, Callable[..., Any]]
# Many students' functions call those of earlier questions, as the solution's do; the others stand alone.
_LIKE_THE_SOLUTION = 0.3
_UNLISTED = 1 / 3
# A bug in one of these may never end, which is what the class `loops` is for.
_ENDLESS = ("while ", "count(", "cycle(")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What can be drawn for one notebook.

    Attributes:
        library: "numpy" or "torch": what the answers are written with.
        solution: Question to the text of its solution.
        functions: Question to the names of the functions that it asks for.
        right: Function name to its right versions.
        wrong: Question to its listed mistakes: those of a question's functions that are wrong.
    """

    library: str
    solution: Mapping[str, str]
    functions: Mapping[str, Sequence[str]]
    right: Mapping[str, Sequence[Callable[..., Any]]]
    wrong: Mapping[str, Sequence[Functions]]


def answers_to(assignment: str, notebook: str, library: str, solution: Mapping[str, Sequence[str]]) -> Answers:
    """Gather what stands beside the hidden tests of a notebook, as far as it can be written down.

    Args:
        assignment: Its name.
        notebook: Its name.
        library: "numpy" or "torch": what it imports.
        solution: Question to the source of each of its solution cells.
    """
    here = f"autograder.hidden_tests.{assignment}.{notebook}"
    steps, second, alternatives, mistakes = (
        importlib.import_module(f"{here}.{name}") for name in ("steps", "second", "alternatives", "mistakes")
    )
    questions: Mapping[str, Sequence[str]] = steps.QUESTIONS
    right: dict[str, list[Callable[..., Any]]] = {name: [] for names in questions.values() for name in names}
    for version in (steps.RIGHT, second.RIGHT_AGAIN, *alternatives.ALTERNATIVES.values()):
        for name, function in version.items():
            if _is_writable({name: function}):
                right[name].append(function)
    listed = {entry.id: entry for entry in mistakes.MISTAKES if entry.policy is Policy.WRONG}
    wrong: dict[str, list[Functions]] = {question: [] for question in questions}
    for id, entry in listed.items():
        versions = [entry.functions, *([second.SECOND[id]] if id in second.SECOND else [])]
        wrong[entry.question] += [version for version in versions if _is_writable(version)]
    return Answers(
        library=library,
        solution={question: "\n\n".join(parts) for question, parts in solution.items()},
        functions=questions,
        right=right,
        wrong=wrong,
    )


def right_answer(answers: Answers, question: str, rng: random.Random, hand: Hand) -> str:
    """Draw a right answer to a question, in a student's hand."""
    return rewritten(_right(answers, question, rng), hand, question)


def wrong_answer(answers: Answers, question: str, rng: random.Random, hand: Hand) -> str:
    """Draw a wrong one: a listed mistake, or a right answer with a random bug, which may even be harmless."""
    if rng.random() < _UNLISTED:
        text = ast.unparse(_right(answers, question, rng))
        made = [] if any(word in text for word in _ENDLESS) else bugs(text, 1, rng.getrandbits(32))
        if made:
            return rewritten(ast.parse(made[0]), hand, question)
    wrong = rng.choice(answers.wrong[question])
    others = {name: rng.choice(answers.right[name]) for name in answers.functions[question] if name not in wrong}
    return rewritten(_together(others | dict(wrong)), hand, question)


def _right(answers: Answers, question: str, rng: random.Random) -> ast.Module:
    if question not in answers.functions or rng.random() < _LIKE_THE_SOLUTION:
        return ast.parse(answers.solution[question])
    return _together({name: rng.choice(answers.right[name]) for name in answers.functions[question]})


def _together(functions: Functions) -> ast.Module:
    """One answer of functions that know nothing of each other."""
    parts = [ast.parse(_text(name, function)) for name, function in functions.items()]
    return ast.Module([statement for part in parts for statement in part.body], [])


@functools.cache
def _text(name: str, function: Callable[..., Any]) -> str:
    return ast.unparse(written({name: function}, name))


def _is_writable(functions: Functions) -> bool:
    try:
        for name, function in functions.items():
            _text(name, function)
    except NotWritableError:
        return False
    return True
