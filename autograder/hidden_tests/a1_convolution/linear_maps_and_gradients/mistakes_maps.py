"""Typical mistakes about matrices: Toeplitz, the 2-D matrix, weights that are not shared."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import (
    RIGHT,
    counted,
    local,
    matrix2d,
    places,
    toeplitz,
)
from autograder.mistakes import Mistake

DTYPE = "Which dtype does np.zeros give by default? The docstring says which one is asked for."
FITS = "How many positions does a window have that is longer than what it slides over? The docstring says what to do."
WHOLE = "With whole numbers in, your function fails."
LIKE = "What dtype has an array that is made by np.zeros_like? Can fractions be added into whole numbers?"
COPY = "Does your line make a new array, or write into the one it was given?"


def at_least_none(size: int, kernel: int, stride: int, padding: int) -> int:
    """Positions of a window; none where it does not fit."""
    return max((size + 2 * padding - kernel) // stride + 1, 0)


def rounded_up(size: int, kernel: int, stride: int, padding: int) -> int:
    """Positions of a window, the last of which may stick out."""
    places(size, kernel, stride, padding)
    return -(-(size + 2 * padding - kernel) // stride) + 1


def one_side(size: int, kernel: int, stride: int, padding: int) -> int:
    """Positions where there is padding on one side only."""
    places(size, kernel, stride, padding)
    return max((size + padding - kernel) // stride + 1, 0)


def _toeplitz(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"toeplitz_{id}", "toeplitz1d", {"toeplitz1d": toeplitz(**steps)}, symptom, hint)


def _square_circulant(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
    places(size, len(w), stride, padding)
    first = np.zeros(size, w.dtype)
    first[: min(len(w), size)] = w[:size]
    return np.array([np.roll(first, i * stride - padding) for i in range(-(-size // stride))])


def _drops_columns(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
    return RIGHT["toeplitz1d"](w, size, padding=padding)[:, ::stride]


def _reverses_filter(w: np.ndarray, size: int, **options: int) -> np.ndarray:
    out = RIGHT["toeplitz1d"](w, size, **options)
    w[...] = w[::-1].copy()
    return out


_TOEPLITZ = (
    _toeplitz(
        "transposed",
        "Your matrix lies on its side.",
        "You multiply it from the left: how long is the signal, and so each row?",
        finish=lambda matrix, stride: matrix.T.copy(),
    ),
    _toeplitz(
        "reversed",
        "Your rows hold the filter back to front.",
        "Which number of the window meets the first tap? Multiply the first row with the signal by hand.",
        turn=np.flip,
    ),
    Mistake(
        "toeplitz_circulant",
        "toeplitz1d",
        {"toeplitz1d": _square_circulant},
        "Your matrix has a row for every number of the input, and the last rows come in again on the left.",
        "At how many positions does the whole filter lie on the signal?",
    ),
    _toeplitz(
        "wraps_padding",
        "Taps that lie on the padding come in again at the other end of the row.",
        "Which number does a tap on the padding meet? What does it leave in the matrix?",
        column=lambda place, width: place % width,
    ),
    Mistake(
        "toeplitz_drops_columns",
        "toeplitz1d",
        {"toeplitz1d": _drops_columns},
        "With a stride your matrix has fewer columns.",
        "A stride leaves out positions of the window. Are these the rows or the columns of the matrix?",
    ),
    _toeplitz(
        "stride_ignored",
        "The stride changes nothing in your matrix.",
        "Where does `stride` enter?",
        rows=lambda size, kernel, stride, padding: places(size, kernel, 1, padding),
        start=lambda i, stride, padding: i - padding,
    ),
    _toeplitz(
        "starts_at_row",
        "With a stride your matrix has the right shape, but its windows move by one.",
        "Where does the window of row i begin?",
        start=lambda i, stride, padding: i - padding,
    ),
    _toeplitz(
        "padding_ignored",
        "Padding changes nothing in your matrix.",
        "Where does `padding` enter?",
        rows=lambda size, kernel, stride, padding: places(size, kernel, stride, 0),
        start=lambda i, stride, padding: i * stride,
    ),
    _toeplitz(
        "padded_columns",
        "Your matrix has columns for the padding, too.",
        "The matrix is multiplied with the signal as it is, without padding.",
        start=lambda i, stride, padding: i * stride,
        width=lambda size, padding: size + 2 * padding,
    ),
    _toeplitz(
        "pads_one_side",
        "With padding your matrix has too few rows.",
        "On how many sides is padding added?",
        rows=one_side,
    ),
    _toeplitz(
        "pads_after",
        "With padding your windows stand too far to the right.",
        "Where does the first window begin, if there is padding on the left?",
        start=lambda i, stride, padding: i * stride,
    ),
    _toeplitz(
        "last_row_missing",
        "Your matrix is one row short.",
        "Put a window of 2 on 3 numbers by hand: how many places are there?",
        rows=lambda size, kernel, stride, padding: places(size, kernel, stride, padding) - 1,
    ),
    _toeplitz(
        "rounds_up",
        "With some strides your last row holds only a part of the filter.",
        "What becomes of a last window that sticks out?",
        rows=rounded_up,
    ),
    _toeplitz("float64", "Your matrix is float64 whatever comes in.", DTYPE, dtype=lambda w: np.float64),
    _toeplitz("no_error", "A filter that does not fit gives an empty matrix.", FITS, rows=at_least_none),
    Mistake(
        "toeplitz_reverses_filter",
        "toeplitz1d",
        {"toeplitz1d": _reverses_filter},
        "After the call the caller's filter is turned round.",
        COPY,
    ),
)


def _matrix(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"matrix2d_{id}", "conv_matrix2d", {"conv_matrix2d": matrix2d(**steps)}, symptom, hint)


def by_columns(row: int, column: int, size: tuple[int, int]) -> int | None:
    """Number of a pixel in an image that is read column by column."""
    inside = 0 <= row < size[0] and 0 <= column < size[1]
    return column * size[0] + row if inside else None


def _columns_first(out: tuple[int, int]) -> list[tuple[int, int]]:
    return [(i, j) for j in range(out[1]) for i in range(out[0])]


def _next_row(row: int, column: int, size: tuple[int, int]) -> int | None:
    place = row * size[1] + column
    return place if 0 <= place < size[0] * size[1] else None


_MATRIX = (
    _matrix(
        "flipped",
        "Your matrix does a true convolution.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=lambda kernel: kernel[::-1, ::-1],
    ),
    _matrix(
        "transposed",
        "Your matrix lies on its side.",
        "You multiply it from the left: how many pixels has the image, and so each row?",
        finish=lambda matrix: matrix.T.copy(),
    ),
    _matrix(
        "column_major",
        "Your matrix reads images column by column.",
        "How does `reshape(-1)` number the pixels of an image: along the rows or along the columns?",
        pixel=by_columns,
        order=_columns_first,
    ),
    _matrix(
        "outputs_column_major",
        "The rows of your matrix are in another order.",
        "How does `reshape` number the positions: along the rows of the output or along its columns?",
        order=_columns_first,
    ),
    _matrix(
        "stride_ignored",
        "The stride changes nothing in your matrix.",
        "Where does `stride` enter?",
        strides=lambda s: (1, 1),
    ),
    _matrix(
        "stride_rows_only",
        "Your windows move by the stride downwards, but by one to the right.",
        "How many axes does a stride have?",
        strides=lambda s: (s[0], 1),
    ),
    _matrix(
        "one_stride",
        "A stride that differs between the axes is taken for the same one twice.",
        "Which entry of the pair belongs to the columns?",
        strides=lambda s: (s[0], s[0]),
    ),
    _matrix(
        "padding_ignored",
        "Padding changes nothing in your matrix.",
        "Where does `padding` enter?",
        paddings=lambda p: (0, 0),
    ),
    _matrix(
        "padded_columns",
        "Your matrix has columns for the padding, too.",
        "The matrix is multiplied with the image as it is, without padding.",
        image=lambda size, p: (size[0] + 2 * p[0], size[1] + 2 * p[1]),
        start=lambda i, s, p: i * s,
    ),
    _matrix(
        "next_row",
        "Taps that stick out at the sides land in the row above or below.",
        "The pixel left of column 0 is not the last one of the row above. When is a tap outside of the image?",
        pixel=_next_row,
    ),
    _matrix(
        "padding_swapped",
        "The padding of rows and columns is exchanged.",
        "Which entry of the pair belongs to the rows?",
        paddings=lambda p: p[::-1],
    ),
    _matrix(
        "width_from_height",
        "Images that are not square give a wrong matrix.",
        "Which length of the image does the width of the output come from?",
        out_size=lambda out: (out[0], out[0]),
    ),
    _matrix(
        "row_length",
        "Images that are not square are read with the wrong length of a row.",
        "By how much does the number of a pixel grow from one row to the next?",
        pixel=lambda row, column, size: (
            (row * size[0] + column) % (size[0] * size[1]) if 0 <= row < size[0] and 0 <= column < size[1] else None
        ),
    ),
    _matrix("float64", "Your matrix is float64 whatever comes in.", DTYPE, dtype=lambda kernel: np.float64),
    _matrix("no_error", "A kernel that does not fit gives an empty matrix.", FITS, rows=at_least_none),
)


def _local(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"locally_connected1d": local(**steps)}
    return Mistake(f"local_{id}", "locally_connected", functions, symptom, hint)


def _weights(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"count_weights": counted(**steps)}
    return Mistake(f"weights_{id}", "locally_connected", functions, symptom, hint)


ORDER = "Read the docstring once more: in which order do the three come?"

_LOCAL = (
    _local(
        "shared",
        "All your positions use the first window of weights.",
        "Which row of `w` belongs to position i?",
        taps=lambda w, i: w[0],
    ),
    _local(
        "reversed",
        "Your windows of weights are back to front.",
        "Which number of the window meets the first weight?",
        taps=lambda w, i: w[i, ::-1],
    ),
    _local(
        "positions_reversed",
        "Your windows of weights are taken from the last to the first.",
        "Which row of `w` belongs to position 0?",
        taps=lambda w, i: w[len(w) - 1 - i],
    ),
    _local(
        "window_stays",
        "All your positions look at the beginning of the signal.",
        "Where does window i begin?",
        window=lambda x, i, k: x[:k],
    ),
    _local(
        "window_jumps",
        "Your windows don't overlap.",
        "By how much does the window move from one position to the next?",
        window=lambda x, i, k: np.take(x, range(i * k, i * k + k), mode="wrap"),
    ),
    _local(
        "no_error",
        "Too few or too many windows of weights are accepted.",
        "How many positions are there? Compare that with what you were given before you begin.",
        check=lambda x, w: True,
    ),
    _local(
        "too_many_accepted",
        "Too few windows of weights are accepted.",
        "Both too few and too many don't go together with the signal.",
        check=lambda x, w: len(w) <= len(x) - w.shape[1] + 1,
    ),
    _local("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=lambda x, w: np.float64),
    _local(
        "truncates",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The weights have a say as well.",
        dtype=lambda x, w: x.dtype,
    ),
    _weights(
        "local_shares",
        "Your locally connected layer has as few weights as the convolution.",
        "Does a locally connected layer use a weight twice?",
        shares=lambda size, kernel, places: (kernel, kernel, size * places),
    ),
    _weights(
        "every_input",
        "Your locally connected layer has a window at every number of the input.",
        "At how many positions does the whole window lie on the input?",
        shares=lambda size, kernel, places: (kernel, kernel * size, size * places),
    ),
    _weights(
        "full_square",
        "Your full layer has as many outputs as inputs.",
        "All three layers have the same inputs and the same outputs: how many outputs is that?",
        shares=lambda size, kernel, places: (kernel, kernel * places, size * size),
    ),
    _weights(
        "biases",
        "Your counts are too large by the biases.",
        "Does the task count biases?",
        shares=lambda size, kernel, places: (kernel + 1, (kernel + 1) * places, (size + 1) * places),
    ),
    _weights(
        "shared_by_all",
        "Your convolution has weights for every position.",
        "How many different numbers does a convolution learn?",
        shares=lambda size, kernel, places: (kernel * places, kernel * places, size * places),
    ),
    _weights(
        "order",
        "Your three counts come in another order.",
        ORDER,
        shares=lambda size, kernel, places: (size * places, kernel * places, kernel),
    ),
    _weights(
        "one_position_less",
        "You count one position too few.",
        "Put a window of 2 on 3 numbers by hand: how many places are there?",
        places=lambda size, kernel: size - kernel,
    ),
    _weights("no_error", "A window that is too long is counted.", FITS, check=False),
    _weights(
        "floats",
        "Your counts are not whole numbers.",
        "What does / give, even where nothing is left over?",
        shares=lambda size, kernel, places: (kernel / 1, kernel * places / 1, size * places / 1),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*_TOEPLITZ, *_MATRIX, *_LOCAL)
