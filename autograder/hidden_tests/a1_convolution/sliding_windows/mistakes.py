"""Typical mistakes in sliding_windows: each is a right answer with one step done otherwise.

Symptoms and hints are read by students. They don't name the answer: a symptom says what the numbers look like, a hint
asks a question or names the next step.
"""

from __future__ import annotations

import math
from operator import truediv
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import (
    BORDERS,
    RIGHT,
    SOBEL,
    Step,
    bell,
    border,
    conv_layer,
    counts,
    depth,
    edges,
    fields,
    keeping,
    matching,
    mlp,
    pixelwise,
    sliding1d,
    sliding2d,
    spread,
    squares,
    take_group,
    weigh,
    window_count,
    zeros_around,
)
from autograder.mistakes import Mistake, Policy


def _flip(w: np.ndarray) -> np.ndarray:
    """Turn a filter over all its spatial axes."""
    return np.flip(w, tuple(range(2, w.ndim)))


def _always_float(*_arrays: np.ndarray) -> type:
    return np.float64


def _like_input(x: np.ndarray, *_others: np.ndarray | None) -> np.dtype:
    return x.dtype


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
        {"correlate1d": sliding1d(dtype=_always_float)},
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
    ),
    Mistake(
        "corr1d_truncates",
        "correlate1d",
        {"correlate1d": sliding1d(dtype=_like_input)},
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filter has a say as well.",
    ),
    Mistake(
        "conv1d_truncates",
        "correlate1d",
        {"convolve1d": sliding1d(turn=np.flip, dtype=_like_input)},
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
        dtype=_always_float,
    ),
    _two_d(
        "corr2d_truncates",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The kernel has a say as well.",
        dtype=_like_input,
    ),
    Mistake(
        "corr2d_changes_kernel",
        "correlate2d",
        {"correlate2d": _flip_kernel_in_place},
        "After the call the caller's kernel holds other numbers.",
        "Does your line make a new array, or write into the one it was given?",
    ),
)


def _match(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "match_template", {"match_template": matching(**steps)}, symptom, hint)


def _lossy_norm(window: np.ndarray, template: np.ndarray) -> float:
    spread_of_window = (window**2).mean() - window.mean() ** 2
    return np.sqrt(abs(spread_of_window) * window.size * (template**2).sum())


def _last_best(scores: np.ndarray, template: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(scores == scores.max())[-1])


_MATCH = (
    _match(
        "match_raw_product",
        "Your best match is the brightest patch.",
        "What does a dot product give for a patch that is bright everywhere?",
        centre=lambda window, image: window,
        centre_template=lambda template: template,
        norm=lambda window, template: 1.0,
    ),
    _match(
        "match_window_not_centred",
        "Your scores change when light is added to the image.",
        "Which mean is taken off before the norm of the window is computed?",
        centre=lambda window, image: window,
    ),
    _match(
        "match_image_mean",
        "You take off the mean of the whole image.",
        "Each window has a brightness of its own.",
        centre=lambda window, image: window - image.mean(),
    ),
    _match(
        "match_template_not_centred",
        "Your scores never reach 1, not even at a perfect match.",
        "Both sides of the product have a mean and a norm.",
        centre_template=lambda template: template,
    ),
    _match(
        "match_window_norm_missing",
        "Windows with more contrast score higher.",
        "Both sides of the product have a mean and a norm.",
        norm=lambda window, template: np.sqrt((template**2).sum()),
    ),
    _match(
        "match_template_norm_missing",
        "Your scores are all too large by one factor.",
        "Both sides of the product have a mean and a norm.",
        norm=lambda window, template: np.sqrt((window**2).sum()),
    ),
    _match(
        "match_std_not_norm",
        "Your scores are too large by the number of pixels.",
        "A standard deviation is a norm divided by something: by what?",
        norm=lambda window, template: window.std() * template.std(),
    ),
    _match(
        "match_no_root",
        "Your scores are too small where the contrast is high.",
        "Is it the norm that you divide by, or its square?",
        norm=lambda window, template: (window**2).sum() * (template**2).sum(),
    ),
    _match(
        "match_absolute",
        "Your scores are never negative.",
        "What should the score of a photographic negative be?",
        score=np.abs,
    ),
    _match(
        "match_best_of_absolute",
        "The negative of the template counts as the best match.",
        "What should the score of a photographic negative be?",
        best=lambda scores, template: np.unravel_index(np.abs(scores).argmax(), scores.shape),
    ),
    _match(
        "match_worst",
        "Your place is where the template matches worst.",
        "Is a high score good or bad?",
        best=lambda scores, template: np.unravel_index(scores.argmin(), scores.shape),
    ),
    _match(
        "match_place_swapped",
        "Your place has column and row exchanged.",
        "Which index of the array comes first?",
        best=lambda scores, template: np.unravel_index(scores.argmax(), scores.shape)[::-1],
    ),
    _match(
        "match_place_flat",
        "Your place is one number.",
        "argmax counts through the flattened array: np.unravel_index turns that back.",
        best=lambda scores, template: int(scores.argmax()),
    ),
    _match(
        "match_place_centre",
        "Your place is the middle of the match, not its first pixel.",
        "Which pixel of the window does an entry of the scores stand for?",
        best=lambda scores, template: tuple(
            int(i) + n // 2
            for i, n in zip(np.unravel_index(scores.argmax(), scores.shape), template.shape, strict=True)
        ),
    ),
    _match(
        "match_flat_is_nan",
        "Flat windows score NaN.",
        "What is the norm of a window without contrast?",
        flat=lambda numerator: math.nan,
    ),
    _match(
        "match_flat_is_one",
        "Flat windows score 1.",
        "Does a window without contrast look like the template?",
        flat=lambda numerator: 1.0,
    ),
    _match(
        "match_bytes_overflow",
        "Images of bytes give wild scores.",
        "What is 10 - 20 in np.uint8?",
        read=lambda array: array.copy(),
        centre=lambda window, image: window - window.mean().astype(window.dtype),
        centre_template=lambda template: template - template.mean().astype(template.dtype),
    ),
    _match(
        "match_turned_template",
        "Your best match is where the template turned by 180 degrees lies.",
        "Is it a correlation or a true convolution?",
        turn=lambda template: template[::-1, ::-1],
    ),
    _match(
        "match_lossy_variance",
        "Your scores lose their digits in bright images.",
        "The difference of two large numbers: take the mean off before squaring.",
        centre=lambda window, image: window,
        norm=_lossy_norm,
        is_flat=lambda norm: norm < 1e-9,
    ),
    Mistake(
        "match_last_of_ties",
        "match_template",
        {"match_template": matching(best=_last_best)},
        "Of several equally good places you give the last.",
        "np.argmax gives the first of several; either is right.",
        Policy.REMARK,
    ),
)


