"""Right answers about backward by loops, taken apart into steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import (
    add_into,
    cut,
    window_at,
    zeros_around,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import Step, same, spread


def backward(
    *,
    turn: Step = same,
    strides: Step = same,
    paddings: Step = same,
    window: Step = window_at,
    pad: Step = zeros_around,
    room: Step = lambda padded, dout, w, s: padded.shape,
    from_x: Step = lambda padded, x: padded,
    places: Step = lambda size: np.ndindex(*size),
    gradient: Step = lambda dout, i, j: dout[:, :, i, j],
    dw: Step = lambda g, seen: np.einsum("nf,nchw->fchw", g, seen),
    put_dw: Step = add_into,
    dx: Step = lambda g, w: np.einsum("nf,fchw->nchw", g, w),
    put_dx: Step = add_into,
    crop: Step = cut,
    db: Step = lambda dout: dout.sum((0, 2, 3)),
    inner: Step = np.result_type,
    dtype: Step = np.result_type,
    finish: Step = lambda dx, dw, db: (dx, dw, db),
) -> Step:
    """Build conv2d_backward: a loop over the positions."""

    def conv2d_backward(
        dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Any = 1, padding: Any = 0
    ) -> tuple[Any, ...]:
        s, p, k = strides(spread(stride)), paddings(spread(padding)), w.shape[2:]
        padded = pad(x, p)
        source, taps = from_x(padded, x), turn(w)
        d_padded = np.zeros(room(padded, dout, w, s), inner(dout, x))
        d_w = np.zeros(w.shape, np.result_type(dout, x))
        for i, j in places(dout.shape[2:]):
            where, g = window((i, j), s, k), gradient(dout, i, j)
            put_dw(d_w, ..., dw(g, source[where]))
            put_dx(d_padded, where, dx(g, taps))
        d_x = crop(d_padded, p, x.shape[2:]).astype(dtype(dout, w), copy=False)
        return finish(d_x, d_w.astype(dtype(dout, x), copy=False), db(dout))

    return conv2d_backward


RIGHT: dict[str, Step] = {
    "conv2d_backward": backward(),
}
