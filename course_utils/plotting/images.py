"""Pictures of kernels on grey images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import BLUE, EMPTY, LINES, ORANGE, STYLES, box, canvas, label, numbers, show
from course_utils.plotting.student import Function, as_numbers, as_parts, ask, kindly

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]
Place = tuple[int, int]


def shuffled_pixels(image: Array, order: Array) -> Figure:
    """An image, and the same pixels in another order.

    Args:
        image: (H, W).
        order: (H*W,), a permutation.
    """
    figure, axes = canvas("To a fully connected layer these two are the same problem", 1, 2, 3.1)
    show(axes[0, 0], image, "the photo")
    show(axes[0, 1], image.ravel()[order].reshape(image.shape), "the same pixels, shuffled once and for all")
    return figure


@kindly
def sliding_window(correlate2d: Function, image: Array, kernel: Array, places: Sequence[Place]) -> Figure:
    """Step by step: the window, its product with the kernel, and the output filled so far.

    Args:
        correlate2d: The student's function.
        image: (H, W), small whole numbers.
        kernel: (K_H, K_W).
        places: Output positions (row, column), in order.
    """
    (H, W), (K_H, K_W) = image.shape, kernel.shape
    out = ask(correlate2d, image, kernel, shape=(H - K_H + 1, W - K_W + 1))
    finding = "One window, one dot product, one output pixel"
    figure, axes = canvas(finding, len(places), 3, 1.75 * len(places) + 0.4, width_ratios=[1.15, 0.75, 1])
    bound = float(np.abs(out).max())
    for (picture, product, partly), (row, column) in zip(axes, places, strict=True):
        window = image[row : row + K_H, column : column + K_W]
        show(picture, image, f"window at row {row}, column {column}", cmap="cividis")
        numbers(picture, image)
        box(picture, row, column, K_H, K_W, ORANGE)
        show(product, window * kernel, f"window × kernel, sum {np.sum(window * kernel):g}", signed=True)
        numbers(product, window * kernel, size=8)
        filled = np.arange(out.size).reshape(out.shape) <= row * out.shape[1] + column
        show(partly, np.ma.array(out, mask=~filled), "output so far", signed=True, vmin=-bound, vmax=bound)
        partly.set_facecolor(EMPTY)
        numbers(partly, out, shown=filled)
        box(partly, row, column, 1, 1, ORANGE)
    return figure


@kindly
def border_modes(correlate2d: Function, image: Array, kernel: Array, padding: int) -> Figure:
    """What each way of padding does to the border of a blurred image.

    Args:
        correlate2d: The student's function.
        image: (H, W).
        kernel: (2*padding + 1, 2*padding + 1).
        padding: Pixels on each side.
    """
    modes = ("zeros", "reflect", "circular")
    blurred = [ask(correlate2d, image, kernel, padding=padding, mode=mode, shape=image.shape) for mode in modes]
    figure, axes = canvas("Padding with zeros paints a dark frame that is not in the photo", 2, 2, 5.2)
    for ax, picture, mode in zip(axes.flat, blurred, modes, strict=False):
        show(ax, picture, f'mode="{mode}"', vmin=0, vmax=float(image.max()))
    last = axes[1, 1]
    columns = np.arange(image.shape[1])[-24:]
    for picture, mode, colour, style in zip(blurred, modes, LINES, STYLES, strict=False):
        last.plot(columns, picture.mean(axis=0)[-24:], color=colour, linestyle=style, label=mode)
    last.legend(fontsize=7)
    last.set_ylim(bottom=0)
    label(last, "towards the right border", "column (pixels)", "mean brightness")
    return figure


@kindly
def template_search(correlate2d: Function, match_template: Function, image: Array, template: Array) -> Figure:
    """Where the raw dot product peaks, and where the normalised score does.

    Args:
        correlate2d: The student's function.
        match_template: The student's function.
        image: (H, W).
        template: (K_H, K_W).
    """
    (H, W), (K_H, K_W) = image.shape, template.shape
    shape = (H - K_H + 1, W - K_W + 1)
    raw = ask(correlate2d, image, template, shape=shape)
    scores, _ = as_parts(ask(match_template, image, template), 2, "match_template")
    scores = as_numbers(scores, shape, "match_template")
    figure, axes = canvas("The dot product finds what is bright, the score finds what is alike", 2, 2, 5.6)
    show(axes[0, 0], template, f"the template, {K_H} × {K_W} pixels")
    show(axes[0, 1], image, "blue: peak of the dot product\norange: peak of the score")
    maps = [(axes[1, 0], raw, "raw dot product", BLUE, "--"), (axes[1, 1], scores, "normalised score", ORANGE, "-")]
    for ax, values, title, colour, style in maps:
        row, column = np.unravel_index(int(np.argmax(values)), shape)
        show(ax, values, f"{title}, peak at ({row}, {column})", cmap="viridis")
        ax.plot(column, row, "o", markersize=11, markerfacecolor="none", markeredgecolor="white", markeredgewidth=2)
        box(axes[0, 1], float(row), float(column), K_H, K_W, colour, style)
        figure.colorbar(ax.images[0], ax=ax, shrink=0.8).ax.tick_params(labelsize=7)
    return figure


@kindly
def edges(sobel_edges: Function, image: Array) -> Figure:
    """A photo and its three Sobel responses.

    Args:
        sobel_edges: The student's function.
        image: (H, W).
    """
    gx, gy, magnitude = _gradients(sobel_edges, image)
    figure, axes = canvas("gx sees upright edges, gy level ones, the magnitude sees both", 2, 2, 5.6)
    show(axes[0, 0], image, "photo")
    panels = [
        (axes[0, 1], gx, "gx: change from left to right", True),
        (axes[1, 0], gy, "gy: change from top to bottom", True),
        (axes[1, 1], magnitude, "magnitude: how strong", False),
    ]
    for ax, values, title, signed in panels:
        show(ax, values, title, signed=signed, **({} if signed else {"cmap": "cividis"}))
        figure.colorbar(ax.images[0], ax=ax, shrink=0.8).ax.tick_params(labelsize=7)
    return figure


@kindly
def edges_in_noise(
    gaussian_kernel: Function, correlate2d: Function, sobel_edges: Function, image: Array, sigma: float
) -> Figure:
    """Edges of a noisy photo, without and with a blur before.

    Args:
        gaussian_kernel: The student's function.
        correlate2d: The student's function.
        sobel_edges: The student's function.
        image: (H, W), with noise.
        sigma: Width of the blur in pixels.
    """
    size = 2 * int(np.ceil(2 * sigma)) + 1
    kernel = ask(gaussian_kernel, size, sigma, shape=(size, size))
    blurred = ask(correlate2d, image, kernel, padding=size // 2, mode="reflect", shape=image.shape)
    figure, axes = canvas("Blur first: edges add up, noise averages out", 1, 3, 2.4)
    show(axes[0, 0], image, "photo with noise")
    for ax, picture, title in [
        (axes[0, 1], image, "edges of the noisy photo"),
        (axes[0, 2], blurred, f"edges after a blur, σ = {sigma:g} px"),
    ]:
        show(ax, _gradients(sobel_edges, picture)[2], title, cmap="cividis")
    return figure


def _gradients(sobel_edges: Function, image: Array) -> tuple[Array, Array, Array]:
    shape = (image.shape[0] - 2, image.shape[1] - 2)
    parts = as_parts(ask(sobel_edges, image), 3, "sobel_edges")
    gx, gy, magnitude = (as_numbers(part, shape, "sobel_edges") for part in parts)
    return gx, gy, magnitude
