"""The listed mistakes about matrices, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import (
    RIGHT_AGAIN,
    Step,
    banded,
    count,
    listed,
    numbered,
    tabled,
    windowed,
)
from autograder.mistakes import named


def unrefused(size: int, kernel: int, stride: int, padding: int) -> int:
    """Starts of windows that lie inside, which may be none."""
    return len(range(-padding, size + padding - kernel + 1, stride))


def begun(size: int, kernel: int, stride: int, padding: int) -> int:
    """Starts of windows, until one reaches the end."""
    count(size, kernel, stride, padding)
    return len(range(-padding, size + padding - kernel + stride, stride))


def _once_padded(size: int, kernel: int, stride: int, padding: int) -> int:
    count(size, kernel, stride, padding)
    return len(range(0, size + padding - kernel + 1, stride))


def unpadded_corners(number: int, stride: int, padding: int) -> np.ndarray:
    """Where windows begin in what is padded already."""
    return stride * np.arange(number)


def close_corners(number: int, stride: int, padding: int) -> np.ndarray:
    """Windows that move by one."""
    return np.arange(number) - padding


def float64(*_arrays: Any) -> type:
    """One dtype for everything."""
    return np.float64


def dtype_of_first(first: np.ndarray, *_others: np.ndarray | None) -> np.dtype:
    """The dtype of one of several."""
    return first.dtype


def _circulant(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
    count(size, w.size, stride, padding)
    column = np.arange(size)
    start = np.arange(0, size, stride)[:, None] - padding
    longer = np.concatenate([w[:size], np.zeros(max(size - w.size, 0), w.dtype)])
    return longer[(column - start) % size]


def _every_other_column(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
    return np.take(RIGHT_AGAIN["toeplitz1d"](w, size, padding=padding), range(0, size, stride), axis=1)


def _turns_callers_filter(w: np.ndarray, size: int, **options: int) -> np.ndarray:
    out = RIGHT_AGAIN["toeplitz1d"](w, size, **options)
    np.copyto(w, np.flip(w).copy())
    return out


_TOEPLITZ: dict[str, Step] = {
    "transposed": banded(finish=np.transpose),
    "reversed": banded(turn=lambda w: w[::-1]),
    "circulant": _circulant,
    "wraps_padding": banded(place=lambda columns, width: (columns % width, np.ones(columns.shape, bool))),
    "drops_columns": _every_other_column,
    "stride_ignored": banded(
        number=lambda size, kernel, stride, padding: count(size, kernel, 1, padding), first=close_corners
    ),
    "starts_at_row": banded(first=close_corners),
    "padding_ignored": banded(
        number=lambda size, kernel, stride, padding: count(size, kernel, stride, 0), first=unpadded_corners
    ),
    "padded_columns": banded(first=unpadded_corners, width=lambda size, padding: size + padding + padding),
    "pads_one_side": banded(number=_once_padded),
    "pads_after": banded(first=unpadded_corners),
    "last_row_missing": banded(number=lambda *how: count(*how) - 1),
    "rounds_up": banded(number=begun),
    "float64": banded(dtype=float64),
    "no_error": banded(number=unrefused),
    "reverses_filter": _turns_callers_filter,
}


def _numbered_by_columns(rows: np.ndarray, columns: np.ndarray, size: Any) -> tuple[np.ndarray, np.ndarray]:
    return numbered(columns, rows, size[::-1])


def _numbered_anyway(rows: np.ndarray, columns: np.ndarray, size: Any) -> tuple[np.ndarray, np.ndarray]:
    table = rows * size[1] + columns
    return table, (table >= 0) & (table < size[0] * size[1])


def _wrong_rows(rows: np.ndarray, columns: np.ndarray, size: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.mod(rows * size[0] + columns, size[0] * size[1]), numbered(rows, columns, size)[1]


_MATRIX: dict[str, Step] = {
    "flipped": tabled(turn=lambda kernel: np.rot90(kernel, 2)),
    "transposed": tabled(finish=np.transpose),
    "column_major": tabled(pixels=_numbered_by_columns, arrange=lambda table: np.swapaxes(table, 0, 1)),
    "outputs_column_major": tabled(arrange=lambda table: np.swapaxes(table, 0, 1)),
    "stride_ignored": tabled(strides=lambda s: [1, 1]),
    "stride_rows_only": tabled(strides=lambda s: [s[0], 1]),
    "one_stride": tabled(strides=lambda s: s[:1] * 2),
    "padding_ignored": tabled(paddings=lambda p: [0, 0]),
    "padded_columns": tabled(
        image=lambda size, p: tuple(n + m + m for n, m in zip(size, p, strict=True)), first=unpadded_corners
    ),
    "next_row": tabled(pixels=_numbered_anyway),
    "padding_swapped": tabled(paddings=lambda p: [p[1], p[0]]),
    "width_from_height": tabled(output=lambda out: out[:1] * 2),
    "row_length": tabled(pixels=_wrong_rows),
    "float64": tabled(dtype=float64),
    "no_error": tabled(number=unrefused),
}

_LOCAL: dict[str, Step] = {
    "shared": windowed(weights=lambda w: np.broadcast_to(w[:1], w.shape)),
    "reversed": windowed(weights=np.fliplr),
    "positions_reversed": windowed(weights=np.flipud),
    "window_stays": windowed(starts=lambda positions, k: np.zeros(positions, int)),
    "no_error": windowed(refuse=lambda x, w: False),
    "too_many_accepted": windowed(refuse=lambda x, w: sum(w.shape) - 1 > x.size),
    "float64": windowed(dtype=float64),
    "truncates": windowed(dtype=dtype_of_first),
}


def _strides_of_windows(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    if x.size != sum(w.shape) - 1:
        raise ValueError("weights and positions don't go together")
    return np.einsum("ik,ik->i", np.resize(x, w.shape), w).astype(np.result_type(x, w))


_LOCAL["window_jumps"] = _strides_of_windows

_WEIGHTS: dict[str, Step] = {
    "local_shares": listed(local=lambda kernel, starts, size: kernel),
    "every_input": listed(local=lambda kernel, starts, size: sum(kernel for _ in range(size))),
    "full_square": listed(full=lambda kernel, starts, size: size**2),
    "biases": listed(
        conv=lambda kernel, starts, size: 1 + kernel,
        local=lambda kernel, starts, size: sum(kernel + 1 for _ in starts),
        full=lambda kernel, starts, size: sum(size + 1 for _ in starts),
    ),
    "shared_by_all": listed(conv=lambda kernel, starts, size: sum(kernel for _ in starts)),
    "order": listed(finish=lambda counts: counts[::-1]),
    "one_position_less": listed(starts=lambda size, kernel: range(size - kernel)),
    "no_error": listed(
        refuse=False,
        local=lambda kernel, starts, size: kernel * (starts.stop - starts.start),
        full=lambda kernel, starts, size: size * (starts.stop - starts.start),
    ),
    "floats": listed(finish=lambda counts: tuple(map(float, counts))),
}

SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("toeplitz", "toeplitz1d", _TOEPLITZ),
    **named("matrix2d", "conv_matrix2d", _MATRIX),
    **named("local", "locally_connected1d", _LOCAL),
    **named("weights", "count_weights", _WEIGHTS),
}
