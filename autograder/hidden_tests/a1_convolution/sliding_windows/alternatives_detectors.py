"""Right answers in other styles: template matching, blur, edges, and the detector of two layers."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.hidden_tests.a1_convolution.sliding_windows.alternatives_correlation import (
    im2col_correlate2d,
    windows_correlate2d,
)


def windows_match_template(image, template):
    windows = sliding_window_view(image.astype(float), template.shape)
    windows = windows - windows.mean((2, 3), keepdims=True)
    wanted = template.astype(float) - template.mean(dtype=float)
    norms = np.linalg.norm(windows, axis=(2, 3)) * np.linalg.norm(wanted)
    scores = np.divide((windows * wanted).sum((2, 3)), norms, out=np.zeros(norms.shape), where=norms > 1e-12)
    return scores, tuple(np.argwhere(scores == scores.max())[0])


def outer_gaussian_kernel(size, sigma):
    if size % 2 == 0:
        raise ValueError(size)
    row = np.exp(-np.square(np.arange(size) - size // 2) / (2 * sigma**2))
    return np.outer(row, row) / np.outer(row, row).sum()


def separable_sobel_edges(image):
    image = image.astype(np.float64)
    left, right, top, bottom = image[:, :-2], image[:, 2:], image[:-2], image[2:]
    across, down = left - right, top - bottom
    gx = across[:-2] + 2 * across[1:-1] + across[2:]
    gy = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return gx, gy, np.sqrt(gx * gx + gy * gy)


def other_square_detector():
    """A design of its own: a spare channel, other scales, single precision."""
    corner = np.array([[1, 1, 1], [1, -3, -3], [1, -3, -3]], dtype=np.float32)
    w1 = np.stack([corner, corner[:, ::-1], corner[::-1], corner[::-1, ::-1], 0 * corner])[:, None] / 5
    b1 = np.array([-0.9, -0.9, -0.9, -0.9, 3.0], dtype=np.float32)
    w2 = np.zeros((1, 5, 3, 3), dtype=np.float32)
    for channel, place in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        w2[(0, channel, *place)] = 10
    return w1, b1, w2, np.array([-3.5], dtype=np.float32)


def whole_square_detector():
    """Whole numbers."""
    corner = np.array([[1, 1, 1], [1, -5, -5], [1, -5, -5]])
    w1 = np.array([np.rot90(corner, -turns) for turns in range(4)])[:, None]
    w2 = np.zeros((1, 4, 3, 3), dtype=int)
    w2[0, [0, 1, 2, 3], [0, 0, 1, 1], [0, 1, 1, 0]] = 1
    return w1, np.full(4, -4), w2, np.array([-3])


def standardised_match_template(image, template):
    """The mean of products of standardised numbers is the same score."""
    windows = sliding_window_view(image, template.shape).astype(np.float64)
    flat = windows.min((2, 3)) == windows.max((2, 3))
    spread = np.where(flat, 1.0, windows.std((2, 3)))
    standard = (windows - windows.mean((2, 3), keepdims=True)) / spread[..., None, None]
    wanted = (template - template.mean(dtype=np.float64)) / template.std(dtype=np.float64)
    scores = np.where(flat, 0.0, (standard * wanted).mean((2, 3)))
    place = np.unravel_index(np.argmax(scores), scores.shape)
    return scores, (int(place[0]), int(place[1]))


def looped_match_template(image, template):
    height, width = image.shape[0] - template.shape[0] + 1, image.shape[1] - template.shape[1] + 1
    if height < 1 or width < 1:
        raise ValueError("does not fit")
    wanted = template.astype(np.float64).ravel()
    wanted -= wanted.mean()
    wanted /= np.sqrt(wanted @ wanted)
    scores, best = np.zeros((height, width)), (0, 0)
    for i in range(height):
        for j in range(width):
            patch = image[i : i + template.shape[0], j : j + template.shape[1]].astype(np.float64).flatten()
            if patch.max() > patch.min():
                patch -= patch.mean()
                scores[i, j] = patch @ wanted / np.sqrt(patch @ patch)
            if scores[i, j] > scores[best]:
                best = (i, j)
    return scores, best


class Match(NamedTuple):
    scores: np.ndarray
    place: tuple[np.int64, np.int64]


def named_match_template(image, template):
    scores, place = standardised_match_template(image, template)
    return Match(place=tuple(np.int64(n) for n in place), scores=scores)


def looped_gaussian_kernel(size, sigma):
    if not size % 2:
        raise ValueError("even")
    kernel = [[math.exp(-((i - size // 2) ** 2 + (j - size // 2) ** 2) / (2 * sigma * sigma))
               for j in range(size)] for i in range(size)]  # fmt: skip
    total = math.fsum(chain.from_iterable(kernel))
    return np.array(kernel) / total


def gaussian_kernel_on_a_grid(size, sigma):
    if size & 1 == 0:
        raise ValueError("even")
    rows, columns = np.mgrid[-(size // 2) : size // 2 + 1, -(size // 2) : size // 2 + 1]
    kernel = np.exp(-(rows**2 + columns**2) / (2.0 * sigma**2))
    kernel /= kernel.sum()
    return kernel


def normal_gaussian_kernel(size, sigma):
    """The density with its factor, normalised all the same."""
    if size % 2 != 1:
        raise ValueError("even")
    line = np.linspace(-(size - 1) / 2, (size - 1) / 2, size)
    row = np.exp(-0.5 * (line / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    row = row / row.sum()
    return row[:, np.newaxis] @ row[np.newaxis, :]


def sobel_edges_by_correlate2d(image):
    kernel = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])
    gx = windows_correlate2d(image.astype(float), kernel)
    gy = windows_correlate2d(image.astype(float), kernel.transpose())
    return gx, gy, np.hypot(gx, gy)


def sobel_edges_in_single_precision(image):
    """Filters in single precision: bytes come out in single precision as well."""
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=np.float32)
    gx, gy = windows_correlate2d(image, kernel), windows_correlate2d(image, kernel.T)
    return gx, gy, np.sqrt(gx * gx + gy * gy)


def complex_sobel_edges(image):
    """One correlation with complex taps gives both directions."""
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    both = im2col_correlate2d(image.astype(float), kernel + 1j * kernel.T)
    return both.real.copy(), both.imag.copy(), np.abs(both)


Edges = namedtuple("Edges", "gx gy magnitude")


def named_sobel_edges(image):
    return Edges(*separable_sobel_edges(image))


def doubled_square_detector():
    """Each corner twice, half as strong."""
    w1, b1, w2, b2 = whole_square_detector()
    return np.repeat(w1, 2, 0), np.repeat(b1, 2), np.repeat(w2, 2, 1) / 2, b2


def shuffled_square_detector():
    w1, b1, w2, b2 = whole_square_detector()
    order = [2, 0, 3, 1]
    return w1[order] * 0.5, b1 * 0.5, w2[:, order] * 2.0, b2.astype(float)


def centred_square_detector():
    """Corners are added up around the middle of the second window, not in its top left."""
    w1 = np.stack([np.rot90([[1, 1, 1], [1, -2, -2], [1, -2, -2]], -turns) for turns in range(4)])[:, None]
    w2 = np.full((1, 4, 3, 3), 0.0)
    w2[0, range(4), (0, 0, 1, 1), (0, 1, 1, 0)] = 0.25
    return w1.astype(float), [-4.5] * np.ones(4), w2, np.array([-0.4])


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "template, windows": {"match_template": windows_match_template},
    "template, standardised": {"match_template": standardised_match_template},
    "template, plain loops": {"match_template": looped_match_template},
    "template, named": {"match_template": named_match_template},
    "edges, separable, outer product": {"gaussian_kernel": outer_gaussian_kernel, "sobel_edges": separable_sobel_edges},
    "edges, loops, correlations": {
        "gaussian_kernel": looped_gaussian_kernel,
        "sobel_edges": sobel_edges_by_correlate2d,
    },
    "edges, grid, complex taps": {"gaussian_kernel": gaussian_kernel_on_a_grid, "sobel_edges": complex_sobel_edges},
    "edges, filters in single precision": {"sobel_edges": sobel_edges_in_single_precision},
    "edges, density, named": {"gaussian_kernel": normal_gaussian_kernel, "sobel_edges": named_sobel_edges},
    "detector, spare channel": {"square_detector": other_square_detector},
    "detector, whole numbers": {"square_detector": whole_square_detector},
    "detector, corners twice": {"square_detector": doubled_square_detector},
    "detector, shuffled": {"square_detector": shuffled_square_detector},
    "detector, small weights": {"square_detector": centred_square_detector},
}
