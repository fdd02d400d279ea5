"""Hidden tests of sliding_windows: template matching, blur, edges, and the detector of two layers.

Titles and case ids are read by students: they name the kind of case. Each values test fails for every hollow answer
(zeros, ones, the input, None, a constant), and error tests begin with a neighbouring call that must work.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.inputs import normal, whole
from autograder.hidden_tests.a1_convolution.parts import entries
from autograder.hidden_tests.a1_convolution.sliding_windows import oracles as oracle
from autograder.hidden_tests.a1_convolution.sliding_windows.detector import (
    OUTLINE,
    Detector,
    Scene,
    all_patches,
    surrounded,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.judging import FLOAT32, IMAGE, array_of, as_floats
from autograder.model import Verdict
from autograder.testing import Judged, expect, expect_error, expect_pure, question

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
