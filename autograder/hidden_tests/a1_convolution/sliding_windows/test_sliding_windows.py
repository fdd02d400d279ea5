"""Hidden tests of a1_convolution/sliding_windows.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.

Tolerances. Results are sums of at most about 150 products of numbers around 1. In float64 any order of summation, and
an FFT, agrees to about 1e-13, so the default of 1e-7 and 1e-9 is generous, yet far below a rounding to float32 (1e-6
and more). In float32 such sums differ by about 1e-5 (sqrt(150) * 6e-8 * 10), so 1e-4 is allowed. Purity tests use
whole numbers, whose sums are exact in any order.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import Layer, column_major, layer, normal, scattered, whole
from autograder.hidden_tests.a1_convolution.sliding_windows import oracles as oracle
from autograder.hidden_tests.a1_convolution.sliding_windows.detector import (
    OUTLINE,
    Detector,
    Scene,
    all_patches,
    surrounded,
)
from autograder.model import Verdict
from autograder.testing import Judged, expect, expect_error, expect_pure, question

FLOAT32 = {"rtol": 1e-4, "atol": 1e-4}
# Numbers near 1e6: 1e-4 is 1e-10 of them, which float64 keeps in any order of summation and float32 does not.
LARGE = {"rtol": 1e-9, "atol": 1e-4}
IMAGE = ("H_out", "W_out")
LAYER = {1: ("N", "C_out", "L_out"), 2: ("N", "C_out", "H_out", "W_out"), 3: ("N", "C_out", "D_out", "H_out", "W_out")}


def entries(got: Any, names: str, what: str) -> tuple[Any, ...]:
    """Take apart a tuple that a function returned, whose parts are judged one by one."""
    fields = tuple(value for _, value in getattr(got, "fields", ())) or got
    wanted = names.split()
    if not isinstance(fields, tuple) or len(fields) != len(wanted):
        raise Judged(Verdict.FAILED, f"{what}: expected the tuple ({', '.join(wanted)}).", rung="type")
    return fields


def as_floats(got: Any, what: str) -> Any:
    """Let any real dtype pass where the contract names none."""
    if isinstance(got, np.ndarray) and got.dtype.kind in "iuf":
        return got.astype(np.float64)
    if isinstance(got, np.ndarray):
        raise Judged(Verdict.FAILED, f"{what}: expected real numbers, got dtype {got.dtype}.", rung="dtype")
    return got


def array_of(got: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Demand an array of finite real numbers in one shape, and give it as float64."""
    if not isinstance(got, np.ndarray):
        raise Judged(Verdict.FAILED, f"{what}: expected a NumPy array.", rung="type")
    if got.shape != shape:
        raise Judged(Verdict.FAILED, f"{what}: expected shape {shape}, got {got.shape}.", rung="shape")
    numbers = as_floats(got, what)
    if not np.isfinite(numbers).all():
        raise Judged(Verdict.FAILED, f"{what}: expected finite numbers.", rung="finite")
    return numbers


def expect_layer(function: Any, case: Layer, once: Any, **tolerances: float) -> None:
    """Compare one call of a convolution layer with torch's."""
    want = once(partial(oracle.conv, case.x, case.w, case.b, **case.options))
    expect(function(case.x, case.w, case.b, **case.options), want, axes=LAYER[case.w.ndim - 2], **tolerances)


def expect_pure_layer(function: Any, case: Layer, once: Any) -> None:
    """Inputs unchanged, equal calls equal, and nothing kept from a call with other numbers of the same shapes."""
    for x in (case.x, case.x[::-1, :, ::-1] + 1):
        want = once(partial(oracle.conv, x, case.w, case.b, **case.options))
        expect(
            function(x, case.w, case.b, **case.options),
            want,
            axes=LAYER[case.w.ndim - 2],
            what="a call after one with other numbers",
        )
    expect_pure(function, case.x, case.w, case.b, **case.options)


# Correlation in one dimension

ONE_D = {"correlate1d": oracle.correlate1d, "convolve1d": oracle.convolve1d}
both_1d = pytest.mark.parametrize("name", ONE_D)


@question("correlate1d", weight=2)
@pytest.mark.parametrize("taps", [3, 4], ids=["filter of odd length", "filter of even length"])
@both_1d
def test_1d_values(student, rng, once, name, taps):
    """Values of the one-dimensional sliding sum."""
    x, w = normal(rng, int(rng.integers(11, 17))), normal(rng, taps)
    expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)), axes=["L_out"])


@question("correlate1d")
@both_1d
def test_1d_extremes(student, rng, once, name):
    """The shortest filter, the longest filter, and numbers that are all negative."""
    x = -1.0 - np.abs(normal(rng, 9))
    for taps, what in ((9, "a filter as long as the input"), (8, "a long filter"), (1, "a filter of one number")):
        w = normal(rng, taps)
        expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)), what=what)


@question("correlate1d", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [[(np.float32, np.float32)], [(np.int64, np.float64), (np.int32, np.int64)]],
    ids=["single precision", "whole numbers"],
)
@both_1d
def test_1d_dtypes(student, rng, once, name, dtypes):
    """The dtype of the result follows from both inputs."""
    for x_dtype, w_dtype in dtypes:
        single = x_dtype is np.float32
        x, w = (normal(rng, length) * (1.0 if single else 9.0) for length in (13, 4))
        x, w = x.astype(x_dtype), w.astype(w_dtype)
        expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)), **(FLOAT32 if single else {}))


@question("correlate1d", weight=0.5)
@both_1d
def test_1d_memory(student, rng, once, name):
    """Inputs that are parts of larger arrays, back to front, and write-protected."""
    x, w = scattered(normal(rng, 12)), scattered(normal(rng, 5))
    expect(getattr(student, name)(x, w), once(partial(ONE_D[name], x, w)))


@question("correlate1d", kind="error", weight=0.5)
@both_1d
def test_1d_too_long(student, rng, once, name):
    """A filter that is longer than the input is refused."""
    x, w = normal(rng, 5), normal(rng, 6)
    function = getattr(student, name)
    expect(function(x, w[:5]), once(partial(ONE_D[name], x, w[:5])), what="a filter as long as the input")
    expect_error(lambda: function(x, w), ValueError, when="the filter is one number longer than the input")


@question("correlate1d", kind="purity", weight=0.5)
@both_1d
def test_1d_pure(student, rng, once, name):
    """Inputs stay as they were, and nothing is remembered between calls."""
    x, w = whole(rng, 10), whole(rng, 3)
    w[0] += 20
    for signal in (x, x[::-1] + 1):
        expect(getattr(student, name)(signal, w), once(partial(ONE_D[name], signal, w)))
    expect_pure(getattr(student, name), x, w)


