"""The listed mistakes about templates, blur, edges and squares, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, unchanged
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_detectors import (
    all_windows,
    arms,
    bell_by_distance,
    differ,
    separable_edges,
)
from autograder.mistakes import named


def _own_dtype_centre(windows: np.ndarray, _image: np.ndarray) -> np.ndarray:
    return windows - windows.mean((2, 3), keepdims=True).astype(windows.dtype)


def _moments(windows: np.ndarray, template: np.ndarray) -> np.ndarray:
    variance = (windows**2).mean((2, 3)) - windows.mean((2, 3)) ** 2
    return np.sqrt(np.abs(variance)) * np.sqrt(template.size) * np.linalg.norm(template)


def _middle_of_best(scores: np.ndarray, template: np.ndarray) -> tuple[int, int]:
    row, column = divmod(int(scores.argmax()), scores.shape[1])
    return row + template.shape[0] // 2, column + template.shape[1] // 2


_MATCH: dict[str, Step] = {
    "raw_product": all_windows(
        centre=lambda windows, image: windows,
        centre_template=unchanged,
        norms=lambda windows, template: np.ones(windows.shape[:2]),
    ),
    "window_not_centred": all_windows(centre=lambda windows, image: windows),
    "image_mean": all_windows(centre=lambda windows, image: windows - image.mean()),
    "template_not_centred": all_windows(centre_template=unchanged),
    "window_norm_missing": all_windows(
        norms=lambda windows, template: np.full(windows.shape[:2], np.linalg.norm(template))
    ),
    "template_norm_missing": all_windows(norms=lambda windows, template: np.linalg.norm(windows, axis=(2, 3))),
    "std_not_norm": all_windows(norms=lambda windows, template: windows.std((2, 3)) * template.std()),
    "no_root": all_windows(
        norms=lambda windows, template: np.square(windows).sum((2, 3)) * np.square(template).sum(),
        is_flat=lambda norms: norms < 1e-20,
    ),
    "absolute": all_windows(score=np.abs),
    "best_of_absolute": all_windows(
        best=lambda scores, template: divmod(int(np.abs(scores).argmax()), scores.shape[1])
    ),
    "worst": all_windows(best=lambda scores, template: divmod(int(scores.argmin()), scores.shape[1])),
    "place_swapped": all_windows(best=lambda scores, template: divmod(int(scores.argmax()), scores.shape[1])[::-1]),
    "place_flat": all_windows(best=lambda scores, template: int(np.argmax(scores.ravel()))),
    "place_centre": all_windows(best=_middle_of_best),
    "flat_is_nan": all_windows(flat=np.nan),
    "flat_is_one": all_windows(flat=1.0),
    "bytes_overflow": all_windows(
        read=np.array,
        centre=_own_dtype_centre,
        centre_template=lambda template: template - template.mean().astype(template.dtype),
        norms=lambda windows, template: np.sqrt((windows**2).sum((2, 3)) * (template**2).sum()),
    ),
    "turned_template": all_windows(read=np.float64, centre_template=lambda t: np.rot90(t - t.mean(), 2)),
    "lossy_variance": all_windows(
        centre=lambda windows, image: windows, norms=_moments, is_flat=lambda norms: norms < 1e-9
    ),
}


_GAUSS: dict[str, Step] = {
    "not_normalised": bell_by_distance(scale=lambda kernel, sigma: kernel),
    "by_formula": bell_by_distance(scale=lambda kernel, sigma: kernel / (sigma * np.sqrt(2 * np.pi)) ** 2),
    "two_missing": bell_by_distance(height=lambda distance, sigma: np.exp(-((distance / sigma) ** 2))),
    "sigma_not_squared": bell_by_distance(height=lambda distance, sigma: np.exp(-(distance**2) / sigma / 2)),
    "sigma_ignored": bell_by_distance(height=lambda distance, sigma: np.exp(-(distance**2) / 2)),
    "distance_not_squared": bell_by_distance(height=lambda distance, sigma: np.exp(-distance / sigma**2 / 2)),
    "off_centre": bell_by_distance(middle=lambda size: size / 2),
}


def _back(image: np.ndarray, axis: int) -> np.ndarray:
    return -differ(image, axis)


def _three_alike(image: np.ndarray, axis: int) -> np.ndarray:
    image = np.moveaxis(image, axis, 0)
    return np.moveaxis(image[:-2] + image[1:-1] + image[2:], 0, axis)


def _widened(image: np.ndarray) -> np.ndarray:
    wide = np.zeros([n + 2 for n in image.shape], dtype=np.result_type(image, int))
    wide[1:-1, 1:-1] = image
    return wide


_SOBEL: dict[str, Step] = {
    "swapped": separable_edges(order=lambda gx, gy, magnitude: (gy, gx, magnitude)),
    "turned": separable_edges(differ_x=_back, differ_y=_back),
    "gy_sign": separable_edges(differ_y=_back),
    "prewitt": separable_edges(smooth=_three_alike),
    "sum_of_absolutes": separable_edges(length=lambda gx, gy: abs(gx) + abs(gy)),
    "no_root": separable_edges(length=lambda gx, gy: np.square(gx) + np.square(gy)),
    "padded": separable_edges(read=_widened),
    "bytes": separable_edges(read=unchanged, length=np.hypot),
}


_SQUARE: dict[str, Step] = {
    "filled_too": arms(dark=0.0),
    "tolerant": arms(first=-6.0, second=-7.0),
    "three_corners": arms(second=-4.0),
    "corner_unused": arms(used=3, second=-4.0),
    "too_large": arms(apart=2),
    "never": arms(second=-8.0),
    "one_filter": arms(finish=lambda w1, b1, w2, b2: (w1.squeeze(1), b1, w2, b2)),
    "places_swapped": arms(turned=True),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("match", "match_template", _MATCH),
    **named("gauss", "gaussian_kernel", _GAUSS),
    **named("sobel", "sobel_edges", _SOBEL),
    **named("square", "square_detector", _SQUARE),
}
