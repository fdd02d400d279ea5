"""The hidden tests against a notebook's names in the same process: the same inputs, calls and asserts, and no wall.

This is what a check cell of the stock course runs in its Jupyter kernel, and what is timed to know what the students'
code takes by itself. So that a kernel doesn't pay for what only we need, pytest is replaced by a stand-in of a few
lines, and the oracles, which import torch, by what they said when the solution was asked.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import importlib
import os
import pickle
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

if TYPE_CHECKING:
    from autograder.model import DeclaredTest, Question
    from autograder.sandbox.protocol import Count, Reply

# Where a kernel finds the material.
PLACE = "COURSE_BENCHMARK_MATERIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One hidden test, as pytest collected it.

    Attributes:
        test: What it grades.
        module: Dotted name of the file with hidden tests.
        function: Name of the test function.
        indices: First argument name of each parametrize mark to the number of its value there.
        fixtures: Names of its other arguments.
    """

    test: DeclaredTest
    module: str
    function: str
    indices: Mapping[str, int]
    fixtures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that it takes to ask a notebook.

    Attributes:
        secret: From which inputs are drawn.
        questions: Those that are graded automatically.
        items: Every hidden test.
        oracles: Dotted name of the module that computes what is expected.
        expected: What it computed: test, function and number of the call to value; of its constants, the name alone.
    """

    secret: bytes
    questions: tuple[Question, ...]
    items: tuple[Item, ...]
    oracles: str
    expected: Mapping[tuple[str, str, int], Any]


class Namespace:
    """Stands in for a sandbox's session: calls go to a dictionary of names.

    Attributes:
        test: Id of the test that calls.
        calls: How many there were.
        cpu_s: CPU seconds inside the functions that were called.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self.calls = 0
        self.cpu_s = 0.0
        self.test = ""

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        """Call a function with copies of its arguments, as the wire makes them."""
        from autograder.sandbox.protocol import Missing, Raised, Returned  # noqa: PLC0415 - behind the stand-ins

        function = self._names.get(name)
        if not callable(function):
            return Missing(name=name, found="" if function is None else type(function).__name__)
        given, named = _made((tuple(args), dict(kwargs)))
        self.calls += 1
        taken = None
        try:
            if count:
                value, taken = self.counted(function, given, named)
            else:
                value = self.timed(function, given, named)
        except Exception as error:  # noqa: BLE001 - whatever a student's code raises is a reply
            reply: Reply = Raised(types=tuple(kind.__name__ for kind in type(error).__mro__), message=str(error)[:200])
        else:
            reply = Returned(value=value, arguments=given if return_arguments else None, count=taken)
        self.replied(reply)
        return reply

    def timed(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a function and add what it took."""
        started = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            self.cpu_s += time.process_time() - started

    def counted(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, Count]:
        """Call a function and count what it does, which is no part of what it took."""
        from autograder.sandbox.counting import counted  # noqa: PLC0415 - behind the stand-ins

        return counted(function, args, kwargs)

    def replied(self, reply: Reply) -> None:
        """Called with every reply; nothing here."""

    @property
    def output(self) -> str:
        """Nothing: what is printed goes where it goes."""
        return ""

    def close(self) -> None:
        """Nothing is open."""


def _made(value: Any) -> Any:
    """A copy of an argument, in which what travels as text is made."""
    from autograder.sandbox.given import evaluate  # noqa: PLC0415 - behind the stand-ins
    from autograder.sandbox.protocol import Given  # noqa: PLC0415

    match value:
        case Given():
            return evaluate(Given(value.text, {name: _made(entry) for name, entry in value.names.items()}))
        case tuple() | list() if type(value) in (tuple, list):
            return type(value)(map(_made, value))
        case dict():
            return {key: _made(entry) for key, entry in value.items()}
    return copy.deepcopy(value)


class Tests:
    """The hidden tests of one notebook, ready to ask any namespace.

    Args:
        material: What `collect.material` made.
        keep: Where to note what the oracles compute; None takes it from the material.
    """

    __test__ = False

    def __init__(self, material: Material, keep: dict[tuple[str, str, int], Any] | None = None) -> None:
        self._material = material
        if keep is None:
            self._oracles: _Oracles = _Told(material.oracles, material.expected)
            modules = {"pytest": _pytest(), material.oracles: self._oracles}
        else:
            self._oracles = _Noted(material.oracles, keep)
            modules = {material.oracles: self._oracles}
        package = material.oracles.rpartition(".")[0]
        with _in_place(modules), _anew(package, but=material.oracles):
            self._modules = {name: importlib.import_module(name) for name in {item.module for item in material.items}}
            self._testing = importlib.import_module("autograder.testing")
        self._score = importlib.import_module("autograder.grading.score").score
        self._model = importlib.import_module("autograder.model")

    def points(self, question: str, namespace: Namespace) -> float:
        """Points that a notebook earns in one question, by the grader's own policy."""
        asked = next(entry for entry in self._material.questions if entry.id == question)
        results = [self._judge(item, namespace) for item in self._material.items if item.test.question == question]
        points: float = self._score(asked, results).points
        return points

    def _judge(self, item: Item, namespace: Namespace) -> Any:
        namespace.test = item.test.id
        function = getattr(self._modules[item.module], item.function)
        fixtures: dict[str, Callable[[], Any]] = {
            "student": lambda: self._testing.Student(lambda: namespace),
            "rng": lambda: self._generator(item.test.id),
            "once": lambda: lambda compute: compute(),
        }
        arguments = {name: fixtures[name]() for name in item.fixtures}
        for mark in function.pytestmark:
            if mark.name == "parametrize":
                arguments |= _case(mark.args, item.indices)
        self._oracles.begin(item.test.id)
        verdicts = self._model.Verdict
        verdict = verdicts.PASSED
        try:
            function(**arguments)
        except self._testing.Judged as judged:
            verdict = judged.verdict
        except AssertionError:
            verdict = verdicts.FAILED
        return self._model.TestResult(test=item.test, verdict=verdict)

    def _generator(self, name: str) -> np.random.Generator:
        """The inputs' generator, drawn from the secret as the grader draws it."""
        seed = hashlib.sha256(self._material.secret + name.encode()).digest()
        return np.random.default_rng(int.from_bytes(seed, "big"))


def points(question: str, names: Mapping[str, Any]) -> float:
    """What a check cell of the stock course calls, and shows as its result.

    Args:
        question: Id of the question.
        names: The notebook's globals.
    """
    return _tests().points(question, Namespace(names))


@functools.cache
def _tests() -> Tests:
    return Tests(pickle.loads(Path(os.environ[PLACE]).read_bytes()))  # noqa: S301 - written by this benchmark


def argument_names(args: Sequence[Any]) -> list[str]:
    """Names of the arguments that a parametrize mark gives."""
    return [name.strip() for name in args[0].split(",")] if isinstance(args[0], str) else list(args[0])


def _case(args: Sequence[Any], indices: Mapping[str, int]) -> dict[str, Any]:
    """The values of one case of one parametrize mark."""
    names = argument_names(args)
    value = list(args[1])[indices[names[0]]]
    return {names[0]: value} if len(names) == 1 else dict(zip(names, value, strict=True))


class _Oracles(types.ModuleType):
    """Stands in for the module of oracles."""

    def begin(self, test: str) -> None:
        """Another test asks from now on."""
        self._test = test
        self._calls: dict[str, int] = {}

    def _key(self, function: str) -> tuple[str, str, int]:
        self._calls[function] = self._calls.get(function, 0) + 1
        return self._test, function, self._calls[function]


class _Noted(_Oracles):
    """Asks the oracles and notes what they say."""

    def __init__(self, name: str, keep: dict[tuple[str, str, int], Any]) -> None:
        super().__init__(name)
        self._real = importlib.import_module(name)
        self._keep = keep
        self._inside = False

    def __getattr__(self, name: str) -> Any:
        if not callable(found := getattr(self._real, name)):
            self._keep["", name, 0] = found
            return found

        def noted(*args: Any, **kwargs: Any) -> Any:
            # An oracle that is handed to another is called by that one, which nobody does when it is told.
            if self._inside:
                return found(*args, **kwargs)
            self._inside = True
            try:
                value = found(*args, **kwargs)
            finally:
                self._inside = False
            self._keep[self._key(name)] = copy.deepcopy(value)
            return value

        return noted


class _Told(_Oracles):
    """Says what the oracles said."""

    def __init__(self, name: str, expected: Mapping[tuple[str, str, int], Any]) -> None:
        super().__init__(name)
        self._expected = expected

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if ("", name, 0) in self._expected:
            return self._expected["", name, 0]
        return lambda *args, **kwargs: self._expected[self._key(name)]


@contextlib.contextmanager
def _anew(package: str, but: str) -> Iterator[None]:
    """Meanwhile, modules of a package are imported once more, so that they take the stand-ins that are in place."""
    parent = importlib.import_module(package)
    before = {name: sys.modules.pop(name) for name in [*sys.modules] if name.startswith(f"{package}.") and name != but}
    for name in before:
        delattr(parent, name.rpartition(".")[2])
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules[name] = module
            setattr(parent, name.rpartition(".")[2], module)


@contextlib.contextmanager
def _in_place(modules: Mapping[str, types.ModuleType]) -> Iterator[None]:
    """Put modules in the places of others for a while, also as their packages' attributes."""
    with contextlib.ExitStack() as stack:
        for name, module in modules.items():
            package, _, last = name.rpartition(".")
            if package:
                stack.enter_context(mock.patch.object(importlib.import_module(package), last, module, create=True))
            # Not mock.patch.dict, which would also forget all that is imported meanwhile.
            if name in sys.modules:
                stack.callback(sys.modules.__setitem__, name, sys.modules[name])
            else:
                stack.callback(sys.modules.pop, name)
            sys.modules[name] = module
        yield


@dataclass(frozen=True)
class _Mark:
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __call__(self, function: Any) -> Any:
        function.pytestmark = [*getattr(function, "pytestmark", ()), self]
        return function


class _Marks:
    def __getattr__(self, name: str) -> Callable[..., _Mark]:
        return lambda *args, **kwargs: _Mark(name, args, kwargs)


def _pytest() -> types.ModuleType:
    module = types.ModuleType("pytest")
    module.mark = _Marks()  # type: ignore[attr-defined]
    module.fixture = lambda function: function  # type: ignore[attr-defined]
    return module
