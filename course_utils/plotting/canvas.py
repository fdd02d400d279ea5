"""What all pictures share: size, colours, and small ways of drawing an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# 580 pixels: a page of 600 leaves room for the margin that Jupyter adds.
WIDTH_IN = 5.8
DPI = 100
# Okabe and Ito's palette, told apart with any kind of colour vision: https://jfly.uni-koeln.de/color/
BLUE, ORANGE, SKY, PURPLE, BLACK, GREY = "#0072B2", "#E69F00", "#56B4E9", "#CC79A7", "#000000", "#8C8C8C"
LINES = (BLUE, ORANGE, PURPLE, BLACK)
STYLES = ("-", "--", "-.", ":")
SIGNED = "PuOr"
EMPTY = "#D9D9D9"


def canvas(finding: str, rows: int, columns: int, height_in: float, **options: Any) -> tuple[Figure, Any]:
    """An empty figure of the page's width with a headline.

    Args:
        finding: What one sees in it, in a line or two.
        rows: Rows of axes.
        columns: Columns of axes.
        height_in: Height in inches of 100 pixels.
        options: For pyplot.subplots: width_ratios and the like.

    Returns:
        The figure, and its axes as an array (rows, columns).
    """
    import matplotlib.pyplot as plt  # noqa: PLC0415 - pyplot is slow to import, and checks don't need it

    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH_IN, height_in), dpi=DPI, layout="constrained", squeeze=False, **options
    )
    # A closed figure is shown once, as the result of its cell, and not a second time by pyplot.
    plt.close(figure)
    figure.suptitle(finding, fontsize=10, fontweight="bold", x=0.01, horizontalalignment="left")
    for ax in axes.flat:
        ax.tick_params(labelsize=7)
    return figure, axes


def show(ax: Axes, image: Any, title: str, *, signed: bool = False, **options: Any) -> None:
    """An image without ticks; signed ones in two colours with white at zero."""
    if signed:
        bound = max(float(np.abs(image).max()), 1e-12)
        options = {"cmap": SIGNED, "vmin": -bound, "vmax": bound, **options}
    else:
        options = {"cmap": "gray", **options}
    ax.imshow(image, **options)
    ax.set_title(title, fontsize=8)
    ax.set_xticks([])
    ax.set_yticks([])


def numbers(ax: Axes, image: Any, *, size: float = 7, shown: Any = None) -> None:
    """Write the numbers of an image into its pixels, dark on light ones and light on dark ones."""
    picture = ax.images[0]
    for (row, column), value in np.ndenumerate(image):
        if shown is not None and not shown[row, column]:
            continue
        ink = _opposite(picture.cmap(picture.norm(value)))
        ax.text(column, row, f"{value:g}", ha="center", va="center", fontsize=size, color=ink)


def box(ax: Axes, top: float, left: float, height: float, width: float, colour: str, style: str = "-") -> None:
    """A frame around the pixels of a window, with a thin rim that sets it off from pixels of its own colour."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - see canvas
    from matplotlib.patches import Rectangle  # noqa: PLC0415
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    corner = (left - 0.5, top - 0.5)
    rim = withStroke(linewidth=3.2, foreground=_opposite(to_rgb(colour)))
    frame = Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=2, linestyle=style)
    frame.set_path_effects([rim])
    ax.add_patch(frame)


def _opposite(colour: Any) -> str:
    """Black on light colours, white on dark ones."""
    red, green, blue = colour[:3]
    return "black" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"


def label(ax: Axes, title: str, x: str, y: str) -> None:
    """Title and axis labels."""
    ax.set_title(title, fontsize=8)
    ax.set_xlabel(x, fontsize=8)
    ax.set_ylabel(y, fontsize=8)
