"""Pictures of sizes, counts and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.plotting.canvas import BLUE, GREY, LINES, ORANGE, SKY, STYLES, canvas, label
from course_utils.plotting.student import Function, NotDrawn, as_parts, ask, kindly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Layer = tuple[int, int, int, int]
# Larger views than this are a mistake, and would be slow to draw.
LARGEST = 10**6


@kindly
def output_sizes(conv_output_size: Function, kernel: int = 3) -> Figure:
    """Output size against input size, for some strides and some paddings.

    Args:
        conv_output_size: The student's function.
        kernel: Kernel length in pixels.
    """
    sizes = np.arange(kernel, 25)
    figure, axes = canvas("Stride divides the size, in steps; padding only shifts it", 1, 2, 3.2, sharey=True)
    settings: list[tuple[str, list[dict[str, Any]]]] = [
        ("padding 0", [{"stride": stride} for stride in (1, 2, 3)]),
        ("stride 1", [{"padding": padding} for padding in (0, 1, 2)]),
    ]
    for ax, (title, options) in zip(axes[0], settings, strict=True):
        for option, colour, style in zip(options, LINES, STYLES, strict=False):
            values = [_whole(ask(conv_output_size, int(size), kernel, **option), "conv_output_size") for size in sizes]
            name = ", ".join(f"{key} {value}" for key, value in option.items())
            ax.plot(sizes, values, ".", color=colour, linestyle=style, label=name)
        ax.plot(sizes, sizes, color=GREY, linewidth=0.8, label="unchanged")
        ax.legend(fontsize=7)
        label(
            ax, f"kernel {kernel}, {title}", "input size (pixels)", "output size (pixels)" if ax is axes[0, 0] else ""
        )
    return figure


@kindly
def window_positions(conv_output_size: Function, settings: Sequence[Mapping[str, int]]) -> Figure:
    """Where the windows lie on one axis, and which pixels none of them reaches.

    Args:
        conv_output_size: The student's function.
        settings: For each picture size, kernel, stride, padding.
    """
    figure, axes = canvas(
        "What the last whole window leaves over is never looked at", len(settings), 1, 1.7 * len(settings)
    )
    for ax, setting in zip(axes[:, 0], settings, strict=True):
        size, kernel, stride, padding = (setting[key] for key in ("size", "kernel", "stride", "padding"))
        count = _whole(ask(conv_output_size, size, kernel, stride=stride, padding=padding), "conv_output_size")
        pixels = np.arange(-padding, size + padding)
        if not 0 < count <= len(pixels):
            raise NotDrawn(f"No picture: conv_output_size gives {count} windows. Run its check first.")
        starts = np.arange(count) * stride - padding
        seen = {int(start) + offset for start in starts for offset in range(kernel)}
        for pixel in pixels:
            inside = 0 <= pixel < size
            ax.bar(
                pixel, 0.8, width=0.9, color=SKY if inside else "white", edgecolor=GREY, hatch="" if inside else "///"
            )
            if pixel not in seen:
                ax.text(pixel, 0.4, "never", ha="center", va="center", fontsize=7)
        for index, start in enumerate(starts):
            height = 1.1 + 0.35 * (index % 3)
            ax.plot([start - 0.4, start + kernel - 0.6], [height, height], color=BLUE, linewidth=4)
            ax.text(start + (kernel - 1) / 2, height + 0.06, f"{index}", ha="center", va="bottom", fontsize=7)
        ax.set_ylim(0, 2.3)
        ax.set_yticks([])
        title = f"size {size}, kernel {kernel}, stride {stride}, padding {padding}: {count} windows"
        label(ax, title, "pixel (hatched: padding)", "")
    return figure


@kindly
def parameter_growth(conv_counts: Function, mlp_params: Function, hidden: int = 64) -> Figure:
    """Parameters of a fully connected and of a convolution layer against the side of a colour image.

    Args:
        conv_counts: The student's function.
        mlp_params: The student's function.
        hidden: Units of the one, filters of the other.
    """
    sides = [8, 16, 32, 64, 128, 256, 512]
    dense = [_whole(ask(mlp_params, [3 * side * side, hidden]), "mlp_params") for side in sides]
    conv = [
        _whole(as_parts(ask(conv_counts, 3, hidden, 3, side, padding=1), 3, "conv_counts")[0], "conv_counts")
        for side in sides
    ]
    figure, axes = canvas("A convolution layer does not grow with the image", 1, 1, 3.2)
    ax = axes[0, 0]
    ax.loglog(sides, dense, "o-", color=ORANGE, label=f"fully connected, {hidden} units")
    ax.loglog(sides, conv, "s--", color=BLUE, label=f"convolution, {hidden} filters of 3 × 3")
    ax.set_xticks(sides, [str(side) for side in sides])
    ax.minorticks_off()
    ax.legend(fontsize=8)
    ax.grid(alpha=0.3)
    label(ax, "one layer on a colour image", "side of the image (pixels)", "parameters")
    return figure


@kindly
def views(receptive_field: Function, stacks: Mapping[str, Sequence[Layer]], outputs: int = 2) -> Figure:
    """What one output sees in every layer below it, for several stacks of layers.

    Args:
        receptive_field: The student's function.
        stacks: Layers (kernel, stride, padding, dilation) by the name of the stack.
        outputs: How many outputs are drawn; the view is that of output 0.
    """
    figure, axes = canvas("The earlier the stride, the wider the view", 1, len(stacks), 3.0, sharex=True, sharey=True)
    for ax, (name, layers) in zip(axes[0], stacks.items(), strict=True):
        size = _whole(_view(receptive_field, list(layers))[0], "receptive_field")
        _draw_stack(ax, receptive_field, list(layers), outputs)
        label(ax, f"{name}:\none output sees {size} pixels", "input (pixels)", "")
        ax.set_yticks(range(len(layers) + 1), ["input", *(f"layer {depth + 1}" for depth in range(len(layers)))])
    return figure


def _draw_stack(ax: Axes, receptive_field: Function, layers: list[Layer], outputs: int) -> None:
    places = []
    for depth in range(len(layers) + 1):
        # Above: how far the layers up to here are apart in the picture. Below: what output 0 sees of this layer.
        size, jump, start = _view(receptive_field, layers[:depth])
        seen, step, first = _view(receptive_field, layers[depth:])
        shown = np.arange(first, first + seen + (outputs - 1) * step)
        x = start + jump * shown + (size - 1) / 2
        inside = shown < first + seen
        ax.plot(x[~inside], np.full((~inside).sum(), depth), "o", markersize=5, color="white", markeredgecolor=GREY)
        ax.plot(x[inside], np.full(seen, depth), "o", markersize=5, color=ORANGE)
        places.append((x[0], x[inside][-1]))
    for depth, (lower, upper) in enumerate(pairwise(places)):
        ax.fill([lower[0], lower[1], upper[1], upper[0]], [depth, depth, depth + 1, depth + 1], color=SKY, alpha=0.3)


@kindly
def view_growth(receptive_field: Function, target: int = 224, deepest: int = 10) -> Figure:
    """Size of the receptive field against depth, for four ways to build a stack.

    Args:
        receptive_field: The student's function.
        target: Side of an image in pixels, drawn as a line.
        deepest: Largest number of layers.
    """
    ways: list[tuple[str, list[Layer]]] = [
        ("3 × 3", [(3, 1, 0, 1)] * deepest),
        ("7 × 7", [(7, 1, 0, 1)] * deepest),
        ("3 × 3, stride 2", [(3, 2, 0, 1)] * deepest),
        ("3 × 3, dilation 1, 2, 4, …", [(3, 1, 0, 2**depth) for depth in range(deepest)]),
    ]
    figure, axes = canvas("Depth adds pixels to the view; stride and dilation multiply it", 1, 1, 3.2)
    ax = axes[0, 0]
    depths = np.arange(deepest + 1)
    for (name, layers), colour, style, marker, side in zip(ways, LINES, STYLES, "osv^", (4, 4, 4, 9), strict=True):
        sizes = [_whole(_view(receptive_field, layers[:depth])[0], "receptive_field") for depth in depths]
        ax.semilogy(depths, sizes, marker, color=colour, linestyle=style, markersize=side, fillstyle="none", label=name)
    ax.axhline(target, color=GREY, linewidth=0.8)
    ax.text(0, target * 1.08, f"an image of {target} pixels", fontsize=7, color="black")
    ax.legend(fontsize=7)
    label(ax, "what one output sees", "layers", "receptive field (pixels)")
    return figure


def _view(receptive_field: Function, layers: list[Layer]) -> tuple[int, int, int]:
    size, jump, start = as_parts(ask(receptive_field, layers), 3, "receptive_field")
    view = tuple(_whole(value, "receptive_field") for value in (size, jump, start))
    if not (0 < view[0] <= LARGEST and 0 < view[1] <= LARGEST):
        raise NotDrawn(
            f"No picture: receptive_field gives the size {view[0]} and the jump {view[1]}. Run its check first."
        )
    return view[0], view[1], view[2]


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise NotDrawn(f"No picture: {name} gives {type(value).__name__}, it needs ints. Run its check first.")
    return int(value)
