"""Runs hidden tests against plain functions, without a sandbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from autograder.grading.hidden import HiddenTests
from autograder.model import DeclaredTest, TestResult
from autograder.sandbox.counting import counted
from autograder.sandbox.given import evaluate
from autograder.sandbox.protocol import Given, Handle, Missing, Raised, Record, Reply, Returned


class InProcess:
    """A session over a dict of functions: arguments are copied as the wire copies them, exceptions become data.

    Attributes:
        calls: Name, arguments and keywords of every call.
    """

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self.functions = functions
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.output = ""

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        self.calls.append((name, args, dict(kwargs)))
        if name not in self.functions:
            return Missing(name=name)
        function, sent = self.functions[name], tuple(_sent(arg) for arg in args)
        named, took = {key: _sent(arg) for key, arg in kwargs.items()}, None
        try:
            if count:
                value, took = counted(function, sent, named)
            else:
                value = function(*sent, **named)
        except Exception as error:  # noqa: BLE001 - whatever a student's function raises
            return Raised(types=tuple(kind.__name__ for kind in type(error).__mro__), message=str(error))
        arguments = tuple(map(_came, sent)) if return_arguments else None
        return Returned(value=_came(value), arguments=arguments, count=took)

    def close(self) -> None:
        """Nothing to end."""


def _sent(value: Any) -> Any:
    """A copy that keeps what a test says about memory: layout and write protection."""
    if isinstance(value, np.ndarray):
        if value.flags.forc:
            copy = value.copy(order="K")
        else:
            around = np.full(tuple(2 * n + 1 for n in value.shape), 77, value.dtype)
            copy = around[(slice(1, None, 2),) * value.ndim]
            copy[...] = value
        copy.flags.writeable = value.flags.writeable
        return copy
    if isinstance(value, torch.Tensor):
        return _sent_tensor(value)
    if isinstance(value, list | tuple):
        return type(value)(_sent(entry) for entry in value)
    if isinstance(value, Given):
        return evaluate(Given(value.text, {name: _sent(entry) for name, entry in value.names.items()}))
    return value


def _sent_tensor(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_contiguous():
        return tensor.clone()
    around = torch.full([2 * n + 1 for n in tensor.shape], 77, dtype=tensor.dtype)
    copy = around[(slice(1, None, 2),) * tensor.ndim]
    return copy.copy_(tensor)


def _came(value: Any) -> Any:
    if hasattr(value, "_fields"):
        return Record(type(value).__name__, tuple(zip(value._fields, map(_came, value), strict=True)))
    if isinstance(value, np.ndarray):
        return np.array(value)
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, list | tuple):
        return type(value)(_came(entry) for entry in value)
    if callable(value):
        return Handle(0, type(value).__name__)
    return value


def run(tests: HiddenTests, functions: Mapping[str, Any], question: str) -> dict[str, TestResult]:
    """Run one question's hidden tests: test id to result."""
    return run_tests(tests, functions, [test for test in tests.declared if test.question == question])


def run_tests(tests: HiddenTests, functions: Mapping[str, Any], declared: list[DeclaredTest]) -> dict[str, TestResult]:
    """Run some hidden tests: test id to result."""
    session = InProcess(functions)
    return {result.test.id: result for result in tests.run(declared, lambda: session, lambda result: "")}


def calls_by_test(tests: HiddenTests, functions: Mapping[str, Callable[..., Any]]) -> dict[str, list[Any]]:
    """Test id to the calls that it makes on right functions."""
    seen: dict[str, list[Any]] = defaultdict(list)
    for test in tests.declared:
        session = InProcess(functions)
        tests.run([test], lambda session=session: session, lambda result: "")
        seen[test.id] = session.calls
    return seen
