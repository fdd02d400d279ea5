"""Right answers about templates, edges and squares, taken apart into steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.steps_correlation import Step, same, sliding2d


def matching(
    *,
    read: Step = lambda array: array.astype(np.float64),
    centre: Step = lambda window, image: window - window.mean(),
    centre_template: Step = lambda template: template - template.mean(),
    turn: Step = same,
    norm: Step = lambda window, template: np.sqrt((window**2).sum() * (template**2).sum()),
    flat: Step = lambda numerator: 0.0,
    is_flat: Step = lambda norm: norm == 0,
    score: Step = same,
    best: Step = lambda scores, template: np.unravel_index(scores.argmax(), scores.shape),
) -> Step:
    """Build match_template."""

    def match_template(image: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        pixels, wanted = read(image), turn(centre_template(read(template)))
        rows, columns = template.shape
        if rows > image.shape[0] or columns > image.shape[1]:
            raise ValueError("the template does not fit")
        scores = np.zeros((image.shape[0] - rows + 1, image.shape[1] - columns + 1))
        for i, j in np.ndindex(*scores.shape):
            window = centre(pixels[i : i + rows, j : j + columns], pixels)
            length = norm(window, wanted)
            numerator = (window * wanted).sum()
            scores[i, j] = score(flat(numerator) if is_flat(length) else numerator / length)
        return scores, best(scores, template)

    return match_template


def bell(
    *,
    exponent: Step = lambda squared, sigma: -squared / (2 * sigma**2),
    middle: Step = lambda size: (size - 1) / 2,
    finish: Step = lambda kernel, sigma: kernel / kernel.sum(),
) -> Step:
    """Build gaussian_kernel."""

    def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
        if size % 2 == 0:
            raise ValueError("no pixel is the middle")
        away = np.arange(size) - middle(size)
        return finish(np.exp(exponent(away[:, None] ** 2 + away**2, sigma)), sigma)

    return gaussian_kernel


SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


def edges(
    *,
    kernel_x: np.ndarray = SOBEL,
    kernel_y: np.ndarray = SOBEL.T,
    read: Step = same,
    correlate: Step | None = None,
    length: Step = np.hypot,
    order: Step = lambda gx, gy, magnitude: (gx, gy, magnitude),
) -> Step:
    """Build sobel_edges."""
    slide = correlate or sliding2d()

    def sobel_edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        gx, gy = slide(read(image), kernel_x), slide(read(image), kernel_y)
        return order(gx, gy, length(gx, gy))

    return sobel_edges


CORNERS = np.array([np.rot90([[1, 1, 1], [1, 0, 0], [1, 0, 0]], -turns) for turns in range(4)])


def squares(
    *,
    outside: float = -1.0,
    first_bias: float = -4.0,
    second_bias: float = -3.0,
    used: Sequence[int] = (0, 1, 2, 3),
    places: Sequence[tuple[int, int]] = ((0, 0), (0, 1), (1, 1), (1, 0)),
    finish: Step = lambda *layers: layers,
) -> Step:
    """Build square_detector: one channel per corner, which must be there all four."""

    def square_detector() -> tuple[np.ndarray, ...]:
        w1 = np.where(CORNERS == 1, 1.0, outside)[:, None]
        w2 = np.zeros((1, 4, 3, 3))
        for corner in used:
            w2[(0, corner, *places[corner])] = 1.0
        return finish(w1, np.full(4, first_bias), w2, np.array([second_bias]))

    return square_detector