# Correlation of an image


@question("correlate2d")
@pytest.mark.parametrize(
    ("kernel", "padding", "mode"),
    [
        ((3, 2), 0, "zeros"),
        ((2, 5), 1, "zeros"),
        ((4, 3), 2, "zeros"),
        ((3, 4), 2, "reflect"),
        ((4, 3), 3, "reflect"),
        ((2, 3), 1, "circular"),
        ((3, 5), 3, "circular"),
    ],
    ids=[
        "no padding",
        "a border of zeros",
        "a wide border of zeros",
        "a reflected border",
        "a wide reflected border",
        "an image that goes round",
        "a wide border that goes round",
    ],
)
def test_correlate2d_values(student, rng, once, kernel, padding, mode):
    """Values of the correlation of an image."""
    image = normal(rng, int(rng.integers(7, 9)), int(rng.integers(9, 12)))
    w = normal(rng, *kernel)
    options = {"padding": padding, "mode": mode} if mode != "zeros" else {"padding": padding} if padding else {}
    expect(
        student.correlate2d(image, w, **options),
        once(partial(oracle.correlate2d, image, w, padding=padding, mode=mode)),
        axes=IMAGE,
    )


@question("correlate2d")
def test_correlate2d_extremes(student, rng, once):
    """A kernel as large as the image, a kernel of one pixel, and numbers that are all negative."""
    image = -1.0 - np.abs(normal(rng, 4, 6))
    for shape, what in (((4, 6), "a kernel as large as the image"), ((1, 1), "a kernel of one pixel")):
        w = normal(rng, *shape)
        expect(student.correlate2d(image, w), once(partial(oracle.correlate2d, image, w)), axes=IMAGE, what=what)


@question("correlate2d", weight=0.5)
@pytest.mark.parametrize(
    ("image_dtype", "kernel_dtype"),
    [(np.float32, np.float32), (np.int64, np.float64), (np.uint8, np.int16)],
    ids=["single precision", "whole numbers with a fractional kernel", "bytes with a kernel of whole numbers"],
)
def test_correlate2d_dtypes(student, rng, once, image_dtype, kernel_dtype):
    """The dtype of the result follows from image and kernel."""
    image, w = rng.uniform(0, 99, size=(6, 8)).astype(image_dtype), (5 * normal(rng, 3, 4)).astype(kernel_dtype)
    # Sums of twelve products of about 50 * 5: single precision keeps them to about 1e-3.
    tolerances = {"rtol": 1e-4, "atol": 1e-2} if image_dtype is np.float32 else {}
    want = once(partial(oracle.correlate2d, image, w, padding=1))
    expect(student.correlate2d(image, w, padding=1), want, axes=IMAGE, **tolerances)


@question("correlate2d", weight=0.5)
def test_correlate2d_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    for image, w in (
        (scattered(normal(rng, 6, 9)), column_major(normal(rng, 3, 2))),
        (column_major(normal(rng, 7, 5)), scattered(normal(rng, 2, 4))),
    ):
        want = once(partial(oracle.correlate2d, image, w, padding=1, mode="circular"))
        expect(student.correlate2d(image, w, padding=1, mode="circular"), want, axes=IMAGE)


@question("correlate2d", kind="error", weight=0.5)
def test_correlate2d_mode(student, rng, once):
    """An unknown kind of border is refused."""
    image, w = normal(rng, 5, 7), normal(rng, 3, 2)
    want = once(partial(oracle.correlate2d, image, w, padding=1, mode="reflect"))
    expect(student.correlate2d(image, w, padding=1, mode="reflect"), want, what="a known kind of border")
    expect_error(
        lambda: student.correlate2d(image, w, padding=1, mode="mirror image"), ValueError, when="the mode is unknown"
    )


@question("correlate2d", kind="error", weight=0.5)
def test_correlate2d_does_not_fit(student, rng, once):
    """A kernel that does not fit the padded image along one axis is refused."""
    image, w = normal(rng, 4, 7), normal(rng, 6, 3)
    expect(student.correlate2d(image, w, padding=1), once(partial(oracle.correlate2d, image, w, padding=1)))
    expect_error(
        lambda: student.correlate2d(image[1:], w, padding=1), ValueError, when="the kernel is one row too high"
    )


@question("correlate2d", kind="purity", weight=0.5)
def test_correlate2d_pure(student, rng, once):
    """Image and kernel stay as they were, and nothing is remembered between calls."""
    image, w = whole(rng, 5, 6), whole(rng, 3, 2)
    for picture in (image, image[::-1] + 1):
        want = once(partial(oracle.correlate2d, picture, w, padding=1))
        expect(student.correlate2d(picture, w, padding=1), want, what="a call after one with other numbers")
    expect_pure(student.correlate2d, image, w, padding=1)


# Template matching

# The norms divide sums of squares: 1e-6 leaves room for a small number added to a denominator.
SCORES = {"rtol": 1e-6, "atol": 1e-6}


def hide(image: np.ndarray, template: np.ndarray, place: tuple[int, int], gain: float, light: float) -> None:
    """Put the template into the image, with another contrast and brightness."""
    row, column = place
    image[row : row + template.shape[0], column : column + template.shape[1]] = gain * template + light


def expect_match(student: Any, image: np.ndarray, template: np.ndarray, once: Any, place: tuple[int, int]) -> None:
    """Compare scores and place; the place is where the test hid the template."""
    want = once(partial(oracle.match_scores, image, template))
    scores, best = entries(student.match_template(image, template), "scores (row,column)", "match_template")
    expect(as_floats(scores, "the scores"), want, axes=IMAGE, what="the scores", **SCORES)
    expect(best, place, what="the place of the best match")


@question("match_template")
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double precision", "single precision"])
def test_match_scores(student, rng, once, dtype):
    """Scores of all windows of a noisy image."""
    image, template = normal(rng, 9, 12), 2.0 + normal(rng, 3, 5)
    place = int(rng.integers(0, 4)), int(rng.integers(4, 8))
    hide(image, template, place, 1.7, 0.4)
    image, template = (image + 0.2 * normal(rng, 9, 12)).astype(dtype), template.astype(dtype)
    want = once(partial(oracle.match_scores, image, template))
    scores, best = entries(student.match_template(image, template), "scores (row,column)", "match_template")
    # Single precision: quotients of sums of fifteen products, each good to 1e-6.
    tolerances = SCORES if dtype is np.float64 else FLOAT32
    expect(as_floats(scores, "the scores"), want, axes=IMAGE, what="the scores", **tolerances)
    expect(best, place, what="the place of the best match")


