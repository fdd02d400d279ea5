"""Takes the hidden tests apart by pytest's own collection, and computes what their oracles expect."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import operator
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.config import Course
from autograder.grading.engine import declared_tests
from autograder.grading.hidden import hidden_tests_folder
from autograder.grading.plan import plan_grading
from autograder.model import Cell, Notebook
from benchmarks.bare import run_cells
from benchmarks.local import Item, Material, Namespace, Tests, argument_names

_FIXTURES = ("student", "rng", "once")


def material(course: Course, notebook: Notebook, solved: tuple[Cell, ...], secret: bytes) -> Material:
    """All that it takes to ask a notebook without the grader.

    Args:
        course: The course, built.
        notebook: Our release.
        solved: Cells of its solution, which passes every test and so calls every oracle.
        secret: From which inputs are drawn.
    """
    package = f"autograder.hidden_tests.{notebook.assignment}.{notebook.name}"
    declared = {test.id: test for test in declared_tests(plan_grading(course, notebook, secret, minimum="rlimits"))}
    collected = _items(hidden_tests_folder() / notebook.assignment / notebook.name)
    items = tuple(
        Item(
            test=declared[item.name],
            module=f"{package}.{item.path.stem}",
            function=item.originalname,
            indices=_indices(item),
            fixtures=tuple(name for name in _FIXTURES if name in item.fixturenames),
        )
        for item in collected
    )
    questions = tuple(question for question in notebook.questions if not question.manual)
    expected: dict[tuple[str, str, int], Any] = {}
    found = Material(
        secret=secret,
        questions=questions,
        items=items,
        oracles=f"{package}.oracles",
        expected=expected,
    )
    tests, namespace = Tests(found, keep=expected), Namespace(run_cells(solved)[0])
    for question in questions:
        if tests.points(question.id, namespace) != question.points:
            raise RuntimeError(f"{question.id}: expected that the solution earns all points outside the sandbox, too.")
    return dataclasses.replace(found, expected=expected)


def _indices(item: pytest.Function) -> dict[str, int]:
    """For each parametrised argument, the number of its value in the mark that gives it."""
    indices = {}
    for mark in item.iter_markers("parametrize"):
        names = argument_names(mark.args)
        given = [item.callspec.params[name] for name in names]
        cases = [(case,) if len(names) == 1 else tuple(case) for case in mark.args[1]]
        # The same objects: arrays don't compare, and small numbers are the same wherever they stand.
        found = [number for number, case in enumerate(cases) if all(map(operator.is_, case, given))]
        if len(found) != 1:
            raise RuntimeError(f"{item.name}: expected one case of {names[0]} to be this one, found {len(found)}.")
        indices[names[0]] = found[0]
    return indices


class _Collector:
    def __init__(self) -> None:
        self.items: list[pytest.Function] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        self.items = list(items)

    @pytest.fixture
    def student(self) -> None: ...

    @pytest.fixture
    def rng(self) -> None: ...

    @pytest.fixture
    def once(self) -> None: ...


def _items(path: Path) -> list[pytest.Function]:
    collector = _Collector()
    arguments = ["--collect-only", "--disable-plugin-autoload", "--import-mode=importlib", "-qq", "-c", os.devnull]
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main([*arguments, "-p", "no:cacheprovider", f"--rootdir={path.parent}", str(path)], [collector])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"{path.name}: expected that pytest collects it, got exit code {code}.")
    return collector.items
