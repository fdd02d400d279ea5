"""The small cases of the notebook `sliding_windows`: what each question is tried on, and what to look at.

All sides differ, windows leave remainders, strides and paddings differ per axis: a function that is right for square
pictures only is found out at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

from course_utils.checks.case import EXACT, Case
from course_utils.checks.draw import Array, draw

Numbers = Callable[..., Array]

MAPS = ("N", "C_out", "H_out", "W_out")
NO_FIT = "the window does not fit into the padded input"
FLIP = "Which entry of the kernel meets which entry of the window? A filter slides without being flipped."
REMAINDER = "Windows that don't fit whole at the end are left out: round down."
BIAS = "One bias for each filter, added once to its whole output map."
NO_BIAS = "b=None means that nothing is added."
SUM = "The products are summed over the window and over all input channels."
SIDES = "Zeros are added on both sides of an axis, as many as `padding` says on each."
DTYPE = "np.result_type of the inputs gives the dtype; np.zeros_like(x) has the dtype of x."
LAYOUT = "Index or copy instead of computing strides by hand."


def whole(*shape: int, salt: int = 0) -> Array:
    """Whole numbers between -9 and 9."""
    return draw(*shape, salt=salt, unit=1, dtype="int64")


def single(*shape: int, salt: int = 0) -> Array:
    """Fractions in float32."""
    return draw(*shape, salt=salt, dtype="float32")


def digits(*shape: int, salt: int = 0) -> Array:
    """Numbers with about six digits: sums of their products are exact in float64 and not in float32."""
    return draw(*shape, salt=salt, largest=2**20, unit=1024)


def spot(*shape: int, at: tuple[int, ...]) -> Array:
    """Zeros, and a one in one place."""
    array = np.zeros(shape)
    array[at] = 1
    return array


# The picture on the lecture's slide, and the two Sobel filters.
PICTURE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
)
SOBEL = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])


def _one_dimensional(name: str, look: str) -> list[Case]:
    def case(about: str, x: Array, w: Array, **more: Any) -> Case:
        return Case(name, about, {"x": x, "w": w}, **{"look": look, "axes": ("L_out",), **more})

    signal = np.array([0, 1, -1, 1, 1], dtype=np.int64)
    return [
        case("the example on the slide, 0 1 -1 1 1 with -1 1", signal, np.array([-1, 1], dtype=np.int64)),
        case("a kernel of three different numbers", draw(9, salt=1), draw(3, salt=2)),
        case("a kernel of even length", draw(7, salt=3), draw(4, salt=4)),
        case("a kernel of one number", draw(6, salt=5), draw(1, salt=6)),
        case("a kernel as long as the input", draw(5, salt=7), draw(5, salt=8)),
        case("whole numbers with a kernel of fractions", whole(8, salt=9), draw(3, salt=10), look=DTYPE),
        case("float32", single(8, salt=11), single(3, salt=12), look=DTYPE),
        case("numbers with many digits", digits(8, salt=13), digits(3, salt=14)),
        case("inputs that are not contiguous", draw(8, salt=15), draw(3, salt=16), layout="gaps", look=LAYOUT),
        case("inputs that can't be written to", draw(8, salt=17), draw(3, salt=18), layout="read-only"),
        case("a kernel that is too long", draw(3), draw(4), raises="the kernel is longer than the input"),
    ]


CORRELATE1D = [
    *_one_dimensional("correlate1d", "Correlation pairs w[0] with the first number of the window."),
    *_one_dimensional("convolve1d", "True convolution turns the kernel round before it slides."),
]


def _plane(about: str, image: Array, kernel: Array, look: str = FLIP, **more: Any) -> Case:
    names = {key: more.pop(key) for key in ("layout", "raises") if key in more}
    return Case("correlate2d", about, {"image": image, "kernel": kernel}, more, look, axes=("H_out", "W_out"), **names)


MIRROR = 'In mode "reflect" the picture is mirrored at the centre of its edge pixel, which is not repeated.'
RING = 'In mode "circular" what leaves the picture on one side comes back on the other.'
CORRELATE2D = [
    _plane("the picture on the slide with a Sobel filter", PICTURE.astype(np.int64), SOBEL.astype(np.int64)),
    _plane("a picture with a single bright pixel", spot(5, 6, at=(2, 3)), draw(3, 2, salt=1)),
    _plane("a kernel that is wider than high", draw(6, 8, salt=2), draw(2, 3, salt=3)),
    _plane("a kernel of 3x3", draw(5, 7, salt=4), draw(3, 3, salt=5)),
    _plane("a kernel as large as the picture", draw(3, 4, salt=6), draw(3, 4, salt=7)),
    _plane("zero padding", draw(5, 6, salt=8), draw(3, 2, salt=9), SIDES, padding=1),
    _plane("zero padding, written out", draw(4, 6, salt=10), draw(3, 3, salt=11), SIDES, padding=2, mode="zeros"),
    _plane("reflect padding", draw(5, 6, salt=12), draw(3, 2, salt=13), MIRROR, padding=2, mode="reflect"),
    _plane("circular padding", draw(5, 6, salt=14), draw(3, 2, salt=15), RING, padding=2, mode="circular"),
    _plane("reflect without padding", draw(4, 5, salt=16), draw(2, 2, salt=17), MIRROR, mode="reflect"),
    _plane(
        "a picture of bytes",
        np.abs(draw(4, 6, salt=18, largest=127, unit=1)).astype(np.uint8),
        SOBEL.astype(np.int64),
        "Bytes wrap around below 0 and above 255: np.result_type gives the dtype of the result.",
    ),
    _plane("whole numbers with a kernel of fractions", whole(4, 5, salt=19), draw(2, 3, salt=20), DTYPE),
    _plane("float32", single(4, 5, salt=21), single(2, 3, salt=22), DTYPE, padding=1),
    _plane("numbers with many digits", digits(5, 4, salt=23), digits(2, 3, salt=24)),
    _plane("inputs that are not contiguous", draw(5, 4, salt=25), draw(2, 3, salt=26), LAYOUT, layout="gaps"),
    _plane("inputs that can't be written to", draw(5, 4, salt=27), draw(2, 3, salt=28), layout="read-only", padding=1),
    _plane(
        "a mode that does not exist",
        draw(5, 4),
        draw(3, 3),
        padding=1,
        mode="mirror",
        raises='there is no mode "mirror"',
    ),
    _plane("a kernel that is too high", draw(3, 6), draw(4, 2), raises=NO_FIT),
    _plane("a kernel that is too wide in spite of padding", draw(6, 3), draw(2, 6), padding=1, raises=NO_FIT),
]


def _scene() -> Array:
    """A picture with a bright, almost even block, and a faint copy of the template elsewhere."""
    scene = np.full((9, 11), 10, dtype=np.int64)
    scene[5:9, 0:5] = 200
    scene[6, 2] = 190
    scene[1:4, 6:8] = 10 + TEMPLATE
    return scene


TEMPLATE = np.array([[1, 5], [7, 2], [3, 8]], dtype=np.int64)


def _match(about: str, image: Array, template: Array, look: str = "", **more: Any) -> Case:
    inputs = {"image": image, "template": template}
    return Case("match_template", about, inputs, look=look, axes=("H_out", "W_out"), dtype="kind", rtol=1e-7, **more)


UNIT_NORM = "Subtract the window's own mean, then divide by the norm of what is left, for window and template."
TOO_LARGE = "the template does not fit into the image"
BRIGHT = "The score must not change when a window gets brighter or stronger in contrast."
MATCH_TEMPLATE = [
    _match("a faint copy of the template beside a bright block", _scene(), TEMPLATE, BRIGHT),
    _match("a flat window", np.pad(TEMPLATE, ((0, 3), (0, 4)), constant_values=7), TEMPLATE, "Flat windows score 0."),
    _match("a picture of fractions", draw(6, 8, salt=1), draw(3, 2, salt=2), UNIT_NORM),
    _match(
        "the same picture, brighter and with less contrast", draw(6, 8, salt=1) / 8 + 100, draw(3, 2, salt=2), BRIGHT
    ),
    _match(
        "the same template, brighter and with more contrast", draw(6, 8, salt=1), draw(3, 2, salt=2) * 4 - 7, BRIGHT
    ),
    # Means of eight numbers are exact; the difference of two large squares keeps one digit.
    _match(
        "a very bright picture",
        draw(5, 7, salt=10) + 2**24,
        draw(2, 4, salt=11),
        "Differences of large numbers lose their digits: take the mean off before you square.",
    ),
    _match("a template that is wider than high", draw(7, 6, salt=3), draw(2, 4, salt=4), UNIT_NORM),
    _match(
        "the negative of the template", np.pad(-draw(3, 2, salt=5), ((1, 0), (0, 2))), draw(3, 2, salt=5), UNIT_NORM
    ),
    _match("a picture of bytes", _scene().astype(np.uint8), TEMPLATE.astype(np.uint8), "Bytes wrap around below 0."),
    _match("inputs that can't be written to", draw(5, 6, salt=6), draw(2, 3, salt=7), UNIT_NORM, layout="read-only"),
    _match("inputs that are not contiguous", draw(5, 6, salt=8), draw(2, 3, salt=9), LAYOUT, layout="gaps"),
    _match("a template that is too high", draw(3, 6), draw(4, 2), raises=TOO_LARGE),
    _match("a template that is too wide", draw(6, 3), draw(2, 4), raises=TOO_LARGE),
]


def _gauss(size: int, sigma: float, about: str, **more: Any) -> Case:
    look = "exp(-(distance from the centre)² / (2 sigma²)), then divided by the sum."
    return Case("gaussian_kernel", about, {"size": size, "sigma": sigma}, look=look, axes=("H", "W"), rtol=1e-9, **more)


def _sobel(about: str, image: Array, look: str, **more: Any) -> Case:
    # The contract leaves the dtype open, and so float32.
    more = {"axes": ("H_out", "W_out"), "dtype": "real", "rtol": 1e-6, **more}
    return Case("sobel_edges", about, {"image": image}, look=look, **more)


STEP = "gx answers to a change from left to right, gy to one from top to bottom; both filters are on the slide."
LENGTH = "The magnitude is the length of the vector (gx, gy)."
SOBEL_EDGES = [
    _gauss(5, 1.5, "a kernel of 5x5"),
    _gauss(3, 0.5, "a narrow kernel"),
    _gauss(7, 3.0, "a wide kernel"),
    _gauss(1, 2.0, "a kernel of one number"),
    _sobel("an upright edge", np.repeat([[0.0, 0.0, 0.0, 8.0, 8.0, 8.0, 8.0]], 5, axis=0), STEP),
    _sobel("a level edge", np.repeat([[8.0], [8.0], [8.0], [0.0], [0.0]], 7, axis=1), STEP),
    _sobel("a picture that is wider than high", draw(5, 8, salt=1), LENGTH),
    _sobel(
        "a picture of bytes",
        np.abs(draw(6, 5, salt=2, largest=127, unit=1)).astype(np.uint8),
        "Bytes wrap around below 0 and above 255.",
    ),
    _sobel("float32", single(5, 6, salt=3), LENGTH),
    _sobel("a picture that can't be written to", draw(5, 6, salt=4), LENGTH, layout="read-only"),
    _gauss(4, 1.5, "an even size", raises="no pixel is the middle"),
]


def _size(about: str, size: int, kernel: int, look: str = "", raises: str = "", **options: Any) -> Case:
    return Case("conv_output_size", about, {"size": size, "kernel": kernel}, options, look, raises=raises)


def _same(about: str, kernel: int, look: str = "", raises: str = "", **options: Any) -> Case:
    return Case("same_padding", about, {"kernel": kernel}, options, look, raises=raises)


COUNT = "Write down where the windows start, and count them."
SPAN = "How many pixels lie between the first and the last one that a dilated kernel sees?"
KEEPS = "With this padding, conv_output_size(size, kernel) gives size again."
UNEVEN = "it would take more zeros on one side than on the other"
OUTPUT_SIZE = [
    _size("a window of 3 on 5 pixels", 5, 3, COUNT),
    _size("a window as long as the input", 4, 4, COUNT),
    _size("a window of one pixel", 6, 1, COUNT),
    _size("padding on both sides", 32, 5, "`padding` zeros are added to each side.", padding=2),
    _size("a stride that fits", 7, 3, COUNT, stride=2),
    _size("a stride that leaves a remainder", 8, 3, REMAINDER, stride=2),
    _size("a long stride", 11, 2, REMAINDER, stride=4),
    _size("padding together with a stride", 9, 4, REMAINDER, stride=2, padding=1),
    _size("padding together with a long stride", 10, 3, REMAINDER, stride=3, padding=2),
    _size("dilation", 10, 3, SPAN, dilation=2),
    _size("dilation of a kernel of 4", 15, 4, SPAN, dilation=3),
    _size("everything at once", 21, 4, REMAINDER, stride=3, padding=2, dilation=2),
    _size("a window of one pixel, dilated", 7, 1, SPAN, stride=2, dilation=5),
    _size("a window that fits thanks to padding", 3, 5, COUNT, padding=1),
    _same("a kernel of 3", 3, KEEPS),
    _same("a kernel of 7", 7, KEEPS),
    _same("a kernel of one pixel", 1, KEEPS),
    _same("a dilated kernel of 3", 3, SPAN, dilation=2),
    _same("a dilated kernel of 5", 5, SPAN, dilation=3),
    _same("a kernel of even length, dilated by an even number", 4, SPAN, dilation=2),
    _size("a window that is too long", 2, 3, raises=NO_FIT),
    _size("a window that is too long, with a stride", 4, 6, raises=NO_FIT, stride=4),
    _size("a window that is too long once it is dilated", 4, 3, raises=NO_FIT, dilation=2),
    _size("a window that is too long in spite of padding", 2, 7, raises=NO_FIT, padding=2),
    _same("a kernel of even length", 4, raises=UNEVEN),
    _same("a kernel of even length, dilated by an odd number", 2, raises=UNEVEN, dilation=3),
]


def _count(about: str, look: str, c_in: int, c_out: int, *sizes: Any, raises: str = "", **options: Any) -> Case:
    inputs = dict(zip(("c_in", "c_out", "kernel", "in_size"), (c_in, c_out, *sizes), strict=True))
    return Case("conv_counts", about, inputs, options, look, raises=raises)


MACS = "Each output number is one dot product with a filter; the bias is no multiplication."
GROUPS = "With groups, a filter sees c_in / groups channels; there are still c_out filters."
WIDTHS = "From one layer to the next, every unit meets every unit; each unit of the next has a bias."
CONV_COUNTS = [
    _count("the example on the slide: 760 and 768,000", MACS, 3, 10, 5, 32, padding=2),
    _count("a layer without bias", "Without bias there are only weights.", 2, 3, 3, 8, bias=False),
    _count("sides that differ", MACS, 2, 5, (3, 4), (7, 11)),
    _count("a stride that leaves a remainder", MACS, 3, 4, 3, (8, 13), stride=2),
    _count("stride and padding per axis", MACS, 3, 2, (2, 3), (9, 7), stride=(3, 2), padding=(1, 2)),
    _count("dilation", MACS, 2, 3, 3, (12, 9), dilation=2),
    _count("dilation per axis", MACS, 2, 3, 3, (12, 9), dilation=(2, 3)),
    _count("two groups", GROUPS, 4, 6, 3, (5, 8), groups=2),
    _count("three groups, without bias", GROUPS, 6, 9, (1, 3), (5, 8), groups=3, bias=False),
    _count("one filter for each channel", GROUPS, 8, 8, 3, (10, 6), groups=8, padding=1),
    _count("a kernel of 1x1", MACS, 7, 3, 1, (4, 5)),
    _count("a large layer of a large picture", "Count with Python's ints: they grow.", 512, 1024, 3, 1000),
    Case("mlp_params", "three layers of units", {"widths": [12, 7, 5]}, look=WIDTHS),
    Case("mlp_params", "an image of 32x32 and ten classes", {"widths": [3072, 100, 10]}, look=WIDTHS),
    Case("mlp_params", "a single layer of weights", {"widths": [4, 3]}, look=WIDTHS),
    _count("a window that is too high", "", 2, 3, (5, 2), (4, 9), raises=NO_FIT),
]


Shape = tuple[int, ...]


def _layer(
    function: str,
    axes: tuple[str, ...],
    about: str,
    x: Shape | Array,
    w: Shape,
    *,
    look: str = "",
    numbers: Numbers = draw,
    filters: Numbers | None = None,
    biases: Numbers | None = None,
    bias: bool = True,
    layout: str = "plain",
    raises: str = "",
    **options: Any,
) -> Case:
    """A case of a convolution layer.

    Args:
        function: Name of the function.
        axes: Names of the axes of its result.
        about: As in Case.
        x: The input, or its shape.
        w: Shape of the filters.
        look: As in Case.
        numbers: Draws the input, and the filters and biases unless `filters` does.
        filters: Draws the filters and biases.
        biases: Draws the biases.
        bias: Whether there are biases.
        layout: As in Case.
        raises: As in Case.
        options: Keyword arguments of the call.
    """
    salt = crc32(about.encode()) % 100_000
    inputs: dict[str, Any] = {
        "x": x if isinstance(x, np.ndarray) else numbers(*x, salt=salt),
        "w": (filters or numbers)(*w, salt=salt + 1),
        "b": (biases or filters or numbers)(w[0], salt=salt + 2) if bias else None,
    }
    # An FFT in float32 rounds as float32 does, and still is right.
    rtol = 1e-5 if inputs["w"].dtype == np.float32 else EXACT
    return Case(function, about, inputs, options, look, layout=layout, raises=raises, axes=axes, rtol=rtol)


# Whole numbers, and filters of fractions.
MIXED: Any = {"numbers": whole, "filters": draw, "look": DTYPE}

_conv2d = partial(_layer, "conv2d_forward", MAPS)
START = "One step in the output is `stride` steps in the input: where does the window of output (i, j) start?"
CONV2D_FORWARD = [
    _conv2d("a single bright pixel", spot(1, 1, 5, 7, at=(0, 0, 2, 3)), (1, 1, 3, 2), look=FLIP, bias=False),
    _conv2d("sides that all differ", (2, 3, 6, 8), (4, 3, 3, 2), look=SUM),
    _conv2d("as many columns as filters", (2, 1, 4, 5), (4, 1, 3, 2), look=BIAS),
    _conv2d("kernels that are wider than high", (1, 2, 5, 6), (3, 2, 2, 4), look=SUM),
    _conv2d("square kernels", (1, 2, 5, 6), (3, 2, 3, 3), look=FLIP),
    _conv2d("no bias", (2, 2, 4, 5), (3, 2, 2, 3), look=NO_BIAS, bias=False),
    _conv2d("padding", (2, 2, 5, 4), (3, 2, 3, 2), look=SIDES, padding=2),
    _conv2d("a stride that leaves a remainder", (2, 2, 8, 9), (3, 2, 3, 2), look=f"{START} {REMAINDER}", stride=2),
    _conv2d("padding per axis", (1, 2, 4, 6), (3, 2, 3, 3), look=SIDES, padding=(2, 1)),
    _conv2d("stride per axis", (1, 2, 9, 8), (3, 2, 2, 3), look=START, stride=(3, 2)),
    _conv2d("kernels of one pixel with a stride", (2, 3, 4, 5), (2, 3, 1, 1), look=START, stride=2, padding=1),
    _conv2d("stride and padding together", (2, 2, 6, 9), (3, 2, 3, 4), look=START, stride=2, padding=1),
    _conv2d("a kernel that covers the image", (2, 3, 4, 5), (2, 3, 4, 5), look=SUM),
    _conv2d("whole numbers with filters of fractions", (1, 2, 4, 5), (3, 2, 2, 2), **MIXED),
    _conv2d("float32", (1, 2, 4, 5), (3, 2, 2, 2), look=DTYPE, numbers=single, padding=1),
    _conv2d("float32 with a bias of float64", (1, 2, 4, 5), (3, 2, 2, 2), look=DTYPE, numbers=single, biases=draw),
    _conv2d("numbers with many digits", (1, 2, 4, 5), (3, 2, 2, 2), look=SUM, numbers=digits),
    _conv2d("inputs that are not contiguous", (2, 2, 4, 5), (3, 2, 2, 3), look=LAYOUT, layout="gaps"),
    _conv2d("inputs in another order of memory", (2, 2, 4, 5), (3, 2, 2, 3), look=LAYOUT, layout="turned"),
    _conv2d("inputs that can't be written to", (1, 2, 4, 5), (3, 2, 2, 3), look=SIDES, layout="read-only", padding=1),
    _conv2d("a window that is too high", (1, 1, 2, 6), (1, 1, 3, 2), raises=NO_FIT),
    _conv2d("a window that is too wide", (1, 1, 6, 2), (1, 1, 2, 6), raises=NO_FIT, padding=1, stride=3),
]

_conv1x1 = partial(_layer, "conv1x1_as_matmul", MAPS)
MIX = "At every pixel, the vector of its channels is multiplied by w: which axes must stand where for one product?"
CONV1X1 = [
    _conv1x1("sides that all differ", (2, 3, 4, 5), (6, 3, 1, 1), look=MIX),
    _conv1x1("as many columns as filters", (2, 2, 3, 4), (4, 2, 1, 1), look=BIAS),
    _conv1x1("as many filters as channels", (3, 3, 3, 3), (3, 3, 1, 1), look=MIX),
    _conv1x1("no bias", (2, 3, 2, 4), (2, 3, 1, 1), look=NO_BIAS, bias=False),
    _conv1x1("one sample with one channel", (1, 1, 3, 2), (4, 1, 1, 1), look=MIX),
    _conv1x1("whole numbers with filters of fractions", (2, 3, 2, 4), (2, 3, 1, 1), **MIXED),
    _conv1x1("float32", (2, 3, 2, 4), (2, 3, 1, 1), look=DTYPE, numbers=single),
    _conv1x1("numbers with many digits", (2, 3, 2, 4), (2, 3, 1, 1), look=MIX, numbers=digits),
    _conv1x1("inputs that are not contiguous", (2, 3, 4, 5), (2, 3, 1, 1), look=LAYOUT, layout="gaps"),
    _conv1x1("inputs that can't be written to", (2, 3, 4, 5), (2, 3, 1, 1), look=MIX, layout="read-only"),
]

_conv1d = partial(_layer, "conv1d_forward", ("N", "C_out", "L_out"))
_conv3d = partial(_layer, "conv3d_forward", ("N", "C_out", "D_out", "H_out", "W_out"))
DEPTH = "The kernel slides along depth as it does along height and width, and sums over the channels."
CONV_ND = [
    _conv1d("a single spike", spot(1, 1, 7, at=(0, 0, 3)), (1, 1, 3), look=FLIP, bias=False),
    _conv1d("sides that all differ", (2, 3, 9), (5, 3, 4), look=SUM),
    _conv1d("no bias", (2, 2, 6), (3, 2, 3), look=NO_BIAS, bias=False),
    _conv1d("a stride that leaves a remainder", (2, 2, 10), (3, 2, 3), look=f"{START} {REMAINDER}", stride=2),
    _conv1d("padding", (2, 2, 6), (3, 2, 3), look=SIDES, padding=2),
    _conv1d("stride and padding together", (1, 2, 9), (3, 2, 4), look=START, stride=3, padding=1),
    _conv1d("whole numbers with filters of fractions", (1, 2, 6), (3, 2, 2), **MIXED),
    _conv1d("float32", (1, 2, 6), (3, 2, 2), look=DTYPE, numbers=single),
    _conv1d("numbers with many digits", (1, 2, 6), (3, 2, 2), look=SUM, numbers=digits),
    _conv1d("inputs that are not contiguous", (2, 2, 6), (3, 2, 3), look=LAYOUT, layout="gaps"),
    _conv1d("inputs that can't be written to", (2, 2, 6), (3, 2, 3), look=SIDES, layout="read-only", padding=1),
    _conv3d("a single bright point", spot(1, 1, 3, 4, 5, at=(0, 0, 1, 2, 3)), (1, 1, 2, 3, 2), look=FLIP, bias=False),
    _conv3d("sides that all differ", (2, 3, 4, 5, 6), (4, 3, 2, 4, 3), look=DEPTH),
    _conv3d("no bias", (1, 2, 3, 4, 5), (3, 2, 2, 2, 2), look=NO_BIAS, bias=False),
    _conv3d("padding", (1, 2, 2, 3, 4), (2, 2, 2, 3, 2), look=SIDES, padding=1),
    _conv3d("padding per axis", (1, 1, 2, 3, 4), (2, 1, 2, 3, 2), look=SIDES, padding=(1, 2, 0)),
    _conv3d("a stride that leaves remainders", (1, 2, 5, 6, 7), (2, 2, 2, 3, 2), look=f"{START} {REMAINDER}", stride=2),
    _conv3d("stride per axis", (1, 1, 4, 7, 8), (2, 1, 2, 2, 3), look=START, stride=(1, 2, 3)),
    _conv3d(
        "whole numbers with filters of fractions",
        (1, 2, 3, 3, 4),
        (2, 2, 2, 2, 2),
        look=DTYPE,
        numbers=whole,
        filters=draw,
    ),
    _conv3d("numbers with many digits", (1, 2, 3, 3, 4), (2, 2, 2, 2, 2), look=DEPTH, numbers=digits),
    _conv3d("inputs that are not contiguous", (1, 2, 3, 3, 4), (2, 2, 2, 2, 2), look=LAYOUT, layout="gaps"),
    _conv3d("float32", (1, 2, 3, 3, 4), (2, 2, 2, 2, 2), look=DTYPE, numbers=single),
    _conv3d(
        "inputs that can't be written to", (1, 2, 2, 3, 4), (2, 2, 2, 2, 2), look=SIDES, layout="read-only", padding=1
    ),
    _conv1d("a window that is too long", (1, 1, 3), (1, 1, 6), raises=NO_FIT, padding=1, stride=2),
    _conv3d("a window that is too deep", (1, 1, 2, 6, 6), (1, 1, 3, 2, 2), raises=NO_FIT),
]

_grouped = partial(_layer, "conv2d_grouped", MAPS)
OWN = "Channels and filters are dealt to the groups in order; a filter sees the channels of its own group only."
NOT_EVEN = "the groups do not divide the input channels"
HOLES = "With dilation d, neighbours in the kernel meet pixels that are d apart; the image itself stays as it is."
GROUPED = [
    _grouped("one group", (2, 3, 5, 6), (4, 3, 3, 2), look=SUM),
    _grouped("two groups", (2, 4, 4, 5), (6, 2, 2, 3), look=OWN, groups=2),
    _grouped("three groups, without bias", (1, 6, 4, 5), (3, 2, 3, 2), look=OWN, bias=False, groups=3),
    _grouped("one filter for each channel", (2, 3, 4, 5), (3, 1, 3, 2), look=OWN, groups=3),
    _grouped("two filters for each channel", (1, 3, 4, 5), (6, 1, 2, 3), look=OWN, groups=3),
    _grouped("dilation", (1, 2, 7, 8), (3, 2, 3, 2), look=HOLES, dilation=2),
    _grouped("dilation per axis", (1, 2, 8, 7), (3, 2, 3, 2), look=HOLES, bias=False, dilation=(2, 3)),
    _grouped("padding per axis", (1, 2, 4, 5), (4, 1, 3, 2), look=SIDES, groups=2, padding=(2, 1)),
    _grouped("stride per axis", (1, 2, 8, 9), (4, 1, 3, 2), look=START, groups=2, stride=(2, 3)),
    _grouped(
        "everything at once",
        (2, 4, 8, 9),
        (6, 2, 3, 2),
        look=HOLES,
        groups=2,
        stride=2,
        padding=(1, 2),
        dilation=(2, 3),
    ),
    _grouped("float32", (1, 4, 4, 5), (2, 2, 2, 2), look=DTYPE, numbers=single, groups=2),
    _grouped(
        "whole numbers with filters of fractions",
        (1, 4, 4, 5),
        (2, 2, 2, 2),
        look=DTYPE,
        numbers=whole,
        filters=draw,
        groups=2,
    ),
    _grouped("numbers with many digits", (1, 4, 4, 5), (2, 2, 2, 2), look=OWN, numbers=digits, groups=2),
    _grouped("inputs that are not contiguous", (1, 4, 5, 6), (2, 2, 2, 2), look=LAYOUT, groups=2, layout="gaps"),
    _grouped(
        "inputs that can't be written to",
        (1, 4, 4, 5),
        (2, 2, 2, 2),
        look=SIDES,
        groups=2,
        layout="read-only",
        padding=1,
    ),
    _grouped("a window that is too high once it is dilated", (1, 1, 4, 9), (1, 1, 3, 2), raises=NO_FIT, dilation=2),
    _grouped("groups that leave channels over", (1, 5, 4, 5), (4, 2, 2, 2), raises=NOT_EVEN, groups=2),
]


def _field(about: str, layers: list[tuple[int, int, int, int]], look: str) -> Case:
    return Case("receptive_field", about, {"layers": layers}, look=look)


def _depth(about: str, size: int, kernel: int) -> Case:
    look = "A layer adds kernel - 1 pixels; the last one may see more than is asked for."
    return Case("layers_to_see", about, {"size": size, "kernel": kernel}, look=look)


PLAIN, HALVING = (3, 1, 0, 1), (3, 2, 0, 1)
GROWTH = "A layer adds kernel - 1 steps; how many input pixels is one of its steps, after the strides before it?"
LEFT = (
    "`start` is the input pixel that output 0 sees first: padding moves it to the left, in steps of that layer's input."
)
RECEPTIVE_FIELD = [
    _field("one layer", [PLAIN], GROWTH),
    _field("two layers", [PLAIN, (5, 1, 0, 1)], GROWTH),
    _field("a stride in the first of three layers", [HALVING, PLAIN, PLAIN], GROWTH),
    _field("a stride in the second of three layers", [PLAIN, HALVING, PLAIN], GROWTH),
    _field("a stride in the last of three layers", [PLAIN, PLAIN, HALVING], GROWTH),
    _field("two strides", [HALVING, (3, 3, 0, 1), PLAIN], "Strides multiply."),
    _field("layers of 1x1 in between", [(1, 1, 0, 1), PLAIN, (1, 2, 0, 1), PLAIN], GROWTH),
    _field("pooling of 2 with stride 2", [PLAIN, (2, 2, 0, 1), PLAIN], GROWTH),
    _field(
        "dilation", [(3, 1, 0, 2), (3, 2, 0, 4), (2, 1, 0, 3)], "A dilated kernel spans dilation * (kernel - 1) + 1."
    ),
    _field("padding", [(3, 1, 1, 1), (5, 1, 2, 1)], LEFT),
    _field("padding after a stride", [(3, 2, 1, 1), (3, 2, 1, 1), (5, 1, 2, 1)], LEFT),
    _field("everything at once", [(7, 2, 3, 1), (3, 1, 2, 2), (2, 3, 0, 1), (4, 1, 1, 3)], LEFT),
    _field("no layer at all", [], "Without layers, an output pixel is the input pixel."),
    _depth("a size that is met exactly", 11, 3),
    _depth("a size that is passed by one pixel", 12, 3),
    _depth("a single pixel", 1, 3),
    _depth("a large kernel", 2, 5),
    _depth("a kernel of 2", 10, 2),
    _depth("a kernel of 4", 13, 4),
    _depth("a large picture", 224, 3),
]

CASES: dict[str, list[Case]] = {
    "correlate1d": CORRELATE1D,
    "correlate2d": CORRELATE2D,
    "match_template": MATCH_TEMPLATE,
    "sobel_edges": SOBEL_EDGES,
    "conv_output_size": OUTPUT_SIZE,
    "conv_counts": CONV_COUNTS,
    "conv2d_forward": CONV2D_FORWARD,
    "conv1x1_as_matmul": CONV1X1,
    "conv_nd": CONV_ND,
    "conv2d_grouped": GROUPED,
    "receptive_field": RECEPTIVE_FIELD,
}
