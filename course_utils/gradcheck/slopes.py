"""Is a gradient right in some direction? Central differences, with care for rounding, curvature and kinks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from course_utils.gradcheck.values import Array, Input, read_output

# Steps in turns, as multiples of the asked one. A gradient is right if it agrees with one of them: a small step sees
# nothing of a kink nearby and little curvature, a large one drowns rounding. What is wrong agrees with none.
_SMALL, _LARGE = 1 / 64, 64.0
# Outputs are rounded sums of products: their last digits, times a few.
_ROUNDING = 16 * np.finfo(np.float64).eps
_MOST_ENTRIES = 10_000


class Verdict(Enum):
    """What differences say about a gradient in one direction."""

    RIGHT = "right"
    WRONG = "wrong"
    KINK = "kink"


@dataclass(frozen=True)
class Judgement:
    """One direction: the verdict, and the slope by both."""

    verdict: Verdict
    analytic: float
    numeric: float

    @property
    def error(self) -> float:
        """How far the slopes are apart."""
        return abs(self.analytic - self.numeric)


@dataclass(frozen=True, eq=False)
class _Probe:
    """A central difference along a line.

    Attributes:
        way: Half of the way between both points, over the step: the direction, as rounding left it.
        numeric: Slope of sum(out * dout).
        jump: By how much each output's slope changes at the point.
        rounding: What rounding may have done to each output's slope.
    """

    way: Array
    numeric: float
    jump: Array
    rounding: Array


class Judge:
    """Compares gradients with differences of a function.

    Attributes:
        evaluations: How often the function was called.
    """

    def __init__(
        self, forward: Callable[..., Any], inputs: tuple[Input, ...], *, step: float, rtol: float, atol: float
    ) -> None:
        self.evaluations = 0
        self._forward, self._inputs = forward, inputs
        self._steps = [step * _scale(entry.values) for entry in inputs]
        self._rtol, self._atol = rtol, atol
        self.out = self._evaluate(0, inputs[0].values)
        if not np.isfinite(self.out).all():
            raise ValueError(
                "forward: expected finite numbers, got nan or inf. Choose inputs on which the layer is defined."
            )
        if not np.array_equal(self.out, self._evaluate(0, inputs[0].values)):
            raise ValueError(
                "forward: expected equal results for equal inputs, got different ones. Seed what is random, and "
                "remember nothing between calls."
            )
        self.dout = np.zeros_like(self.out)

    def judge(self, number: int, analytic: Array, direction: Array) -> Judgement:
        """Whether a gradient is right in one direction.

        Args:
            number: Which input.
            analytic: Its gradient, as the student computes it.
            direction: In the input's shape.
        """
        step = self._steps[number]
        middle = self._probe(number, direction, step)
        judgement = self._compare(analytic, middle)
        if judgement.verdict is Verdict.RIGHT:
            return judgement
        small = self._probe(number, direction, step * _SMALL)
        for probe in (small, self._probe(number, direction, step * _LARGE)):
            other = self._compare(analytic, probe)
            if other.verdict is Verdict.RIGHT:
                return other
        # What curvature does to the slope shrinks with the step; a kink between the points does not.
        kinks = small.jump > np.maximum(2 * small.rounding, middle.jump / 8)
        # Each slope between the two is a valid one there.
        half = float(np.abs(self.dout * small.jump)[kinks].sum()) / 2
        nearest = self._compare(analytic, small)
        if kinks.any() and nearest.error <= half * (1 + 1e-6) + self._tolerance(analytic, small):
            return Judgement(Verdict.KINK, nearest.analytic, nearest.numeric)
        return judgement

    def _compare(self, analytic: Array, probe: _Probe) -> Judgement:
        slope = float((analytic * probe.way).sum())
        right = abs(slope - probe.numeric) <= self._tolerance(analytic, probe)
        return Judgement(Verdict.RIGHT if right else Verdict.WRONG, slope, probe.numeric)

    def _tolerance(self, analytic: Array, probe: _Probe) -> float:
        """Absolute and relative tolerance, and what rounding does to the difference.

        Along a way through many entries it is that of one of them, so that an error in a single entry shows beside all
        others; of more than ten thousand entries the difference itself has hardly more digits.
        """
        entries = min(int(np.count_nonzero(probe.way)), _MOST_ENTRIES)
        share = self._atol * _norm(probe.way) + self._rtol * max(_norm(analytic * probe.way), abs(probe.numeric))
        return share / math.sqrt(max(entries, 1)) + _norm(self.dout * probe.rounding)

    def _probe(self, number: int, direction: Array, step: float) -> _Probe:
        values = self._inputs[number].values
        up, down = values + step * direction, values - step * direction
        out_up, out_down = self._evaluate(number, up), self._evaluate(number, down)
        above, below = out_up - self.out, self.out - out_down
        changed = (above != 0) | (below != 0)
        return _Probe(
            way=(up - down) / (2 * step),
            numeric=float(((out_up - out_down) * self.dout).sum()) / (2 * step),
            jump=np.abs(above - below) / step,
            rounding=np.maximum(np.abs(out_up), np.abs(out_down)) * changed * (_ROUNDING / step),
        )

    def _evaluate(self, number: int, values: Array) -> Array:
        """The function with other values for one input; all inputs in fresh memory, whatever it does to them."""
        self.evaluations += 1
        given = [entry.rebuilt(values if n == number else entry.values) for n, entry in enumerate(self._inputs)]
        return read_output(self._forward(*given))


def _scale(values: Array) -> float:
    """Size of a typical change of an input: how far its numbers lie apart, but not much below their digits."""
    largest = float(np.abs(values).max(initial=0))
    return max(float(values.std()), 1e-4 * largest) if largest else 1.0


def _norm(values: Array) -> float:
    return math.sqrt(float((values * values).sum()))
