"""Pictures of pooling: what is kept, where gradients go, and how much a small shift changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import (
    BLACK,
    BLUE,
    GREY,
    LINES,
    ORANGE,
    SKY,
    STYLES,
    box,
    canvas,
    label,
    numbers,
    show,
)
from course_utils.plotting.student import Function, NotDrawn, as_numbers, as_tensor, ask, kindly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
Pair = tuple[Function, Function]
LETTERS = "ABCDE"


@kindly
def pooled_maps(max_pool2d_forward: Function, feature_map: Array, kernels: Sequence[int]) -> Figure:
    """A feature map, and its maxima over larger and larger windows.

    Args:
        max_pool2d_forward: The student's function.
        feature_map: (H, W).
        kernels: Sides of the windows in pixels.
    """
    strength = np.abs(feature_map)
    pooled = [_pool(max_pool2d_forward, strength, (kernel, kernel)) for kernel in kernels]
    figure, axes = canvas("Fewer numbers, and the strong ones survive", 1, len(kernels) + 1, 2.1)
    bound = float(strength.max()) * 0.8
    for ax, values, title in zip(
        axes[0], [strength, *pooled], ["edges", *(f"windows of {kernel} × {kernel}" for kernel in kernels)], strict=True
    ):
        show(ax, values, f"{title}\n{values.size:,} numbers", cmap="cividis", vmin=0, vmax=bound)
    return figure


@kindly
def overlapping_windows(max_pool2d_forward: Function, picture: Any, kernel: int, stride: int) -> Figure:
    """A picture of numbers with all its windows as frames, and their maxima.

    Args:
        max_pool2d_forward: The student's function.
        picture: (H, W), small whole numbers.
        kernel: Side of the windows.
        stride: Pixels from one to the next.
    """
    x = np.array(picture, dtype=np.float64)
    out = _pool(max_pool2d_forward, x, (kernel, kernel), stride=stride)
    figure, axes = canvas("A pixel in several windows may win several times", 1, 2, 2.7, width_ratios=[1.9, 1])
    show(axes[0, 0], x, f"windows of {kernel} × {kernel}, stride {stride}", cmap="Blues", vmin=0, vmax=24)
    numbers(axes[0, 0], x, size=9)
    _frames(axes[0, 0], out.shape, kernel, stride)
    show(axes[0, 1], out, "their maxima", cmap="Blues", vmin=0, vmax=24)
    numbers(axes[0, 1], out, size=9)
    return figure


def _frames(ax: Axes, positions: tuple[int, ...], kernel: int, stride: int) -> None:
    """Frames around windows, each a little inside the last, so that none hides another."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see canvas

    for i, j in np.ndindex(*positions):
        inset = 0.06 + 0.1 * ((i + j) % 2)
        corner = (j * stride - 0.5 + inset, i * stride - 0.5 + inset)
        side = kernel - 2 * inset
        style, colour = (("-", BLACK), ("--", BLUE))[(i + j) % 2]
        ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=2, linestyle=style))


@kindly
def routes(max_pool2d_backward: Function, picture: Any, gradient: Any, kernel: int, stride: int) -> Figure:
    """The gradient of each output, the way it takes, and where it arrives.

    Args:
        max_pool2d_backward: The student's function.
        picture: (H, W), small whole numbers, each maximum once.
        gradient: (H_out, W_out), that of the outputs.
        kernel: Side of the windows.
        stride: Pixels from one to the next.
    """
    x, dout = np.array(picture, dtype=np.float64), np.array(gradient, dtype=np.float64)
    every = [
        _back(max_pool2d_backward, _lit(dout.shape, place), x, kernel, stride) for place in np.ndindex(*dout.shape)
    ]
    dx = _back(max_pool2d_backward, dout, x, kernel, stride)
    figure, axes = canvas(
        "Each gradient goes to its winner, and what meets there adds up", 1, 3, 2.3, width_ratios=[1, 2, 2]
    )
    above, image, below = axes[0]
    show(above, dout, "from above, dout", cmap="Blues", vmin=0, vmax=24)
    numbers(above, dout, size=9)
    show(image, x, "the winners in x", cmap="Blues", vmin=0, vmax=24)
    numbers(image, x, size=8)
    show(below, dx, "what arrives, dx", cmap="Blues", vmin=0, vmax=24)
    numbers(below, dx, size=8)
    for place, reached in zip(np.ndindex(*dout.shape), every, strict=True):
        for row, column in np.argwhere(reached != 0):
            box(image, float(row), float(column), 1, 1, BLACK)
            _arrow(figure, above, place, image, (int(row), int(column)))
    return figure


def _arrow(figure: Figure, start: Axes, source: tuple[int, ...], end: Axes, target: tuple[int, int]) -> None:
    from matplotlib.patches import ConnectionPatch  # noqa: PLC0415 - see canvas

    arrow = ConnectionPatch(
        (source[1] + 0.3, source[0]),
        (target[1] - 0.3, target[0]),
        "data",
        "data",
        axesA=start,
        axesB=end,
        arrowstyle="-|>",
        color=BLACK,
        linewidth=1,
        shrinkA=1,
        shrinkB=1,
    )
    figure.add_artist(arrow)


