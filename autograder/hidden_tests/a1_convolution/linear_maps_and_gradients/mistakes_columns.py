"""Typical mistakes about windows as columns, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import (
    COPY,
    DTYPE,
    FITS,
    at_least_none,
    rounded_up,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import (
    col2im,
    folding,
    im2col,
    put_into,
    unfolding,
)
from autograder.mistakes import Mistake

STRIDE = "Where does `stride` enter?"


PADDING = "Where does `padding` enter?"


AXES = "Which entry of the pair belongs to the rows, which to the columns?"


SUM = "A bias is added at every position of every image. What is the gradient of a number that is used many times?"


ORDER_OF_THREE = "In which order does the docstring name the three gradients?"


def _unfold(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"im2col_{id}", "im2col", {"im2col": unfolding(**steps)}, symptom, hint)


def _fold(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"col2im_{id}", "im2col", {"col2im": folding(**steps)}, symptom, hint)


def _columns_first(out: tuple[int, int]) -> list[tuple[int, int]]:
    return [(i, j) for j in range(out[1]) for i in range(out[0])]


def _moves_by_one(place: tuple[int, int], s: tuple[int, int], k: tuple[int, int]) -> tuple[slice, ...]:
    return (slice(None), slice(None), *(slice(i, i + n) for i, n in zip(place, k, strict=True)))


_UNFOLD = (
    _unfold(
        "channels_last",
        "The rows of your columns are in another order: all channels of a pixel come together.",
        "Which index runs slowest within a column: the channel, the row or the column of the window?",
        row=lambda window: window.transpose(0, 2, 3, 1).reshape(len(window), -1),
    ),
    _unfold(
        "window_column_major",
        "The rows of your columns are in another order: windows are read column by column.",
        "Which index runs fastest within a column?",
        row=lambda window: window.transpose(0, 1, 3, 2).reshape(len(window), -1),
    ),
    _unfold(
        "positions_column_major",
        "Your columns are in another order: positions are numbered column by column.",
        "Which index of the output runs fastest from one column to the next?",
        order=_columns_first,
    ),
    _unfold(
        "transposed",
        "Your columns are rows.",
        "Which axis of the result holds the positions?",
        finish=lambda cols: cols.transpose(0, 2, 1),
    ),
    _unfold(
        "one_matrix",
        "Your images have become one matrix.",
        "How many axes has the result, and what is the first one?",
        finish=lambda cols: cols.transpose(1, 0, 2).reshape(cols.shape[1], -1),
    ),
    _unfold(
        "sides_swapped",
        "Height and width of your windows are exchanged.",
        AXES,
        kernel_size=lambda k: k[::-1],
    ),
    _unfold(
        "square_windows",
        "Your windows are always as wide as they are high.",
        AXES,
        kernel_size=lambda k: (k[0], k[0]),
    ),
    _unfold("stride_ignored", "The stride changes nothing in your columns.", STRIDE, strides=lambda s: (1, 1)),
    _unfold(
        "stride_rows_only",
        "Your windows move by the stride downwards, but by one to the right.",
        "How many axes does a stride have?",
        strides=lambda s: (s[0], 1),
    ),
    _unfold("stride_swapped", "The strides of rows and columns are exchanged.", AXES, strides=lambda s: s[::-1]),
    _unfold(
        "moves_by_one",
        "With a stride there are as many columns as there should be, but the windows move by one.",
        "Where does the window of output (i, j) begin?",
        where=_moves_by_one,
    ),
    _unfold("padding_ignored", "Padding changes nothing in your columns.", PADDING, paddings=lambda p: (0, 0)),
    _unfold("padding_swapped", "The padding of rows and columns is exchanged.", AXES, paddings=lambda p: p[::-1]),
    _unfold(
        "pads_after",
        "Your columns are shifted: all of the padding lies below and to the right.",
        "How much of the padding belongs on each side?",
        pad=lambda x, p: np.pad(x, ((0, 0), (0, 0), (0, 2 * p[0]), (0, 2 * p[1]))),
    ),
    _unfold(
        "pads_with_edge",
        "Your border repeats the outermost pixels.",
        "What stands outside of the image?",
        pad=lambda x, p: np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])), mode="edge"),
    ),
    _unfold(
        "width_from_height",
        "Images that are not square give a wrong number of columns.",
        "Which length of the image does the width of the output come from?",
        out_size=lambda out: (out[0], out[0]),
    ),
    _unfold(
        "last_missing",
        "You leave out the last row and column of positions.",
        "Put a window of 2 on 3 pixels by hand: how many places are there?",
        out_size=lambda out: (max(out[0] - 1, 1), max(out[1] - 1, 1)),
    ),
    _unfold(
        "rounds_up",
        "With some strides your last windows stick out.",
        "What becomes of a last window that sticks out?",
        length=rounded_up,
    ),
    _unfold("float64", "Your columns are float64 whatever comes in.", DTYPE, dtype=lambda x: np.float64),
    _unfold("no_error", "A window that does not fit gives no columns.", FITS, length=at_least_none),
)


def _by_taps(cols: np.ndarray, in_shape: Any, kernel: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
    """The loop over taps that writes instead of adding: the last tap wins, which is the first window."""
    backwards = folding(put=put_into, order=lambda out: list(np.ndindex(*out))[::-1])
    count = cols.shape[2]
    return backwards(
        cols[:, :, [count - 1 - n for n in range(count)]], in_shape, kernel, stride=stride, padding=padding
    )


def _counts(out: np.ndarray, cols: np.ndarray, kernel: Any, options: dict[str, Any]) -> np.ndarray:
    ones = im2col(np.ones(out.shape), kernel, **options)
    return np.maximum(col2im(ones, out.shape, kernel, **options), 1)


def _averages(cols: np.ndarray, in_shape: Any, kernel: Any, **options: Any) -> np.ndarray:
    out = col2im(cols, in_shape, kernel, **options)
    return (out / _counts(out, cols, kernel, options)).astype(cols.dtype)


def _negative_crop(padded: np.ndarray, p: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    return padded[:, :, p[0] : -p[0], p[1] : -p[1]]


def _changes_columns(cols: np.ndarray, in_shape: Any, kernel: Any, **options: Any) -> np.ndarray:
    out = col2im(cols, in_shape, kernel, **options)
    cols *= 0
    return out


_FOLD = (
    _fold(
        "last_window_wins",
        "Where windows overlap, only one of them counts in your images.",
        "A pixel that stands in several columns: what must come back to it?",
        put=put_into,
    ),
    Mistake(
        "col2im_last_tap_wins",
        "im2col",
        {"col2im": _by_taps},
        "Where windows overlap, only one of them counts in your images.",
        "A pixel that stands in several columns: what must come back to it?",
    ),
    Mistake(
        "col2im_averages",
        "im2col",
        {"col2im": _averages},
        "Your images are averages where windows overlap.",
        "Is col2im the way back to the same image, or the transpose of a matrix? A sum has no divisor.",
    ),
    _fold(
        "padded",
        "Your images still have their padding.",
        "Which size does `in_shape` name?",
        crop=lambda padded, p, size: padded,
    ),
    _fold(
        "crop_top_left",
        "With padding your images are shifted.",
        "At which row and column of the padded images does the image begin?",
        crop=lambda padded, p, size: padded[:, :, : size[0], : size[1]],
    ),
    _fold(
        "crop_negative",
        "Without padding your images are empty.",
        "What does x[0:-0] give?",
        crop=_negative_crop,
    ),
    _fold(
        "rest_missing",
        "Where a stride leaves pixels over your images are too small.",
        "Which size does `in_shape` name? Pixels that no window has seen get zeros.",
        room=lambda size, p, out, k, s: ((out[0] - 1) * s[0] + k[0], (out[1] - 1) * s[1] + k[1]),
    ),
    _fold(
        "channels_last",
        "The entries of a column come back to the wrong pixels and channels.",
        "Which index runs slowest within a column: the channel, the row or the column of the window?",
        block=lambda column, c, k: column.reshape(-1, *k, c).transpose(0, 3, 1, 2),
    ),
    _fold(
        "window_column_major",
        "The entries of a column come back transposed.",
        "Which index runs fastest within a column?",
        block=lambda column, c, k: column.reshape(-1, c, *k[::-1]).transpose(0, 1, 3, 2),
    ),
    _fold(
        "positions_column_major",
        "Your columns come back to the wrong places.",
        "Which index of the output runs fastest from one column to the next?",
        order=_columns_first,
    ),
    _fold(
        "flipped",
        "The entries of a column come back turned by 180 degrees.",
        "From which pixel of the window did the first entry of a column come?",
        block=lambda column, c, k: column.reshape(-1, c, *k)[:, :, ::-1, ::-1],
    ),
    _fold("stride_swapped", "The strides of rows and columns are exchanged.", AXES, strides=lambda s: s[::-1]),
    _fold("float64", "Your images are float64 whatever comes in.", DTYPE, dtype=lambda cols: np.float64),
    Mistake(
        "col2im_changes_columns",
        "im2col",
        {"col2im": _changes_columns},
        "After the call the caller's columns hold other numbers.",
        COPY,
    ),
)


MISTAKES: tuple[Mistake, ...] = (*_UNFOLD, *_FOLD)