@question("match_template")
@pytest.mark.parametrize(
    ("gain", "light"), [(0.05, 0.0), (3.0, -20.0)], ids=["a dim copy of the template", "a copy in other light"]
)
def test_match_light(student, rng, once, gain, light):
    """Contrast and brightness of a window don't matter, and a bright patch is no match."""
    image, template = normal(rng, 10, 11), 2.0 + normal(rng, 4, 3)
    image[6:, :4] += 50.0
    place = int(rng.integers(0, 3)), int(rng.integers(5, 9))
    hide(image, template, place, gain, light)
    expect_match(student, image, template, once, place)


@question("match_template")
@pytest.mark.parametrize("corner", [0, 1], ids=["first row, last column", "last row, first column"])
def test_match_corners(student, rng, once, corner):
    """A template in a corner of the image is found."""
    image, template = normal(rng, 8, 7), 2.0 + normal(rng, 3, 4)
    place = ((0, 3), (5, 0))[corner]
    hide(image, template, place, 0.8, 1.0)
    expect_match(student, image, template, once, place)


@question("match_template")
def test_match_negative(student, rng, once):
    """A negative of the template is the worst match, not the best."""
    image, template = normal(rng, 9, 10), 2.0 + normal(rng, 3, 4)
    hide(image, template, (1, 1), -2.0, 0.3)
    place = int(rng.integers(5, 7)), int(rng.integers(1, 5))
    hide(image, template + 0.1 * normal(rng, 3, 4), place, 1.0, 0.0)
    expect_match(student, image, template, once, place)


@question("match_template")
def test_match_flat(student, rng, once):
    """Windows without any contrast score 0, and the others as always."""
    image = rng.integers(0, 60, size=(9, 13))
    image[:5, :6] = 41
    template = rng.integers(0, 60, size=(3, 4))
    template[0, :2] = 3, 57
    place = 6, int(rng.integers(1, 6))
    hide(image, template, place, 2, 7)
    expect_match(student, image.astype(np.float64), template.astype(np.float64), once, place)


@question("match_template")
def test_match_bytes(student, rng, once):
    """Images of bytes, whose differences and squares are not bytes."""
    image, template = (rng.integers(0, 256, size=shape).astype(np.uint8) for shape in ((8, 11), (4, 3)))
    template[0] = 0, 255, 19
    place = int(rng.integers(0, 4)), int(rng.integers(4, 9))
    hide(image, template, place, 1, 0)
    expect_match(student, image, template, once, place)


@question("match_template", weight=0.5)
def test_match_large_mean(student, rng, once):
    """A very bright image with little contrast: differences of large sums lose the digits."""
    image, template = normal(rng, 7, 9), 2.0 + normal(rng, 3, 2)
    place = int(rng.integers(0, 4)), int(rng.integers(5, 8))
    hide(image, template, place, 1.5, 0.0)
    expect_match(student, image + 1e7, template, once, place)


@question("match_template", kind="shape", weight=0.5)
def test_match_shape(student, rng):
    """One score per place, and two whole numbers, also for a template as large as the image."""
    for size, kernel, place in (((6, 9), (3, 2), (1, 6)), ((4, 5), (4, 5), (0, 0))):
        image, template = normal(rng, *size), 2.0 + normal(rng, *kernel)
        hide(image, template, place, 1.0, 0.0)
        scores, best = entries(student.match_template(image, template), "scores (row,column)", "match_template")
        shape = size[0] - kernel[0] + 1, size[1] - kernel[1] + 1
        array_of(scores, shape, "the scores")
        inside = entries(best, "row column", "the place of the best match")
        if not all(isinstance(i, int | np.integer) and 0 <= i < n for i, n in zip(inside, shape, strict=True)):
            message = "The place of the best match: expected two whole numbers that index the scores."
            raise Judged(Verdict.FAILED, message, rung="values")


@question("match_template", kind="error", weight=0.25)
def test_match_does_not_fit(student, rng):
    """A template that is larger than the image is refused."""
    image, template = normal(rng, 4, 6), 2.0 + normal(rng, 4, 5)
    entries(student.match_template(image, template), "scores (row,column)", "match_template")
    expect_error(
        lambda: student.match_template(image[1:], template), ValueError, when="the template is one row too high"
    )


@question("match_template", kind="purity", weight=0.5)
def test_match_pure(student, rng, once):
    """Image and template stay as they were, and nothing is remembered between calls."""
    # Windows of eight whole numbers: their means are exact, so all sums are.
    image, template = whole(rng, 6, 9), whole(rng, 2, 4) + 20
    template[0, 0] = 37
    for place, light in (((1, 2), 3), ((4, 4), 5), ((1, 2), 3)):
        picture = image.copy()
        hide(picture, template, place, 2, light)
        expect_match(student, picture, template, once, place)
    expect_pure(student.match_template, picture, template)


# Smoothing and edges


@question("sobel_edges")
@pytest.mark.parametrize("sigma", [0.6, 1.3, 3.1], ids=["a narrow bell", "a wider bell", "a bell that is cut off"])
def test_gaussian_values(student, rng, once, sigma):
    """Weights of the Gaussian kernel."""
    for size in (3, 7, 5):
        width = sigma * float(rng.uniform(0.9, 1.1))
        want = once(partial(oracle.gaussian_kernel, size, width))
        expect(student.gaussian_kernel(size, width), want, axes=IMAGE, what="the kernel")


@question("sobel_edges", weight=0.5)
def test_gaussian_properties(student, rng):
    """The weights add up to one, and fall off from the middle as the formula says."""
    sigma = float(rng.uniform(0.7, 1.6))
    kernel = array_of(student.gaussian_kernel(9, sigma), (9, 9), "the kernel")
    expect(float(kernel.sum()), 1.0, what="the sum of the kernel")
    middle, ratio = float(kernel[4, 4]), float(np.exp(-1 / (2 * sigma**2)))
    for place in ((3, 4), (5, 4), (4, 3), (4, 5)):
        expect(float(kernel[place]), ratio * middle, what="a neighbour of the middle")
    expect(student.gaussian_kernel(1, sigma), np.ones((1, 1)), what="a kernel of one pixel")


@question("sobel_edges", kind="error", weight=0.25)
def test_gaussian_even(student, rng, once):
    """A kernel without a middle is refused."""
    want = once(partial(oracle.gaussian_kernel, 5, 1.1))
    expect(student.gaussian_kernel(5, 1.1), want, what="a kernel of odd size")
    expect_error(lambda: student.gaussian_kernel(6, 1.1), ValueError, when="the size is even")


def responses(student: Any, image: np.ndarray) -> tuple[Any, ...]:
    """The three images that sobel_edges returns, of any real dtype."""
    got = entries(student.sobel_edges(image), "gx gy magnitude", "sobel_edges")
    return tuple(as_floats(part, "sobel_edges") for part in got)