@kindly
def averages_and_maxima(
    maximum: Pair, average: Pair, global_avg_pool_backward: Function, image: Array, kernel: int
) -> Figure:
    """An image pooled in two ways, and what a single output sends back in three.

    Args:
        maximum: The student's max pooling, forward and backward.
        average: The student's average pooling, forward and backward.
        global_avg_pool_backward: The student's function.
        image: (H, W), with single bright pixels.
        kernel: Side of the windows.
    """
    windows = (kernel, kernel)
    pooled = [_pool(forward, image, windows) for forward in (maximum[0], average[0])]
    small = image[:: kernel * 2, :: kernel * 2][: 3 * kernel, : 3 * kernel]
    (H, W), lit = small.shape, _lit((3, 3), (1, 1))
    after_max = _back(maximum[1], lit, small, kernel, kernel)
    after_mean = ask(average[1], as_tensor(lit[None, None]), (H, W), kernel, shape=(1, 1, H, W))[0, 0]
    veil = ask(global_avg_pool_backward, as_tensor(np.ones((1, 1))), (H, W), shape=(1, 1, H, W))[0, 0]
    figure, axes = canvas("The maximum hears one pixel, the average hears them all a little", 2, 3, 4.3)
    tops = [image, *pooled]
    for ax, values, title in zip(axes[0], tops, ("photo with specks", "maxima", "means"), strict=True):
        show(ax, values, title if title[0] == "p" else f"{title}, windows of {kernel} × {kernel}", vmin=0, vmax=1)
    below = zip(axes[1], (after_max, after_mean, veil), ("maximum", "average", "global average"), strict=True)
    for ax, values, title in below:
        count = int((values != 0).sum())
        show(ax, values, f"gradient of one output:\n{title}, {count} pixel{'s' if count > 1 else ''}", cmap="Blues")
        ax.images[0].set_clim(0, 1 / 8)
        for side in range(kernel, H, kernel):
            ax.axhline(side - 0.5, color=GREY, linewidth=0.5)
            ax.axvline(side - 0.5, color=GREY, linewidth=0.5)
    return figure


