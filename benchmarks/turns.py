"""Contenders take turns, so that noise of the machine meets all of them; what counts are ratios within a round."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Turns:
    """Seconds of each contender, round by round."""

    seconds: Mapping[str, tuple[float, ...]]

    def median_s(self, name: str) -> float:
        """Median of a contender's seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, beside: str) -> float:
        """How many times as long as another contender one takes: median over the rounds."""
        rounds = zip(self.seconds[name], self.seconds[beside], strict=True)
        return statistics.median(one / other for one, other in rounds)


def take_turns(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> Turns:
    """Time each contender once a round; the first round warms up and doesn't count.

    Args:
        contenders: What each does in its turn.
        rounds: At least 1.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            started = time.perf_counter()
            contender()
            spent_s = time.perf_counter() - started
            if number:
                seconds[name].append(spent_s)
    return Turns({name: tuple(spent) for name, spent in seconds.items()})
