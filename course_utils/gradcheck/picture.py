"""A gradient check as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils.gradcheck.report import GradientReport, InputReport
from course_utils.gradcheck.values import Array
from course_utils.plotting.canvas import EMPTY, canvas, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Errors on a scale of powers of ten; below the first they are rounding.
_LOWEST, _HIGHEST = -10.0, 0.0


def draw(report: GradientReport) -> Figure:
    """One panel for each input; places without a known error are grey."""
    wrong = [f"d{entry.name}" for entry in report.inputs if not entry.ok]
    finding = f"Wrong gradients: {', '.join(wrong)}" if wrong else "All gradients agree with differences"
    figure, axes = canvas(finding, 1, len(report.inputs), 2.6)
    picture = None
    for ax, entry in zip(axes[0], report.inputs, strict=True):
        ax.set_facecolor(EMPTY)
        values = np.log10(np.maximum(flat(entry.errors), 10.0**_LOWEST))
        picture = ax.imshow(values, cmap="magma_r", vmin=_LOWEST, vmax=_HIGHEST, aspect="auto", interpolation="nearest")
        label(ax, _title(entry), "last axis", "axis before it" if len(entry.shape) > 1 else "")
        ax.locator_params(integer=True)
        if len(entry.shape) < 2:
            ax.set_yticks([])
    if picture is not None:
        bar = figure.colorbar(picture, ax=axes, shrink=0.8)
        bar.set_label("log10 of the error", fontsize=8)
        bar.ax.tick_params(labelsize=7)
    return figure


def flat(errors: Array) -> Array:
    """The last two axes, with the largest known error of all others; nan where none is known."""
    rows, columns = (1, 1, *errors.shape)[-2:]
    stacked = errors.reshape(-1, rows, columns)
    known = np.where(np.isnan(stacked), -1, stacked).max(axis=0, initial=-1)
    return np.where(known < 0, np.nan, known)


def _title(entry: InputReport) -> str:
    if entry.ok:
        return f"d{entry.name}: right"
    return f"d{entry.name}: {entry.wrong} wrong" if entry.wrong else f"d{entry.name}: not right"
