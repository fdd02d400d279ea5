"""The listed mistakes about correlation in one and in two dimensions, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.second_steps import edge, float64, input_dtype
from autograder.hidden_tests.a1_convolution.sliding_windows.windows import RIGHT_AGAIN
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import (
    SOURCES,
    Step,
    by_index,
    fold,
    fold_between,
    rows1d,
    shifts2d,
)
from autograder.mistakes import named


def _crops_full(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    wide = np.concatenate([np.zeros_like(x, shape=len(w) - 1), x, np.zeros_like(x, shape=len(w) - 1)])
    middle = (len(w) - 1) // 2
    return RIGHT_AGAIN["convolve1d"](wide, w)[middle : middle + len(x)]


def _reverses_callers_filter(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    np.copyto(w, np.flip(w).copy())
    return RIGHT_AGAIN["correlate1d"](x, w)


class _Accumulator:
    """A correlate1d whose result array outlives the call, as long as the shapes stay."""

    def __init__(self) -> None:
        self.shapes: Any = None
        self.total: Any = None

    def __call__(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        new = RIGHT_AGAIN["correlate1d"](x, w)
        if (x.shape, w.shape) != self.shapes:
            self.shapes, self.total = (x.shape, w.shape), np.zeros_like(new)
        self.total = self.total + new
        return self.total


def _lists_sums(x: np.ndarray, w: np.ndarray) -> list[Any]:
    if len(w) > len(x):
        raise ValueError("the filter does not fit")
    return [sum(pixel * tap for pixel, tap in zip(x[i:], w, strict=False)) for i in range(len(x) - len(w) + 1)]


_ONE_D: dict[str, Mapping[str, Step]] = {
    "corr1d_flips": {"correlate1d": rows1d(turn=np.flip)},
    "conv1d_not_flipped": {"convolve1d": rows1d()},
    "conv1d_flips_signal": {"convolve1d": rows1d(arrange=lambda rows: rows[::-1, ::-1])},
    "corr1d_last_missing": {"correlate1d": rows1d(places=lambda x, w: len(x) - len(w))},
    "conv1d_same_length": {"convolve1d": _crops_full},
    "corr1d_mean": {
        "correlate1d": rows1d(
            turn=lambda w: w / len(w), dtype=lambda x, w: np.result_type(x, w / w.dtype.type(1), np.float32)
        )
    },
    "corr1d_always_float64": {"correlate1d": rows1d(dtype=float64)},
    "corr1d_truncates": {"correlate1d": rows1d(dtype=input_dtype)},
    "corr1d_list": {"correlate1d": _lists_sums},
    "corr1d_prints": {"correlate1d": lambda x, w: print(RIGHT_AGAIN["correlate1d"](x, w))},
    "conv1d_truncates": {"convolve1d": rows1d(turn=np.flip, dtype=input_dtype)},
    "corr1d_no_error": {"correlate1d": rows1d(refuse=lambda x, w: False)},
    "conv1d_flips_in_place": {"convolve1d": _reverses_callers_filter},
    "corr1d_remembers": {"correlate1d": _Accumulator()},
}


def _turns_callers_kernel(image: np.ndarray, kernel: np.ndarray, **options: Any) -> np.ndarray:
    out = RIGHT_AGAIN["correlate2d"](image, kernel, **options)
    np.copyto(kernel, np.rot90(kernel, 2).copy())
    return out


def _without_last(total: np.ndarray) -> np.ndarray:
    """Leave the last row and column at zero, but for the first."""
    out = np.zeros_like(total)
    rows, columns = (max(n - 1, 1) for n in total.shape)
    out[:rows, :columns] = total[:rows, :columns]
    return out


def _padded(sides: Step) -> Step:
    return shifts2d(pad=by_index(SOURCES, sides))


def _sourced(**sources: Step | None) -> Step:
    return shifts2d(pad=by_index(SOURCES | sources))


_TWO_D: dict[str, Step] = {
    "true_convolution": shifts2d(turn=lambda w: np.rot90(w, 2)),
    "flips_columns": shifts2d(turn=np.fliplr),
    "transposed_kernel": shifts2d(turn=lambda w: np.einsum("ij->ji", w)),
    "kernel_rows_both": shifts2d(window=lambda w: (len(w), len(w))),
    "width_from_height": shifts2d(size=lambda padded, k: (len(padded) - k[0] + 1, len(padded) - k[1] + 1)),
    "last_row_missing": shifts2d(finish=_without_last),
    "padding_ignored": _padded(lambda p: ((0, 0), (0, 0))),
    "padding_hard1": _padded(lambda p: ((min(p, 1),) * 2,) * 2),
    "pads_rows_only": _padded(lambda p: ((p, p), (0, 0))),
    "pads_after": _padded(lambda p: ((0, p + p), (0, p + p))),
    "reflect_repeats_edge": _sourced(reflect=fold_between),
    "reflect_is_edge": _sourced(reflect=edge),
    "circular_is_reflect": _sourced(circular=fold),
    "modes_ignored": _sourced(reflect=None, circular=None),
    "unknown_mode": shifts2d(unknown=lambda mode: "zeros"),
    "always_float64": shifts2d(dtype=float64),
    "truncates": shifts2d(dtype=input_dtype),
    "changes_kernel": _turns_callers_kernel,
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **_ONE_D,
    **named("corr2d", "correlate2d", _TWO_D),
}
