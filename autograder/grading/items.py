"""What a hidden test is given, and how it is called.

pytest collects the tests, and can run any of them. Its protocol for one item costs more than most of these tests do,
so a test that asks for nothing but what we give it is called directly, with the same arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import pytest

from autograder.errors import GraderFault
from autograder.sandbox.protocol import Session
from autograder.testing import Student

# Marks that change nothing about how a collected item is called.
_PLAIN_MARKS = frozenset({"question", "parametrize"})


class Supplies:
    """Makes what a hidden test asks for by name; kept for a class.

    Args:
        secret: From which the inputs are drawn.
    """

    NAMES = ("student", "rng", "once")

    def __init__(self, secret: bytes) -> None:
        self.session: Callable[[], Session] | None = None
        self._secret = secret
        self._kept: dict[tuple[str, int], Any] = {}
        self._generators: dict[str, tuple[np.random.Generator, Any]] = {}

    def draw_anew(self, secret: bytes) -> None:
        """Draw from another secret, and forget what was computed from the last."""
        self._secret = secret
        self._kept.clear()
        self._generators.clear()

    def supply(self, name: str, test: str) -> Any:
        """One of NAMES, for the test of that id."""
        match name:
            case "student":
                return self.student()
            case "rng":
                return self.rng(test)
            case _:
                return self.once(test)

    def student(self) -> Student:
        """The notebook of the student whose turn it is."""
        if self.session is None:
            raise GraderFault("A hidden test ran without a student.")
        return Student(self.session)

    def rng(self, test: str) -> np.random.Generator:
        """A generator that depends on the secret and the test, and on nothing else."""
        if test not in self._generators:
            seed = hashlib.sha256(self._secret + test.encode()).digest()
            generator = np.random.default_rng(int.from_bytes(seed, "big"))
            self._generators[test] = generator, generator.bit_generator.state
        generator, state = self._generators[test]
        generator.bit_generator.state = state
        return generator

    def once(self, test: str) -> Callable[[Callable[[], Any]], Any]:
        """Keeps what an oracle computes: inputs are the same for a class, so its answers are too."""
        calls = count()

        def keep(compute: Callable[[], Any]) -> Any:
            key = (test, next(calls))
            if key not in self._kept:
                self._kept[key] = compute()
            return self._kept[key]

        return keep


def direct_call(item: pytest.Item, supplies: Supplies) -> Callable[[], None] | None:
    """Calls the function of an item as pytest would; None if only pytest can.

    Args:
        item: Collected.
        supplies: Ours; a file that brings fixtures of its own, or set-up and tear-down, is left to pytest.
    """
    if not isinstance(item, pytest.Function) or item.cls is not None:
        return None
    if any(mark.name not in _PLAIN_MARKS for mark in item.iter_markers()):
        return None
    manager = item.session._fixturemanager
    params = item.callspec.params if hasattr(item, "callspec") else {}
    # Its arguments, what it uses by mark, and what is used by itself; not what these are made from in turn.
    asked = item._fixtureinfo.initialnames
    fixtures = {name: manager.getfixturedefs(name, item) or () for name in asked}
    ours = {name for name, found in fixtures.items() if name in supplies.NAMES and len(found) == 1}
    plain = {name for name, found in fixtures.items() if name in params and not found}
    if set(asked) != ours | plain:
        return None
    return partial(_call, item.function, dict(params), tuple(ours), supplies, item.name)


def _call(
    function: Callable[..., Any], params: dict[str, Any], ours: tuple[str, ...], supplies: Supplies, test: str
) -> None:
    function(**params, **{name: supplies.supply(name, test) for name in ours})
