"""Right answers about checking and learning, taken apart into steps: differences, shifts, composing, descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import add_into
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, same, spread


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


def descent(
    *,
    kernel_size: Step = same,
    start: Step = np.zeros,
    count: Step = same,
    predict: Step = lambda windows, w: np.einsum("nijuv,uv->nij", windows, w),
    turn: Step = same,
    factor: Step = lambda residual: 2 / residual.size,
    rate: Step = same,
    batches: Step = lambda windows, targets: [(windows, targets)],
    finish: Step = same,
) -> Step:
    """Build learn_kernel: full-batch gradient descent."""

    def learn_kernel(images: np.ndarray, targets: np.ndarray, size: Any, *, lr: float, steps: int) -> np.ndarray:
        k = kernel_size(spread(size))
        w = start(k)
        seen = sliding_window_view(images, k, axis=(1, 2))
        for _ in range(count(steps)):
            for windows, wanted in batches(seen, targets):
                residual = predict(windows, w) - wanted
                gradient = factor(residual) * np.einsum("nij,nijuv->uv", residual, windows)
                w = w - rate(lr) * turn(gradient)
        return finish(w)

    return learn_kernel


RIGHT: dict[str, Step] = {
    "numerical_gradient": differences(),
    "equivariance_gap": commuting(),
    "compose_kernels": composing(),
    "learn_kernel": descent(),
}
