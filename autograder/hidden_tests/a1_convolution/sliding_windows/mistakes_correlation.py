"""Typical mistakes about correlation in one and in two dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import (
    BORDERS,
    Step,
    border,
    sliding1d,
    sliding2d,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.wrong_steps import always_float, like_input
from autograder.mistakes import Mistake


def _flip_in_place(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    w[:] = w[::-1].copy()
    return RIGHT["correlate1d"](x, w)


def _adds_up() -> Step:
    """A correlate1d that adds to the array of the last call, if that had the same shapes."""
    last: list[Any] = [None, None]

    def correlate1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        out = RIGHT["correlate1d"](x, w)
        shapes = (x.shape, w.shape)
        last[:] = shapes, out + last[1] if last[0] == shapes else out
        return last[1]

    return correlate1d


def _prints(x: np.ndarray, w: np.ndarray) -> None:
    print(RIGHT["correlate1d"](x, w))


_ONE_D = (
    Mistake(
        "corr1d_flips",
        "correlate1d",
        {"correlate1d": RIGHT["convolve1d"]},
        "Your correlation gives the numbers of a true convolution.",
        "Which tap meets the first number of the window? Only one of the two functions turns the filter round.",
    ),
    Mistake(
        "conv1d_not_flipped",
        "correlate1d",
        {"convolve1d": RIGHT["correlate1d"]},
        "Your convolution gives the numbers of a correlation.",
        "What is the difference between the two? Try a filter that is 1 at one end and 0 elsewhere.",
    ),
    Mistake(
        "conv1d_flips_signal",
        "correlate1d",
        {"convolve1d": sliding1d(signal=np.flip)},
        "Your convolution comes out back to front.",
        "Turning the signal is not the same as turning the filter: in which order do the results come then?",
    ),
    Mistake(
        "corr1d_last_missing",
        "correlate1d",
        {"correlate1d": sliding1d(length=lambda x, w: len(x) - len(w))},
        "Your result is one number short.",
        "Put a window of 2 on 3 numbers by hand: how many places are there?",
    ),
    Mistake(
        "conv1d_same_length",
        "correlate1d",
        {"convolve1d": lambda x, w: RIGHT["convolve1d"](np.pad(x, (len(w) // 2, len(w) - 1 - len(w) // 2)), w)},
        "Your result is as long as the input.",
        "Only windows that lie inside the input count here; nothing is padded.",
    ),
    Mistake(
        "corr1d_mean",
        "correlate1d",
        {"correlate1d": sliding1d(scale=len, dtype=lambda x, w: np.result_type(x, w, np.float32))},
        "Your numbers are too small by one factor everywhere.",
        "Is it a weighted sum or a weighted mean?",
    ),
    Mistake(
        "corr1d_always_float64",
        "correlate1d",
        {"correlate1d": sliding1d(dtype=always_float)},
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
    ),
    Mistake(
        "corr1d_truncates",
        "correlate1d",
        {"correlate1d": sliding1d(dtype=like_input)},
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filter has a say as well.",
    ),
    Mistake(
        "conv1d_truncates",
        "correlate1d",
        {"convolve1d": sliding1d(turn=np.flip, dtype=like_input)},
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filter has a say as well.",
    ),
    Mistake(
        "corr1d_no_error",
        "correlate1d",
        {"correlate1d": sliding1d(check=False)},
        "A filter that is too long gives an empty result.",
        "What does the docstring say about a filter longer than the input?",
    ),
    Mistake(
        "corr1d_list",
        "correlate1d",
        {"correlate1d": lambda x, w: RIGHT["correlate1d"](x, w).tolist()},
        "Your result is a list.",
        "What does the docstring say about the type of the result? np.array makes one of a list.",
    ),
    Mistake(
        "corr1d_prints",
        "correlate1d",
        {"correlate1d": _prints},
        "Your function gives nothing back.",
        "Which word hands a result to the caller? print only shows it.",
    ),
    Mistake(
        "conv1d_flips_in_place",
        "correlate1d",
        {"convolve1d": _flip_in_place},
        "After the call the caller's filter is turned round.",
        "Does your line make a new array, or write into the one it was given?",
    ),
    Mistake(
        "corr1d_remembers",
        "correlate1d",
        {"correlate1d": _adds_up()},
        "A second call gives other numbers than the first.",
        "Where is the array made into which you add: inside the function?",
    ),
)


def _flip_kernel_in_place(image: np.ndarray, kernel: np.ndarray, **options: Any) -> np.ndarray:
    out = RIGHT["correlate2d"](image, kernel, **options)
    kernel[...] = kernel[::-1, ::-1].copy()
    return out


def _two_d(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "correlate2d", {"correlate2d": sliding2d(**steps)}, symptom, hint)


_TWO_D = (
    _two_d(
        "corr2d_true_convolution",
        "Your numbers match a kernel that is turned by 180 degrees.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=lambda w: w[::-1, ::-1],
    ),
    _two_d(
        "corr2d_flips_columns",
        "Your numbers match a kernel that is flipped left to right.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=lambda w: w[:, ::-1],
    ),
    _two_d(
        "corr2d_transposed_kernel",
        "Your numbers match a kernel whose rows and columns are swapped.",
        "Which index of the kernel runs along the height of the image?",
        turn=np.transpose,
    ),
    _two_d(
        "corr2d_kernel_rows_both",
        "Kernels that are not square give a wrong size.",
        "Which length does each of your loops over the kernel use?",
        kernel_size=lambda w: (w.shape[0], w.shape[0]),
        # What lies to the right of a square is never reached.
        turn=lambda w: w[:, : w.shape[0]],
    ),
    _two_d(
        "corr2d_width_from_height",
        "Images that are not square give a wrong size.",
        "Which length of the image does the width of your result come from?",
        out_size=lambda padded, k: (padded.shape[0] - k[0] + 1, padded.shape[0] - k[1] + 1),
    ),
    _two_d(
        "corr2d_last_row_missing",
        "The last row and column of your result are zero.",
        "How far does your loop run?",
        visited=lambda n: max(n - 1, 1),
    ),
    _two_d(
        "corr2d_padding_ignored",
        "Padding changes nothing in your result.",
        "Where does `padding` enter?",
        pad=lambda image, padding, mode: image,
    ),
    _two_d(
        "corr2d_padding_hard1",
        "Your border is always one pixel wide.",
        "Where does `padding` enter?",
        pad=lambda image, padding, mode: np.pad(image, min(padding, 1), mode=BORDERS[mode]),
    ),
    _two_d(
        "corr2d_pads_rows_only",
        "Rows are added above and below, but no columns at the sides.",
        "Which axes does your padding touch?",
        pad=border(BORDERS, lambda p: ((p, p), (0, 0))),
    ),
    _two_d(
        "corr2d_pads_after",
        "Your result is shifted: all of the padding lies below and to the right.",
        "How much of the padding belongs on each side?",
        pad=border(BORDERS, lambda p: ((0, 2 * p), (0, 2 * p))),
    ),
    _two_d(
        "corr2d_reflect_repeats_edge",
        "Your reflected border repeats the outermost pixel.",
        "Hold a mirror to the outermost pixel itself: what is the first pixel behind it?",
        pad=border(BORDERS | {"reflect": "symmetric"}),
    ),
    _two_d(
        "corr2d_reflect_is_edge",
        "Your reflected border holds copies of the outermost pixel only.",
        "A border two pixels wide shows two different pixels in a mirror.",
        pad=border(BORDERS | {"reflect": "edge"}),
    ),
    _two_d(
        "corr2d_circular_is_reflect",
        "Your circular border is a reflection.",
        "Walk out of the image on the right: on which side do you come in again?",
        pad=border(BORDERS | {"circular": "reflect"}),
    ),
    _two_d(
        "corr2d_modes_ignored",
        "Every kind of border is zeros in your result.",
        "Where does `mode` enter?",
        pad=border(dict.fromkeys(BORDERS, "constant")),
    ),
    _two_d(
        "corr2d_unknown_mode",
        "A mode that does not exist is taken for zeros.",
        "What does your last `else` stand for?",
        check_mode=False,
    ),
    _two_d(
        "corr2d_always_float64",
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
        dtype=always_float,
    ),
    _two_d(
        "corr2d_truncates",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The kernel has a say as well.",
        dtype=like_input,
    ),
    Mistake(
        "corr2d_changes_kernel",
        "correlate2d",
        {"correlate2d": _flip_kernel_in_place},
        "After the call the caller's kernel holds other numbers.",
        "Does your line make a new array, or write into the one it was given?",
    ),
)


MISTAKES: tuple[Mistake, ...] = (*_ONE_D, *_TWO_D)
