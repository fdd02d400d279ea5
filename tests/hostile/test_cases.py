"""Every case behind the strongest wall of this machine; `make hostile` runs them behind all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from autograder.config import SANDBOX_LEVELS
from autograder.sandbox import levels
from tests.hostile.arena import Arena
from tests.hostile.case import NO_WALL, Case
from tests.hostile.cases import all_cases
from tests.hostile.threats import THREATS, is_listed

CASES = all_cases()
LEVEL = next(reversed(levels.probe().levels), "")


@pytest.fixture(scope="session")
def arena() -> Iterator[Arena]:
    """One sandbox for all cases of a pytest worker."""
    if not LEVEL:
        pytest.skip("no Linux: there is no sandbox")
    opened = Arena(LEVEL)
    yield opened
    opened.close()


def _parameter(case: Case) -> object:
    gap = case.known_gap.get(LEVEL)
    marks = [pytest.mark.xfail(strict=True, reason=gap)] if gap else []
    return pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_it_comes_to_nothing(arena: Arena, case: Case) -> None:
    """No points, no secret, no harm, and the next student has the same result."""
    if not case.must_hold(LEVEL):
        pytest.skip(f"needs the wall '{case.level}', this machine has '{LEVEL}'")
    outcome = arena.run(case)
    assert outcome.stopped, str(outcome)


def test_every_threat_has_a_case() -> None:
    """Every clause of every line is answered by a case, and every case answers one."""
    assert [case.threat for case in CASES if not is_listed(case.threat)] == []
    answered = {case.threat for case in CASES}
    assert [
        f"{line} {clause}"
        for line, clauses in THREATS.items()
        for clause in clauses
        if f"{line} {clause}" not in answered
    ] == []


def test_cases_are_told_apart() -> None:
    """Ids are unique, and levels are those that there are."""
    assert [name for name, count in Counter(case.id for case in CASES).items() if count > 1] == []
    assert {case.level for case in CASES} <= {NO_WALL, *SANDBOX_LEVELS}
    assert all(case.tries.endswith(".") for case in CASES)
