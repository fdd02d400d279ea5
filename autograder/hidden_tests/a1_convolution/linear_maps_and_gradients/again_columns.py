"""Right answers about windows as columns, and back, once more on whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, count, pair, unchanged


def framed(x: np.ndarray, p: Any) -> np.ndarray:
    """Images in the middle of larger ones of zeros."""
    n, c, h, w = x.shape
    out = np.zeros((n, c, h + 2 * p[0], w + 2 * p[1]), x.dtype)
    out[:, :, p[0] : p[0] + h, p[1] : p[1] + w] = x
    return out


def inner(padded: np.ndarray, p: Any, size: Any) -> np.ndarray:
    """What the frame surrounds."""
    rows, columns = (np.arange(n) + m for n, m in zip(size, p, strict=True))
    return padded[:, :, rows[:, None], columns]


def entry_table(c: int, k: Any) -> np.ndarray:
    """Channel, row and column of each entry of a column: (3, C*K_H*K_W)."""
    return np.indices((c, *k)).reshape(3, -1)


def position_table(out: Any) -> np.ndarray:
    """Row and column of each position: (2, L)."""
    return np.indices(tuple(out)).reshape(2, -1)


def where_from(entries: np.ndarray, positions: np.ndarray, s: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Channel, row and column in padded images of each entry of each column, (entries, positions)."""
    c, u, v = entries[:, :, None]
    i, j = positions
    return np.broadcast_arrays(c, u + s[0] * i, v + s[1] * j)


def gathering(
    *,
    sides: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    frame: Step = framed,
    number: Step = count,
    output: Step = unchanged,
    entries: Step = entry_table,
    positions: Step = position_table,
    where: Step = where_from,
    dtype: Step = lambda x: x.dtype,
    finish: Step = unchanged,
) -> Step:
    """Build im2col: one look-up."""

    def im2col(x: np.ndarray, kernel: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        k, s, p = sides(pair(kernel)), strides(pair(stride)), paddings(pair(padding))
        out = output([number(n, *how) for n, *how in zip(x.shape[2:], k, s, p, strict=True)])
        c, rows, columns = where(entries(x.shape[1], k), positions(out), s)
        return finish(frame(x, p)[:, c, rows, columns].astype(dtype(x), copy=False))

    return im2col


def add_at(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """Each value is added, wherever several go to one place."""
    np.add.at(target, (slice(None), *where), values)


def last_column(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """The value of the last column stays."""
    for n in range(values.shape[2]):
        target[(slice(None), *(index[:, n] for index in where))] = values[:, :, n]


def last_entry(target: np.ndarray, where: Any, values: np.ndarray) -> None:
    """The value of the last entry stays."""
    for n in range(values.shape[1]):
        target[(slice(None), *(index[n] for index in where))] = values[:, n]


def scattering(
    *,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    output: Step = unchanged,
    room: Step = lambda size, k, s, p, out: [n + 2 * m for n, m in zip(size, p, strict=True)],
    entries: Step = entry_table,
    positions: Step = position_table,
    put: Step = add_at,
    crop: Step = inner,
    dtype: Step = lambda cols: cols.dtype,
) -> Step:
    """Build col2im: one addition at many places."""

    def col2im(cols: np.ndarray, in_shape: Any, kernel: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
        (n, c), size = in_shape[:2], in_shape[2:]
        k, s, p = pair(kernel), strides(pair(stride)), paddings(pair(padding))
        out = output([count(*how) for how in zip(size, k, s, p, strict=True)])
        padded = np.zeros((n, c, *room(size, k, s, p, out)), cols.dtype)
        where = where_from(entries(c, k), positions(out), s)
        put(padded, where, cols[:, :, : where[0].shape[1]])
        return crop(padded, p, size).astype(dtype(cols), copy=False)

    return col2im


gather = gathering()


scatter = scattering()


RIGHT_AGAIN: dict[str, Step] = {
    "im2col": gather,
    "col2im": scatter,
}