@question("sobel_edges")
@pytest.mark.parametrize("part", [0, 1], ids=["gx", "gy"])
def test_sobel_direction(student, rng, once, part):
    """Values and sign of one direction's response."""
    image = normal(rng, int(rng.integers(6, 9)), int(rng.integers(9, 12)))
    want = once(partial(oracle.sobel, image))[part]
    expect(responses(student, image)[part], want, axes=IMAGE, what=("gx", "gy")[part])


@question("sobel_edges")
def test_sobel_magnitude(student, rng, once):
    """The magnitude is the length of the gradient."""
    image = normal(rng, int(rng.integers(9, 12)), int(rng.integers(5, 8)))
    want = once(partial(oracle.sobel, image))[2]
    expect(responses(student, image)[2], want, axes=IMAGE, what="the magnitude")


@question("sobel_edges", weight=0.5)
def test_sobel_bytes(student, rng, once):
    """An image of bytes: responses are negative too, and larger than a byte."""
    image = rng.integers(0, 256, size=(6, 8)).astype(np.uint8)
    image[0, :4], image[2, :4] = (0, 9, 255, 31), (7, 255, 0, 3)
    # The roots of whole numbers below 2^24 are good to 1e-7 in single precision too.
    for got, want, what in zip(responses(student, image), once(partial(oracle.sobel, image)), NAMES, strict=True):
        expect(got, want, axes=IMAGE, what=what, rtol=1e-6)


@question("sobel_edges", weight=0.5)
def test_sobel_smallest(student, rng, once):
    """An image as small as the filters, and one of a single row of places."""
    for shape in ((3, 3), (3, 8)):
        image = normal(rng, *shape)
        for got, want, what in zip(responses(student, image), once(partial(oracle.sobel, image)), NAMES, strict=True):
            expect(got, want, axes=IMAGE, what=what)


NAMES = ("gx", "gy", "the magnitude")


@question("sobel_edges", kind="purity", weight=0.5)
def test_sobel_pure(student, rng, once):
    """The image stays as it was, and nothing is remembered between calls."""
    image = whole(rng, 6, 7)
    for picture in (image, image[::-1] + 1):
        for got, want, what in zip(
            responses(student, picture), once(partial(oracle.sobel, picture)), NAMES, strict=True
        ):
            expect(got, want, axes=IMAGE, what=what)
    expect_pure(student.sobel_edges, image)


# A detector for squares


def detector(student: Any) -> Detector:
    """The student's two layers, ready to run on our side."""
    got = entries(student.square_detector(), "w1 b1 w2 b2", "square_detector")
    channels = len(got[0]) if isinstance(got[0], np.ndarray) and got[0].ndim else 0
    shapes = {"w1": (channels, 1, 3, 3), "b1": (channels,), "w2": (1, channels, 3, 3), "b2": (1,)}
    if not channels:
        raise Judged(Verdict.FAILED, "w1: expected an array of shape (C, 1, 3, 3).", rung="shape")
    layers = [array_of(part, shape, what) for part, (what, shape) in zip(got, shapes.items(), strict=True)]
    # Their products must stay in the range of float64.
    if any(np.abs(part).max() > 1e30 for part in layers):
        raise Judged(Verdict.FAILED, "square_detector: expected numbers of a moderate size.", rung="finite")
    return Detector.from_weights(*layers)


def expect_fires(student: Any, once: Any, images: Any, what: str) -> None:
    """Demand a positive output exactly where the outlines are, in images that a function draws once for a class."""
    found, scene = detector(student), once(lambda: Scene.from_images(images()))
    fires = found.fires(scene)
    missed, invented = int((scene.outlines & ~fires).sum()), int((fires & ~scene.outlines).sum())
    if missed or invented:
        counts = f"{missed} outlines were missed, and {invented} other places gave a positive output"
        message = f"{what}: of {int(scene.outlines.sum())} outlines among {fires.size} places, {counts}."
        raise Judged(Verdict.FAILED, message, rung="values")


def alone(*patches: np.ndarray) -> np.ndarray:
    """4x4 patches in the top left corners of empty 5x5 images."""
    return np.pad(np.stack(patches), ((0, 0), (0, 1), (0, 1)))


def near_misses() -> np.ndarray:
    """The outline, and the sixteen patches that differ from it in one pixel."""
    flips = [OUTLINE ^ patch for patch in np.eye(16, dtype=np.int64).reshape(16, 4, 4)]
    return alone(OUTLINE, *flips)


def crowd(rng: np.random.Generator) -> np.ndarray:
    """Random images, each with an outline somewhere, and to its right an outline with one wrong pixel."""
    images = rng.integers(0, 2, size=(64, 11, 19))
    for index, image in enumerate(images):
        (top, other), left, right = rng.integers(0, 7, size=2), rng.integers(0, 6), rng.integers(10, 15)
        image[top : top + 4, left : left + 4] = OUTLINE
        image[other : other + 4, right : right + 4] = near_misses()[1 + index % 16, :4, :4]
    return images


def many_surroundings(rng: np.random.Generator) -> np.ndarray:
    """Outlines, a third of them with one pixel inside, in random surroundings."""
    images = surrounded(np.repeat(OUTLINE[None], 300, axis=0), rng)
    images[::3, 1, 2] = 1
    return images


@question("square_detector")
def test_square_alone(student, once):
    """An outline on an empty image is found; empty and full images give nothing."""
    images = partial(alone, OUTLINE, np.zeros_like(OUTLINE), np.ones_like(OUTLINE))
    expect_fires(student, once, images, "Outline, empty patch, full patch")


@question("square_detector")
def test_square_near_misses(student, once):
    """Outlines with one wrong pixel are no outlines."""
    expect_fires(student, once, near_misses, "An outline, and outlines with one wrong pixel")


@question("square_detector")
def test_square_everywhere(student, rng, once):
    """Outlines anywhere in a larger image, in any surroundings."""
    expect_fires(student, once, partial(crowd, rng), "Crowded images")


@question("square_detector")
def test_square_surroundings(student, rng, once):
    """What lies to the right of and below the patch is not looked at."""
    expect_fires(student, once, partial(many_surroundings, rng), "An outline in many surroundings")


@question("square_detector", weight=2)
def test_square_all_patches(student, rng, once):
    """All binary patches of 4x4 pixels, each in random surroundings."""
    expect_fires(student, once, lambda: surrounded(all_patches(), rng), "All patches")


@question("square_detector", kind="purity", weight=0.5)
def test_square_pure(student):
    """Two calls return the same numbers."""
    detector(student)
    expect_pure(student.square_detector)


# Sizes


