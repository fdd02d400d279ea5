"""Which entries of a gradient are wrong: by asking for each, or by random directions and bisection."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np

from course_utils.gradcheck.slopes import Judge, Judgement, Verdict
from course_utils.gradcheck.values import Array

# An error that a random direction happens not to see escapes the next one.
_DIRECTIONS = 2
# A search ends with so many wrong entries: enough to see what they have in common.
_LOCATED = 4
# Nor does it ask much more often than that, which many kinks would need.
_MOST_EVALUATIONS = 1500


@dataclass
class Found:
    """What came out for the entries of one input, by their places in C order.

    Attributes:
        entries: Judgements of single entries; all in a full check, those that a fast one has located else.
        whole: A direction through all entries but those at kinks that is wrong, where no single entry is known to be.
        undecided: Entries between kinks that a fast check gave up on.
    """

    entries: dict[int, Judgement] = field(default_factory=dict)
    whole: Judgement | None = None
    undecided: int = 0

    def having(self, verdict: Verdict) -> list[int]:
        """Places of all entries with a verdict."""
        return [place for place, judgement in self.entries.items() if judgement.verdict is verdict]


def every_entry(judge: Judge, number: int, analytic: Array) -> Found:
    """Ask for each entry by itself: two evaluations each."""
    return Found({place: _entry(judge, number, analytic, place) for place in range(analytic.size)})


def by_directions(judge: Judge, number: int, analytic: Array, rng: np.random.Generator) -> Found:
    """Ask along random directions through all entries, and look closer only where something is wrong.

    A gradient that is right takes a handful of evaluations. In a wrong one, halving the direction and following the
    larger mismatch leads to a wrong entry in about log2(entries) turns.
    """
    found = Found()
    if analytic.size == 0:
        return found
    for _ in range(_DIRECTIONS):
        direction = rng.normal(size=analytic.shape)
        direction.flat[found.having(Verdict.KINK)] = 0
        judgement = judge.judge(number, analytic, direction)
        if judgement.verdict is Verdict.RIGHT:
            continue
        _bisect(judge, number, analytic, direction, judgement, found)
        if found.undecided or found.having(Verdict.WRONG):
            break
        # Several kinks at once may have a slope that none has by itself: relu(a) - relu(b) is smooth along (1, -1).
        direction.flat[found.having(Verdict.KINK)] = 0
        judgement = judge.judge(number, analytic, direction)
        if judgement.verdict is Verdict.WRONG:
            found.whole = judgement
    return found


def _bisect(judge: Judge, number: int, analytic: Array, direction: Array, first: Judgement, found: Found) -> None:
    """Halve a direction again and again, the larger mismatch first, and judge single entries at the end."""
    end = judge.evaluations + _MOST_EVALUATIONS
    order = itertools.count()
    waiting = [(_urgency(first), next(order), 0, analytic.size)]
    while waiting and len(found.having(Verdict.WRONG)) < _LOCATED:
        _, _, start, stop = heapq.heappop(waiting)
        if judge.evaluations > end:
            found.undecided += stop - start
            continue
        if stop - start == 1:
            found.entries[start] = _entry(judge, number, analytic, start)
            continue
        middle = (start + stop) // 2
        for half in ((start, middle), (middle, stop)):
            part = np.zeros(analytic.size)
            part[slice(*half)] = direction.flat[slice(*half)]
            judgement = judge.judge(number, analytic, part.reshape(analytic.shape))
            if judgement.verdict is not Verdict.RIGHT:
                heapq.heappush(waiting, (_urgency(judgement), next(order), *half))


def _urgency(judgement: Judgement) -> tuple[bool, float]:
    """What to look at first: what is wrong before what is a kink, and the larger mismatch."""
    return judgement.verdict is not Verdict.WRONG, -judgement.error


def _entry(judge: Judge, number: int, analytic: Array, place: int) -> Judgement:
    direction = np.zeros(analytic.size)
    direction[place] = 1
    return judge.judge(number, analytic, direction.reshape(analytic.shape))
