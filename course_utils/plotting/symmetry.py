"""Pictures of shifts, of layers in a row, and of a kernel that is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import LINES, STYLES, canvas, label, numbers, show
from course_utils.plotting.student import Function, NotDrawn, ask, kindly

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]


@kindly
def shift_gaps(
    equivariance_gap: Function, layers: Mapping[str, Function], image: Array, shifts: Sequence[int]
) -> Figure:
    """By how much layers fail to follow an image that moves to the right.

    Args:
        equivariance_gap: The student's function.
        layers: Functions from (N, C, H, W) to (N, C_out, H_out, W_out), by name.
        image: (H, W).
        shifts: Pixels to the right.
    """
    x = image[None, None]
    figure, axes = canvas("A convolution moves along; a stride does so for whole steps only", 1, 1, 3.4)
    ax = axes[0, 0]
    looks = zip(LINES, STYLES, "osv^", (10, 5, 6, 6), strict=True)
    for (name, layer), (colour, style, marker, side) in zip(layers.items(), looks, strict=False):
        largest = float(np.abs(ask(layer, x)).max())
        gaps = [_real(ask(equivariance_gap, layer, x, (0, shift)), "equivariance_gap") / largest for shift in shifts]
        ax.plot(
            list(shifts), gaps, marker, color=colour, linestyle=style, markersize=side, fillstyle="none", label=name
        )
    ax.legend(fontsize=8)
    ax.xaxis.get_major_locator().set_params(integer=True)
    label(ax, "shifted before, and shifted after", "shift (pixels)", "gap / largest output")
    return figure


@kindly
def composed_kernels(compose_kernels: Function, conv2d_im2col: Function, w1: Array, w2: Array, image: Array) -> Figure:
    """Two kernels, the one that does both, and what the two and the one make of an image.

    Args:
        compose_kernels: The student's function.
        conv2d_im2col: The student's function, which runs the layers.
        w1: (K1_H, K1_W).
        w2: (K2_H, K2_W).
        image: (H, W).
    """
    size = tuple(a + b - 1 for a, b in zip(w1.shape, w2.shape, strict=True))
    both = ask(compose_kernels, w1[None, None], w2[None, None], shape=(1, 1, *size))
    first = ask(conv2d_im2col, image[None, None], w1[None, None], None)
    shape = (1, 1, *(length - side + 1 for length, side in zip(image.shape, size, strict=True)))
    twice = ask(conv2d_im2col, first, w2[None, None], None, shape=shape)[0, 0]
    once = ask(conv2d_im2col, image[None, None], both, None, shape=shape)[0, 0]
    figure, axes = canvas("Two layers without anything between them are one", 2, 3, 4.0, height_ratios=[1, 2.2])
    panels = [(w1, "w1"), (w2, "w2"), (both[0, 0], "compose_kernels(w1, w2)")]
    for ax, (kernel, title) in zip(axes[0], panels, strict=True):
        show(ax, kernel, title, signed=True)
        numbers(ax, np.round(kernel, 3), size=6)
    show(axes[1, 0], image, "the photo")
    show(axes[1, 1], twice, "w1, then w2", signed=True)
    show(axes[1, 2], once, f"both at once,\nlargest difference {np.abs(twice - once).max():.0e}", signed=True)
    return figure


@kindly
def learned_kernel(
    learn_kernel: Function,
    conv2d_im2col: Function,
    teachers: Mapping[str, Array],
    truth: Array,
    lr: float,
    steps: Sequence[int],
) -> Figure:
    """What a kernel looks like after some steps, for several sets of images, beside the one that it should become.

    Args:
        learn_kernel: The student's function.
        conv2d_im2col: The student's function, which makes the targets.
        teachers: Images (N, H, W) by name.
        truth: (K_H, K_W).
        lr: Learning rate.
        steps: Numbers of steps, one column each.
    """
    columns = len(steps) + 2
    figure, axes = canvas(
        "The kernel is found, from noise sooner than from a photo", len(teachers), columns, 1.45 * len(teachers) + 0.4
    )
    bound = float(np.abs(truth).max())
    for row, (name, images) in zip(axes, teachers.items(), strict=True):
        N, H, W = images.shape
        K_H, K_W = truth.shape
        shape = (N, 1, H - K_H + 1, W - K_W + 1)
        targets = ask(conv2d_im2col, images[:, None], truth[None, None], None, shape=shape)[:, 0]
        show(row[0], images[0], f"{name}, one of {N}")
        for ax, count in zip(row[1:-1], steps, strict=True):
            kernel = ask(learn_kernel, images, targets, truth.shape, lr=lr, steps=count, shape=truth.shape)
            show(ax, kernel, f"after {count} step{'s' if count > 1 else ''}", signed=True, vmin=-bound, vmax=bound)
            # Adding zero turns -0 into 0.
            numbers(ax, np.round(kernel, 1) + 0.0, size=7)
        show(row[-1], truth, "the filter", signed=True)
        numbers(row[-1], truth, size=7)
    return figure


def _real(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise NotDrawn(f"No picture: {name} gives {type(value).__name__}, it needs a number. Run its check first.")
    return float(value)
