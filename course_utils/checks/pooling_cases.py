"""The small cases of max and average pooling, for the checks of `activations_and_pooling`.

All sides differ, and windows overlap, leave gaps between them and remainders at the end.
"""

from __future__ import annotations

from typing import Any

from course_utils.checks.case import Case
from course_utils.checks.draw import distinct, draw
from course_utils.checks.numbers import IMAGES, LAYOUT, MAPS, Numbers, Shape, alike, below, huge, negative, single

SIZE = "Windows start `stride` pixels apart, by default as far as they are long; what doesn't fit is left out."
MAXIMUM = "Each output is the largest number in its window, in its own channel."
FAINT = "What is beyond the border must never win, however negative the numbers are."
SETTINGS = "kernel, stride and padding may be pairs: the first entry is for rows, the second for columns."
ROUTE = "Each number of dout goes to the one pixel that won its window."
ADDED = "A pixel that wins several windows gets the sum of what they send."
MEAN = "Each output is the sum over its window, divided by the number of its entries."
ZEROS = "Zeros beyond the border count: the divisor is the same at the border as inside."
SHARE = "Each number of dout is shared out evenly over its window, and shares add up where windows overlap."
NO_FIT = "the window does not fit into the padded image"
WIDE = "the padding is more than half the kernel"

# About, shape, kernel, numbers, what to look at going forward and backward, options.
Pooling = tuple[str, Shape, Any, Numbers, dict[str, Any]]
WINDOWS: list[Pooling] = [
    ("windows of 2x2, side by side", (1, 3, 6, 8), 2, distinct, {}),
    ("two images of three channels", (2, 3, 4, 8), 2, distinct, {}),
    ("windows that leave a remainder", (2, 1, 5, 7), 2, distinct, {}),
    ("windows that are wider than high", (1, 3, 7, 10), (2, 3), distinct, {}),
    ("windows that overlap", (2, 2, 7, 9), 3, distinct, {"stride": 2}),
    ("windows that move by one pixel", (1, 2, 4, 6), (3, 2), distinct, {"stride": 1}),
    ("windows with gaps between them", (1, 2, 8, 7), 2, distinct, {"stride": 3}),
    ("a stride per axis", (2, 1, 7, 6), 3, distinct, {"stride": (1, 2)}),
    ("padding", (1, 2, 5, 6), 3, distinct, {"stride": 2, "padding": 1}),
    ("padding per axis", (1, 2, 5, 6), (2, 4), distinct, {"stride": (2, 1), "padding": (0, 2)}),
    ("negative numbers only", (2, 2, 4, 5), 2, negative, {}),
    ("negative numbers with padding", (1, 2, 4, 5), 3, negative, {"stride": 1, "padding": 1}),
    ("numbers far below 0, with padding", (1, 1, 4, 5), 2, below, {"padding": 1}),
    ("very large numbers", (1, 2, 4, 6), 2, huge, {}),
    ("numbers that are nearly equal", (1, 2, 4, 5), (2, 3), alike, {"stride": 1}),
    ("a window as large as the image", (2, 2, 3, 4), (3, 4), distinct, {}),
    ("a window of a single pixel", (1, 2, 3, 4), 1, distinct, {"stride": 2}),
    ("a window that fits thanks to padding", (1, 1, 3, 2), 4, distinct, {"padding": 1}),
    ("float32", (1, 2, 5, 6), 2, single, {"stride": (1, 2)}),
]
LAYOUTS: list[tuple[str, str]] = [("a view that is not contiguous", "gaps"), ("channels innermost in memory", "turned")]


