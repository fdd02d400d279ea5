"""Pictures of convolution layers: many channels in, many out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import ORANGE, box, canvas, label, numbers, show
from course_utils.plotting.student import Function, as_numbers, as_parts, ask, kindly

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]


@kindly
def detector(square_detector: Function, correlate2d: Function, scene: Array) -> Figure:
    """A scene, what the hidden channels say, and where the detector fires.

    Args:
        square_detector: The student's function.
        correlate2d: The student's function, which runs the layers.
        scene: (H, W), zeros and ones.
    """
    parts = as_parts(ask(square_detector), 4, "square_detector")
    channels = max(np.size(parts[1]), 1)
    shapes = ((channels, 1, 3, 3), (channels,), (1, channels, 3, 3), (1,))
    w1, b1, w2, b2 = (as_numbers(part, shape, "square_detector") for part, shape in zip(parts, shapes, strict=True))
    (H, W), inner, outer = (
        scene.shape,
        (scene.shape[0] - 2, scene.shape[1] - 2),
        (scene.shape[0] - 4, scene.shape[1] - 4),
    )
    hidden = [np.maximum(ask(correlate2d, scene, w1[c, 0], shape=inner) + b1[c], 0) for c in range(channels)]
    out = np.maximum(sum(ask(correlate2d, hidden[c], w2[0, c], shape=outer) for c in range(channels)) + b2[0], 0)
    shown = hidden[:4]
    columns = max(len(shown), 2)
    fired = np.argwhere(out > 0)
    figure, axes = canvas(f"The detector fires at {len(fired)} places of this scene", 2, columns, 3.6)
    for ax in axes.flat:
        ax.set_axis_off()
    grid = axes[0, 0].get_gridspec()
    left, right = figure.add_subplot(grid[0, : columns // 2]), figure.add_subplot(grid[0, columns // 2 :])
    show(left, scene, f"scene, {H} × {W}", cmap="cividis")
    show(right, scene, "orange: patches where layer 2 is above 0", cmap="cividis", alpha=0.45)
    for row, column in fired:
        box(right, float(row), float(column), 4, 4, ORANGE)
    for index, (ax, values) in enumerate(zip(axes[1], shown, strict=False)):
        ax.set_axis_on()
        show(ax, values, f"layer 1, channel {index}", cmap="cividis")
    return figure


@kindly
def feature_maps(conv2d_forward: Function, image: Array, filters: Array, names: Sequence[str]) -> Figure:
    """A colour image and one map per filter.

    Args:
        conv2d_forward: The student's function.
        image: (3, H, W), between 0 and 1.
        filters: (C_out, 3, K, K), K odd.
        names: One name per filter.
    """
    C_out, _, K, _ = filters.shape
    H, W = image.shape[1:]
    maps = ask(conv2d_forward, image[None], filters, None, padding=K // 2, shape=(1, C_out, H, W))[0]
    columns = (C_out + 2) // 2
    figure, axes = canvas("One filter, one map: each looks for something else", 2, columns, 4.6)
    for ax in axes.flat:
        ax.set_axis_off()
    show(axes[0, 0], image.transpose(1, 2, 0), "image, 3 channels")
    for ax, values, name in zip(axes.flat[1:], maps, names, strict=False):
        inside = values[K:-K, K:-K]
        show(ax, inside, name, signed=True)
    for ax in axes.flat[: C_out + 1]:
        ax.set_axis_on()
    return figure


@kindly
def channel_mixing(conv1x1_as_matmul: Function, image: Array, w: Array, names: Sequence[str]) -> Figure:
    """A colour image, the matrix that mixes its channels, and what comes out.

    Args:
        conv1x1_as_matmul: The student's function.
        image: (3, H, W), between 0 and 1.
        w: (2, 3, 1, 1).
        names: One name per output channel.
    """
    H, W = image.shape[1:]
    mixed = ask(conv1x1_as_matmul, image[None], w, None, shape=(1, 2, H, W))[0]
    figure, axes = canvas("The same small matrix at every pixel", 1, 4, 1.9, width_ratios=[1, 0.8, 1, 1])
    show(axes[0, 0], image.transpose(1, 2, 0), "image, 3 channels")
    matrix = axes[0, 1]
    show(matrix, w[:, :, 0, 0], "w, 2 × 3", signed=True)
    numbers(matrix, w[:, :, 0, 0])
    matrix.set_xticks(range(3), ["R", "G", "B"])
    matrix.set_yticks(range(2), names)
    show(axes[0, 2], mixed[0], names[0])
    show(axes[0, 3], mixed[1], names[1], signed=True)
    return figure


@kindly
def motion(conv3d_forward: Function, film: Array, kernel: Array, b: Array) -> Figure:
    """A film, and what a filter over space and time answers, shown as position against time.

    Args:
        conv3d_forward: The student's function.
        film: (T, H, W).
        kernel: (K_T, K_H, K_W).
        b: (1,).
    """
    sizes = tuple(size - side + 1 for size, side in zip(film.shape, kernel.shape, strict=True))
    x, w = film[None, None], kernel[None, None]
    answer = np.maximum(ask(conv3d_forward, x, w, b, shape=(1, 1, *sizes))[0, 0], 0)
    figure, axes = canvas("A filter with a time axis tells left from right", 2, 3, 3.6)
    for ax, time in zip(axes[0], np.linspace(0, len(film) - 1, 3).astype(int), strict=True):
        show(ax, film[time], f"frame {time}", cmap="cividis")
    panels = [
        (film.max(axis=1), "all frames", "time (frames)"),
        (kernel[:, kernel.shape[1] // 2], "the filter", ""),
        (answer.max(axis=1), "its answer after ReLU", ""),
    ]
    for ax, (values, title, y) in zip(axes[1], panels, strict=True):
        ax.imshow(values, cmap="cividis")
        label(ax, title, "column (pixels)", y)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.yaxis.get_major_locator().set_params(integer=True)
    return figure


@kindly
def connections(conv2d_grouped: Function, channels: int, groups: Sequence[int]) -> Figure:
    """Which input channels reach which output channels, found by lighting one input channel at a time.

    Args:
        conv2d_grouped: The student's function.
        channels: Input channels, as many as output channels.
        groups: Numbers of groups, divisors of channels.
    """
    # One batch holds every question: in image k only channel k is lit.
    lit = np.eye(channels)[:, :, None, None]
    figure, axes = canvas("Groups cut the connections between channels", 1, len(groups), 2.5)
    for ax, count in zip(axes[0], groups, strict=True):
        w = np.ones((channels, channels // count, 1, 1))
        reached = ask(conv2d_grouped, lit, w, None, groups=count, shape=(channels, channels, 1, 1))[:, :, 0, 0]
        title = f"groups = {count}, {w.size} weights"
        ax.imshow(reached.T != 0, cmap="cividis", vmin=0, vmax=1)
        label(ax, title, "input channel", "output channel" if ax is axes[0, 0] else "")
        ax.set_xticks(range(channels))
        ax.set_yticks(range(channels))
    return figure


@kindly
def holes(conv2d_grouped: Function, dilations: Sequence[int]) -> Figure:
    """Which pixels a 3x3 filter touches at each dilation: the answer to a single lit pixel.

    Args:
        conv2d_grouped: The student's function.
        dilations: Pixels from one filter entry to the next.
    """
    side = 4 * max(dilations) + 1
    lit = np.zeros((1, 1, side, side))
    lit[0, 0, side // 2, side // 2] = 1
    figure, axes = canvas("Dilation spreads the same nine weights over more pixels", 1, len(dilations), 2.4)
    for ax, dilation in zip(axes[0], dilations, strict=True):
        out = ask(
            conv2d_grouped,
            lit,
            np.ones((1, 1, 3, 3)),
            None,
            padding=dilation,
            dilation=dilation,
            shape=(1, 1, side, side),
        )
        ax.imshow(out[0, 0] != 0, cmap="cividis", vmin=0, vmax=1)
        label(ax, f"dilation = {dilation}", "column (pixels)", "row (pixels)" if ax is axes[0, 0] else "")
    return figure
