"""A sandbox without processes: a dict of functions stands for the notebook."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from autograder.model import Cell, Verdict
from autograder.sandbox.protocol import CellReport, Heard, Missing, Raised, Reply, Returned, SentCall, Stopped


class Hang(Exception):
    """Raised by a fake student's function to stand for a call that never ends."""


@dataclass
class FakeSession:
    functions: Mapping[str, Any]
    output: str = ""

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        if name not in self.functions:
            return Missing(name=name)
        function = self.functions[name]
        if not callable(function):
            return Missing(name=name, found=type(function).__name__)
        args = copy.deepcopy(tuple(args))
        try:
            value = function(*args, **copy.deepcopy(dict(kwargs)))
        except Hang:
            return Stopped(verdict=Verdict.TIMEOUT, message="took too long")
        except Exception as error:  # noqa: BLE001 - what a student's function may raise
            names = tuple(kind.__name__ for kind in type(error).__mro__)
            return Raised(types=names, message=str(error))
        return Returned(value=value, arguments=args if return_arguments else None)

    def send(self, calls: Sequence[SentCall]) -> None:
        raise NotImplementedError

    def hear(self) -> Heard | Stopped:
        raise NotImplementedError

    def begin(self, forbidden: Sequence[str] = ()) -> bool:
        return True

    def close(self) -> None:
        pass


@dataclass
class FakeWorker:
    functions: Mapping[str, Any]
    reports: tuple[CellReport, ...] = ()
    asked: list[Mapping[str, str]] = field(default_factory=list)
    forbade: list[tuple[str, ...]] = field(default_factory=list)

    def ask(
        self,
        *,
        replacements: Mapping[str, str] | None = None,
        forbidden: Sequence[str] = (),
    ) -> FakeSession:
        self.asked.append(replacements or {})
        self.forbade.append(tuple(forbidden))
        functions = dict(self.functions)
        for name, source in (replacements or {}).items():
            scope: dict[str, Any] = {}
            exec(source, scope)
            functions[name] = scope[name]
        return FakeSession(functions)

    def close(self) -> None:
        pass


@dataclass
class FakeSandbox:
    load_functions: Callable[[Sequence[Cell]], FakeWorker]
    level: str = "landlock"

    def load(self, cells: Sequence[Cell]) -> FakeWorker:
        return self.load_functions(cells)

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