@question("conv_output_size")
@pytest.mark.parametrize(
    "names",
    [(), ("stride",), ("padding",), ("dilation",), ("stride", "padding", "dilation")],
    ids=["window only", "with a stride", "with padding", "with dilation", "all together"],
)
def test_output_size(student, rng, once, names):
    """How often the window fits, pixels left over or not."""
    for index in range(6):
        kernel = int(rng.integers(2, 6))
        options = {name: int(rng.integers(2, 5)) for name in names}
        # As many pixels as can be are left over, or none.
        rest = (options.get("stride", 1) - 1) * (index % 2)
        if len(names) > 1 and index == 5:
            # Two are left over without padding, which adds two more than a multiple of the stride.
            options |= {"stride": 3, "padding": 4}
            rest = 1
        span = options.get("dilation", 1) * (kernel - 1) + 1
        room = options.get("stride", 1) * (9 + 3 * index + int(rng.integers(3))) + rest
        size = span + room - 2 * options.get("padding", 0)
        want = once(partial(oracle.positions, size, kernel, **options))
        expect(student.conv_output_size(size, kernel, **options), want, what="the output size")


@question("conv_output_size")
def test_output_size_rounding(student, rng, once):
    """Padding counts before the stride divides."""
    for dilation in (1, 2, 3):
        kernel = int(rng.integers(2, 6))
        # Two pixels are left over without padding, and padding adds two more than a multiple of three.
        padding, size = int(rng.choice([4, 7])), dilation * (kernel - 1) + 1 + 3 * int(rng.integers(3, 30)) + 2
        options = {"stride": 3, "padding": padding, "dilation": dilation}
        want = once(partial(oracle.positions, size, kernel, **options))
        expect(student.conv_output_size(size, kernel, **options), want, what="the output size")


@question("conv_output_size", kind="error", weight=0.5)
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"),
    [(1, 0, 1), (3, 2, 1), (2, 1, 3)],
    ids=["window only", "with stride and padding", "with dilation"],
)
def test_output_size_does_not_fit(student, rng, stride, padding, dilation):
    """A window that does not fit is refused."""
    kernel = int(rng.integers(6, 9))
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    size = dilation * (kernel - 1) + 1 - 2 * padding
    expect(student.conv_output_size(size, kernel, **options), 1, what="a window that just fits")
    expect_error(lambda: student.conv_output_size(size - 1, kernel, **options), ValueError, when="one pixel is missing")


@question("conv_output_size")
@pytest.mark.parametrize(
    ("step", "dilations"),
    [(1, (1,)), (1, (2, 3, 5)), (2, (2, 4, 6))],
    ids=["windows of odd length", "dilated windows of odd length", "windows of even length with an even dilation"],
)
def test_same_padding(student, rng, once, step, dilations):
    """The padding that keeps the size."""
    for kernel in rng.permutation([3, 5, 9, 13]):
        size = int(kernel) if step == 1 else int(kernel) + 1
        for dilation in dilations:
            options = {} if dilation == 1 else {"dilation": dilation}
            want = once(partial(oracle.same_padding, size, dilation=dilation))
            expect(student.same_padding(size, **options), want, what="the padding")


@question("conv_output_size", kind="error")
def test_same_padding_impossible(student, rng, once):
    """Where no symmetric padding keeps the size, that is said."""
    for dilation in (1, 3):
        kernel = 2 * int(rng.integers(1, 6))
        want = once(partial(oracle.same_padding, kernel + 1, dilation=dilation))
        expect(student.same_padding(kernel + 1, dilation=dilation), want, what="the padding of a window of odd length")
        expect_error(
            partial(student.same_padding, kernel, dilation=dilation),
            ValueError,
            when="the window covers an even number of pixels",
        )


# Counting


def expect_count(student: Any, once: Any, name: str, *args: Any, **options: Any) -> None:
    """Compare one of the three counts, so that each earns its own share."""
    got = entries(student.conv_counts(*args, **options), "params macs activations", "conv_counts")
    index = ("params", "macs", "activations").index(name)
    expect(got[index], once(partial(oracle.layer_counts, *args, **options))[index], what=name)


@question("conv_counts")
@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"groups": 3}],
    ids=["with biases", "without biases", "in groups"],
)
def test_params(student, rng, once, options):
    """Parameters of a layer, with another filter length per axis."""
    for kernel in ((3, 5), (4, 1), 2):
        c_in, c_out = 3 * int(rng.integers(2, 9)), 3 * int(rng.integers(9, 30))
        expect_count(student, once, "params", c_in, c_out, kernel, (17, 23), **options)


GEOMETRY = [
    {},
    {"stride": (2, 3), "padding": (1, 2)},
    {"dilation": (2, 3), "padding": 2},
]
GEOMETRY_IDS = ["stride 1, no padding", "stride and padding per axis", "dilated"]


@question("conv_counts")
@pytest.mark.parametrize("options", [*GEOMETRY, {"groups": 2}], ids=[*GEOMETRY_IDS, "in groups"])
def test_macs(student, rng, once, options):
    """Multiply-adds of one image, biases not counted."""
    for bias in (True, False):
        c_in, c_out = 2 * int(rng.integers(2, 6)), 2 * int(rng.integers(6, 20))
        size = int(rng.integers(15, 25)), int(rng.integers(28, 40))
        expect_count(student, once, "macs", c_in, c_out, (4, 3), size, bias=bias, **options)


@question("conv_counts")
@pytest.mark.parametrize("options", GEOMETRY[1:], ids=GEOMETRY_IDS[1:])
def test_activations(student, rng, once, options):
    """Numbers that one image's output holds, for square and other images."""
    # A width of two more than a multiple of three, where the filter's own length matters.
    for size in (int(rng.integers(20, 30)), (int(rng.integers(15, 25)), 29 + 3 * int(rng.integers(4)))):
        expect_count(student, once, "activations", 5, int(rng.integers(6, 20)), (3, 4), size, **options)


@question("conv_counts", weight=0.5)
def test_counts_large(student, rng, once):
    """Counts beyond the range of 32-bit numbers."""
    size = 4000 + int(rng.integers(99)), 5000 + int(rng.integers(99))
    for name in ("macs", "activations", "params"):
        expect_count(student, once, name, 1024, 65536, (7, 6), size, padding=3)


@question("conv_counts", kind="error", weight=0.5)
def test_counts_does_not_fit(student, rng, once):
    """A window that does not fit the image along one axis is refused."""
    options = {"padding": (1, 0), "dilation": (2, 1)}
    expect_count(student, once, "macs", 3, 7, (5, 4), (7, 9), **options)
    expect_error(
        lambda: student.conv_counts(3, 7, (5, 4), (6, 9), **options), ValueError, when="one row of pixels is missing"
    )


