"""Right answers about shifts, and layers in a row, once more on whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import add
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, unchanged


def taken(array: np.ndarray, shift: Any) -> np.ndarray:
    """Images moved, by looking up where each pixel comes from."""
    rows, columns = ((np.arange(n) - s) % n for n, s in zip(array.shape[2:], shift, strict=True))
    return array[:, :, rows[:, None], columns]


def halves(out: Any) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the middle half."""
    return np.ix_(*(np.arange(n // 4, n - n // 4) for n in out))


def two_ways(
    *,
    before: Step = taken,
    after: Step = taken,
    ratio: Step = lambda size, out: np.rint(np.divide(size, out)),
    moved: Step = lambda shift, ratio: (np.array(shift) // ratio).astype(int),
    part: Step = halves,
    apart: Step = lambda one, other: abs(one - other),
    summary: Step = lambda gaps, out: gaps.max(),
) -> Step:
    """Build equivariance_gap."""

    def equivariance_gap(layer: Step, x: np.ndarray, shift: Any) -> float:
        out = layer(x)
        sizes = out.shape[2:]
        other = after(out, moved(shift, ratio(x.shape[2:], sizes)))
        where = part(sizes)
        one, other = (array[(slice(None), slice(None), *where)] for array in (layer(before(x, shift)), other))
        return float(summary(apart(one, other), out))

    return equivariance_gap


def spread_out(
    *,
    first: Step = unchanged,
    second: Step = unchanged,
    exchange: bool = False,
    room: Step = lambda k1, k2: [a + b - 1 for a, b in zip(k1, k2, strict=True)],
    order: Step = unchanged,
    mix: Step = lambda w2, tap: np.einsum("abuv,bc->acuv", w2, tap),
    put: Step = add,
    refuse: bool = True,
    room_dtype: Step = np.result_type,
    dtype: Step = np.result_type,
    finish: Step = unchanged,
) -> Step:
    """Build compose_kernels: the second layer's filters, at every tap of the first's."""

    def compose_kernels(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
        if exchange:
            w1, w2 = w2, w1
        if refuse and len(w1) != w2.shape[1]:
            raise ValueError("the channels don't fit")
        a, b = first(w1), second(w2)
        k = b.shape[2:]
        out: Any = None
        for u, v in order(list(np.ndindex(*a.shape[2:]))):
            part = mix(b, a[:, :, u, v])
            out = np.zeros((*part.shape[:2], *room(a.shape[2:], k)), room_dtype(w1, w2)) if out is None else out
            put(out, (..., slice(u, u + k[0]), slice(v, v + k[1])), part)
        return finish(out.astype(dtype(w1, w2), copy=False))

    return compose_kernels


RIGHT_AGAIN: dict[str, Step] = {
    "equivariance_gap": two_ways(),
    "compose_kernels": spread_out(),
}
