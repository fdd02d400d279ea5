"""Small cases of `linear_maps_and_gradients`, second half: backward passes, measuring devices, learning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.checks.case import Case, Made
from course_utils.checks.draw import Array, draw
from course_utils.checks.linear_maps_cases import Shape, out_size, pair
from course_utils.checks.sliding_windows_cases import DTYPE, LAYOUT, digits, single, whole

IMAGES = ("N", "C_in", "H", "W")
FILTERS = ("C_out", "C_in", "K_H", "K_W")
ALL_THREE = (IMAGES, FILTERS, ("C_out",))
EVERY_PLACE = "dw and db sum over images and positions; dx sums over filters, and adds up (+=) where windows overlap."
SINGLE: dict[str, Any] = {"numbers": single, "rtol": 1e-5}

Numbers = Callable[..., Array]


def _row(*values: float) -> Array:
    """Numbers in one row, as an image or a filter."""
    return np.array(values, dtype=np.float64).reshape(1, 1, 1, -1)


def _drawn(about: str, shapes: dict[str, Shape], numbers: Numbers, integers: str = "") -> dict[str, Any]:
    """Arrays of the given shapes, others for every case; the one named by `integers` holds whole numbers."""
    salt = crc32(about.encode()) % 100_000
    return {
        name: (whole if name == integers else numbers)(*shape, salt=salt + k)
        for k, (name, shape) in enumerate(shapes.items())
    }


def _shapes(x: Shape, w: Shape, options: dict[str, Any]) -> dict[str, Shape]:
    """Shapes of dout, x and w of a layer."""
    return {"dout": (x[0], w[0], *out_size(x[2:], w[2:], **options)), "x": x, "w": w}


SUMMED = "Every place at which a weight or a pixel was used has its say: they are summed, with += and not with =."
CROPPED = "dx is the gradient of the image without its padding; [p:-p] is empty for p = 0."
STEPS = "The window of output (i, j) begins at row i * stride and column j * stride of the padded image."
LEFT_OVER = "dx has the shape of x: pixels that no window reached have the gradient 0."
NO_SHARE = "Gradients are sums: nothing is divided by the number of images or of positions."
PADDED = "dw needs the padded x, dx comes back without padding."

# What the layer did on its way forwards: x, w, what to look at, and options.
LAYERS: list[tuple[str, Shape, Shape, str, dict[str, Any]]] = [
    ("one image, one filter", (1, 1, 4, 5), (1, 1, 2, 3), EVERY_PLACE, {}),
    ("sides that all differ", (2, 3, 6, 7), (4, 3, 3, 2), EVERY_PLACE, {}),
    ("three images", (3, 1, 3, 4), (2, 1, 2, 2), NO_SHARE, {}),
    ("square filters", (1, 2, 4, 6), (3, 2, 3, 3), SUMMED, {}),
    ("filters of one pixel", (2, 3, 2, 4), (2, 3, 1, 1), EVERY_PLACE, {}),
    ("filters that cover the image", (2, 2, 3, 4), (3, 2, 3, 4), EVERY_PLACE, {}),
    ("padding", (2, 2, 4, 3), (3, 2, 3, 2), f"{PADDED} {CROPPED}", {"padding": 1}),
    ("padding per axis", (1, 2, 3, 4), (3, 2, 3, 2), f"{PADDED} {CROPPED}", {"padding": (2, 1)}),
    ("padding of the columns only", (1, 2, 4, 3), (2, 2, 2, 3), CROPPED, {"padding": (0, 1)}),
    ("padding that is wider than the filters", (1, 1, 3, 4), (2, 1, 2, 1), CROPPED, {"padding": (2, 1)}),
    ("a stride that fits", (1, 2, 5, 7), (2, 2, 3, 3), STEPS, {"stride": 2}),
    ("a stride that leaves pixels over", (2, 2, 6, 8), (3, 2, 3, 2), LEFT_OVER, {"stride": (2, 3)}),
    ("a stride that jumps over pixels", (1, 2, 5, 7), (2, 2, 1, 2), LEFT_OVER, {"stride": (2, 3)}),
    ("stride and padding together", (2, 1, 5, 6), (2, 1, 3, 4), STEPS, {"stride": 2, "padding": (1, 2)}),
]
# How the numbers lie in memory and how exact they are, for one small layer.
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("numbers with many digits", SUMMED, {"numbers": digits}),
    ("images of whole numbers", DTYPE, {"integers": "x"}),
    ("filters of whole numbers", DTYPE, {"integers": "w"}),
    ("float32", DTYPE, SINGLE),
    ("inputs that are not contiguous", LAYOUT, {"layout": "gaps"}),
    ("inputs in another order of memory", LAYOUT, {"layout": "turned"}),
    ("inputs that can't be written to", EVERY_PLACE, {"layout": "read-only"}),
]


def _backward(
    function: str, about: str, arrays: dict[str, Any], look: str, options: dict[str, Any], **more: Any
) -> Case:
    return Case(function, about, arrays, options, look, axes=ALL_THREE, **more)


def _layer_gradients(function: str) -> list[Case]:
    text = {"dout": _row(1, 3), "x": _row(1, 2, 3, 4, 5), "w": _row(10, 20)}
    cases = [_backward(function, "the example with a pencil", text, EVERY_PLACE, {"stride": (1, 2)})]
    for about, x, w, look, options in LAYERS:
        arrays = _drawn(about, _shapes(x, w, options), draw)
        cases.append(_backward(function, about, arrays, look, options))
    for about, look, settings in KINDS:
        more = dict(settings)
        options = {"stride": (2, 1), "padding": (1, 0)}
        shapes = _shapes((1, 2, 4, 5), (3, 2, 3, 2), options)
        arrays = _drawn(about, shapes, more.pop("numbers", draw), more.pop("integers", ""))
        cases.append(_backward(function, about, arrays, look, options, **more))
    return cases


CONV2D_MATRIX_BACKWARD = _layer_gradients("conv2d_matrix_backward")
CONV2D_BACKWARD = _layer_gradients("conv2d_backward")

FLIPPED = "Filters flipped along rows and columns, C_out and C_in swapped, slide over dout with K - 1 zeros around it."
DILATED = "With a stride, the entries of dout stand `stride` pixels apart, with zeros between them."
MORE_ZEROS = "Pixels that no window reached lie at the end of an axis: their gradient is 0."
AS_CHANNELS = "The sum runs over images, so they take the place of channels, in x and in dout."
ENTRIES = "The result has the size of the filters, even if dout fits into x at more places."


def _as_conv(
    about: str, x: Shape, w: Shape, looks: tuple[str, str], options: dict[str, Any], **more: Any
) -> list[Case]:
    """The case of a layer for both functions."""
    arrays = _drawn(about, _shapes(x, w, options), more.pop("numbers", draw), more.pop("integers", ""))
    dx = {"dout": arrays["dout"], "w": arrays["w"], "in_size": x[2:]}
    # A square filter is given by one number, as a layer takes it.
    dw = {"dout": arrays["dout"], "x": arrays["x"], "kernel": w[2] if w[2] == w[3] else w[2:]}
    return [
        Case("conv2d_dx_as_conv", about, dx, options, looks[0], axes=IMAGES, **more),
        Case("conv2d_dw_as_conv", about, dw, options, looks[1], axes=FILTERS, **more),
    ]


def _looks(about: str, options: dict[str, Any]) -> tuple[str, str]:
    """What to look at in dx and in dw."""
    if "over" in about:
        return f"{DILATED} {MORE_ZEROS}", f"{DILATED} {ENTRIES}"
    if "stride" in options:
        return DILATED, DILATED
    return (CROPPED, "Here it is x that gets the padding.") if options else (FLIPPED, AS_CHANNELS)


GRADIENTS_AS_CONVS = sorted(
    [
        case
        for listed in (
            *(_as_conv(about, x, w, _looks(about, options), options) for about, x, w, _, options in LAYERS),
            *(
                _as_conv(about, (1, 2, 4, 5), (3, 2, 3, 2), (look, look), {"stride": (2, 1), "padding": (1, 0)}, **more)
                for about, look, more in KINDS
            ),
        )
        for case in listed
    ],
    key=lambda case: case.function,
    reverse=True,
)

OUT = ("N", "C_out", "H_out", "W_out")
PRINTS = "Every input pixel prints its filter, times its value, `stride` pixels from the next; prints add up."
SWAPPED = "Here the first axis of w belongs to the input: (C_in, C_out, K_H, K_W). Nothing is flipped."
CUT_OFF = "Padding cuts `padding` pixels off on each side of the output."


def _transposed(about: str, x: Shape, w: Shape, look: str = PRINTS, **more: Any) -> Case:
    numbers, filters = more.pop("numbers", draw), more.pop("filters", None)
    names = {key: more.pop(key) for key in ("layout", "raises", "rtol") if key in more}
    arrays = _drawn(about, {"x": x}, numbers) | _drawn(f"{about} w", {"w": w}, filters or numbers)
    return Case("conv_transpose2d", about, arrays, more, look, axes=OUT, **names)


CONV_TRANSPOSE2D = [
    Case(
        "conv_transpose2d",
        "the example with a pencil",
        {"x": _row(1, 3), "w": _row(10, 20, 5)},
        {"stride": 2},
        PRINTS,
        axes=OUT,
    ),
    _transposed("sides that all differ", (2, 3, 3, 4), (3, 2, 3, 2)),
    _transposed("as many input channels as output channels", (1, 2, 3, 4), (2, 2, 2, 3), SWAPPED),
    _transposed("filters of one pixel", (2, 3, 2, 4), (3, 4, 1, 1), SWAPPED),
    _transposed("a stride", (2, 2, 3, 4), (2, 3, 3, 2), stride=2),
    _transposed("stride per axis", (1, 2, 3, 2), (2, 1, 2, 3), stride=(3, 2)),
    _transposed("a stride that is longer than the filters", (1, 1, 2, 3), (1, 2, 1, 2), stride=(2, 3)),
    _transposed("padding", (1, 2, 4, 3), (2, 3, 3, 2), CUT_OFF, padding=1),
    _transposed("padding per axis", (1, 2, 2, 4), (2, 3, 4, 3), CUT_OFF, padding=(2, 1)),
    _transposed("padding that is wider than the filters", (1, 1, 5, 6), (1, 2, 2, 1), CUT_OFF, padding=(2, 1)),
    _transposed("stride and padding together", (2, 1, 3, 4), (1, 2, 3, 4), CUT_OFF, stride=(2, 3), padding=(1, 2)),
    _transposed("a single pixel", (1, 2, 1, 1), (2, 3, 2, 3)),
    _transposed(
        "whole numbers with filters of fractions", (1, 2, 2, 3), (2, 2, 2, 2), DTYPE, numbers=whole, filters=draw
    ),
    _transposed("float32", (1, 2, 2, 3), (2, 2, 2, 2), DTYPE, stride=2, **SINGLE),
    _transposed("inputs that are not contiguous", (1, 2, 3, 4), (2, 2, 2, 3), LAYOUT, layout="gaps"),
    _transposed("inputs that can't be written to", (1, 2, 3, 4), (2, 2, 2, 3), layout="read-only", padding=1),
    _transposed("nothing left", (1, 1, 2, 3), (1, 1, 2, 2), raises="the padding leaves no rows", padding=(2, 0)),
]


def _function(words: str, function: Callable[[Array], Any]) -> Made:
    return Made(words, lambda: function)


W = draw(3, 2, salt=90)
_squares = _function("lambda x: x * x", lambda x: x * x)
_total = _function("lambda x: sum(x * x)", lambda x: np.sum(x * x))
CENTRAL = "The gradient is that of sum(f(x) * dout): a step h to either side, the difference divided by 2 h."
WEIGHTED = "Whatever shape f(x) has, sum(f(x) * dout) is a single number."
ONE_BY_ONE = "One entry of x moves at a time, and the others stay where they were."
NO_VIEW = "x.reshape(-1) of such an array is a copy: what is written into it does not arrive in x."
ALIAS = "This f returns its own argument: change x after the call, and what f has returned changes, too."

POINT = np.array(0.75)


def _slopes(about: str, f: Made, x: Array, dout: Any, look: str, **more: Any) -> Case:
    names = {key: more.pop(key) for key in ("layout",) if key in more}
    # The formula's error is about h squared, that of the subtraction about 1e-16 / h: together below 1e-9.
    return Case("numerical_gradient", about, {"f": f, "x": x, "dout": dout}, more, look, rtol=1e-7, **names)


NUMERICAL_GRADIENT = [
    _slopes(
        "a large step", _function("lambda x: x ** 3", lambda x: x**3), draw(3, salt=3), draw(3, salt=4), CENTRAL, h=0.5
    ),
    _slopes("squares", _squares, draw(4, salt=1), draw(4, salt=2), WEIGHTED),
    _slopes(
        "a matrix product",
        _function("lambda x: x @ w", lambda x: x @ W),
        draw(4, 3, salt=5),
        draw(4, 2, salt=6),
        ONE_BY_ONE,
    ),
    _slopes("a function that returns a number", _total, draw(2, 3), -2.5, WEIGHTED),
    _slopes(
        "a function that returns what it got",
        _function("lambda x: x", lambda x: x),
        draw(2, 3),
        draw(2, 3, salt=7),
        ALIAS,
    ),
    _slopes(
        "a function in which all entries meet",
        _function("lambda x: x / sum(x * x)", lambda x: x / np.sum(x * x)),
        draw(2, 3, salt=8),
        draw(2, 3, salt=9),
        ONE_BY_ONE,
    ),
    _slopes(
        "an array of four axes",
        _function("lambda x: tanh(x).sum(axis=(2, 3))", lambda x: np.tanh(x).sum(axis=(2, 3))),
        draw(2, 3, 2, 1, salt=10),
        draw(2, 3, salt=11),
        WEIGHTED,
    ),
    _slopes(
        "a single number",
        _function("lambda x: sin(x)", np.sin),
        POINT,
        np.array(2.0),
        "An array may have no axes at all.",
    ),
    _slopes(
        "an array that is not contiguous",
        _squares,
        draw(3, 4),
        draw(3, 4),
        NO_VIEW,
        layout="gaps",
    ),
    _slopes(
        "an array in another order of memory",
        _squares,
        draw(3, 4, salt=12),
        draw(3, 4, salt=13),
        NO_VIEW,
        layout="turned",
    ),
]


def correlate(x: Array, w: Array) -> Array:
    """A convolution layer without padding, for layers that are measured."""
    out: Array = np.einsum("ncijuv,ocuv->noij", sliding_window_view(x, w.shape[2:], axis=(2, 3)), w)
    return out


def _filtered(w: Array, padding: int = 0) -> Callable[[Array], Array]:
    return lambda x: correlate(np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))), w)


def _marked(x: Array, row: int, column: int, *, image: int = 0) -> Array:
    """The images with one pixel changed at a fixed place: a layer that knows where it is."""
    out = x.copy()
    out[image, -1, row, column] -= 4
    return out


MOVES = "Move the images and apply the layer; apply the layer and move the output; the largest difference."
NONE = "Such a layer has the gap 0, but for rounding."
MIDDLE = "Only rows H_out // 4 to H_out - H_out // 4 of the output count, and columns likewise."
OUTPUT_STEP = "The output moves by shift // step, with step = round(H / H_out), for rows and columns each."
ROUNDED_DOWN = "The output moves by shift // step, which rounds down, below zero as well: -3 // 2 is -2."
SIGNS = "A difference counts whether it is above or below zero, in every image and channel."


def _gap(about: str, layer: Made, x: Shape, shift: tuple[int, int], look: str, **more: Any) -> Case:
    salt = crc32(about.encode()) % 100_000
    inputs = {"layer": layer, "x": draw(*x, salt=salt), "shift": shift}
    return Case("equivariance_gap", about, inputs, look=look, rtol=1e-9, **more)


_blur = _function("a 3 x 3 convolution, padding 1", _filtered(draw(2, 2, 3, 3, salt=91), 1))
_valid = _function("a 5 x 3 convolution without padding", _filtered(draw(1, 1, 5, 3, salt=92)))
_own = _function("a weight of its own for every pixel", lambda x: x * draw(*x.shape[2:], salt=93))
_every_second = _function("x[:, :, ::2, ::2]", lambda x: x[:, :, ::2, ::2])
_every_third = _function("x[:, :, ::3, :]", lambda x: x[:, :, ::3, :])
_relu = _function("ReLU", lambda x: np.maximum(x, 0))


def _mark(row: int, column: int, image: int = 0) -> Made:
    words = f"a layer that changes the pixel ({row}, {column})"
    return _function(words, partial(_marked, row=row, column=column, image=image))


EQUIVARIANCE_GAP = [
    _gap("a convolution", _blur, (2, 2, 8, 12), (1, 2), f"{MOVES} {NONE}"),
    _gap("a convolution that makes the image smaller", _valid, (1, 1, 16, 13), (-2, 1), f"{OUTPUT_STEP} {NONE}"),
    _gap("ReLU", _relu, (1, 2, 8, 12), (2, -1), f"{MOVES} {NONE}"),
    _gap("a weight of its own for every pixel", _own, (1, 2, 8, 12), (1, 0), MOVES),
    _gap("the same, moved to the right", _own, (1, 2, 8, 12), (0, 3), "shift is (down, right): rows first."),
    _gap("the same, moved by nothing", _own, (1, 2, 8, 12), (0, 0), MOVES),
    _gap("every second pixel, moved by two and four", _every_second, (1, 2, 15, 18), (2, 4), f"{OUTPUT_STEP} {NONE}"),
    _gap("every second pixel, moved by one", _every_second, (1, 2, 16, 18), (1, 0), OUTPUT_STEP),
    _gap(
        "every second pixel, moved up by three and left by one", _every_second, (1, 2, 16, 18), (-3, -1), ROUNDED_DOWN
    ),
    _gap("every third row", _every_third, (1, 1, 17, 10), (3, 1), f"{OUTPUT_STEP} {NONE}"),
    _gap("a layer that changes one pixel, at the border", _mark(0, 6), (1, 1, 8, 12), (1, 0), MIDDLE),
    _gap("a layer that changes one pixel, just outside the middle", _mark(6, 6), (1, 1, 8, 12), (1, 0), MIDDLE),
    _gap(
        "a layer that changes one pixel, just inside the middle",
        _mark(5, 6),
        (1, 1, 8, 12),
        (1, 0),
        f"{MIDDLE} {SIGNS}",
    ),
    _gap("a layer that changes one pixel, at the left of the middle", _mark(4, 2), (1, 2, 8, 12), (0, 1), MIDDLE),
    _gap("a layer that changes one pixel, of the second image", _mark(3, 5, 1), (2, 2, 8, 12), (1, 1), SIGNS),
    _gap("images that can't be written to", _blur, (1, 2, 8, 12), (1, 1), MOVES, layout="read-only"),
]

CHANNELS = "w2 has another number of input channels than w1 has output channels"
STAMPED = "Every entry of w2 puts a copy of w1 into the result, shifted by its place: nothing is flipped."
THROUGH = "The channels between the layers are summed over; outputs come from w2, inputs from w1."


def _composed(about: str, w1: Array, w2: Array, look: str = STAMPED, **more: Any) -> Case:
    axes = ("C2", "C0", "K_H", "K_W")
    return Case("compose_kernels", about, {"w1": w1, "w2": w2}, look=look, axes=axes, **more)


COMPOSE_KERNELS = [
    _composed("the example with a pencil", _row(1, 2), _row(1, 10)),
    _composed("sides that all differ", draw(1, 1, 2, 3, salt=1), draw(1, 1, 3, 4, salt=2)),
    _composed("channels that all differ", draw(3, 2, 2, 1, salt=3), draw(4, 3, 1, 2, salt=4), THROUGH),
    _composed("channels that are all alike", draw(2, 2, 3, 2, salt=5), draw(2, 2, 2, 3, salt=6), THROUGH),
    _composed("a second layer of 1 x 1", draw(3, 2, 2, 3, salt=7), draw(2, 3, 1, 1, salt=8), THROUGH),
    _composed("a first layer of 1 x 1", draw(3, 2, 1, 1, salt=9), draw(2, 3, 3, 2, salt=10), THROUGH),
    _composed("whole numbers with fractions", whole(2, 1, 2, 2, salt=11), draw(1, 2, 2, 2, salt=12), DTYPE),
    _composed("float32", single(2, 1, 2, 2, salt=13), single(1, 2, 2, 2, salt=14), DTYPE, rtol=1e-5),
    _composed(
        "inputs that are not contiguous", draw(2, 1, 2, 3, salt=15), draw(1, 2, 3, 2, salt=16), LAYOUT, layout="gaps"
    ),
    _composed(
        "inputs that can't be written to", draw(2, 1, 2, 3, salt=17), draw(1, 2, 3, 2, salt=18), layout="read-only"
    ),
    _composed(
        "channels that do not fit together",
        draw(3, 2, 2, 2),
        draw(1, 2, 2, 2),
        raises=CHANNELS,
    ),
    _composed("one channel where three are expected", draw(1, 2, 2, 2), draw(2, 3, 2, 2), raises=CHANNELS),
]

MEAN = "The loss is a mean over all numbers of all images, and the derivative of a square brings a factor 2."
DOWNHILL = "w -= lr * gradient, `steps` times, starting from zeros."


def _learned(about: str, images: Array, size: Any, look: str = MEAN, **options: Any) -> Case:
    layout = options.pop("layout", "plain")
    N, *in_size = images.shape
    targets = draw(N, *out_size(tuple(in_size), pair(size)), salt=len(about)).astype(images.dtype)
    # What the steps multiply stays small, so rounding does, too; single precision may be used for it.
    rtol = 1e-4 if images.dtype == np.float32 else 1e-9
    inputs = {"images": images, "targets": targets, "size": size}
    return Case("learn_kernel", about, inputs, options, look, layout, axes=("K_H", "K_W"), dtype="real", rtol=rtol)


LEARN_KERNEL = [
    _learned("one step with one image", draw(1, 3, 4, salt=1), (2, 3), lr=0.125, steps=1),
    _learned("one step with several images", draw(3, 4, 5, salt=2), (2, 3), lr=0.25, steps=1),
    _learned("no step at all", draw(2, 4, 5, salt=3), (3, 2), DOWNHILL, lr=0.125, steps=0),
    _learned("three steps", draw(2, 5, 4, salt=4), (2, 3), DOWNHILL, lr=0.0625, steps=3),
    _learned("the size as one number", draw(2, 5, 4, salt=5), 2, lr=0.0625, steps=2),
    _learned("forty steps", draw(2, 6, 7, salt=6), (3, 2), DOWNHILL, lr=0.03125, steps=40),
    _learned("a kernel that covers the image", draw(3, 2, 3, salt=7), (2, 3), lr=0.03125, steps=2),
    _learned("float32", single(2, 4, 5, salt=8), (2, 3), DTYPE, lr=0.0625, steps=2),
    _learned(
        "images that are not contiguous", draw(2, 4, 5, salt=9), (2, 3), LAYOUT, lr=0.0625, steps=2, layout="gaps"
    ),
    _learned(
        "images that can't be written to", draw(2, 4, 5, salt=10), (2, 3), MEAN, lr=0.0625, steps=2, layout="read-only"
    ),
]