def _bell(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "sobel_edges", {"gaussian_kernel": bell(**steps)}, symptom, hint)


def _edges(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "sobel_edges", {"sobel_edges": edges(**steps)}, symptom, hint)


_EDGES = (
    _bell(
        "gauss_not_normalised",
        "Your weights don't add up to 1.",
        "What happens to the brightness of a picture that is smoothed with them?",
        finish=lambda kernel, sigma: kernel,
    ),
    _bell(
        "gauss_by_formula",
        "Your weights add up to 1 only nearly.",
        "The factor of the formula holds for an endless bell without gaps; what do yours add up to?",
        finish=lambda kernel, sigma: kernel / (2 * np.pi * sigma**2),
    ),
    _bell(
        "gauss_two_missing",
        "Your bell is too narrow.",
        "Write down the exponent: what stands below the squared distance?",
        exponent=lambda squared, sigma: -squared / sigma**2,
    ),
    _bell(
        "gauss_sigma_not_squared",
        "Your bell has the right width for sigma = 1 only.",
        "Write down the exponent: what stands below the squared distance?",
        exponent=lambda squared, sigma: -squared / (2 * sigma),
    ),
    _bell(
        "gauss_sigma_ignored",
        "Your weights don't depend on sigma.",
        "Where does `sigma` enter?",
        exponent=lambda squared, sigma: -squared / 2,
    ),
    _bell(
        "gauss_distance_not_squared",
        "Your bell has a sharp tip and long tails.",
        "Is it the distance or its square that stands in the exponent?",
        exponent=lambda squared, sigma: -np.sqrt(squared) / (2 * sigma**2),
    ),
    _bell(
        "gauss_off_centre",
        "The largest weight is not in the middle.",
        "For 5 pixels, which index is the middle?",
        middle=lambda size: size / 2,
    ),
    _edges(
        "sobel_swapped",
        "Your gx and gy are exchanged.",
        "Does gx answer to a change along x, that is, from column to column?",
        order=lambda gx, gy, magnitude: (gy, gx, magnitude),
    ),
    _edges(
        "sobel_turned",
        "Your responses have the wrong sign.",
        "Correlation does not turn the filter.",
        kernel_x=SOBEL[::-1, ::-1],
        kernel_y=SOBEL.T[::-1, ::-1],
    ),
    _edges(
        "sobel_gy_sign",
        "Your gy has the wrong sign.",
        "Which row of the filter is positive?",
        kernel_y=-SOBEL.T,
    ),
    _edges(
        "sobel_prewitt",
        "Your filter weighs its three rows alike.",
        "Look at the middle row of the filter again.",
        kernel_x=np.sign(SOBEL),
        kernel_y=np.sign(SOBEL.T),
    ),
    _edges(
        "sobel_sum_of_absolutes",
        "Your magnitude is too large where the edge is oblique.",
        "How long is the vector (3, 4)?",
        length=lambda gx, gy: np.abs(gx) + np.abs(gy),
    ),
    _edges(
        "sobel_no_root",
        "Your magnitude is the square of what it should be.",
        "How long is the vector (3, 4)?",
        length=lambda gx, gy: gx**2 + gy**2,
    ),
    _edges(
        "sobel_padded",
        "Your results are as large as the image.",
        "Only windows inside the image count here.",
        read=lambda image: np.pad(image, 1),
    ),
    _edges(
        "sobel_bytes",
        "Images of bytes give no negative responses.",
        "What is 10 - 20 in np.uint8? Which dtype do your filters have?",
        correlate=lambda image, kernel: RIGHT["correlate2d"](image, kernel).astype(image.dtype),
    ),
)


def _square(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "square_detector", {"square_detector": squares(**steps)}, symptom, hint)


