"""Right answers about backward by loops, once more on whole arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed, inner
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, pair, unchanged


def seen_by(u: int, v: int, s: Any, out: Any) -> tuple[Any, ...]:
    """Index of the pixels that tap (u, v) meets at all positions."""
    return (..., slice(u, u + s[0] * (out[0] - 1) + 1, s[0]), slice(v, v + s[1] * (out[1] - 1) + 1, s[1]))


def add(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """Adds up."""
    target[where] += values


def overwrite(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """Does not."""
    target[where] = values


def by_taps(
    *,
    taps: Step = unchanged,
    filters: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    source: Step = framed,
    room: Step = lambda x, p, dout, k, s: [n + 2 * m for n, m in zip(x.shape[2:], p, strict=True)],
    dw: Step = lambda dout, seen: np.tensordot(dout, seen, ((0, 2, 3), (0, 2, 3))),
    dx: Step = lambda dout, tap: np.einsum("nfij,fc->ncij", dout, tap),
    put: Step = add,
    crop: Step = inner,
    db: Step = lambda dout: np.einsum("nfij->f", dout),
    room_dtype: Step = np.result_type,
    dtype: Step = np.result_type,
    finish: Step = lambda dx, dw, db: (dx, dw, db),
) -> Step:
    """Build conv2d_backward."""

    def conv2d_backward(
        dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...]:
        s, p, k, out = strides(pair(stride)), paddings(pair(padding)), w.shape[2:], dout.shape[2:]
        padded, weights = source(x, p), filters(w)
        d_padded = np.zeros((*x.shape[:2], *room(x, p, dout, k, s)), room_dtype(dout, x))
        d_w = np.zeros(w.shape, np.result_type(dout, x))
        for u, v in taps(list(np.ndindex(*k))):
            where = seen_by(u, v, s, out)
            d_w[:, :, u, v] = dw(dout, padded[where])
            put(d_padded, where, dx(dout, weights[:, :, u, v]))
        d_x = crop(d_padded, p, x.shape[2:]).astype(dtype(dout, w), copy=False)
        return finish(d_x, d_w.astype(dtype(dout, x), copy=False), db(dout))

    return conv2d_backward


def backwards(order: Iterable[Any]) -> list[Any]:
    """The last one first."""
    return list(order)[::-1]


RIGHT_AGAIN: dict[str, Step] = {
    "conv2d_backward": by_taps(),
}
