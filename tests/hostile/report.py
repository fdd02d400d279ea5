"""Outcomes of many cases behind many walls, as a table and as figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from tests.hostile.arena import Outcome
from tests.hostile.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """All cases behind one wall.

    Attributes:
        level: Of the wall.
        user: "root" or "ordinary user".
        outcomes: One per case; none where it could not be run.
        skipped: Why it could not be run, or "".
    """

    level: str
    user: str
    outcomes: tuple[Outcome, ...] = ()
    skipped: str = ""

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{self.level}, {self.user}"


def counts(case: Case, level: str, minimum: str) -> bool:
    """Whether a case must be stopped there: from its own level on, and at the course's minimum."""
    return case.must_hold(level) or level == minimum


def figures(cases: Sequence[Case], passes: Sequence[Pass], minimum: str) -> bytes:
    """What `course/hostile.json` holds.

    `gained`, `leaked` and `harmed` are numbers of cases that came to something at or above their own level or at the
    course's minimum; `by_level` has the same of all cases behind each wall, documented or not.
    """
    known = {case.id: case for case in cases}
    bad = [
        outcome
        for entry in passes
        for outcome in entry.outcomes
        if counts(known[outcome.case], entry.level, minimum) and not outcome.stopped
    ]
    data = {
        "cases": len(cases),
        **_numbers(bad),
        "by_level": {entry.name: _of_pass(entry, known, minimum) for entry in passes},
    }
    return (json.dumps(data, indent=2) + "\n").encode()


def _numbers(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {
        kind: len({entry.case for entry in outcomes if getattr(entry, kind)}) for kind in ("gained", "leaked", "harmed")
    }


def _of_pass(entry: Pass, known: Mapping[str, Case], minimum: str) -> dict[str, object]:
    if entry.skipped:
        return {"skipped": entry.skipped}
    below = [o for o in entry.outcomes if not counts(known[o.case], entry.level, minimum)]
    return {
        "cases": len(entry.outcomes),
        **_numbers(entry.outcomes),
        "not_stopped_as_documented": len([outcome for outcome in below if not outcome.stopped]),
    }


def lines(cases: Sequence[Case], passes: Sequence[Pass], minimum: str) -> Iterator[str]:
    """The table: a line for each case that was not stopped somewhere, then sums."""
    for case in cases:
        for entry in passes:
            outcome = next((outcome for outcome in entry.outcomes if outcome.case == case.id), None)
            if outcome is None or (outcome.stopped and case.must_hold(entry.level)):
                continue
            yield f"{entry.name:24} {case.threat:24} {case.id}: {said(case, outcome, entry.level, minimum)}"
    for entry in passes:
        if entry.skipped:
            yield f"{entry.name:24} skipped: {entry.skipped}"
            continue
        bad = sum(
            not outcome.stopped and counts(case, entry.level, minimum)
            for case, outcome in zip(cases, entry.outcomes, strict=True)
        )
        below = sum(not counts(case, entry.level, minimum) for case in cases)
        yield f"{entry.name:24} {len(entry.outcomes)} cases: {bad} not stopped; {below} need a stronger wall"


def said(case: Case, outcome: Outcome, level: str, minimum: str) -> str:
    """What to say of one outcome."""
    if counts(case, level, minimum):
        return "stopped" if outcome.stopped else f"NOT STOPPED: {outcome}"
    return "stopped anyway" if outcome.stopped else f"not stopped, as documented: {outcome}"


def to_json(outcomes: Sequence[Outcome]) -> str:
    """Outcomes of one pass for another process."""
    return json.dumps([asdict(outcome) for outcome in outcomes])


def from_json(text: str) -> tuple[Outcome, ...]:
    """The same read back."""
    return tuple(
        Outcome(
            case=entry["case"],
            gained=entry["gained"],
            leaked=tuple(entry["leaked"]),
            harmed=tuple(entry["harmed"]),
        )
        for entry in json.loads(text)
    )