@question("conv_counts", weight=1.5)
@pytest.mark.parametrize("depth", [2, 6], ids=["one hidden layer", "several hidden layers"])
def test_mlp_params(student, rng, once, depth):
    """Weights and biases of a fully connected network."""
    for _ in range(2):
        widths = [int(width) for width in rng.choice(np.arange(3, 900), size=depth + 1, replace=False)]
        expect(student.mlp_params(widths), once(partial(oracle.mlp_params, widths)), what="the number of parameters")


# Convolution layers


@question("conv2d_forward")
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        ((3, 2), {}),
        ((2, 4), {"padding": (1, 2)}),
        ((3, 4), {"stride": 2}),
        ((2, 3), {"stride": (3, 2)}),
        ((3, 2), {"stride": (2, 3), "padding": (2, 1)}),
        ((4, 3), {"stride": 3, "padding": 2}),
        ((1, 1), {"stride": (2, 3), "padding": (2, 1)}),
    ],
    ids=[
        "stride 1, no padding",
        "padding per axis",
        "a stride that leaves pixels over",
        "stride per axis",
        "stride and padding per axis",
        "large stride and padding",
        "filters of one pixel with stride and padding",
    ],
)
def test_conv2d_values(student, rng, once, kernel, options):
    """Values of the convolution layer."""
    expect_layer(student.conv2d_forward, layer(rng, kernel, (5, 6), **options), once)


@question("conv2d_forward")
def test_conv2d_single(student, rng, once):
    """One image, one channel, one filter."""
    for channels in ((1, 3, 2), (3, 1, 2), (3, 2, 1), (1, 1, 1)):
        expect_layer(student.conv2d_forward, layer(rng, (2, 3), (3, 4), channels=channels, padding=1), once)


@question("conv2d_forward")
def test_conv2d_whole_image(student, rng, once):
    """Filters that cover the whole padded image, larger than the image itself."""
    for options in ({}, {"padding": (1, 2)}, {"padding": (1, 2), "stride": (3, 2)}):
        expect_layer(student.conv2d_forward, layer(rng, (4, 6), (1, 1), exact=True, **options), once)


@question("conv2d_forward")
def test_conv2d_no_bias(student, rng, once):
    """Without a bias."""
    case = layer(rng, (3, 2), (4, 5), stride=2, padding=1)
    want = once(partial(oracle.conv, case.x, case.w, None, **case.options))
    got = student.conv2d_forward(x=case.x, w=case.w, b=None, **case.options)
    expect(got, want, axes=LAYER[2])


@question("conv2d_forward", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [
        {"x": np.float32, "w": np.float32, "b": np.float32},
        {"x": np.int64},
        {"x": np.float32, "w": np.float32},
    ],
    ids=["single precision", "whole numbers with fractional filters", "a bias of higher precision"],
)
def test_conv2d_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    case = layer(rng, (2, 3), (4, 5), scale=3.0 if dtypes["x"] is np.int64 else 1.0, padding=1).cast(**dtypes)
    expect_layer(student.conv2d_forward, case, once, **(FLOAT32 if dtypes["x"] is np.float32 else {}))


@question("conv2d_forward")
def test_conv2d_extremes(student, rng, once):
    """Numbers that are all negative, and very large ones."""
    case = layer(rng, (3, 2), (4, 5), stride=(1, 2), padding=1)
    case = Layer(-1.0 - np.abs(case.x), case.w, -np.abs(case.b), case.options)
    expect_layer(student.conv2d_forward, case, once)
    expect_layer(student.conv2d_forward, Layer(case.x + 1e6, case.w, case.b, case.options), once, **LARGE)


@question("conv2d_forward", weight=0.5)
def test_conv2d_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    case = layer(rng, (3, 2), (4, 5), stride=2)
    for first, second in ((scattered, column_major), (column_major, scattered)):
        inputs = first(case.x), second(case.w), scattered(case.b)
        expect_layer(student.conv2d_forward, Layer(*inputs, case.options), once)


@question("conv2d_forward", kind="error", weight=0.5)
def test_conv2d_does_not_fit(student, rng, once):
    """A filter that does not fit the padded image along one axis is refused."""
    case = layer(rng, (5, 2), (1, 4), exact=True, padding=1, stride=2)
    expect_layer(student.conv2d_forward, case, once)
    expect_error(
        lambda: student.conv2d_forward(case.x[:, :, 1:], case.w, case.b, **case.options),
        ValueError,
        when="one row of pixels is missing",
    )


@question("conv2d_forward", kind="purity", weight=0.5)
def test_conv2d_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = Layer(whole(rng, 2, 3, 5, 6), whole(rng, 4, 3, 3, 2), whole(rng, 4), {"stride": 2, "padding": 1})
    expect_pure_layer(student.conv2d_forward, case, once)


@question("conv1x1_as_matmul")
@pytest.mark.parametrize(
    ("channels", "size"),
    [((2, 5, 3), (4, 7)), ((1, 4, 6), (5, 3)), ((3, 1, 5), (2, 4)), ((4, 5, 3), (1, 1))],
    ids=["fewer channels", "one image, more channels", "one input channel", "images of one pixel"],
)
def test_conv1x1_values(student, rng, once, channels, size):
    """Values of the 1x1 convolution."""
    case = layer(rng, (1, 1), size, channels=channels, exact=True)
    want = once(partial(oracle.linear, case.x, case.w, case.b))
    expect(student.conv1x1_as_matmul(case.x, case.w, case.b), want, axes=LAYER[2])


@question("conv1x1_as_matmul")
def test_conv1x1_no_bias(student, rng, once):
    """Without a bias, numbers that are all negative."""
    case = layer(rng, (1, 1), (3, 6), channels=(2, 4, 5))
    x = -1.0 - np.abs(case.x)
    want = once(partial(oracle.linear, x, case.w, None))
    expect(student.conv1x1_as_matmul(x, case.w, None), want, axes=LAYER[2])


@question("conv1x1_as_matmul", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [{"x": np.float32, "w": np.float32, "b": np.float32}, {"x": np.int64}],
    ids=["single precision", "whole numbers with fractional filters"],
)
def test_conv1x1_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    case = layer(rng, (1, 1), (3, 5), channels=(2, 6, 4), scale=3.0 if len(dtypes) == 1 else 1.0).cast(**dtypes)
    want = once(partial(oracle.linear, case.x, case.w, case.b))
    tolerances = FLOAT32 if dtypes["x"] is np.float32 else {}
    expect(student.conv1x1_as_matmul(case.x, case.w, case.b), want, axes=LAYER[2], **tolerances)


