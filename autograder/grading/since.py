"""What has changed since an assignment was last graded as a whole: why a run grades again what was graded before."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.grading.plan import GradingPlan, differences, fingerprint

_ANYTHING = "tests, versions, limits, device, release or secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a run is about to do with its submissions.

    Attributes:
        known: How many results stand in the journal as they would be found now.
        held: How many are tried again, because a result was held for a person.
        again: How many were graded before, but with something else than now.
        new: How many nobody has graded as they are now.
    """

    known: int = 0
    held: int = 0
    again: int = 0
    new: int = 0


def in_words(outlook: Outlook, changes: str) -> str:
    """What is graded although it was graded before, and why; "" if nothing is.

    Args:
        outlook: What the run is about to do.
        changes: What has changed, as `changes_since` says it.
    """
    sentences = []
    if outlook.again:
        why = f"for this has changed: {changes}" if changes else f"because of other {_ANYTHING}"
        sentences.append(f"{_notebooks(outlook.again)} graded before, graded again, {why}.")
    if outlook.held:
        sentences.append(f"{_notebooks(outlook.held)} held for a person, tried again.")
    if sentences and outlook.known:
        sentences.append(f"{_notebooks(outlook.known)} known from the journal.")
    return " ".join(sentences)


def changes_since(folder: Path, assignment: str, plans: Mapping[str, GradingPlan]) -> str:
    """What differs from the last run that came to its end, in words; "" if nothing does or nobody knows.

    Args:
        folder: Of the journal.
        assignment: Id of the assignment.
        plans: Notebook name to plan.
    """
    before = _read(_place(folder, assignment))
    found = [
        differences(before[name], fingerprint(plan))
        for name, plan in plans.items()
        if plan.only is None and name in before
    ]
    return ", ".join(dict.fromkeys(part for words in found if words for part in words.split(", ")))


def remember(folder: Path, assignment: str, plans: Mapping[str, GradingPlan]) -> None:
    """Note with what an assignment was graded. Where it can't be written, the next run knows less to say."""
    path = _place(folder, assignment)
    before = _read(path)
    after = before | {name: fingerprint(plan) for name, plan in plans.items() if plan.only is None}
    if after == before:
        return
    draft = path.with_suffix(".part")
    with suppress(OSError):
        draft.write_bytes(msgspec.json.encode(after))
        draft.replace(path)


def _place(folder: Path, assignment: str) -> Path:
    return folder / f"{assignment}.graded-with.json"


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _notebooks(count: int) -> str:
    return f"{count} notebook{'' if count == 1 else 's'}"
