"""Small cases of `linear_maps_and_gradients`, first half: the layer as a matrix, as columns, as a sum of shifts.

All sides differ, windows leave remainders, strides and paddings differ per axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils.checks.case import Case
from course_utils.checks.draw import Array, draw
from course_utils.checks.sliding_windows_cases import CONV2D_FORWARD, CORRELATE1D, LAYOUT, NO_FIT, single, whole

PLACE = "Row i holds the kernel where its window lies: at which column does it begin?"
CUT = "The padding has no columns: what of the kernel lies in it is cut off, on both sides."
ROWS = "A stride leaves out rows of the matrix, never columns: there is one column for each input."
OWN_DTYPE = "The result has the dtype of what it is made of: np.zeros makes float64 unless you tell it."


def _toeplitz(about: str, w: Array, size: int, look: str = PLACE, **more: Any) -> Case:
    names = {key: more.pop(key) for key in ("layout", "raises") if key in more}
    return Case("toeplitz1d", about, {"w": w, "size": size}, more, look, **names)


TOEPLITZ1D = [
    _toeplitz("a kernel of three on six inputs, as on the slide", draw(3, salt=1), 6),
    _toeplitz("a kernel of even length", draw(4, salt=2), 7),
    _toeplitz("a kernel of one number", draw(1, salt=3), 4),
    _toeplitz("a kernel as long as the signal", draw(5, salt=4), 5),
    _toeplitz("stride 2", draw(3, salt=5), 7, ROWS, stride=2),
    _toeplitz("a stride that leaves a remainder", draw(3, salt=6), 8, ROWS, stride=2),
    _toeplitz("a stride that is longer than the kernel", draw(2, salt=7), 9, ROWS, stride=3),
    _toeplitz("padding", draw(3, salt=8), 5, CUT, padding=1),
    _toeplitz("padding of a kernel of even length", draw(4, salt=9), 5, CUT, padding=2),
    _toeplitz("padding that is wider than the kernel", draw(2, salt=10), 4, CUT, padding=3),
    _toeplitz("stride and padding together", draw(3, salt=11), 8, CUT, stride=3, padding=2),
    _toeplitz("a kernel of whole numbers", whole(3, salt=12), 5, OWN_DTYPE),
    _toeplitz("float32", single(3, salt=13), 5, OWN_DTYPE, padding=1),
    _toeplitz("a kernel that is not contiguous", draw(3, salt=14), 6, layout="gaps"),
    _toeplitz("a kernel that can't be written to", draw(3, salt=15), 6, layout="read-only"),
    _toeplitz("a kernel that is too long", draw(4), 3, raises=NO_FIT),
    _toeplitz("a kernel that is too long in spite of padding", draw(6), 3, raises=NO_FIT, padding=1, stride=2),
]

LIST = "Pixel (r, c) is column r * W + c, output (i, j) is row i * W_out + j."


def _matrix(about: str, kernel: Array, in_size: tuple[int, int], look: str = LIST, **more: Any) -> Case:
    names = {key: more.pop(key) for key in ("layout", "raises") if key in more}
    return Case("conv_matrix2d", about, {"kernel": kernel, "in_size": in_size}, more, look, **names)


CONV_MATRIX2D = [
    _matrix("the example with a pencil", np.array([[1.0, 2.0], [3.0, 4.0]]), (2, 3)),
    _matrix("a kernel that is higher than wide", draw(3, 2, salt=1), (4, 5)),
    _matrix("a kernel that is wider than high", draw(2, 3, salt=2), (5, 4)),
    _matrix("a square kernel", draw(3, 3, salt=3), (4, 6)),
    _matrix("a kernel of one pixel", draw(1, 1, salt=4), (2, 3)),
    _matrix("a kernel as large as the image", draw(3, 4, salt=5), (3, 4)),
    _matrix("a stride that leaves remainders", draw(3, 2, salt=6), (6, 7), f"{ROWS} {LIST}", stride=2),
    _matrix("stride per axis", draw(2, 3, salt=7), (5, 8), f"{ROWS} {LIST}", stride=(1, 3)),
    _matrix("padding", draw(3, 2, salt=8), (4, 3), CUT, padding=1),
    _matrix("padding per axis", draw(2, 3, salt=9), (3, 4), CUT, padding=(2, 1)),
    _matrix("stride and padding together", draw(3, 3, salt=10), (5, 6), CUT, stride=(2, 3), padding=(1, 2)),
    _matrix("a kernel of whole numbers", whole(2, 3, salt=11), (3, 4), OWN_DTYPE),
    _matrix("float32", single(2, 3, salt=12), (3, 4), OWN_DTYPE),
    _matrix("a kernel that is not contiguous", draw(2, 3, salt=13), (4, 5), LAYOUT, layout="gaps"),
    _matrix("a kernel that can't be written to", draw(2, 3, salt=14), (4, 5), layout="read-only"),
    _matrix("a kernel that is too high", draw(4, 2), (3, 6), raises=NO_FIT),
    _matrix("a kernel that is too wide", draw(2, 6), (7, 3), raises=NO_FIT, padding=1, stride=2),
]

OWN_WEIGHTS = "Row i of w is used at position i, on the window of x that begins at i."
ONE_ROW_EACH = "w must have exactly one row for every position of the window"
COUNTS = "How many outputs are there? How many weights has each of them for itself, and which are shared?"


def _local(about: str, x: Array, w: Array, look: str = OWN_WEIGHTS, **more: Any) -> Case:
    return Case("locally_connected1d", about, {"x": x, "w": w}, look=look, axes=("L_out",), **more)


def _weights(about: str, size: int, kernel: int, **more: Any) -> Case:
    return Case("count_weights", about, {"size": size, "kernel": kernel}, look=COUNTS, **more)


LOCALLY_CONNECTED = [
    _local("the example with a pencil", np.array([1.0, 2, 3, 4]), np.array([[1.0, 0], [0, 1], [1, 1]])),
    _local("windows of three", draw(7, salt=1), draw(5, 3, salt=2)),
    _local("as many positions as weights in a window", draw(5, salt=3), draw(3, 3, salt=4)),
    _local("windows of one number", draw(4, salt=5), draw(4, 1, salt=6)),
    _local("a single position", draw(4, salt=7), draw(1, 4, salt=8)),
    _local("whole numbers with weights of fractions", whole(5, salt=9), draw(4, 2, salt=10), OWN_DTYPE),
    _local("float32", single(5, salt=11), single(4, 2, salt=12), OWN_DTYPE),
    _local("inputs that are not contiguous", draw(6, salt=13), draw(4, 3, salt=14), LAYOUT, layout="gaps"),
    _local("inputs that can't be written to", draw(6, salt=15), draw(4, 3, salt=16), layout="read-only"),
    _weights("six inputs and windows of three, as on the slide", 6, 3),
    _weights("windows of two", 9, 2),
    _weights("windows of one number", 5, 1),
    _weights("a window as long as the input", 4, 4),
    _weights("a long signal", 1_000_000, 5),
    _local("a row too many", draw(5), draw(5, 2), raises=ONE_ROW_EACH),
    _local("a row too few", draw(6), draw(3, 3), raises=ONE_ROW_EACH),
    _local("a single row of weights for many positions", draw(6), draw(1, 3), raises=ONE_ROW_EACH),
    _weights("a window that is too long", 3, 4, raises=NO_FIT),
]

ORDER = "Rows count channel, then row, then column of the window; columns count the positions row by row."
BOTH_SIDES = "Zeros are added on both sides of an axis before the windows are taken."
START = "The window of position (i, j) begins at row i * stride and column j * stride of the padded image."
ADD = "Every entry goes back to its pixel; where several arrive, they are added."
CROP = "The result is the image without its padding. [p:-p] is empty for p = 0."
UNSEEN = "Pixels that no window reached belong to the image, too: they are 0."

Shape = tuple[int, ...]


def positions(size: int, kernel: int, stride: int, padding: int) -> int:
    """Positions of a window along one axis."""
    return (size + 2 * padding - kernel) // stride + 1


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """A setting for rows and columns."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def out_size(in_size: Shape, kernel: Any, stride: Any = 1, padding: Any = 0) -> tuple[int, int]:
    """Size (H_out, W_out) of a layer's output."""
    rows, columns = zip(in_size, pair(kernel), pair(stride), pair(padding), strict=True)
    return positions(*rows), positions(*columns)


