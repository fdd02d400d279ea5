"""Results that are tuples, whose parts are judged one by one."""

from __future__ import annotations

from typing import Any

from autograder.model import Verdict
from autograder.testing import Judged


def entries(got: Any, names: str, what: str) -> tuple[Any, ...]:
    """Take apart a tuple that a function returned, whose parts are judged one by one."""
    fields = tuple(value for _, value in getattr(got, "fields", ())) or got
    wanted = names.split()
    if not isinstance(fields, tuple) or len(fields) != len(wanted):
        raise Judged(Verdict.FAILED, f"{what}: expected the tuple ({', '.join(wanted)}).", rung="type")
    return fields