_SQUARES = (
    _square(
        "square_filled_too",
        "Your detector also answers to filled squares.",
        "Which weights say that a pixel must be dark?",
        outside=0.0,
    ),
    _square(
        "square_tolerant",
        "Your detector also answers to outlines with a hole.",
        "What is the sum where one pixel is missing, and what does the bias take off?",
        first_bias=-3.0,
        second_bias=-3.5,
    ),
    _square(
        "square_three_corners",
        "Three corners are enough for your detector.",
        "How large is the sum with three corners, and with four?",
        second_bias=-2.0,
    ),
    _square(
        "square_corner_unused",
        "One corner of the patch is never looked at.",
        "Which channels does the second layer add up?",
        used=(0, 1, 2),
        second_bias=-2.0,
    ),
    _square(
        "square_too_large",
        "Your detector answers to a larger square.",
        "How far apart are the corners of a square of four pixels, in steps of the first layer?",
        places=((0, 0), (0, 2), (2, 2), (2, 0)),
    ),
    _square(
        "square_never",
        "Your detector never answers.",
        "How large is the sum of the second layer for a perfect outline, before its bias?",
        second_bias=-4.0,
    ),
    _square(
        "square_one_filter",
        "Your weights have three axes.",
        "Filters are (C_out, C_in, K_H, K_W), also where C_in is 1.",
        finish=lambda w1, b1, w2, b2: (w1[:, 0], b1, w2, b2),
    ),
    _square(
        "square_places_swapped",
        "Your corners are put together in the wrong order.",
        "Which offset, down and to the right, does the top right corner have?",
        places=((0, 0), (1, 0), (1, 1), (0, 1)),
    ),
)


