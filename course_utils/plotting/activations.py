"""Pictures of activations, of stacks of layers with and without them, and of gradients that pass through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import BLACK, BLUE, GREY, LINES, ORANGE, SKY, STYLES, canvas, label, show
from course_utils.plotting.student import Function, as_numbers, as_parts, as_tensor, ask, kindly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
Pair = tuple[Function, Function]
Layer = tuple[Array, Array]


@kindly
def gates(relu_forward: Function, relu_backward: Function, feature_map: Array) -> Figure:
    """A feature map, what ReLU leaves of it, and where it lets gradients through.

    Args:
        relu_forward: The student's function.
        relu_backward: The student's function.
        feature_map: (H, W), with numbers of both signs.
    """
    shape = feature_map.shape
    x, ones = as_tensor(feature_map), as_tensor(np.ones(shape))
    after = ask(relu_forward, x, shape=shape)
    passed = ask(relu_backward, ones, x, shape=shape)
    figure, axes = canvas("What is positive passes, and so does the gradient, there only", 1, 3, 2.5)
    bound = float(np.abs(feature_map).max()) / 2
    show(axes[0, 0], feature_map, "feature map x", signed=True, vmin=-bound, vmax=bound)
    show(axes[0, 1], after, "ReLU(x)", signed=True, vmin=-bound, vmax=bound)
    show(axes[0, 2], passed, f"gates, {100 * passed.mean():.0f} % open (light)", cmap="cividis", vmin=0, vmax=1)
    return figure


@kindly
def activation_curves(activations: Mapping[str, Pair]) -> Figure:
    """Activations and their slopes, one panel each.

    Args:
        activations: The student's forward and backward function by the name of the panel.
    """
    x = np.linspace(-5, 5, 201)
    drawn = {
        name: (
            ask(forward, as_tensor(x), shape=x.shape),
            ask(backward, as_tensor(x * 0 + 1), as_tensor(x), shape=x.shape),
        )
        for name, (forward, backward) in activations.items()
    }
    rows = -(-len(drawn) // 3)
    figure, axes = canvas(
        "Where the slope is 0, no gradient comes through", rows, 3, 1.95 * rows, sharex=True, sharey=True
    )
    for ax, (name, (values, slopes)) in zip(axes.flat, drawn.items(), strict=False):
        ax.axhline(0, color=GREY, linewidth=0.6)
        ax.axvline(0, color=GREY, linewidth=0.6)
        ax.plot(x, values, color=BLUE, linewidth=2, label="function")
        ax.plot(x, slopes, color=ORANGE, linewidth=2, linestyle="--", label="slope")
        ax.set_ylim(-1.4, 2.4)
        label(ax, f"{name}\nlargest slope {slopes.max():.2f}", "x" if ax in axes[-1] else "", "")
    axes.flat[0].legend(fontsize=7, loc="upper left")
    for ax in axes.flat[len(drawn) :]:
        ax.set_axis_off()
    return figure


@kindly
def maxout_pieces(
    maxout_forward: Function, maxout_backward: Function, slopes: Sequence[float], offsets: Sequence[float]
) -> Figure:
    """Straight lines, the maxout of them, and which line gets the gradient.

    Args:
        maxout_forward: The student's function.
        maxout_backward: The student's function.
        slopes: One per line.
        offsets: One per line.
    """
    x = np.linspace(-3, 3, 241)
    pieces = np.outer(x, slopes) + np.array(offsets)
    shape = (len(x), 1)
    top = ask(maxout_forward, as_tensor(pieces), len(slopes), shape=shape)[:, 0]
    shares = ask(maxout_backward, as_tensor(np.ones(shape)), as_tensor(pieces), len(slopes), shape=pieces.shape)
    figure, axes = canvas(
        "The highest line speaks, and it alone is taught", 2, 1, 3.9, sharex=True, height_ratios=[4, 1.2]
    )
    curves, band = axes[:, 0]
    curves.plot(x, top, color=SKY, linewidth=8, alpha=0.6, label="maxout")
    for piece, (values, colour, style) in enumerate(zip(pieces.T, LINES, STYLES, strict=False)):
        curves.plot(x, values, color=colour, linestyle=style, linewidth=1.5, label=f"piece {piece}")
        band.fill_between(x, piece + 0.1, piece + 0.1 + 0.8 * shares[:, piece], color=colour, step="mid", linewidth=0)
    curves.legend(fontsize=7, loc="lower right")
    label(curves, "three lines, and the largest of them", "", "value")
    band.set_yticks([piece + 0.5 for piece in range(len(slopes))], [f"piece {piece}" for piece in range(len(slopes))])
    label(band, "which piece gets the gradient", "x", "")
    return figure


@kindly
def collapse(linear_collapse: Function, relu_forward: Function, layers: Sequence[Layer]) -> Figure:
    """A grid of points in the plane, sent through linear layers, without and with ReLU between them.

    Args:
        linear_collapse: The student's function.
        relu_forward: The student's function.
        layers: Each w (2, 2) and b (2,).
    """
    points = _grid()
    stack = [(as_tensor(w), as_tensor(b)) for w, b in layers]
    w, b = as_parts(ask(linear_collapse, stack), 2, "linear_collapse")
    one = points @ as_numbers(w, (2, 2), "linear_collapse").T + as_numbers(b, (2,), "linear_collapse")
    straight, bent = points, points
    for index, (weights, bias) in enumerate(layers):
        straight, bent = straight @ weights.T + bias, bent @ weights.T + bias
        if index < len(layers) - 1:
            flat = bent.reshape(-1, 2)
            bent = ask(relu_forward, as_tensor(flat), shape=flat.shape).reshape(bent.shape)
    finding = "Four layers without activations do what one does"
    figure, axes = canvas(finding, 1, 3, 2.5)
    _draw_grid(axes[0, 0], points, "a grid\n")
    _draw_grid(axes[0, 1], straight, f"after {len(layers)} linear layers\n(×: your one layer)")
    step = 4
    corners = one[::step, ::step].reshape(-1, 2)
    axes[0, 1].plot(*corners.T, "x", color=BLACK, markersize=4)
    _draw_grid(axes[0, 2], bent, "with ReLU between them\n")
    return figure


def _grid(lines: int = 9, fine: int = 4) -> Array:
    """Points of a square grid, (side, side, 2); every `fine`-th row and column is a line of the grid."""
    ticks = np.linspace(-1, 1, (lines - 1) * fine + 1)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1)


def _draw_grid(ax: Axes, points: Array, title: str, fine: int = 4) -> None:
    for index in range(0, points.shape[0], fine):
        ax.plot(*points[index].T, color=BLUE, linewidth=0.9)
        ax.plot(*points[:, index].T, color=ORANGE, linewidth=0.9, linestyle="--")
    ax.margins(0.1)
    label(ax, title, "first number", "second number" if "grid" in title else "")


@kindly
def gradients_by_depth(
    gradient_by_depth: Function, activations: Mapping[str, Pair], depth: int, width: int, seed: int = 0
) -> Figure:
    """Size of the gradient at each layer of a random network, one line per activation.

    Args:
        gradient_by_depth: The student's function.
        activations: The student's forward and backward function by name.
        depth: Number of layers.
        width: Units in each.
        seed: Of the network, the same for all activations.
    """
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    norms = {
        name: ask(
            gradient_by_depth, forward, backward, depth, width, torch.Generator().manual_seed(seed), shape=(depth,)
        )
        for name, (forward, backward) in activations.items()
    }
    figure, axes = canvas("A small slope in every layer leaves nothing at the bottom", 1, 1, 3.4)
    ax = axes[0, 0]
    layers = np.arange(depth)
    for (name, values), colour, style, marker in zip(norms.items(), LINES, STYLES, "osv^", strict=False):
        ax.semilogy(layers, values, marker, color=colour, linestyle=style, markersize=4, label=name)
    ax.legend(fontsize=8, loc="lower right")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(alpha=0.3)
    label(ax, f"{depth} layers of {width} units", "layer (0 is the first)", "norm of the gradient at its input")
    return figure
