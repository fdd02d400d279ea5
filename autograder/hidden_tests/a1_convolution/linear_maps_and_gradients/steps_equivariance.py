"""Right answers about shifts, and layers in a row, taken apart into steps."""

from __future__ import annotations

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import add_into
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, same


def rolled(array: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
    """Images moved down and to the right; what leaves comes in on the other side."""
    return np.roll(array, shift, (2, 3))


def middle(n: int) -> slice:
    """The middle half of an axis."""
    return slice(n // 4, n - n // 4)


def commuting(
    *,
    move: Step = rolled,
    move_out: Step = rolled,
    step: Step = lambda size, out: (round(size[0] / out[0]), round(size[1] / out[1])),
    by: Step = lambda shift, step: (shift[0] // step[0], shift[1] // step[1]),
    interior: Step = lambda out, x: (..., middle(out.shape[2]), middle(out.shape[3])),
    difference: Step = lambda a, b: np.abs(a - b),
    largest: Step = lambda gaps, out: gaps.max(),
) -> Step:
    """Build equivariance_gap."""

    def equivariance_gap(layer: Step, x: np.ndarray, shift: tuple[int, int]) -> float:
        out = layer(x)
        first = layer(move(x, shift))
        second = move_out(out, by(shift, step(x.shape[2:], out.shape[2:])))
        where = interior(out, x)
        return float(largest(difference(first[where], second[where]), out))

    return equivariance_gap


def composing(
    *,
    turn: Step = same,
    swap: bool = False,
    size: Step = lambda k1, k2: (k1[0] + k2[0] - 1, k1[1] + k2[1] - 1),
    where: Step = lambda u, v, k: (..., slice(u, u + k[0]), slice(v, v + k[1])),
    order: Step = lambda k: np.ndindex(*k),
    mix: Step = lambda taps, w1: np.einsum("ab,bchw->achw", taps, w1),
    put: Step = add_into,
    check: bool = True,
    room: Step = np.result_type,
    dtype: Step = np.result_type,
    finish: Step = lambda out, w1, w2: out,
) -> Step:
    """Build compose_kernels: the first layer's filters, at every tap of the second's."""

    def compose_kernels(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
        if swap:
            w1, w2 = w2, w1
        if check and w2.shape[1] != len(w1):
            raise ValueError("the channels don't go together")
        taps, k = turn(w2), w1.shape[2:]
        out = np.zeros((len(w2), w1.shape[1], *size(k, taps.shape[2:])), room(w1, w2))
        for u, v in order(taps.shape[2:]):
            put(out, where(u, v, k), mix(taps[:, :, u, v], w1))
        return finish(out.astype(dtype(w1, w2), copy=False), w1, w2)

    return compose_kernels


RIGHT: dict[str, Step] = {
    "equivariance_gap": commuting(),
    "compose_kernels": composing(),
}