@kindly
def average_as_convolution(
    avg_pool2d_forward: Function, avg_pool_weights: Function, image: Array, kernel: tuple[int, int]
) -> Figure:
    """A colour image, its average pool, a depthwise convolution with the student's filters, and their difference.

    Args:
        avg_pool2d_forward: The student's function.
        avg_pool_weights: The student's function.
        image: (3, H, W), between 0 and 1.
        kernel: Size of the windows, (rows, columns).
    """
    channels = len(image)
    w = ask(avg_pool_weights, channels, kernel, shape=(channels, 1, *kernel))
    rows, columns = (size // side for size, side in zip(image.shape[1:], kernel, strict=True))
    shape = (1, channels, rows, columns)
    pooled = ask(avg_pool2d_forward, as_tensor(image[None]), kernel, shape=shape)[0]
    cut = image[:, : rows * kernel[0], : columns * kernel[1]]
    blocks = cut.reshape(channels, rows, kernel[0], columns, kernel[1])
    convolved = np.einsum("ciujv,cuv->cij", blocks, w[:, 0])
    figure, axes = canvas("Pooling by the mean is a convolution that nobody trained", 1, 4, 2.0)
    show(axes[0, 0], image.transpose(1, 2, 0), "photo")
    # A pooled pixel is as high as a window, and as wide.
    stretch = kernel[0] / kernel[1]
    show(axes[0, 1], pooled.transpose(1, 2, 0).clip(0, 1), "average pooling", aspect=stretch)
    show(axes[0, 2], convolved.transpose(1, 2, 0).clip(0, 1), "depthwise convolution", aspect=stretch)
    gap = float(np.abs(pooled - convolved).max())
    show(
        axes[0, 3],
        np.abs(pooled - convolved).max(axis=0),
        f"difference,\nat most {gap:.0e}",
        vmin=0,
        vmax=1,
        aspect=stretch,
    )
    return figure


@kindly
def pooled_signals(max_pool1d: Function, signal: Array, kernel: int, shifts: Sequence[int]) -> Figure:
    """A signal at several shifts, and what is left of it after pooling.

    Args:
        max_pool1d: The student's function.
        signal: (L,), zero but for some bumps.
        kernel: Length of the windows.
        shifts: Steps to the right; the first is 0.
    """
    moved = [np.roll(signal, shift) for shift in shifts]
    shape = (1, 1, len(signal) // kernel)
    pooled = [ask(max_pool1d, as_tensor(values[None, None]), kernel, shape=shape)[0, 0] for values in moved]
    height_in = 1.1 * len(shifts) + 0.6
    finding = "Some bumps keep their place after a small shift, some don't"
    figure, axes = canvas(finding, len(shifts), 2, height_in, sharex="col")
    for (left, right), shift, before, after in zip(axes, shifts, moved, pooled, strict=True):
        left.bar(np.arange(len(signal)), before, color=BLUE, width=0.8)
        for edge in range(0, len(signal) + 1, kernel):
            left.axvline(edge - 0.5, color=GREY, linewidth=0.7, linestyle=":")
        stayed = np.isclose(after, pooled[0]) & (after != 0)
        right.bar(np.arange(len(after)), after, color=[BLUE if same else ORANGE for same in stayed], width=0.8)
        for place in np.flatnonzero((after != 0) & ~stayed):
            right.text(place, after[place], "moved", ha="center", va="bottom", fontsize=7)
        for ax in (left, right):
            ax.set_ylim(0, 1.35 * signal.max())
        label(left, f"signal, {shift} step{'' if shift == 1 else 's'} later" if shift else "signal", "", "")
        label(right, f"maxima of {kernel}", "", "")
    axes[-1, 0].set_xlabel("position", fontsize=8)
    axes[-1, 1].set_xlabel("window", fontsize=8)
    return figure


@kindly
def sensitivities(
    shift_sensitivity: Function, features: Mapping[str, Function], images: Any, shifts: Iterable[int]
) -> Figure:
    """Sensitivity against the shift to the right, one line per kind of features, and above what they look like.

    Args:
        shift_sensitivity: The student's function.
        features: Functions of images by name, five at most; each gives maps.
        images: (N, C, H, W), a tensor.
        shifts: Pixels.
    """
    steps = list(shifts)
    lines = {
        name: [_sensitivity(ask(shift_sensitivity, function, images, (0, step)), step) for step in steps]
        for name, function in features.items()
    }
    maps = [_shown(ask(function, images[:1]), images.shape[2]) for function in features.values()]
    panels = 1 + len(maps)
    figure, axes = canvas("Pooling softens a shift, it does not ignore it", 2, panels, 4.8, height_ratios=[1, 3.6])
    show(axes[0, 0], _shown(images[:1], images.shape[2]), "picture")
    for panel, letter, seen in zip(axes[0, 1:], LETTERS, maps, strict=False):
        show(panel, seen, f"{letter}: {seen.shape[0]} × {seen.shape[1]}", cmap="cividis")
    for below in axes[1]:
        below.set_axis_off()
    ax = figure.add_subplot(axes[1, 0].get_gridspec()[1, :])
    ax.tick_params(labelsize=7)
    ways = zip(LETTERS, lines.items(), (*LINES, SKY), (*STYLES, "-"), "osv^D", strict=False)
    for letter, (name, values), colour, style, marker in ways:
        text = f"{letter}: {name}"
        ax.plot(steps, values, marker=marker, color=colour, linestyle=style, markersize=5, label=text, fillstyle="none")
    ax.axhline(2**0.5, color=GREY, linewidth=0.8)
    ax.text(steps[0], 2**0.5 + 0.02, "nothing in common", fontsize=7, va="bottom")
    ax.set_ylim(-0.05, 1.65)
    ax.legend(fontsize=7, loc="center right", bbox_to_anchor=(1, 0.28))
    ax.grid(alpha=0.3)
    title = f"{len(images)} pictures of shapes, moved to the right"
    label(ax, title, "shift (pixels)", "change, as a share of the features")
    return figure


def _shown(maps: Any, largest: int) -> Array:
    """The sum of all channels of one image's maps.

    Args:
        maps: What a function gave for one image.
        largest: Side of the image; no map is larger.

    Raises:
        NotDrawn: If it is no (1, C, H, W).
    """
    shape = tuple(getattr(maps, "shape", ()))
    if len(shape) != 4 or shape[0] != 1 or max(shape[2:]) > largest:
        raise NotDrawn(f"No picture: the features of one image have the shape {shape}. Run its check first.")
    total: Array = as_numbers(maps, shape, "features")[0].sum(axis=0)
    return total


def _sensitivity(value: Any, step: int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):
        message = f"No picture: shift_sensitivity gives {type(value).__name__}, it needs a float. Run its check first."
        raise NotDrawn(message) from None
    if step == 0 and number != 0:
        message = f"No picture: shift_sensitivity gives {number:.3g} for images that have not moved."
        raise NotDrawn(f"{message} Run its check first.")
    return number


def _pool(forward: Function, image: Array, kernel: tuple[int, int], stride: int | None = None) -> Array:
    """One channel of one image, pooled by a student's function."""
    steps = kernel if stride is None else (stride, stride)
    sides = [(size - side) // step + 1 for size, side, step in zip(image.shape, kernel, steps, strict=True)]
    options = {} if stride is None else {"stride": stride}
    out: Array = ask(forward, as_tensor(image[None, None]), kernel, shape=(1, 1, *sides), **options)[0, 0]
    return out


def _back(backward: Function, dout: Array, image: Array, kernel: int, stride: int) -> Array:
    """What max pooling sends back to one channel of one image."""
    x = as_tensor(image[None, None])
    dx: Array = ask(backward, as_tensor(dout[None, None]), x, kernel, stride=stride, shape=(1, 1, *image.shape))[0, 0]
    return dx


def _lit(shape: tuple[int, ...], place: tuple[int, ...]) -> Array:
    """Zeros, and a one in one place."""
    array = np.zeros(shape)
    array[place] = 1
    return array