def _pooled(shape: Shape, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Shape:
    sides = []
    for axis in range(2):
        k, p = (value[axis] if isinstance(value, tuple) else value for value in (kernel, padding))
        s = k if stride is None else stride[axis] if isinstance(stride, tuple) else stride
        sides.append((shape[2 + axis] + 2 * p - k) // s + 1)
    return (*shape[:2], *sides)


def _look(about: str, plain: str, overlap: str, border: str) -> str:
    if "padding" in about:
        return f"{border} {SETTINGS}" if "per axis" in about else border
    if "overlap" in about or "move by one" in about:
        return overlap
    return SETTINGS if "per axis" in about or "wider" in about else plain


def _pool(
    function: str, about: str, shape: Shape, kernel: Any, numbers: Numbers, layout: str = "plain", **options: Any
) -> Case:
    x = numbers(*shape, salt=40)
    dout = draw(*_pooled(shape, kernel, **options), salt=41, dtype=str(x.dtype))
    inputs, look, axes = {
        "max_pool2d_forward": ({"x": x}, _look(about, MAXIMUM, SIZE, FAINT), MAPS),
        "max_pool2d_backward": ({"dout": dout, "x": x}, _look(about, ROUTE, ADDED, FAINT), IMAGES),
        "avg_pool2d_forward": ({"x": x}, _look(about, MEAN, SIZE, ZEROS), MAPS),
        "avg_pool2d_backward": ({"dout": dout}, _look(about, SHARE, SHARE, ZEROS), IMAGES),
    }[function]
    given: dict[str, Any] = dict(inputs)
    if function == "avg_pool2d_backward":
        given["in_size"] = shape[2:]
    look = LAYOUT if layout != "plain" else look
    return Case(function, about, {**given, "kernel": kernel}, options, look, layout, axes=axes)


def _pooling(function: str) -> list[Case]:
    plain = [_pool(function, about, shape, kernel, make, **options) for about, shape, kernel, make, options in WINDOWS]
    return plain + [
        _pool(function, about, (2, 3, 5, 6), 2, distinct, layout, stride=(2, 1)) for about, layout in LAYOUTS
    ]


def _refusals(function: str) -> list[Case]:
    """What doesn't fit; only forward functions are asked to refuse, as nothing can be sent back without them."""
    settings: list[tuple[str, Shape, Any, dict[str, Any], str]] = [
        ("a window that is too high", (1, 1, 3, 9), (4, 2), {}, NO_FIT),
        ("a window that is too wide", (1, 1, 9, 3), (2, 4), {}, NO_FIT),
        ("more padding than half the kernel", (1, 1, 6, 7), 3, {"stride": 1, "padding": 2}, WIDE),
        ("more padding than half the kernel along one axis", (1, 1, 6, 7), (4, 2), {"padding": (2, 2)}, WIDE),
    ]
    return [
        Case(function, about, {"x": distinct(*shape), "kernel": kernel}, options, raises=raises)
        for about, shape, kernel, options, raises in settings
    ]


def _whole(about: str, shape: Shape, numbers: Numbers = distinct, layout: str = "plain") -> list[Case]:
    x = numbers(*shape, salt=50)
    dout = draw(*shape[:2], salt=51, dtype=str(x.dtype))
    mean = "One number per channel: the mean over all its pixels."
    share = "Each pixel of a channel gets the same share of that channel's number."
    size = {"dout": dout, "in_size": shape[2:]}
    return [
        Case("global_avg_pool_forward", about, {"x": x}, look=mean, layout=layout, axes=("N", "C")),
        Case("global_avg_pool_backward", about, size, look=share, layout=layout, axes=IMAGES),
    ]


MAX_POOL_FORWARD = [*_pooling("max_pool2d_forward"), *_refusals("max_pool2d_forward")]
MAX_POOL_BACKWARD = _pooling("max_pool2d_backward")
AVG_POOL = [
    *_pooling("avg_pool2d_forward"),
    *_pooling("avg_pool2d_backward"),
    *_whole("two images of three channels", (2, 3, 4, 5)),
    *_whole("a single image of one channel", (1, 1, 2, 7)),
    *_whole("images of one pixel", (3, 2, 1, 1)),
    *_whole("float32", (2, 2, 3, 4), single),
    *_whole("a view that is not contiguous", (2, 3, 4, 3), layout="gaps"),
    *_refusals("avg_pool2d_forward"),
]


# Any floating dtype will do, and the shortest has eight binary digits.
HALF = 2.0**-8


def _weights(about: str, channels: int, kernel: Any) -> Case:
    look = "Each channel has one filter of its own, and an average weighs all entries of a window alike."
    inputs = {"channels": channels, "kernel": kernel}
    axes = ("C_out", "C_in", "K_H", "K_W")
    return Case("avg_pool_weights", about, inputs, look=look, axes=axes, dtype="kind", rtol=HALF, place="any")


AVG_POOL_AS_CONV = [
    _weights("three channels and windows of 2x2", 3, 2),
    _weights("windows that are wider than high", 2, (2, 3)),
    _weights("windows that are higher than wide", 4, (5, 1)),
    _weights("a single channel and a single pixel", 1, 1),
]


def _signal(
    about: str, shape: Shape, kernel: int, numbers: Numbers = distinct, layout: str = "plain", **more: Any
) -> Case:
    inputs = {"x": numbers(*shape, salt=60), "kernel": kernel}
    fields = {"raises": more.pop("raises")} if "raises" in more else {}
    return Case("max_pool1d", about, inputs, more, SIZE, layout, axes=("N", "C", "L_out"), **fields)


POOL1D = [
    _signal("windows side by side", (1, 1, 8), 2),
    _signal("two signals of three channels", (2, 3, 6), 3),
    _signal("windows that leave a remainder", (2, 1, 8), 3),
    _signal("windows that overlap", (1, 2, 9), 3, stride=2),
    _signal("windows with gaps between them", (2, 2, 9), 2, stride=3),
    _signal("negative numbers only", (2, 2, 7), 2, negative),
    _signal("numbers far below 0", (1, 2, 6), 3, below, stride=1),
    _signal("a window as long as the signal", (2, 2, 5), 5),
    _signal("a window of one entry", (1, 2, 4), 1),
    _signal("float32", (1, 2, 7), 2, single),
    _signal("a view that is not contiguous", (2, 2, 6), 2, layout="gaps"),
    _signal("a window that is too long", (1, 2, 3), 4, raises="the window is longer than the signal"),
]
