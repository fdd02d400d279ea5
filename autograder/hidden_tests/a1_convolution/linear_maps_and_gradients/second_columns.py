"""The listed mistakes about windows as columns, and back, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import (
    entry_table,
    framed,
    gathering,
    last_column,
    last_entry,
    scatter,
    scattering,
    where_from,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import begun, float64, unrefused
from autograder.mistakes import named


def _pixels_first(c: int, k: Any) -> np.ndarray:
    return np.indices((*k, c))[[2, 0, 1]].reshape(3, -1)


def _windows_by_columns(c: int, k: Any) -> np.ndarray:
    return np.indices((c, *k[::-1]))[[0, 2, 1]].reshape(3, -1)


def _turned_windows(c: int, k: Any) -> np.ndarray:
    return entry_table(c, k).reshape(3, c, -1)[:, :, ::-1].reshape(3, -1) * [[0], [1], [1]] + entry_table(c, k) * [
        [1],
        [0],
        [0],
    ]


def _positions_by_columns(out: Any) -> np.ndarray:
    return np.indices((out[1], out[0]))[::-1].reshape(2, -1)


def _with_edge(x: np.ndarray, p: Any) -> np.ndarray:
    rows, columns = (np.arange(-m, n + m).clip(0, n - 1) for n, m in zip(x.shape[2:], p, strict=True))
    return x[:, :, rows[:, None], columns]


def _zeros_after(x: np.ndarray, p: Any) -> np.ndarray:
    return np.roll(framed(x, p), (-p[0], -p[1]), (2, 3))


_UNFOLD: dict[str, Step] = {
    "channels_last": gathering(entries=_pixels_first),
    "window_column_major": gathering(entries=_windows_by_columns),
    "positions_column_major": gathering(positions=_positions_by_columns),
    "transposed": gathering(finish=lambda cols: np.swapaxes(cols, 1, 2)),
    "one_matrix": gathering(finish=lambda cols: np.concatenate(list(cols), axis=1)),
    "sides_swapped": gathering(sides=lambda k: (k[1], k[0])),
    "square_windows": gathering(sides=lambda k: k[:1] * 2),
    "stride_ignored": gathering(strides=lambda s: (1, 1)),
    "stride_rows_only": gathering(strides=lambda s: (s[0], 1)),
    "stride_swapped": gathering(strides=lambda s: (s[1], s[0])),
    "moves_by_one": gathering(where=lambda entries, positions, s: where_from(entries, positions, (1, 1))),
    "padding_ignored": gathering(paddings=lambda p: (0, 0)),
    "padding_swapped": gathering(paddings=lambda p: (p[1], p[0])),
    "pads_after": gathering(frame=_zeros_after),
    "pads_with_edge": gathering(frame=_with_edge),
    "width_from_height": gathering(output=lambda out: out[:1] * 2),
    "last_missing": gathering(output=lambda out: [n - 1 or 1 for n in out]),
    "rounds_up": gathering(number=begun),
    "float64": gathering(dtype=float64),
    "no_error": gathering(number=unrefused),
}


def _divided(cols: np.ndarray, in_shape: Any, kernel: Any, **options: Any) -> np.ndarray:
    times = scatter(np.ones_like(cols, dtype=float), in_shape, kernel, **options)
    return (scatter(cols, in_shape, kernel, **options) / np.where(times == 0, 1, times)).astype(cols.dtype)


def _empties_columns(cols: np.ndarray, in_shape: Any, kernel: Any, **options: Any) -> np.ndarray:
    out = scatter(cols, in_shape, kernel, **options)
    cols[...] = 0
    return out


_FOLD: dict[str, Step] = {
    "last_window_wins": scattering(put=last_column),
    "last_tap_wins": scattering(put=last_entry),
    "averages": _divided,
    "padded": scattering(crop=lambda padded, p, size: padded),
    "crop_top_left": scattering(crop=lambda padded, p, size: padded[:, :, : size[0], : size[1]]),
    "crop_negative": scattering(crop=lambda padded, p, size: padded[..., p[0] : -p[0], p[1] : -p[1]]),
    "rest_missing": scattering(
        room=lambda size, k, s, p, out: [a * (n - 1) + m for n, a, m in zip(out, s, k, strict=True)],
        # What the frame lacks at the end is cut off, too.
        crop=lambda padded, p, size: padded[:, :, p[0] :, p[1] :][:, :, : size[0], : size[1]],
    ),
    "channels_last": scattering(entries=_pixels_first),
    "window_column_major": scattering(entries=_windows_by_columns),
    "positions_column_major": scattering(positions=_positions_by_columns),
    "flipped": scattering(entries=_turned_windows),
    "stride_swapped": scattering(strides=lambda s: (s[1], s[0])),
    "float64": scattering(dtype=float64),
    "changes_columns": _empties_columns,
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("im2col", "im2col", _UNFOLD),
    **named("col2im", "col2im", _FOLD),
}
