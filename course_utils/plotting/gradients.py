"""Pictures of backward passes: where gradients come from, and how exactly they can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import BLUE, EMPTY, ORANGE, box, canvas, label, numbers, show
from course_utils.plotting.student import Function, as_numbers, as_parts, ask, kindly

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]
Size = tuple[int, int]


@kindly
def gathered_gradient(
    conv2d_backward: Function, x: Array, dout: Array, kernel: Size, entries: Sequence[tuple[int, int]]
) -> Figure:
    """For some weights of a filter: the pixels that each of them met, what the loss wants there, and the sum.

    Args:
        conv2d_backward: The student's function.
        x: (H, W), small whole numbers.
        dout: (H_out, W_out), small whole numbers.
        kernel: (K_H, K_W), stride 1, no padding.
        entries: Weights (row, column), in order.
    """
    filters = np.zeros((1, 1, *kernel))
    gradients = as_parts(
        ask(conv2d_backward, dout[None, None] * 1.0, x[None, None] * 1.0, filters), 3, "conv2d_backward"
    )
    dw = as_numbers(gradients[1], filters.shape, "conv2d_backward")[0, 0]
    H_out, W_out = dout.shape
    finding = "A shared weight gathers its gradient from all its places"
    figure, axes = canvas(finding, len(entries), 4, 1.5 * len(entries) + 0.4, width_ratios=[1.3, 0.9, 0.9, 0.9])
    for (picture, wanted, product, gathered), (u, v) in zip(axes, entries, strict=True):
        met = x[u : u + H_out, v : v + W_out]
        show(picture, x, f"x: met by w[{u}, {v}]", cmap="cividis")
        numbers(picture, x)
        box(picture, u, v, H_out, W_out, ORANGE)
        show(wanted, dout, "dout", signed=True)
        numbers(wanted, dout)
        show(product, met * dout, f"product, sum {np.sum(met * dout):g}", signed=True)
        numbers(product, met * dout)
        shown = np.zeros(kernel, dtype=bool)
        shown[u, v] = True
        bound = max(float(np.abs(dw).max()), 1e-12)
        show(gathered, np.ma.array(dw, mask=~shown), "dw", signed=True, vmin=-bound, vmax=bound)
        gathered.set_facecolor(EMPTY)
        numbers(gathered, dw, size=8, shown=shown)
        box(gathered, u, v, 1, 1, ORANGE)
    return figure


@kindly
def dx_by_convolution(conv2d_dx_as_conv: Function, dout: Array, w: Array, in_size: Size, stride: int) -> Figure:
    """The way from dout to dx: spread, frame with zeros, slide the flipped filter.

    Args:
        conv2d_dx_as_conv: The student's function.
        dout: (H_out, W_out), small whole numbers.
        w: (K_H, K_W), small whole numbers.
        in_size: (H, W).
        stride: Of the layer.
    """
    (H, W), (K_H, K_W) = in_size, w.shape
    dx = ask(conv2d_dx_as_conv, dout[None, None], w[None, None], in_size, stride=stride, shape=(1, 1, H, W))[0, 0]
    spread = np.zeros([(size - 1) * stride + 1 for size in dout.shape])
    spread[::stride, ::stride] = dout
    framed = np.zeros((H + K_H - 1, W + K_W - 1))
    framed[K_H - 1 :, K_W - 1 :][: spread.shape[0], : spread.shape[1]] = spread
    panels = [
        (dout, "1. dout"),
        (spread, f"2. dilated: stride {stride}"),
        (framed, "3. in a frame of zeros"),
        (w, "the filter w"),
        (w[::-1, ::-1], "4. flipped, it slides over 3"),
        (dx, "5. what comes out: dx"),
    ]
    figure, axes = canvas("dx is a convolution: dilate, pad, flip", 2, 3, 3.3, width_ratios=[0.75, 1, 1.6])
    for ax, (image, title) in zip(axes.flat, panels, strict=True):
        show(ax, image, title, signed=True)
        numbers(ax, image)
    box(axes[0, 2], 0, 0, K_H, K_W, ORANGE)
    box(axes[1, 1], 0, 0, K_H, K_W, ORANGE)
    box(axes[1, 2], 0, 0, 1, 1, ORANGE)
    return figure


@kindly
def checkerboard(conv_transpose2d: Function, kernels: Sequence[int], stride: int, side: int = 5) -> Figure:
    """How many prints each output pixel of a transposed convolution gets.

    Args:
        conv_transpose2d: The student's function.
        kernels: Sides of the filters, one panel each.
        stride: Of the layer.
        side: Of the input, which is all ones.
    """
    finding = "Prints overlap evenly only if the stride divides the size of the filter"
    figure, axes = canvas(finding, 1, len(kernels), 3.2)
    for ax, kernel in zip(axes[0], kernels, strict=True):
        size = (side - 1) * stride + kernel
        ones = np.ones((1, 1, side, side)), np.ones((1, 1, kernel, kernel))
        prints = ask(conv_transpose2d, *ones, stride=stride, shape=(1, 1, size, size))[0, 0]
        title = f"filters of {kernel} × {kernel}, stride {stride}"
        show(ax, prints, title, cmap="cividis", vmin=0, vmax=max(float(prints.max()), 1.0))
        numbers(ax, prints, size=7)
    return figure


@kindly
def step_sizes(numerical_gradient: Function) -> Figure:
    """The error of numerical gradients against the step: the student's, and one-sided ones.

    Args:
        numerical_gradient: The student's function.
    """
    x = np.array([0.3, -1.2, 0.8, 2.1])
    dout = np.array([1.0, -2.0, 0.5, 1.5])
    exact = np.exp(np.sin(x)) * np.cos(x) * dout
    steps = 10.0 ** np.arange(-13, 0.5, 0.5)

    def f(values: Array) -> Array:
        wavy: Array = np.exp(np.sin(values))
        return wavy

    def error(found: Array) -> float:
        # Zero has no place on a logarithmic axis.
        return max(float(np.abs(found - exact).max() / np.abs(exact).max()), 1e-17)

    central = [error(ask(numerical_gradient, f, x, dout, h=float(h), shape=x.shape)) for h in steps]
    one_sided = [error((f(x + h) - f(x)) / h * dout) for h in steps]
    figure, axes = canvas("Too large a step is wrong, and so is too small a one", 1, 1, 3.4)
    ax = axes[0, 0]
    ax.loglog(steps, one_sided, "s--", color=ORANGE, markersize=4, label="one-sided differences")
    ax.loglog(steps, central, "o-", color=BLUE, markersize=4, label="numerical_gradient")
    ax.axvline(1e-5, color="black", linewidth=0.8, linestyle=":")
    ax.text(1.2e-5, ax.get_ylim()[1] * 0.3, "h = 1e-5", fontsize=7)
    ax.legend(fontsize=8, loc="lower left")
    ax.grid(alpha=0.3)
    label(ax, "gradient of exp(sin(x)) at four places", "step h", "relative error")
    return figure