def _unfold(about: str, x: Array, kernel: Any, look: str = ORDER, **more: Any) -> Case:
    names = {key: more.pop(key) for key in ("layout", "raises") if key in more}
    axes = ("N", "C * K_H * K_W", "L")
    return Case("im2col", about, {"x": x, "kernel": kernel}, more, look, axes=axes, **names)


def _fold(about: str, in_shape: Shape, kernel: Any, look: str = ADD, numbers: Any = draw, **more: Any) -> Case:
    names = {key: more.pop(key) for key in ("layout", "raises") if key in more}
    N, C, *in_size = in_shape
    K_H, K_W = pair(kernel)
    H_out, W_out = out_size(tuple(in_size), kernel, **more)
    cols = numbers(N, C * K_H * K_W, max(H_out, 1) * max(W_out, 1), salt=sum(about.encode()))
    inputs = {"cols": cols, "in_shape": in_shape, "kernel": kernel}
    return Case("col2im", about, inputs, more, look, axes=("N", "C", "H", "W"), **names)


IM2COL = [
    _unfold("one numbered image, windows of 2 x 2", np.arange(1.0, 7.0).reshape(1, 1, 2, 3), (2, 2)),
    _unfold("sides that all differ", draw(2, 3, 5, 7, salt=1), (3, 2)),
    _unfold("windows that are wider than high", draw(1, 2, 4, 5, salt=2), (2, 4)),
    _unfold("the window as one number", draw(2, 2, 4, 5, salt=3), 3),
    _unfold("windows of one pixel with a stride", draw(2, 3, 4, 5, salt=4), 1, START, stride=2),
    _unfold("a window that covers the image", draw(2, 2, 3, 4, salt=5), (3, 4)),
    _unfold("a stride that leaves remainders", draw(2, 2, 6, 8, salt=6), (3, 2), START, stride=2),
    _unfold("stride per axis", draw(1, 2, 7, 8, salt=7), (2, 3), START, stride=(3, 2)),
    _unfold("padding", draw(1, 2, 4, 3, salt=8), (3, 2), BOTH_SIDES, padding=1),
    _unfold("padding per axis", draw(1, 2, 3, 4, salt=9), (2, 3), BOTH_SIDES, padding=(2, 1)),
    _unfold("stride and padding together", draw(2, 1, 5, 6, salt=10), (3, 2), START, stride=(2, 3), padding=(1, 2)),
    _unfold("whole numbers", whole(1, 2, 3, 4, salt=11), 2, OWN_DTYPE),
    _unfold("float32", single(1, 2, 3, 4, salt=12), 2, OWN_DTYPE, padding=1),
    _unfold("images that are not contiguous", draw(2, 2, 4, 5, salt=13), (2, 3), LAYOUT, layout="gaps"),
    _unfold("images in another order of memory", draw(2, 2, 4, 5, salt=14), (2, 3), LAYOUT, layout="turned"),
    _unfold("images that can't be written to", draw(2, 2, 4, 5, salt=15), (2, 3), layout="read-only"),
    _fold("windows that overlap", (1, 1, 2, 3), (2, 2)),
    _fold("sides that all differ", (2, 3, 5, 7), (3, 2)),
    _fold("the window as one number", (2, 2, 4, 5), 3),
    _fold("windows side by side", (1, 2, 4, 6), 2, ORDER, stride=2),
    _fold("a window that covers the image", (2, 2, 3, 4), (3, 4), ORDER),
    _fold("a stride that leaves remainders", (2, 2, 6, 8), (3, 2), UNSEEN, stride=(2, 3)),
    _fold("a stride that jumps over pixels", (1, 2, 6, 7), (1, 2), UNSEEN, stride=(2, 3)),
    _fold("padding", (1, 2, 4, 3), (3, 2), CROP, padding=1),
    _fold("padding per axis", (1, 2, 3, 4), (2, 3), CROP, padding=(2, 1)),
    _fold("padding of the rows only", (1, 2, 3, 4), (2, 3), CROP, padding=(1, 0)),
    _fold("stride and padding together", (2, 1, 5, 6), (3, 2), CROP, stride=(2, 3), padding=(1, 2)),
    _fold("whole numbers", (1, 2, 3, 4), 2, OWN_DTYPE, whole),
    _fold("float32", (1, 2, 3, 4), 2, OWN_DTYPE, single),
    _fold("columns that are not contiguous", (2, 2, 4, 5), (2, 3), LAYOUT, layout="gaps"),
    _fold("columns in another order of memory", (2, 2, 4, 5), (2, 3), LAYOUT, layout="turned"),
    _fold("columns that can't be written to", (2, 2, 4, 5), (2, 3), layout="read-only"),
    _unfold("a window that is too high", draw(1, 1, 2, 6), (3, 2), raises=NO_FIT),
    _unfold("a window that is too wide", draw(1, 1, 6, 2), (2, 6), raises=NO_FIT, padding=1, stride=3),
    _fold("a window that is too high", (1, 1, 2, 6), (3, 2), raises=NO_FIT),
]

# The same layer as in the first notebook, and the same signals.
CONV2D_IM2COL = [replace(case, function="conv2d_im2col") for case in CONV2D_FORWARD]
CONV1D_BY_SHIFTS = [
    replace(case, function="conv1d_by_shifts") for case in CORRELATE1D if case.function == "correlate1d"
]


def _copies(about: str, c_in: int, kernel: Any) -> Case:
    look = "Filter r has a single 1: at the channel, row and column of the window that row r of im2col copies."
    axes = ("C * K_H * K_W", "C", "K_H", "K_W")
    return Case("unfold_kernels", about, {"c_in": c_in, "kernel": kernel}, look=look, axes=axes, dtype="real")


UNFOLD_KERNELS = [
    _copies("one channel, two pixels side by side", 1, (1, 2)),
    _copies("one channel, a square window", 1, 3),
    _copies("two channels, a window that is wider than high", 2, (2, 3)),
    _copies("three channels, a window that is higher than wide", 3, (3, 1)),
    _copies("three channels, windows of one pixel", 3, 1),
]