@question("conv1x1_as_matmul")
def test_conv1x1_stacked(student, rng, once):
    """Two of them with a ReLU between are one MLP at every pixel."""
    first = layer(rng, (1, 1), (4, 5), channels=(2, 3, 7), exact=True)
    second = layer(rng, (1, 1), (4, 5), channels=(2, 7, 4), exact=True)
    hidden = student.conv1x1_as_matmul(first.x, first.w, first.b)
    want = once(partial(oracle.linear, first.x, first.w, first.b))
    expect(hidden, want, axes=LAYER[2], what="the first layer")
    x = np.maximum(want, 0.0)
    expect(
        student.conv1x1_as_matmul(x, second.w, second.b),
        once(partial(oracle.linear, x, second.w, second.b)),
        axes=LAYER[2],
        what="the second layer",
    )


@question("conv1x1_as_matmul", weight=0.5)
def test_conv1x1_memory(student, rng, once):
    """Inputs that are parts of larger arrays, or column by column in memory, and write-protected."""
    case = layer(rng, (1, 1), (3, 5), channels=(2, 6, 4))
    for first, second in ((scattered, column_major), (column_major, scattered)):
        x, w, b = first(case.x), second(case.w), scattered(case.b)
        expect(student.conv1x1_as_matmul(x, w, b), once(partial(oracle.linear, x, w, b)), axes=LAYER[2])


@question("conv1x1_as_matmul", kind="purity", weight=0.5)
def test_conv1x1_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    case = Layer(whole(rng, 2, 3, 4, 5), whole(rng, 6, 3, 1, 1), whole(rng, 6), {})
    expect_pure_layer(student.conv1x1_as_matmul, case, once)


ND = {
    "conv1d_forward": ((3,), (5,), ({}, {"padding": 2}, {"stride": 3, "padding": 1})),
    "conv3d_forward": (
        (2, 3, 4),
        (3, 5, 4),
        ({}, {"padding": (1, 2, 0)}, {"stride": (1, 3, 2), "padding": (1, 0, 2)}),
    ),
}
both_nd = pytest.mark.parametrize("name", ND)


@question("conv_nd")
@pytest.mark.parametrize("which", [0, 1, 2], ids=["stride 1, no padding", "padding", "stride and padding"])
@both_nd
def test_conv_nd_values(student, rng, once, name, which):
    """Values of the layer over one and over three axes."""
    kernel, out, options = ND[name]
    expect_layer(getattr(student, name), layer(rng, kernel, out, **options[which]), once)


@question("conv_nd")
@both_nd
def test_conv_nd_single(student, rng, once, name):
    """One number for all axes, one image, one channel, and filters as large as the padded input."""
    kernel, out, _ = ND[name]
    function = getattr(student, name)
    expect_layer(function, layer(rng, kernel, out, channels=(1, 2, 3), stride=2, padding=1), once)
    expect_layer(function, layer(rng, kernel, out, channels=(2, 1, 3), stride=2), once)
    large = tuple(length + 2 for length in kernel)
    expect_layer(function, layer(rng, large, (1,) * len(kernel), exact=True, padding=1), once)


@question("conv_nd", weight=0.5)
@both_nd
def test_conv_nd_no_bias(student, rng, once, name):
    """Without a bias."""
    kernel, out, _ = ND[name]
    case = layer(rng, kernel, out, padding=1)
    want = once(partial(oracle.conv, case.x, case.w, None, **case.options))
    expect(getattr(student, name)(case.x, case.w, None, **case.options), want, axes=LAYER[len(kernel)])


@question("conv_nd", weight=0.5)
@pytest.mark.parametrize("x_dtype", [np.float32, np.int64], ids=["single precision", "whole numbers"])
@both_nd
def test_conv_nd_dtypes(student, rng, once, name, x_dtype):
    """The dtype of the result follows from all inputs."""
    kernel, out, _ = ND[name]
    case = layer(rng, kernel, out, scale=3.0 if x_dtype is np.int64 else 1.0)
    if x_dtype is np.float32:
        expect_layer(getattr(student, name), case.cast(x=np.float32, w=np.float32, b=np.float32), once, **FLOAT32)
    else:
        expect_layer(getattr(student, name), case.cast(x=np.int64), once)


@question("conv_nd", kind="error", weight=0.25)
@both_nd
def test_conv_nd_does_not_fit(student, rng, once, name):
    """Filters that do not fit the padded input along the first axis are refused."""
    kernel, out, _ = ND[name]
    case = layer(rng, (5, *kernel[1:]), (1, *out[1:]), exact=True, padding=1, stride=2)
    function = getattr(student, name)
    expect_layer(function, case, once)
    expect_error(
        lambda: function(case.x[:, :, 1:], case.w, case.b, **case.options), ValueError, when="one entry is missing"
    )


@question("conv_nd", kind="purity", weight=0.25)
@both_nd
def test_conv_nd_pure(student, rng, once, name):
    """Inputs stay as they were, and nothing is remembered between calls."""
    kernel, _, _ = ND[name]
    size = (5, 6, 7)[-len(kernel) :]
    case = Layer(whole(rng, 2, 3, *size), whole(rng, 4, 3, *kernel), whole(rng, 4), {"stride": 2, "padding": 1})
    expect_pure_layer(getattr(student, name), case, once)


@question("conv2d_grouped")
@pytest.mark.parametrize(
    ("channels", "groups", "options"),
    [
        ((2, 6, 4), 2, {}),
        ((2, 6, 9), 3, {"stride": (2, 1), "padding": (1, 2)}),
        ((2, 5, 5), 5, {"padding": 1}),
        ((2, 3, 6), 3, {"stride": 2, "padding": (0, 1)}),
        ((2, 3, 4), 1, {"dilation": (2, 3)}),
        ((2, 4, 6), 2, {"stride": (2, 3), "padding": (3, 2), "dilation": (3, 2)}),
    ],
    ids=[
        "two groups",
        "several groups with stride and padding",
        "one filter per channel",
        "several filters per channel",
        "one group, dilation per axis",
        "groups with stride, padding and dilation",
    ],
)
def test_grouped_values(student, rng, once, channels, groups, options):
    """Values of the layer in groups."""
    case = layer(rng, (2, 3), (4, 5), channels=channels, groups=groups, **options)
    expect_layer(student.conv2d_grouped, case, once)


@question("conv2d_grouped", weight=0.5)
def test_grouped_no_bias(student, rng, once):
    """Without a bias, one image."""
    case = layer(rng, (3, 2), (4, 5), channels=(1, 6, 4), groups=2, dilation=2, padding=1)
    want = once(partial(oracle.conv, case.x, case.w, None, **case.options))
    expect(student.conv2d_grouped(case.x, case.w, None, **case.options), want, axes=LAYER[2])