def _size(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_output_size", {"conv_output_size": window_count(**steps)}, symptom, hint)


def _keep(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_output_size", {"same_padding": keeping(**steps)}, symptom, hint)


def _demand_divisible(free: int, stride: int) -> None:
    if free % stride:
        raise ValueError("the stride does not divide")


_SIZES = (
    _size(
        "size_ceil",
        "Your size is one too large where pixels are left over.",
        "May a window stick out of the input?",
        divide=lambda free, stride: -(-free // stride),
    ),
    _size(
        "size_round",
        "Your size is sometimes one too large where pixels are left over.",
        "May a window stick out of the input? round() goes up as well as down.",
        divide=lambda free, stride: math.floor(free / stride + 0.5),
    ),
    _size("size_float", "Your size is a float.", "What does / give, and what does // give?", divide=truediv),
    _size(
        "size_no_plus_one",
        "Your size is one too small.",
        "A window of 3 on 3 pixels: how many places are there?",
        more=0,
    ),
    _size(
        "size_padding_once",
        "Padding counts on one side only.",
        "On how many sides of the axis are there zeros?",
        sides=1,
    ),
    _size(
        "size_padding_after_division",
        "Your size is off where stride and padding come together.",
        "What is divided by the stride: the input, or the padded input?",
        room=lambda size, kernel, stride, padding, dilation: (
            (size - dilation * (kernel - 1) - 1) // stride + 2 * padding // stride + 1
        ),
    ),
    _size(
        "size_padding_undivided",
        "Your size is too large where stride and padding come together.",
        "What is divided by the stride: the input, or the padded input?",
        room=lambda size, kernel, stride, padding, dilation: (
            (size - dilation * (kernel - 1) - 1) // stride + 2 * padding + 1
        ),
    ),
    _size(
        "size_dilation_ignored",
        "Dilation changes nothing in your size.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        span=lambda kernel, dilation: kernel,
    ),
    _size(
        "size_dilation_times_kernel",
        "Your dilated window is too long.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        span=lambda kernel, dilation: dilation * kernel,
    ),
    _size(
        "size_no_error",
        "A window that does not fit gives zero or a negative size.",
        "What should happen where there is no place for the window?",
        fits=lambda free, size, kernel: True,
    ),
    _size(
        "size_error_without_padding",
        "You refuse windows that fit once the input is padded.",
        "What must the window fit into?",
        fits=lambda free, size, kernel: kernel <= size and free >= 0,
    ),
    _size(
        "size_dilated_fits",
        "A dilated window that does not fit is not refused.",
        "How long is the window with its gaps?",
        fits=lambda free, size, kernel: kernel <= size or free >= 0,
    ),
    _size(
        "size_assumes_divisible",
        "You refuse a stride that leaves pixels over.",
        "Pixels that are left over are simply not looked at.",
        demand=_demand_divisible,
    ),
    _keep(
        "same_half_kernel",
        "Windows of even length get a padding, though none keeps the size.",
        "Try a window of 2 on 5 pixels with padding 0 and with padding 1.",
        impossible=lambda total, kernel: False,
        half=lambda total: (total + 1) // 2,
    ),
    _keep(
        "same_dilation_ignored",
        "Dilation changes nothing in your padding.",
        "How long is the window with its gaps?",
        total=lambda kernel, dilation: kernel - 1,
    ),
    _keep(
        "same_refuses_even",
        "You refuse windows of even length whose dilated length is odd.",
        "How long is a window of two taps with a gap of one between them?",
        impossible=lambda total, kernel: kernel % 2 == 0,
    ),
    _keep(
        "same_both_sides",
        "Your padding is twice too large.",
        "Padding is said per side.",
        half=lambda total: total,
    ),
    _keep("same_float", "Your padding is a float.", "What does / give, and what does // give?", half=lambda t: t / 2),
)


def _count(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_counts", {"conv_counts": counts(**steps)}, symptom, hint)


def _mlp(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(id, "conv_counts", {"mlp_params": mlp(**steps)}, symptom, hint)


def _int32(*numbers: int) -> tuple[int, ...]:
    return tuple((number + 2**31) % 2**32 - 2**31 for number in numbers)


_COUNTS = (
    _count(
        "count_no_bias",
        "Your parameters lack the biases.",
        "How many biases does a filter have?",
        biases=lambda c_in, c_out, bias: 0,
    ),
    _count(
        "count_bias_always",
        "Biases count even where the layer has none.",
        "Where does `bias` enter?",
        biases=lambda c_in, c_out, bias: c_out,
    ),
    _count(
        "count_bias_per_pair",
        "You have a bias for each pair of channels.",
        "How many biases does a filter have?",
        biases=lambda c_in, c_out, bias: c_in * c_out * bias,
    ),
    _count(
        "count_no_c_in",
        "Your filters see one channel only.",
        "How deep is a filter?",
        per_filter=lambda c_in, c_out, groups: 1,
    ),
    _count(
        "count_groups_ignored",
        "Groups change nothing in your counts.",
        "How many input channels does a filter of a group see?",
        per_filter=lambda c_in, c_out, groups: c_in,
    ),
    _count(
        "count_groups_twice",
        "Groups make your counts smaller than they are.",
        "Filters of a group see fewer channels; are there fewer filters as well?",
        per_filter=lambda c_in, c_out, groups: c_in // groups**2,
    ),
    _count(
        "count_square_kernel",
        "Filters that are not square are counted as if they were.",
        "A pair says height and width.",
        pair=lambda value: (spread(value, 2)[0],) * 2,
    ),
    _count(
        "count_macs_input_size",
        "Your MACs count input pixels.",
        "For how many places of the filter is the sum computed?",
        places=lambda in_size, out_size: in_size,
    ),
    _count(
        "count_macs_bias",
        "Your MACs count the adding of the bias.",
        "A MAC is one multiplication together with one addition.",
        macs=lambda weights, c_out, pixels, bias: (weights + c_out * bias) * pixels,
    ),
    _count(
        "count_flops",
        "Your MACs are twice too many.",
        "A MAC is one multiplication together with one addition: it counts once.",
        macs=lambda weights, c_out, pixels, bias: 2 * weights * pixels,
    ),
    _count(
        "count_activations_one_channel",
        "Your activations are those of one channel.",
        "How many maps does the layer give?",
        activations=lambda c_in, c_out, pixels: pixels,
    ),
    _count(
        "count_activations_c_in",
        "Your activations count the input's channels.",
        "How many maps does the layer give?",
        activations=lambda c_in, c_out, pixels: c_in * pixels,
    ),
    _count(
        "count_dilation_ignored",
        "Dilation changes nothing in your counts.",
        "Does a dilated window fit as often?",
        out_size=window_count(span=lambda kernel, dilation: kernel),
    ),
    _count(
        "count_int32",
        "Large counts come out negative or far too small.",
        "How large can a number be in 32 bits? Python's own ints have no limit.",
        finish=_int32,
    ),
    _count(
        "count_float",
        "Your counts are floats.",
        "What does / give, and what does // give?",
        finish=lambda *numbers: tuple(float(number) for number in numbers),
    ),
    _count(
        "count_no_error",
        "A window that does not fit is counted.",
        "What does conv_output_size say about such a window?",
        out_size=window_count(fits=lambda free, size, kernel: True),
    ),
    _count(
        "count_order",
        "Your numbers come in another order.",
        "In which order does ConvCounts name them?",
        finish=lambda params, macs, activations: (macs, params, activations),
    ),
    _mlp(
        "mlp_no_biases",
        "Your fully connected layers have no biases.",
        "What does each unit add to its weighted sum?",
        layer=lambda before, after: before * after,
    ),
    _mlp(
        "mlp_input_bias",
        "Your input has biases too.",
        "Which numbers of the list are widths of layers that compute something?",
        more=lambda widths: widths[0],
    ),
    _mlp(
        "mlp_last_layer_missing",
        "Your last layer is not counted.",
        "How many layers of weights lie between three widths?",
        pairs=lambda pairs: pairs[:-1],
    ),
)


def _conv(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("cf_" + id, "conv2d_forward", {"conv2d_forward": conv_layer(**steps)}, symptom, hint)


def _same_memory(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Read an array's memory front to back, as hand-computed strides do, whatever its layout."""
    base = x if x.base is None else x.base
    return np.resize(np.ravel(base, order="K"), x.shape), w, b


def _overwrites_x(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, ...]:
    before = x.copy()
    x[...] = np.flip(before, (2, 3))
    return before, w, b


def _overwrites_w(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, ...]:
    before = w.copy()
    w[...] = _flip(before)
    return x, before, b


def _one_by_one(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
    return RIGHT["conv2d_forward"](x, w, b, stride=1 if w.shape[2:] == (1, 1) else stride, padding=padding)


def _short_rows(window: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Flatten windows as if their rows were as long as they are high."""
    height, width = w.shape[2:]
    flat = np.zeros((*window.shape[:2], height * width), dtype=window.dtype)
    for i, j in np.ndindex(height, width):
        flat[:, :, i * height + j] = window[:, :, i, j]
    return weigh(flat, w)


_LAYER = (
    _conv(
        "true_convolution",
        "Your numbers match filters that are turned by 180 degrees.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=_flip,
    ),
    _conv(
        "flip_cols_only",
        "Your numbers match filters that are flipped left to right.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=lambda w: w[..., ::-1],
    ),
    _conv(
        "transposed_kernel",
        "Your numbers match filters whose rows and columns are swapped.",
        "Which of the last two axes of w is the height?",
        turn=lambda w: np.swapaxes(w, 2, 3),
    ),
    _conv(
        "no_bias",
        "Your numbers lack the bias.",
        "Where does `b` enter?",
        bias=lambda out, b: out,
    ),
    _conv(
        "bias_per_channel",
        "Your bias is added once per input channel.",
        "Is the bias inside or outside your loop over the channels?",
        prepare=lambda x, w, b: (x, w, None if b is None else b * x.shape[1]),
    ),
    _conv(
        "bias0_for_all",
        "All filters get the bias of the first one.",
        "Which index does the bias have?",
        bias=lambda out, b: out if b is None else out + b[0],
    ),
    _conv(
        "bias_on_last_axis",
        "Your bias is spread along the width.",
        "Which axis of (N, C_out, H_out, W_out) does NumPy match a vector with?",
        bias=lambda out, b: out if b is None else out + b,
    ),
    _conv(
        "bias_needed",
        "A layer without a bias fails.",
        "What is b when there is no bias?",
        bias=lambda out, b: out + b[:, None, None],
    ),
    _conv(
        "pad_ignored",
        "Your border is not padded.",
        "Where does `padding` enter?",
        paddings=lambda p: (0, 0),
    ),
    _conv(
        "pad_hard1",
        "Your padding is always one pixel.",
        "Where does `padding` enter?",
        paddings=lambda p: (1, 1),
    ),
    _conv(
        "pad_rows_only",
        "Rows are added above and below, but no columns at the sides.",
        "Which axes does your padding touch?",
        paddings=lambda p: (p[0], 0),
    ),
    _conv(
        "pad_bottom_right",
        "Your result is shifted: all of the padding lies below and to the right.",
        "How much of the padding belongs on each side?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((0, 2 * p) for p in padding))),
    ),
    _conv(
        "pad_first_of_pair",
        "Your padding is the same along both axes.",
        "A pair says height and width.",
        paddings=lambda p: (p[0], p[0]),
    ),
    _conv(
        "pad_edge",
        "Your border repeats the outermost pixels.",
        "What does this layer put around the image?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), mode="edge"),
    ),
    _conv(
        "pad_reflect",
        "Your border reflects the image.",
        "What does this layer put around the image?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), mode="reflect"),
    ),
    _conv(
        "pad_symmetric",
        "Your border reflects the image, its outermost pixels included.",
        "What does this layer put around the image?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), mode="symmetric"),
    ),
    _conv(
        "stride_ignored",
        "Your stride is always 1.",
        "Where does `stride` enter?",
        strides=lambda s: tuple(1 for _ in s),
    ),
    _conv(
        "stride_not_in_window",
        "Your result has the right size, but its windows lie one pixel apart.",
        "For output pixel i, at which input pixel does the window begin?",
        start=lambda place, strides: place,
    ),
    _conv(
        "stride_rows_only",
        "Your windows move right by single pixels.",
        "For output pixel (i, j), at which column does the window begin?",
        start=lambda place, strides: (place[0] * strides[0], place[1]),
    ),
    Mistake(
        "cf_stride_1x1",
        "conv2d_forward",
        {"conv2d_forward": _one_by_one},
        "Filters of one pixel do not keep to the stride.",
        "Is a filter of one pixel a case of its own? What does the stride do to it?",
    ),
    _conv(
        "stride_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=lambda s: s[::-1],
    ),
    _conv(
        "out_forget_plus1",
        "Your result is one row and one column short.",
        "A window of 3 on 3 pixels: how many places are there?",
        out_size=lambda size: tuple(n - 1 for n in size),
    ),
    _conv(
        "out_single_pad",
        "Your result is too small where the image is padded.",
        "On how many sides of each axis are there zeros?",
        length=window_count(sides=1),
    ),
    _conv(
        "out_ceil",
        "Your result is too large where pixels are left over.",
        "May a window stick out of the input?",
        length=window_count(divide=lambda free, stride: -(-free // stride)),
        pad=lambda x, padding: np.pad(zeros_around(x, padding), ((0, 0), (0, 0), (0, 9), (0, 9))),
    ),
    _conv(
        "out_w_from_h",
        "Images that are not square give a wrong size.",
        "Which length of the image does the width of your result come from?",
        out_size=lambda size: (size[0], size[0]),
        pad=lambda x, padding: np.pad(zeros_around(x, padding), ((0, 0), (0, 0), (0, 30), (0, 30))),
    ),
    _conv(
        "assumes_divisible",
        "You refuse a stride that leaves pixels over.",
        "Pixels that are left over are simply not looked at.",
        length=window_count(demand=_demand_divisible),
    ),
    _conv(
        "kernel_height_both",
        "Filters that are not square give a wrong size.",
        "Which length of the filter does each of your loops use?",
        kernel_size=lambda k: (k[0], k[0]),
        turn=lambda w: np.resize(w, (*w.shape[:2], w.shape[2], w.shape[2])),
    ),
    _conv(
        "first_channel_only",
        "Only the first input channel counts.",
        "Over which axes is the sum taken?",
        combine=lambda window, w: weigh(window[:, :1], w[:, :1]),
    ),
    _conv(
        "im2col_order",
        "Your weights meet the right windows, but in another order.",
        "You flatten windows and filters: which axis changes fastest in each?",
        combine=lambda window, w: weigh(np.moveaxis(window, 1, -1), w),
    ),
    _conv(
        "im2col_short_rows",
        "Only square filters give the right numbers.",
        "In a filter that is flattened row by row, how far apart do two rows begin?",
        combine=_short_rows,
    ),
    _conv(
        "mean_over_channels",
        "Your numbers, without the bias, are too small by the number of channels.",
        "Is it a sum or a mean over the channels?",
        combine=lambda window, w: weigh(window, w) / window.shape[1],
    ),
    _conv(
        "batch_first_only",
        "All images of the batch have the result of the first.",
        "Which index of your result is the image?",
        combine=lambda window, w: np.broadcast_to(weigh(window[:1], w), (len(window), len(w))),
    ),
    _conv(
        "filter_first_only",
        "All filters have the result of the first.",
        "Which index of your result is the filter?",
        combine=lambda window, w: np.broadcast_to(weigh(window, w[:1]), (len(window), len(w))),
    ),
    _conv(
        "out_transposed",
        "Height and width of your result are exchanged.",
        "In which order do the axes of the result come?",
        finish=lambda out, x, w: np.swapaxes(out, 2, 3),
    ),
    _conv(
        "channels_last",
        "The channels of your result come last.",
        "In which order do the axes of the result come?",
        finish=lambda out, x, w: np.moveaxis(out, 1, -1),
    ),
    _conv(
        "last_row_col_missing",
        "The last row and column of your result hold the bias only.",
        "How far do your loops run?",
        visited=lambda n: n - 1,
    ),
    _conv(
        "dtype_float32",
        "Your result is right to six digits only.",
        "Which dtype does the array have into which you write?",
        dtype=lambda x, w, b: np.float32,
    ),
    _conv(
        "dtype_float64",
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
        dtype=_always_float,
    ),
    _conv(
        "dtype_int",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filters have a say as well.",
        dtype=_like_input,
    ),
    _conv(
        "dtype_without_bias",
        "A bias of higher precision loses it.",
        "np.result_type takes more than two arrays.",
        dtype=lambda x, w, b: np.result_type(x, w),
    ),
    _conv(
        "noncontig_strides",
        "Arrays that are parts of larger ones give wrong numbers.",
        "Strides that you compute from the shape hold for fresh arrays only: ask x.strides.",
        prepare=_same_memory,
    ),
    _conv(
        "mutates_x",
        "After the call the caller's images hold other numbers.",
        "Does your line make a new array, or write into the one it was given?",
        prepare=_overwrites_x,
    ),
    _conv(
        "mutates_w",
        "After the call the caller's filters hold other numbers.",
        "Does your line make a new array, or write into the one it was given?",
        prepare=_overwrites_w,
    ),
    _conv(
        "no_error",
        "A window that does not fit gives an empty result.",
        "What does conv_output_size say about such a window?",
        length=lambda size, kernel, **o: max(window_count(fits=lambda *_: True)(size, kernel, **o), 0),
    ),
)


def _pixel(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("1x1_" + id, "conv1x1_as_matmul", {"conv1x1_as_matmul": pixelwise(**steps)}, symptom, hint)


_PIXELWISE = (
    _pixel(
        "channels_not_last",
        "Your product mixes pixels and channels.",
        "After reshape(-1, C), does a row hold the channels of one pixel?",
        rows=lambda x: x.reshape(-1, x.shape[1]),
    ),
    _pixel(
        "no_transpose_back",
        "Your product is right, but its numbers are put back in the wrong places.",
        "Which axis is last after the product, and which must it become?",
        back=lambda out, x: out.reshape(len(x), -1, *x.shape[2:]),
    ),
    _pixel(
        "height_width_swapped",
        "Height and width of your result are exchanged.",
        "In which order do the pixels come out of reshape?",
        back=lambda out, x: np.moveaxis(out.reshape(len(x), *x.shape[:1:-1], -1), -1, 1),
    ),
    _pixel(
        "no_bias",
        "Your numbers lack the bias.",
        "Where does `b` enter?",
        bias=lambda out, b: out,
    ),
    _pixel(
        "bias_needed",
        "A layer without a bias fails.",
        "What is b when there is no bias?",
        bias=lambda out, b: out + b,
    ),
    _pixel(
        "weights_reshaped",
        "Your weights meet the wrong channels.",
        "Reshaping is not transposing.",
        matrix=lambda w: w.reshape(w.shape[1], w.shape[0]).T,
    ),
    _pixel(
        "dtype_float64",
        "Your result is float64 whatever comes in.",
        "Which dtype does np.zeros give by default, and what does np.result_type say?",
        dtype=lambda x, w, b: np.float64,
    ),
    _pixel(
        "dtype_int",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filters have a say as well.",
        dtype=_like_input,
    ),
)


def _nd(id: str, axes: int, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"conv{axes}d_{id}", "conv_nd", {f"conv{axes}d_forward": conv_layer(axes, **steps)}, symptom, hint)


_ND = (
    _nd(
        "pads_one_side",
        1,
        "Your sequence is padded at one end only.",
        "How much of the padding belongs at each end?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), (2 * padding[0], 0))),
    ),
    _nd(
        "layer_flips",
        1,
        "Your numbers match filters that are turned round.",
        "Which tap meets the first number of the window?",
        turn=_flip,
    ),
    _nd(
        "layer_stride_ignored",
        1,
        "Your result has the right length, but its windows lie one step apart.",
        "For output i, where does the window begin?",
        start=lambda place, strides: place,
    ),
    _nd(
        "layer_bias_needed",
        1,
        "A layer without a bias fails.",
        "What is b when there is no bias?",
        bias=lambda out, b: out + b[:, None],
    ),
    _nd(
        "layer_first_channel",
        1,
        "Only the first input channel counts.",
        "Over which axes is the sum taken?",
        combine=lambda window, w: weigh(window[:, :1], w[:, :1]),
    ),
    _nd(
        "layer_float64",
        1,
        "Your result is float64 whatever comes in.",
        "What does np.result_type say?",
        dtype=_always_float,
    ),
    _nd(
        "layer_extra_axis",
        1,
        "Your result keeps an axis of length 1.",
        "If you go by way of two dimensions, which axis must go in the end?",
        finish=lambda out, x, w: out[:, :, None],
    ),
    _nd(
        "flips_depth",
        3,
        "Your numbers match filters that are turned along the depth.",
        "Does the first slice of the filter meet the first slice of the window?",
        turn=lambda w: w[:, :, ::-1],
    ),
    _nd(
        "triples_reversed",
        3,
        "Your strides and paddings come in the order width, height, depth.",
        "A triple says depth, height, width.",
        strides=lambda s: s[::-1],
    ),
    _nd(
        "depth_not_padded",
        3,
        "Your depth is padded behind only.",
        "How many axes does the padding touch?",
        pad=lambda x, padding: np.pad(x, ((0, 0), (0, 0), (0, 2 * padding[0]), *((p, p) for p in padding[1:]))),
    ),
    _nd(
        "first_slice_only",
        3,
        "Only the first slice of each window counts.",
        "Over which axes is the sum taken?",
        combine=lambda window, w: weigh(window[:, :, 0], w[:, :, 0]),
    ),
    _nd(
        "depth_summed",
        3,
        "Your result has no depth.",
        "A filter of this layer moves along the depth as well; depth is not a channel.",
        finish=lambda out, x, w: out.sum(axis=2),
    ),
    _nd(
        "depth_as_channels",
        3,
        "Your filters see the first slices only, and your result has no depth.",
        "Channels are summed up at once. Does a filter of this layer stand still along the depth?",
        paddings=lambda p: (0, *p[1:]),
        finish=lambda out, x, w: out[:, :, 0],
    ),
    _nd(
        "depth_stride_ignored",
        3,
        "Your windows move along the depth by single steps.",
        "Which of the three strides is for the depth?",
        start=lambda place, strides: (place[0], place[1] * strides[1], place[2] * strides[2]),
    ),
    _nd("bias_missing", 3, "Your numbers lack the bias.", "Where does `b` enter?", bias=lambda out, b: out),
)


def _grouped(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("groups_" + id, "conv2d_grouped", {"conv2d_grouped": conv_layer(**steps)}, symptom, hint)


def _interleaved(window: np.ndarray, group: int, channels: int) -> np.ndarray:
    return window[:, group :: window.shape[1] // channels]


def _shuffled(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    out = RIGHT["conv2d_grouped"](x, w, b, **options)
    groups = options.get("groups", 1)
    return out.reshape(len(x), groups, -1, *out.shape[2:]).swapaxes(1, 2).reshape(out.shape)


def _depthwise_summed(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    out = RIGHT["conv2d_grouped"](x, w, b, **options)
    depthwise = options.get("groups", 1) == x.shape[1] > 1
    return out.sum(axis=1, keepdims=True) if depthwise else out


def _depthwise_only(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    groups = options.get("groups", 1)
    if groups not in (1, x.shape[1]):
        raise IndexError("index 1 is out of bounds for axis 1 with size 1")
    return RIGHT["conv2d_grouped"](x, w, b, **options)


def _bias_per_group(x: Any, w: Any, b: Any, **options: Any) -> np.ndarray:
    groups = options.get("groups", 1)
    shared = None if b is None else np.repeat(b[:groups], len(w) // groups)
    return RIGHT["conv2d_grouped"](x, w, shared, **options)


def _spread_pixels(x: Any, w: Any, b: Any, *, dilation: Any = 1, **options: Any) -> np.ndarray:
    down, across = spread(dilation, 2)
    wide = np.zeros((*x.shape[:2], down * (x.shape[2] - 1) + 1, across * (x.shape[3] - 1) + 1), dtype=x.dtype)
    wide[:, :, ::down, ::across] = x
    return RIGHT["conv2d_grouped"](wide, w, b, dilation=dilation, **options)


_GROUPED = (
    _grouped(
        "first_channels",
        "Every group sees the channels of the first.",
        "At which channel does group g begin?",
        group=lambda window, group, channels: take_group(window, 0, channels),
    ),
    _grouped(
        "interleaved",
        "Your groups take every other channel.",
        "Groups are blocks of neighbouring channels.",
        group=_interleaved,
    ),
    _grouped(
        "offset_one",
        "Your groups begin one channel apart.",
        "How many channels does a group have?",
        group=lambda window, group, channels: window[:, group : group + channels],
    ),
    Mistake(
        "groups_outputs_shuffled",
        "conv2d_grouped",
        {"conv2d_grouped": _shuffled},
        "Your filters are right, but their results come in another order.",
        "Which filters belong to group 0?",
    ),
    Mistake(
        "groups_depthwise_summed",
        "conv2d_grouped",
        {"conv2d_grouped": _depthwise_summed},
        "With one filter per channel, your result has a single channel.",
        "What is there to sum over when a filter sees one channel?",
    ),
    Mistake(
        "groups_depthwise_only",
        "conv2d_grouped",
        {"conv2d_grouped": _depthwise_only},
        "Groups of several channels fail.",
        "How many channels does a group have?",
    ),
    _grouped(
        "dilation_ignored",
        "Dilation changes nothing in your result.",
        "Which pixels does a dilated window skip?",
        dilations=lambda d: (1, 1),
    ),
    Mistake(
        "groups_input_dilated",
        "conv2d_grouped",
        {"conv2d_grouped": _spread_pixels},
        "Your images have gaps, too.",
        "Between whose entries does a dilation leave gaps: the filter's, the image's, or both?",
    ),
    _grouped(
        "dilation_swapped",
        "Your dilations of height and width are exchanged.",
        "A pair says height and width.",
        dilations=lambda d: d[::-1],
    ),
    _grouped(
        "dilation_times_kernel",
        "Your result is too small where the window is dilated.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        length=window_count(span=lambda kernel, dilation: dilation * kernel),
    ),
    _grouped(
        "stride_swapped",
        "Your strides of height and width are exchanged.",
        "A pair says height and width.",
        strides=lambda s: s[::-1],
    ),
    _grouped(
        "flips",
        "Your numbers match filters that are turned by 180 degrees.",
        "Does the top left weight meet the top left pixel of the window?",
        turn=_flip,
    ),
    Mistake(
        "groups_bias_per_group",
        "conv2d_grouped",
        {"conv2d_grouped": _bias_per_group},
        "Filters of a group share one bias.",
        "How many biases are there?",
    ),
    _grouped(
        "dtype_float64",
        "Your result is float64 whatever comes in.",
        "What does np.result_type say?",
        dtype=_always_float,
    ),
    _grouped(
        "undilated_fits",
        "A dilated window that does not fit is not refused.",
        "How long is the window with its gaps?",
        length=lambda size, kernel, **o: max(window_count(fits=lambda *_: True)(size, kernel, **o), 0),
    ),
)


def _field(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("field_" + id, "receptive_field", {"receptive_field": fields(**steps)}, symptom, hint)


def _see(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("see_" + id, "receptive_field", {"layers_to_see": depth(**steps)}, symptom, hint)


def _not_empty(size: int, jump: int, start: int, layers: Any) -> tuple[int, int, int]:
    layers[0]
    return size, jump, start


def _pops(layers: list[tuple[int, int, int, int]]) -> tuple[int, int, int]:
    kept = []
    while layers:
        kept.append(layers.pop(0))
    return RIGHT["receptive_field"](kept)


_FIELDS = (
    _field(
        "adds_kernel",
        "Your field grows by the whole window in each layer.",
        "Two windows of 3 without stride: which pixels does the second layer see twice?",
        grow=lambda kernel, dilation: dilation * (kernel - 1) + 1,
    ),
    _field(
        "strides_ignored",
        "Strides change nothing in the size of your field.",
        "After a stride of 2, how many pixels apart are two neighbours of the next layer?",
        by=lambda jump, stride: 1,
    ),
    _field(
        "own_stride",
        "The stride of a layer makes its own window larger in your count.",
        "Does a layer's own stride change what one of its outputs sees?",
        by=lambda jump, stride: jump * stride,
    ),
    _field(
        "only_own_stride",
        "Each window is larger by the stride of its own layer only.",
        "Does a layer's own stride change what one of its outputs sees? Do those of the layers before?",
        by=lambda jump, stride: stride,
    ),
    _field(
        "one_pixel_adds",
        "Windows of one pixel make your field larger.",
        "Which neighbours does a window of one pixel see?",
        grow=lambda kernel, dilation: max(dilation * (kernel - 1), 1),
    ),
    _field(
        "last_stride_only",
        "Only the stride of the layer before counts.",
        "How do two strides of 2 one after the other act together?",
        next_jump=lambda jump, stride: stride,
    ),
    _field(
        "strides_added",
        "Your strides add up.",
        "How do two strides of 2 one after the other act together?",
        next_jump=lambda jump, stride: jump + stride - 1,
    ),
    _field(
        "reversed",
        "Your layers are taken in reverse order.",
        "Which layer is next to the input?",
        order=lambda layers: layers[::-1],
    ),
    _field(
        "dilation_ignored",
        "Dilation changes nothing in your field.",
        "How long is the window with its gaps?",
        grow=lambda kernel, dilation: kernel - 1,
    ),
    _field(
        "dilation_times_kernel",
        "Your dilated windows are too long.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        grow=lambda kernel, dilation: dilation * kernel - 1,
    ),
    _field(
        "padding_widens",
        "Padding makes your field larger.",
        "Does padding change how many pixels a window covers?",
        more=lambda padding: 2 * padding,
    ),
    _field(
        "start_without_jump",
        "Your start counts all padding in pixels of the input.",
        "How far apart are pixels of the layer that is padded, seen from the input?",
        shift=lambda padding, jump: -padding,
    ),
    _field(
        "start_sign",
        "Your start lies inside the image.",
        "Does padding move the first window to the left or to the right?",
        shift=lambda padding, jump: padding * jump,
    ),
    _field(
        "start_zero",
        "Your start is always 0.",
        "Where does `padding` enter?",
        shift=lambda padding, jump: 0,
    ),
    _field(
        "start_centre",
        "Your start is the middle of the field.",
        "Which pixel of the field is asked for?",
        finish=lambda size, jump, start, layers: (size, jump, start + (size - 1) // 2),
    ),
    _field(
        "empty_fails",
        "An empty list of layers fails.",
        "What does a pixel of the input itself see?",
        finish=_not_empty,
    ),
    Mistake(
        "field_eats_list",
        "receptive_field",
        {"receptive_field": _pops},
        "After the call the caller's list is empty.",
        "Does pop work on a copy?",
    ),
    _see(
        "rounds_down",
        "Your layers see too little where the size is not reached exactly.",
        "Half a layer does not exist: up or down?",
        divide=lambda pixels, step: pixels // step,
    ),
    _see(
        "forgets_first_pixel",
        "You take a layer too many where the size is reached exactly.",
        "How much does one see without any layer?",
        pixels=lambda size: size,
    ),
    _see(
        "one_more",
        "You take a layer too many.",
        "How many layers does it take to see one pixel?",
        divide=lambda pixels, step: math.ceil(pixels / step) + 1,
    ),
    _see(
        "at_least_one",
        "You take a layer where none is needed.",
        "How many layers does it take to see one pixel?",
        divide=lambda pixels, step: max(1, math.ceil(pixels / step)),
    ),
    _see(
        "float",
        "Your number of layers is a float.",
        "What do / and np.ceil give?",
        divide=lambda pixels, step: float(math.ceil(pixels / step)),
    ),
)


MISTAKES: tuple[Mistake, ...] = (
    *_ONE_D,
    *_TWO_D,
    *_MATCH,
    *_EDGES,
    *_SQUARES,
    *_SIZES,
    *_COUNTS,
    *_LAYER,
    *_PIXELWISE,
    *_ND,
    *_GROUPED,
    *_FIELDS,
)
