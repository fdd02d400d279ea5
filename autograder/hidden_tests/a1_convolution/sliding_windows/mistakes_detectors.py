"""Typical mistakes about template matching, blur, edges, and the detector of two layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_detectors import SOBEL, bell, edges, matching, squares
from autograder.mistakes import Mistake, Policy


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


MISTAKES: tuple[Mistake, ...] = (*_MATCH, *_EDGES, *_SQUARES)
