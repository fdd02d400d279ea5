"""Right answers about numerical gradients, taken apart into steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, same


def replaced(x: np.ndarray, index: tuple[int, ...], value: float) -> np.ndarray:
    """A copy with one other entry."""
    copy = np.array(x)
    copy[index] = value
    return copy


def two_sided(f: Step, at: Step, h: float) -> Any:
    """Difference quotient from both sides."""
    return (f(at(h)) - f(at(-h))) / (2 * h)


def differences(
    *,
    read: Step = same,
    at: Step = replaced,
    quotient: Step = two_sided,
    h: Step = same,
    weigh: Step = lambda change, dout: (change * dout).sum(),
    visited: Step = lambda x: np.ndindex(*x.shape),
    put: Step = lambda out, index, value: out.__setitem__(index, value),
    finish: Step = lambda out, x: out,
) -> Step:
    """Build numerical_gradient: entry by entry."""

    def numerical_gradient(f: Step, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
        point, step = read(x), h_of(h)
        out = np.zeros(x.shape)
        for index in visited(point):
            value = point[index]
            change = quotient(f, lambda move, index=index, value=value: at(point, index, value + move), step)
            put(out, index, weigh(np.asarray(change), np.asarray(dout)))
        return finish(out, x)

    h_of = h
    return numerical_gradient


RIGHT: dict[str, Step] = {
    "numerical_gradient": differences(),
}
