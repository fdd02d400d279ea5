"""Pictures in one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plotting.canvas import BLUE, GREY, ORANGE, canvas, label
from course_utils.plotting.student import Function, ask, kindly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]


@kindly
def signal_response(correlate1d: Function, signal: Array, kernel: Array) -> Figure:
    """A signal above, the answer of a kernel below.

    Args:
        correlate1d: The student's function.
        signal: (L,).
        kernel: (K,).
    """
    answer = ask(correlate1d, signal, kernel, shape=(len(signal) - len(kernel) + 1,))
    figure, axes = canvas("The output speaks up only where the signal jumps", 2, 1, 3.4, sharex=True)
    axes[0, 0].step(np.arange(len(signal)), signal, where="mid", color=GREY, linewidth=2)
    label(axes[0, 0], "signal x", "", "brightness")
    _bars(axes[1, 0], answer, ORANGE)
    entries = ", ".join(f"{entry:g}" for entry in kernel)
    label(axes[1, 0], f"correlation with w = ({entries})", "position i (pixels)", "output y[i]")
    return figure


@kindly
def impulse_responses(correlate1d: Function, convolve1d: Function, kernel: Array) -> Figure:
    """What correlation and true convolution make of a single 1 among zeros.

    Args:
        correlate1d: The student's function.
        convolve1d: The student's function.
        kernel: (K,), not symmetric.
    """
    size = 3 * len(kernel) - 2
    impulse = np.zeros(size)
    impulse[size // 2] = 1
    shape = (size - len(kernel) + 1,)
    answers = [ask(function, impulse, kernel, shape=shape) for function in (correlate1d, convolve1d)]
    figure, axes = canvas("One lit pixel shows which of the two flips the kernel", 1, 3, 2.0, sharey=True)
    panels = zip((kernel, *answers), ("kernel w", "correlate1d(impulse, w)", "convolve1d(impulse, w)"), strict=True)
    for ax, (values, title) in zip(axes[0], panels, strict=True):
        _bars(ax, values, GREY if title == "kernel w" else BLUE)
        label(ax, title, "position", "value" if title == "kernel w" else "")
        for position, value in enumerate(values):
            ax.text(position, value, f"{value:g}", ha="center", va="bottom", fontsize=8)
        ax.margins(y=0.2)
    return figure


def _bars(ax: Axes, values: Array, colour: str) -> None:
    ax.bar(np.arange(len(values)), values, color=colour, width=0.7)
    ax.axhline(0, color="black", linewidth=0.8)
