"""How far up the comparison ladder an answer got in one check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from autograder.model import TestResult, Verdict
from autograder.reports.views import Step
from course_utils.rungs import Rung


class Climb(StrEnum):
    """What a check says of one rung."""

    PASSED = "passed"
    FAILED = "failed"
    UNSEEN = "not looked at"


_SYMBOLS: Mapping[Climb, str] = {Climb.PASSED: "✓", Climb.FAILED: "✗", Climb.UNSEEN: "–"}
_WORDS: Mapping[Rung, str] = {
    Rung.DEFINED: "defined",
    Rung.CALLABLE: "a function",
    Rung.RAN: "ran",
    Rung.TYPE: "type",
    Rung.SHAPE: "shape",
    Rung.DTYPE: "dtype",
    Rung.FINITE: "finite",
    Rung.VALUES: "values",
    Rung.UNCHANGED: "inputs kept",
    Rung.REPEATABLE: "same twice",
}
# What stopped the answer at its rung. Other verdicts have causes beside the ladder: a name that is not allowed, what
# failed before, ourselves.
_STOPPED = {Verdict.FAILED, Verdict.STUDENT_ERROR, Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT}
_RESULT = (Rung.TYPE, Rung.SHAPE, Rung.DTYPE, Rung.FINITE, Rung.VALUES)


def climbed(result: TestResult) -> tuple[Step, ...]:
    """The whole ladder as one check saw it, or nothing where it stopped for another reason.

    A check of unchanged inputs or of equal calls looks at neither type nor values of the result: these rungs are
    unseen in it, not passed.
    """
    missing = result.verdict is Verdict.NOT_IMPLEMENTED and result.rung == Rung.DEFINED.value
    rungs = list(Rung)
    failed = next((rung for rung in rungs if rung.value == result.rung), None)
    if failed is None or not (missing or result.verdict in _STOPPED):
        return ()
    below = rungs[: rungs.index(failed)]
    if failed in (Rung.UNCHANGED, Rung.REPEATABLE):
        below = [rung for rung in below if rung not in _RESULT]
    return tuple(_step(rung, _climb(rung, failed, below)) for rung in rungs)


def _climb(rung: Rung, failed: Rung, below: list[Rung]) -> Climb:
    if rung is failed:
        return Climb.FAILED
    return Climb.PASSED if rung in below else Climb.UNSEEN


def _step(rung: Rung, climb: Climb) -> Step:
    return Step(name=_WORDS[rung], state=climb.value, symbol=_SYMBOLS[climb])
