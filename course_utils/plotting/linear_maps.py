"""Pictures of a convolution as a matrix, as columns, and as a sum of shifted signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import BLUE, EMPTY, GREY, LINES, ORANGE, STYLES, box, canvas, label, numbers, show
from course_utils.plotting.student import Function, as_parts, ask, kindly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
Size = tuple[int, int]


@kindly
def filter_matrix(toeplitz1d: Function, w: Array, size: int, settings: Sequence[Mapping[str, int]]) -> Figure:
    """The kernel at each of its places along a signal, and beside it the matrix of the filter.

    Args:
        toeplitz1d: The student's function.
        w: Kernel, (K,).
        size: Entries of the signal.
        settings: For each row of the picture stride and padding.
    """
    shapes = [(_places(size, len(w), **setting), size) for setting in settings]
    matrices = [
        ask(toeplitz1d, w, size, shape=shape, **setting) for shape, setting in zip(shapes, settings, strict=True)
    ]
    figure, axes = canvas("The sliding window, row by row, is a matrix", len(settings), 2, 1.9 * len(settings) + 0.3)
    for (left, right), matrix, setting in zip(axes, matrices, settings, strict=True):
        stride, padding = setting["stride"], setting["padding"]
        slid = np.zeros((len(matrix), size + 2 * padding))
        inside = np.zeros(slid.shape, dtype=bool)
        for row in range(len(matrix)):
            slid[row, row * stride : row * stride + len(w)] = w
            inside[row, row * stride : row * stride + len(w)] = True
        bound = float(np.abs(w).max())
        show(left, slid, f"the window, stride {stride}, padding {padding}", signed=True, vmin=-bound, vmax=bound)
        numbers(left, slid, size=9, shown=inside)
        for side in ((-0.5, padding - 0.5), (size + padding - 0.5, size + 2 * padding - 0.5)):
            if padding:
                left.axvspan(*side, facecolor=EMPTY, alpha=0.5, edgecolor=GREY, hatch="///")
        show(right, matrix, f"the matrix, {len(matrix)} × {size}", signed=True, vmin=-bound, vmax=bound)
        numbers(right, matrix, size=9)
        for ax, first in ((left, -padding), (right, 0)):
            _count_axes(ax, first)
        # As wide as its neighbour, so that its columns are as wide, too.
        right.set_xlim(-padding - 0.5, size + padding - 0.5)
    return figure


@kindly
def image_matrix(conv_matrix2d: Function, kernel: Array, in_size: Size) -> Figure:
    """A filter for images, and its matrix with the blocks that belong to rows of pixels.

    Args:
        conv_matrix2d: The student's function.
        kernel: (K_H, K_W).
        in_size: (H, W).
    """
    H_out, W_out = (_places(size, side) for size, side in zip(in_size, kernel.shape, strict=True))
    H, W = in_size
    matrix = ask(conv_matrix2d, kernel, in_size, shape=(H_out * W_out, H * W))
    figure, axes = canvas("Blocks on diagonals, and in each block diagonals again", 1, 2, 2.9, width_ratios=[1, 4.6])
    show(axes[0, 0], kernel, "the filter", signed=True)
    numbers(axes[0, 0], kernel, size=8)
    ax = axes[0, 1]
    show(ax, matrix, f"its matrix for {H} × {W} pixels, {H_out * W_out} × {H * W}", signed=True)
    # Small, but in print without colours they tell plus from minus.
    numbers(ax, matrix, size=5, shown=matrix != 0)
    for row in range(1, H_out):
        ax.axhline(row * W_out - 0.5, color=GREY, linewidth=0.8)
    for row in range(1, H):
        ax.axvline(row * W - 0.5, color=GREY, linewidth=0.8)
    ax.set_xticks([row * W + (W - 1) / 2 for row in range(H)], [f"row {row}" for row in range(H)])
    ax.set_yticks([row * W_out + (W_out - 1) / 2 for row in range(H_out)], [f"row {row}" for row in range(H_out)])
    ax.set_xlabel("pixels of the image", fontsize=8)
    ax.set_ylabel("pixels of the output", fontsize=8)
    return figure


@kindly
def weight_sharing(locally_connected1d: Function, count_weights: Function, size: int, kernel: int) -> Figure:
    """Three layers between the same inputs and outputs, each weight with a number and a colour of its own.

    Args:
        locally_connected1d: The student's function; lit one input at a time, it shows its matrix.
        count_weights: The student's function.
        size: Inputs.
        kernel: Window length.
    """
    outputs = _places(size, kernel)
    counts = as_parts(ask(count_weights, size, kernel), 3, "count_weights")
    own = 1 + np.arange(outputs * kernel, dtype=np.float64).reshape(outputs, kernel)
    local = {"convolution": np.repeat(own[:1], outputs, axis=0), "locally connected": own}
    panels = [
        *(
            (name, np.stack([ask(locally_connected1d, unit, w, shape=(outputs,)) for unit in np.eye(size)], axis=1))
            for name, w in local.items()
        ),
        ("fully connected", 1 + np.arange(float(outputs * size)).reshape(outputs, size)),
    ]
    figure, axes = canvas("Locality leaves weights out, sharing makes them equal", 1, 3, 2.0)
    for ax, (name, matrix), count in zip(axes[0], panels, counts, strict=True):
        # From light to dark, with room at both ends for what is written on it.
        bound = float(matrix.max())
        image = np.ma.masked_equal(matrix, 0)
        show(ax, image, f"{name}:\n{count} weights", cmap="viridis", vmin=1 - 0.1 * bound, vmax=bound)
        numbers(ax, matrix, size=8, shown=matrix != 0)
        _count_axes(ax, 0)
    return figure


@kindly
def unfolding(im2col: Function, image: Array, kernel: Size, places: Sequence[int]) -> Figure:
    """Step by step: the window on the image, and its column among the columns.

    Args:
        im2col: The student's function.
        image: (H, W), small whole numbers.
        kernel: (K_H, K_W).
        places: Positions of the window, counted row by row.
    """
    (K_H, K_W), W_out = kernel, _places(image.shape[1], kernel[1])
    positions = _places(image.shape[0], K_H) * W_out
    cols = ask(im2col, image[None, None], kernel, shape=(1, K_H * K_W, positions))[0]
    figure, axes = canvas("Every window becomes a column", len(places), 2, 1.9 * len(places) + 0.3)
    for (left, right), place in zip(axes, places, strict=True):
        row, column = divmod(place, W_out)
        show(left, image, f"window {place}: at row {row}, column {column}", cmap="cividis")
        numbers(left, image, size=8)
        box(left, row, column, K_H, K_W, ORANGE)
        lit = np.arange(positions) == place
        show(right, cols, f"im2col, {K_H * K_W} × {positions}: column {place}", cmap="cividis")
        right.images[0].set_alpha(np.where(lit, 1.0, 0.35)[None].repeat(K_H * K_W, axis=0))
        for (entry, position), value in np.ndenumerate(cols):
            dark = lit[position] and value < 0.5 * float(cols.max())
            right.text(
                position, entry, f"{value:g}", ha="center", va="center", fontsize=8, color="white" if dark else "black"
            )
        box(right, 0, place, K_H * K_W, 1, ORANGE)
    return figure


@kindly
def window_counts(
    im2col: Function, col2im: Function, in_size: Size, kernel: int, settings: Sequence[Mapping[str, int]]
) -> Figure:
    """In how many windows each pixel is: a picture of ones, unfolded and folded back.

    Args:
        im2col: The student's function.
        col2im: The student's function.
        in_size: (H, W).
        kernel: Side of the window.
        settings: For each panel stride and padding.
    """
    ones = np.ones((1, 1, *in_size))
    figure, axes = canvas(
        f"How many windows of {kernel} × {kernel} each pixel is in", 1, len(settings), 7.2 / len(settings)
    )
    for ax, setting in zip(axes[0], settings, strict=True):
        positions = int(np.prod([_places(size, kernel, **setting) for size in in_size]))
        cols = ask(im2col, ones, kernel, shape=(1, kernel * kernel, positions), **setting)
        counts = ask(col2im, cols, ones.shape, kernel, shape=ones.shape, **setting)[0, 0]
        show(
            ax,
            counts,
            f"stride {setting['stride']}, padding {setting['padding']}",
            cmap="cividis",
            vmin=0,
            vmax=kernel**2,
        )
        numbers(ax, counts, size=6.5)
    return figure


@kindly
def copying_filters(unfold_kernels: Function, conv2d_im2col: Function, image: Array, kernel: Size) -> Figure:
    """Filters that unfold, and the piece of the image that each of them copies.

    Args:
        unfold_kernels: The student's function.
        conv2d_im2col: The student's function, which runs the layer.
        image: (H, W).
        kernel: (K_H, K_W).
    """
    entries = kernel[0] * kernel[1]
    filters = ask(unfold_kernels, 1, kernel, shape=(entries, 1, *kernel))
    size = tuple(_places(length, side) for length, side in zip(image.shape, kernel, strict=True))
    copies = ask(conv2d_im2col, image[None, None], filters, None, shape=(1, entries, *size))[0]
    figure, axes = canvas("Every filter copies the picture, moved by a pixel", 2, entries, 2.3, height_ratios=[1, 1.6])
    for row, (upper, lower) in enumerate(axes.T):
        show(upper, filters[row, 0], f"filter {row}", cmap="cividis", vmin=0, vmax=1)
        numbers(upper, filters[row, 0], size=7)
        show(lower, copies[row], f"row {row}", cmap="cividis", vmin=float(image.min()), vmax=float(image.max()))
    return figure


@kindly
def shifted_copies(conv1d_by_shifts: Function, x: Array, w: Array) -> Figure:
    """Weighted and shifted copies of a signal, and their sum.

    Args:
        conv1d_by_shifts: The student's function.
        x: Signal, (L,).
        w: Kernel, (K,).
    """
    L_out = _places(len(x), len(w))
    total = ask(conv1d_by_shifts, x, w, shape=(L_out,))
    figure, axes = canvas("Shifted copies, added up: a blurred signal", 2, 1, 3.6, sharex=True)
    places = np.arange(L_out)
    for k, (weight, colour, style) in enumerate(zip(w, LINES, STYLES, strict=False)):
        axes[0, 0].step(
            places,
            weight * x[k : k + L_out],
            where="mid",
            color=colour,
            linestyle=style,
            label=f"{weight:g} · x, shifted by {k}",
        )
    axes[0, 0].legend(fontsize=7)
    label(axes[0, 0], "the summands", "", "w[k] · x[i + k]")
    axes[1, 0].step(places, x[len(w) // 2 :][:L_out], where="mid", color=GREY, linewidth=1, label="signal")
    axes[1, 0].plot(places, total, "o-", color=BLUE, markersize=3, label="sum")
    axes[1, 0].legend(fontsize=7)
    label(axes[1, 0], "their sum", "position i (pixels)", "y[i]")
    return figure


def _places(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    return (size + 2 * padding - kernel) // stride + 1


def _count_axes(ax: Axes, first: int) -> None:
    """Number the columns of a matrix as inputs, from `first` on, and its rows as outputs."""
    rows, columns = ax.images[0].get_size()
    ax.set_xticks(range(columns), [str(first + column) for column in range(columns)])
    ax.set_yticks(range(rows))
    ax.set_xlabel("input", fontsize=8)
    ax.set_ylabel("output", fontsize=8)