@question("conv2d_grouped", weight=0.5)
@pytest.mark.parametrize(
    "dtypes",
    [{"x": np.float32, "w": np.float32, "b": np.float32}, {"x": np.int64}],
    ids=["single precision", "whole numbers with fractional filters"],
)
def test_grouped_dtypes(student, rng, once, dtypes):
    """The dtype of the result follows from all inputs."""
    scale = 1.0 if dtypes["x"] is np.float32 else 3.0
    case = layer(rng, (2, 3), (4, 5), channels=(2, 4, 6), groups=2, scale=scale).cast(**dtypes)
    expect_layer(student.conv2d_grouped, case, once, **(FLOAT32 if scale == 1.0 else {}))


@question("conv2d_grouped", kind="error", weight=0.5)
def test_grouped_does_not_fit(student, rng, once):
    """A dilated filter that does not fit is refused."""
    case = layer(rng, (3, 2), (4, 1), channels=(2, 4, 6), groups=2, exact=True, dilation=(1, 5), padding=1, stride=2)
    expect_layer(student.conv2d_grouped, case, once)
    expect_error(
        lambda: student.conv2d_grouped(case.x[:, :, :, 1:], case.w, case.b, **case.options),
        ValueError,
        when="one column of pixels is missing",
    )


@question("conv2d_grouped", kind="error", weight=0.25)
def test_grouped_does_not_divide(student, rng, once):
    """A number of groups that does not divide the channels is refused."""
    case = layer(rng, (3, 2), (3, 4), channels=(2, 4, 6), groups=2)
    expect_layer(student.conv2d_grouped, case, once)
    expect_error(
        lambda: student.conv2d_grouped(case.x[:, :3], case.w, case.b, groups=2),
        ValueError,
        when="the groups don't divide the input channels",
    )


@question("conv2d_grouped", kind="purity", weight=0.5)
def test_grouped_pure(student, rng, once):
    """Inputs stay as they were, and nothing is remembered between calls."""
    options = {"stride": 2, "padding": 1, "groups": 2}
    case = Layer(whole(rng, 2, 4, 6, 7), whole(rng, 6, 2, 3, 2), whole(rng, 6), options)
    expect_pure_layer(student.conv2d_grouped, case, once)


# Receptive fields

FIELDS = ("size", "jump", "start")


def expect_field(student: Any, layers: list[tuple[int, int, int, int]], *names: str) -> None:
    """Compare some fields of the receptive field, so that each earns its own share."""
    got = dict(zip(FIELDS, entries(student.receptive_field(layers), " ".join(FIELDS), "receptive_field"), strict=True))
    want = dict(zip(FIELDS, oracle.receptive_field(layers), strict=True))
    for name in names:
        expect(got[name], want[name], what=name)


def drawn(rng: np.random.Generator, *low: int) -> tuple[int, int, int, int]:
    """One layer: kernel, stride, padding and dilation at or one above the given numbers; what is off stays off."""
    off = (0, 1, 0, 1)
    kernel, stride, padding, dilation = (
        value if value == nothing else int(value + rng.integers(2)) for value, nothing in zip(low, off, strict=True)
    )
    return kernel, stride, padding, dilation


@question("receptive_field")
@pytest.mark.parametrize(
    "lows",
    [
        ((3, 1, 0), (5, 1, 0), (7, 1, 0)),
        ((4, 3, 0), (3, 1, 0), (6, 1, 0)),
        ((5, 1, 0), (3, 2, 0), (4, 1, 0)),
        ((5, 1, 0), (3, 1, 0), (4, 4, 0)),
    ],
    ids=["stride 1 only", "an early stride", "a stride in the middle", "a late stride"],
)
def test_field_size(student, rng, lows):
    """Size of the receptive field, without dilation."""
    layers = [(kernel + int(rng.integers(3)), stride, padding, 1) for kernel, stride, padding in lows]
    for stack in (layers, [*layers, (1, 1, 0, 1), (2, 1, 0, 1)]):
        expect_field(student, stack, "size")


@question("receptive_field")
def test_field_dilated(student, rng):
    """Size of the receptive field of dilated layers, with strides between them."""
    expect_field(student, [drawn(rng, 3, 2, 0, 2), drawn(rng, 4, 2, 1, 1), drawn(rng, 2, 1, 0, 3)], "size")
    expect_field(student, [drawn(rng, 2, 2, 1, 3), drawn(rng, 3, 1, 0, 4)], "size")


@question("receptive_field")
def test_field_jump(student, rng):
    """Distance of neighbouring outputs, in pixels of the input."""
    expect_field(student, [drawn(rng, 3, 2, 1, 1), drawn(rng, 2, 3, 0, 2), drawn(rng, 4, 4, 2, 1)], "jump")
    expect_field(student, [drawn(rng, 5, 3, 1, 1), (1, 5, 0, 1)], "jump")


@question("receptive_field")
@pytest.mark.parametrize(
    "lows",
    [((4, 1, 2, 1), (3, 1, 1, 1)), ((5, 2, 1, 1), (3, 3, 2, 1), (4, 2, 3, 2))],
    ids=["padding only", "padding after strides"],
)
def test_field_start(student, rng, lows):
    """Where the first output begins to see, left of the input where there is padding."""
    layers = [drawn(rng, *low) for low in lows]
    for stack in (layers, [*layers, (7, 1, 3, 1)]):
        expect_field(student, stack, "start")


@question("receptive_field")
def test_field_whole(student, rng):
    """All three numbers, for deep stacks, single layers and no layer."""
    deep = [drawn(rng, 2, 1, 1, 1) for _ in range(3)] + [drawn(rng, 3, 2, 1, 1), drawn(rng, 2, 3, 2, 2)]
    for layers in (deep, deep[-1:], deep[::-1], []):
        expect_field(student, layers, *FIELDS)


@question("receptive_field", weight=1.5)
@pytest.mark.parametrize("kernel", [2, 3, 6], ids=["the smallest window", "windows of odd length", "large windows"])
def test_layers_to_see(student, rng, once, kernel):
    """The least number of layers that see enough, where the field fits exactly and where it does not."""
    depth = int(rng.integers(8, 20))
    exact = 1 + depth * (kernel - 1)
    for size in (exact, exact + 1, exact - 1, 1, kernel, kernel + 1):
        want = once(partial(oracle.layers_to_see, size, kernel))
        expect(student.layers_to_see(size, kernel), want, what="the number of layers")


@question("receptive_field", kind="purity", weight=0.5)
def test_field_pure(student, rng):
    """The list of layers stays as it was, and nothing is remembered between calls."""
    layers = [drawn(rng, 3, 2, 1, 1), drawn(rng, 2, 1, 0, 2)]
    for stack in (layers, layers[::-1]):
        expect_field(student, stack, *FIELDS)
    expect_pure(student.receptive_field, layers)
