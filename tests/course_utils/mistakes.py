"""Typical mistakes in the notebook's functions, each as a small wrong implementation.

`MISTAKES[question][id]` replaces some of the question's right functions.
"""

# A mistake says in its signature what it ignores, and most are one expression.
# ruff: noqa: PLC3002, PLW0108

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tests.course_utils import reference as right
from tests.course_utils.reference import ConvCounts, ReceptiveField, pair

MISTAKES: dict[str, dict[str, dict]] = {}


def mistake(question, function=None, name=None):
    """Register a wrong implementation of one function of a question, under its own name or a given one."""

    def register(wrong):
        label = name or wrong.__name__
        assert label not in MISTAKES.setdefault(question, {})
        MISTAKES[question][label] = {function or question: wrong}
        return wrong

    return register


# correlate1d


@mistake("correlate1d", "correlate1d")
def flipped_kernel(x, w):
    return right.convolve1d(x, w)


@mistake("correlate1d", "convolve1d")
def true_convolution_not_flipped(x, w):
    return right.correlate1d(x, w)


@mistake("correlate1d", "convolve1d")
def flips_the_input(x, w):
    return right.correlate1d(x[::-1], w)


@mistake("correlate1d", "correlate1d")
def last_position_missing(x, w):
    out = right.correlate1d(x, w)
    out[-1] = 0
    return out


@mistake("correlate1d", "correlate1d")
def one_too_short(x, w):
    return right.correlate1d(x, w)[:-1]


@mistake("correlate1d", "correlate1d")
def same_size(x, w):
    k = len(w)
    return right.correlate1d(np.pad(x, ((k - 1) // 2, k // 2)), w)


@mistake("correlate1d", "correlate1d")
def full_size(x, w):
    return right.correlate1d(np.pad(x, len(w) - 1), w)


@mistake("correlate1d", "correlate1d")
def zeros_like_x(x, w):
    if len(w) > len(x):
        raise ValueError
    out = np.zeros_like(x)[: len(x) - len(w) + 1]
    for i in range(len(out)):
        out[i] = (x[i : i + len(w)] * w).sum()
    return out


@mistake("correlate1d", "correlate1d")
def always_float64_1d(x, w):
    return right.correlate1d(x, w).astype(np.float64)


@mistake("correlate1d", "correlate1d")
def always_float32_1d(x, w):
    return right.correlate1d(x, w).astype(np.float32)


@mistake("correlate1d", "correlate1d")
def float32_inside_1d(x, w):
    out = right.correlate1d(x.astype(np.float32), w.astype(np.float32))
    return out.astype(np.result_type(x, w))


@mistake("correlate1d", "correlate1d")
def returns_a_list(x, w):
    return right.correlate1d(x, w).tolist()


@mistake("correlate1d", "correlate1d")
def prints_only(x, w):
    right.correlate1d(x, w)


@mistake("correlate1d", "correlate1d")
def no_error_for_a_long_kernel(x, w):
    if len(w) > len(x):
        return np.zeros(0)
    return right.correlate1d(x, w)


@mistake("correlate1d", "convolve1d")
def flips_w_in_place(x, w):
    w[:] = w[::-1].copy()
    return right.correlate1d(x, w)


@mistake("correlate1d", "correlate1d")
def kernel_of_two_only(x, w):
    return x[:-1] * w[0] + x[1:] * w[-1] if len(x) >= len(w) else right.correlate1d(x, w)


@mistake("correlate1d", "correlate1d")
def strides_by_hand_1d(x, w):
    if len(w) > len(x):
        raise ValueError
    size = x.itemsize
    windows = as_strided(x, (len(x) - len(w) + 1, len(w)), (size, size))
    return windows @ w


@mistake("correlate1d", "correlate1d")
def answer_of_the_slide(x, w):
    return np.array([1, -2, 2, 0])


@mistake("correlate1d", "correlate1d")
def divides_by_length(x, w):
    return right.correlate1d(x, w) / len(w)


@mistake("correlate1d", "correlate1d")
def row_vector(x, w):
    return right.correlate1d(x, w)[None]


# correlate2d


def plane(image, kernel, padded, dtype=None):
    out = np.zeros(np.subtract(padded.shape, kernel.shape) + 1, dtype=dtype or np.result_type(image, kernel))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = (padded[i : i + kernel.shape[0], j : j + kernel.shape[1]] * kernel).sum()
    return out


def known(mode):
    if mode not in right.FULL_MODE:
        raise ValueError(mode)
    return right.FULL_MODE[mode]


@mistake("correlate2d", name="true convolution")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel[::-1, ::-1], **options)


@mistake("correlate2d", name="flips columns only")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel[:, ::-1], **options)


@mistake("correlate2d", name="flips rows only")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel[::-1], **options)


@mistake("correlate2d", name="transposed square kernel")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel.T if kernel.shape[0] == kernel.shape[1] else kernel, **options)


@mistake("correlate2d", name="pad ignored")
def _(image, kernel, *, padding=0, mode="zeros"):
    return right.correlate2d(image, kernel, padding=0, mode=mode)


@mistake("correlate2d", name="pad hard 1")
def _(image, kernel, *, padding=0, mode="zeros"):
    return right.correlate2d(image, kernel, padding=1, mode=mode)


@mistake("correlate2d", name="pad at most 1")
def _(image, kernel, *, padding=0, mode="zeros"):
    return right.correlate2d(image, kernel, padding=min(padding, 1), mode=mode)


@mistake("correlate2d", name="pad rows only")
def _(image, kernel, *, padding=0, mode="zeros"):
    padded = np.pad(image, ((padding, padding), (0, 0)), mode=known(mode))
    return plane(image, kernel, padded)


@mistake("correlate2d", name="pad bottom right")
def _(image, kernel, *, padding=0, mode="zeros"):
    return plane(image, kernel, np.pad(image, ((0, 2 * padding), (0, 2 * padding)), mode=known(mode)))


@mistake("correlate2d", name="pad top left once")
def _(image, kernel, *, padding=0, mode="zeros"):
    return plane(image, kernel, np.pad(image, ((padding, 0), (padding, 0)), mode=known(mode)))


@mistake("correlate2d", name="mode ignored")
def _(image, kernel, *, padding=0, mode="zeros"):
    known(mode)
    return right.correlate2d(image, kernel, padding=padding)


def other_modes(swap):
    def wrong(image, kernel, *, padding=0, mode="zeros"):
        known(mode)
        return plane(image, kernel, np.pad(image, padding, mode={**right.FULL_MODE, **swap}[mode]))

    return wrong


for label, swap in {
    "reflect repeats the edge": {"reflect": "symmetric"},
    "reflect is edge": {"reflect": "edge"},
    "zeros is edge": {"zeros": "edge"},
    "zeros is reflect": {"zeros": "reflect"},
    "circular is reflect": {"circular": "reflect"},
    "circular is edge": {"circular": "edge"},
    "reflect and circular swapped": {"reflect": "wrap", "circular": "reflect"},
}.items():
    mistake("correlate2d", name=label)(other_modes(swap))


@mistake("correlate2d", name="unknown mode gives zeros")
def _(image, kernel, *, padding=0, mode="zeros"):
    return right.correlate2d(image, kernel, padding=padding, mode=mode if mode in right.FULL_MODE else "zeros")


@mistake("correlate2d", name="unknown mode gives KeyError")
def _(image, kernel, *, padding=0, mode="zeros"):
    return plane(image, kernel, np.pad(image, padding, mode=right.FULL_MODE[mode]))


@mistake("correlate2d", name="square kernels only")
def _(image, kernel, *, padding=0, mode="zeros"):
    padded, k = np.pad(image, padding, mode=known(mode)), kernel.shape[0]
    out = np.zeros(np.subtract(padded.shape, k) + 1, dtype=np.result_type(image, kernel))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = (padded[i : i + k, j : j + k] * kernel).sum()
    return out


@mistake("correlate2d", name="square images only")
def _(image, kernel, *, padding=0, mode="zeros"):
    padded = np.pad(image, padding, mode=known(mode))
    out = right.correlate2d(image, kernel, padding=padding, mode=mode)
    size = padded.shape[0] - kernel.shape[0] + 1
    square = np.zeros((size, size), dtype=out.dtype)
    square[:, : out.shape[1]] = out[:, :size]
    return square


@mistake("correlate2d", name="last row and column missing")
def _(image, kernel, **options):
    out = right.correlate2d(image, kernel, **options)
    out[-1] = out[:, -1] = 0
    return out


@mistake("correlate2d", name="no plus one")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel, **options)[:-1, :-1]


@mistake("correlate2d", name="same size always")
def _(image, kernel, *, padding=0, mode="zeros"):
    k_h, k_w = kernel.shape
    return plane(
        image, kernel, np.pad(image, ((k_h // 2, (k_h - 1) // 2), (k_w // 2, (k_w - 1) // 2)), mode=known(mode))
    )


@mistake("correlate2d", name="transposed output")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel, **options).T


@mistake("correlate2d", name="zeros like the image")
def _(image, kernel, *, padding=0, mode="zeros"):
    return plane(image, kernel, np.pad(image, padding, mode=known(mode)), dtype=image.dtype)


@mistake("correlate2d", name="float64 always")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel, **options).astype(np.float64)


@mistake("correlate2d", name="float32 inside")
def _(image, kernel, **options):
    out = right.correlate2d(image.astype(np.float32), kernel.astype(np.float32), **options)
    return out.astype(np.result_type(image, kernel))


@mistake("correlate2d", name="bytes wrap around")
def _(image, kernel, **options):
    out = right.correlate2d(image, kernel, **options)
    return out.astype(np.uint8).astype(out.dtype) if image.dtype == np.uint8 else out


@mistake("correlate2d", name="clips to 0..255")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel, **options).clip(0, 255)


@mistake("correlate2d", name="strides by hand")
def _(image, kernel, *, padding=0, mode="zeros"):
    padded = np.pad(image, padding, mode=known(mode)) if padding else image
    rows, columns = padded.shape
    shape = (rows - kernel.shape[0] + 1, columns - kernel.shape[1] + 1, *kernel.shape)
    size = padded.itemsize
    windows = as_strided(padded, shape, (columns * size, size, columns * size, size))
    return (windows * kernel).sum(axis=(2, 3), dtype=np.result_type(image, kernel))


@mistake("correlate2d", name="mutates the image")
def _(image, kernel, **options):
    out = right.correlate2d(image, kernel, **options)
    image -= image
    return out


@mistake("correlate2d", name="mutates and restores")
def _(image, kernel, **options):
    image[0, 0] += 0
    return right.correlate2d(image, kernel, **options)


@mistake("correlate2d", name="normalises the kernel")
def _(image, kernel, **options):
    return right.correlate2d(image, kernel, **options) / max(np.abs(kernel).sum(), 1)


# match_template


def matcher(score, choose=np.argmax, order=1, dtype=float):
    def wrong(image, template):
        scores = np.zeros(np.subtract(image.shape, template.shape) + 1)
        t = template.astype(dtype) if dtype else template
        for i, j in np.ndindex(*scores.shape):
            window = image[i : i + t.shape[0], j : j + t.shape[1]]
            scores[i, j] = score(window.astype(dtype) if dtype else window, t, image)
        best = np.unravel_index(choose(scores), scores.shape)
        return scores, tuple(int(index) for index in best[::order])

    return wrong


def centred(array):
    return array - array.mean()


def ncc(window, t, image):
    energy = np.linalg.norm(centred(window)) * np.linalg.norm(centred(t))
    return (centred(window) * centred(t)).sum() / energy if energy > 0 else 0.0


def safe(numerator, denominator):
    return numerator / denominator if denominator else 0.0


norm = np.linalg.norm
for label, score in {
    "raw dot product": lambda v, t, image: (v * t).sum(),
    "no means": lambda v, t, image: safe((v * t).sum(), norm(v) * norm(t)),
    "template mean only, raw norms": lambda v, t, image: safe((v * centred(t)).sum(), norm(v) * norm(t)),
    "window mean only": lambda v, t, image: safe((centred(v) * t).sum(), norm(centred(v)) * norm(t)),
    "no norms": lambda v, t, image: (centred(v) * centred(t)).sum(),
    "template norm only": lambda v, t, image: (centred(v) * centred(t)).sum() / norm(centred(t)),
    "window norm only": lambda v, t, image: safe((centred(v) * centred(t)).sum(), norm(centred(v))),
    "norms before the means": lambda v, t, image: safe((centred(v) * centred(t)).sum(), norm(v) * norm(t)),
    "mean of the picture": lambda v, t, image: safe(
        ((v - image.mean()) * centred(t)).sum(), norm(v - image.mean()) * norm(centred(t))
    ),
    "standard deviations without n": lambda v, t, image: safe((centred(v) * centred(t)).sum(), v.std() * t.std()),
    "unbiased n": lambda v, t, image: safe((centred(v) * centred(t)).mean(), v.std(ddof=1) * t.std(ddof=1)),
    "squared norms": lambda v, t, image: safe(
        (centred(v) * centred(t)).sum(), norm(centred(v)) ** 2 * norm(centred(t)) ** 2
    ),
    "absolute value": lambda v, t, image: abs(ncc(v, t, image)),
    "flipped template": lambda v, t, image: ncc(v, t[::-1, ::-1], image),
    "sum of squared differences": lambda v, t, image: -((v - t) ** 2).sum(),
    "large epsilon": lambda v, t, image: (centred(v) * centred(t)).sum() / (norm(centred(v)) * norm(centred(t)) + 1e-2),
    "flat windows score one": lambda v, t, image: ncc(v, t, image) if v.std() else 1.0,
}.items():
    mistake("match_template", name=label)(matcher(score))


@mistake("match_template", name="flat windows score NaN")
def _(image, template):
    with np.errstate(all="ignore"):
        scores, _best = matcher(
            lambda v, t, image: np.float64((centred(v) * centred(t)).sum()) / (norm(centred(v)) * norm(centred(t)))
        )(image, template)
    best = np.unravel_index(np.nanargmax(scores), scores.shape)
    return scores, (int(best[0]), int(best[1]))


mistake("match_template", name="column before row")(matcher(ncc, order=-1))
mistake("match_template", name="smallest score")(matcher(ncc, choose=np.argmin))
mistake("match_template", name="bytes overflow")(
    matcher(
        lambda v, t, image: (
            ncc((v - v.min()).astype(float), t.astype(float), image) if t.dtype != np.uint8 else ncc(v, (t * t), image)
        ),
        dtype=None,
    )
)


@mistake("match_template", name="flat index")
def _(image, template):
    scores, _best = right.match_template(image, template)
    return scores, int(scores.argmax())


@mistake("match_template", name="centre, not corner")
def _(image, template):
    scores, (row, column) = right.match_template(image, template)
    return scores, (row + template.shape[0] // 2, column + template.shape[1] // 2)


@mistake("match_template", name="scores only")
def _(image, template):
    return right.match_template(image, template)[0]


@mistake("match_template", name="best before scores")
def _(image, template):
    return right.match_template(image, template)[::-1]


@mistake("match_template", name="same size")
def _(image, template):
    scores, best = right.match_template(image, template)
    return np.pad(scores, [(0, size - 1) for size in template.shape]), best


@mistake("match_template", name="centres the template in place")
def _(image, template):
    found = right.match_template(image, template)
    template[:] = template - template.mean()
    return found


@mistake("match_template", name="best as floats")
def _(image, template):
    scores, best = right.match_template(image, template)
    return scores, tuple(map(float, best))


# sobel_edges


def gauss(exponent, normalise=True, offset=0.0):
    def wrong(size, sigma):
        along = np.arange(size) - (size - 1) / 2 + offset
        square = along[:, None] ** 2 + along**2
        kernel = np.exp(-exponent(square, sigma))
        return kernel / kernel.sum() if normalise else kernel

    return wrong


for label, wrong in {
    "gauss without the sum": gauss(lambda s, sigma: s / (2 * sigma**2), normalise=False),
    "gauss with sigma, not its square": gauss(lambda s, sigma: s / (2 * sigma)),
    "gauss without the 2": gauss(lambda s, sigma: s / sigma**2),
    "gauss of the distance": gauss(lambda s, sigma: np.sqrt(s) / (2 * sigma**2)),
    "gauss off centre": gauss(lambda s, sigma: s / (2 * sigma**2), offset=0.5),
    "gauss from the corner": lambda size, sigma: gauss(lambda s, sigma: s / (2 * sigma**2), offset=(size - 1) / 2)(
        size, sigma
    ),
    "gauss of sigma 1": gauss(lambda s, sigma: s / 2),
    "gauss with the density's factor": lambda size, sigma: (
        gauss(lambda s, sigma: s / (2 * sigma**2), False)(size, sigma) / (2 * math.pi * sigma**2)
    ),
    "gauss in one dimension": lambda size, sigma: right.gaussian_kernel(size, sigma).sum(axis=0),
    "gauss with peak one": lambda size, sigma: (
        right.gaussian_kernel(size, sigma) / right.gaussian_kernel(size, sigma).max()
    ),
    "box instead of gauss": lambda size, sigma: np.full((size, size), 1 / size**2),
    "gauss in float32": lambda size, sigma: right.gaussian_kernel(size, sigma).astype(np.float32),
    "rows sum to one": lambda size, sigma: (
        right.gaussian_kernel(size, sigma) / right.gaussian_kernel(size, sigma).sum(axis=1, keepdims=True)
    ),
}.items():
    mistake("sobel_edges", "gaussian_kernel", name=label)(wrong)


def edges(change):
    return lambda image: change(*right.sobel_edges(image))


def length(gx, gy):
    return np.sqrt(gx**2 + gy**2)


for label, wrong in {
    "gx and gy swapped": edges(lambda gx, gy, m: (gy, gx, m)),
    "gx negative": edges(lambda gx, gy, m: (-gx, gy, m)),
    "gy negative": edges(lambda gx, gy, m: (gx, -gy, m)),
    "both negative": edges(lambda gx, gy, m: (-gx, -gy, m)),
    "magnitude of absolute values": edges(lambda gx, gy, m: (gx, gy, np.abs(gx) + np.abs(gy))),
    "magnitude without the root": edges(lambda gx, gy, m: (gx, gy, gx**2 + gy**2)),
    "magnitude of the sum": edges(lambda gx, gy, m: (gx, gy, np.abs(gx + gy))),
    "magnitude is the maximum": edges(lambda gx, gy, m: (gx, gy, np.maximum(np.abs(gx), np.abs(gy)))),
    "magnitude scaled to 1": edges(lambda gx, gy, m: (gx, gy, m / m.max())),
    "magnitude scaled to 255": edges(lambda gx, gy, m: (gx, gy, m * 255 / m.max())),
    "absolute gradients": edges(lambda gx, gy, m: (np.abs(gx), np.abs(gy), m)),
    "divided by 8": edges(lambda gx, gy, m: (gx / 8, gy / 8, m / 8)),
    "only the magnitude": edges(lambda gx, gy, m: m),
    "a list of three": edges(lambda gx, gy, m: [gx, gy, m]),
    "stacked": edges(lambda gx, gy, m: np.stack([gx, gy, m])),
    "angle instead of magnitude": edges(lambda gx, gy, m: (gx, gy, np.arctan2(gy, gx))),
    "padded output": lambda image: right.sobel_edges(np.pad(image, 1)),
    "Prewitt": lambda image: (lambda gx, gy: (gx, gy, length(gx, gy)))(
        *(right.correlate2d(image, np.sign(k)) for k in (right.LEFT, right.LEFT.T))
    ),
    "bytes": lambda image: (
        right.sobel_edges(image)
        if image.dtype != np.uint8
        else tuple(g.astype(np.uint8) for g in right.sobel_edges(image))
    ),
    "blurs first": lambda image: right.sobel_edges(
        right.correlate2d(np.pad(image, 1, mode="edge"), right.gaussian_kernel(3, 1.0))
    ),
}.items():
    mistake("sobel_edges", "sobel_edges", name=label)(wrong)


@mistake("sobel_edges", "sobel_edges", name="scales the image in place")
def _(image):
    out = right.sobel_edges(image)
    image[...] = image / 2
    return out


# square_detector


def detector(change):
    return lambda: change(*(array.copy() for array in right.square_detector()))


def put(array, index, value):
    array[index] = value
    return array


for label, wrong in {
    "three corners": detector(lambda w1, b1, w2, b2: (w1[:3], b1[:3], w2[:, :3], b2 + 1)),
    "any corner": detector(lambda w1, b1, w2, b2: (w1, b1, w2, b2 * 0)),
    "filled square": detector(lambda w1, b1, w2, b2: (np.abs(w1), b1 - 4, w2, b2)),
    "inside not looked at": detector(lambda w1, b1, w2, b2: (np.maximum(w1, 0), b1, w2, b2)),
    "never answers": detector(lambda w1, b1, w2, b2: (w1, b1, w2, b2 - 1)),
    "always answers": detector(lambda w1, b1, w2, b2: (w1, b1, w2 * 0, b2 + 4)),
    "all zeros": detector(lambda w1, b1, w2, b2: (w1 * 0, b1 * 0, w2 * 0, b2 * 0)),
    "loose first layer": detector(lambda w1, b1, w2, b2: (w1, b1 + 1, w2, b2)),
    "square at the bottom right": detector(lambda w1, b1, w2, b2: (w1, b1, np.roll(w2, (1, 1), (2, 3)), b2)),
    "corners in the wrong places": detector(lambda w1, b1, w2, b2: (w1, b1, w2[:, ::-1], b2)),
    "square of 5x5": detector(
        lambda w1, b1, w2, b2: (
            w1,
            b1,
            np.stack([put(np.zeros((3, 3)), p, 1) for p in ((0, 0), (0, 2), (2, 0), (2, 2))])[None],
            b2,
        )
    ),
    "looks at the surroundings": detector(
        lambda w1, b1, w2, b2: (
            np.concatenate([w1, put(np.zeros((1, 1, 3, 3)), (0, 0, 2, 2), 1)]),
            np.append(b1, 0),
            put(np.concatenate([w2, np.zeros((1, 1, 3, 3))], axis=1), (0, 4, 2, 2), -2),
            b2,
        )
    ),
    "bias of the second layer missing": detector(lambda w1, b1, w2, b2: (w1, b1, w2)),
    "first layer without the channel axis": detector(lambda w1, b1, w2, b2: (w1[:, 0], b1, w2, b2)),
    "channel axes swapped": detector(lambda w1, b1, w2, b2: (w1, b1, w2.transpose(1, 0, 2, 3), b2)),
    "scalar bias": detector(lambda w1, b1, w2, b2: (w1, b1, w2, -3.0)),
    "nested lists": detector(lambda w1, b1, w2, b2: (w1.tolist(), b1.tolist(), w2.tolist(), b2.tolist())),
    "infinite weights": detector(lambda w1, b1, w2, b2: (w1, b1, w2 * np.inf, b2)),
    "one corner too weak": detector(lambda w1, b1, w2, b2: (w1, b1, put(w2, (0, 3, 1, 1), 0.5), b2 + 0.75)),
}.items():
    mistake("square_detector", name=label)(wrong)


@mistake("square_detector", name="drawn at random")
def _(rng=np.random.default_rng(0)):  # noqa: B008 - the mistake is that it remembers
    w1, b1, w2, b2 = right.square_detector()
    return w1, b1, w2 * rng.uniform(0.99, 1, size=()) + 0.001, b2 + 0.1


# conv_output_size


def size(formula, check=True):
    def wrong(size, kernel, *, stride=1, padding=0, dilation=1):
        if check:
            right.conv_output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
        return formula(size, kernel, stride, padding, dilation)

    return wrong


def span(k, d):
    return d * (k - 1) + 1


for label, wrong in {
    "E1 no floor": size(lambda n, k, s, p, d: (n + 2 * p - span(k, d)) / s + 1),
    "floored float": size(lambda n, k, s, p, d: np.floor((n + 2 * p - span(k, d)) / s) + 1),
    "E2 floor before the padding": size(lambda n, k, s, p, d: (n - span(k, d)) // s + 2 * p + 1),
    "E3 dilation ignored": size(lambda n, k, s, p, d: (n + 2 * p - k) // s + 1),
    "E4 span is d*k": size(lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1),
    "E4 span is d*k, right for 1": size(lambda n, k, s, p, d: (n + 2 * p - (d * k if d > 1 else k)) // s + 1),
    "span is k+(k-1)(d-1)+1": size(lambda n, k, s, p, d: (n + 2 * p - (k + (k - 1) * (d - 1) + 1)) // s + 1),
    "no plus one": size(lambda n, k, s, p, d: (n + 2 * p - span(k, d)) // s),
    "single padding": size(lambda n, k, s, p, d: (n + p - span(k, d)) // s + 1),
    "padding ignored": size(lambda n, k, s, p, d: max((n - span(k, d)) // s + 1, 1)),
    "stride ignored": size(lambda n, k, s, p, d: n + 2 * p - span(k, d) + 1),
    "ceil": size(lambda n, k, s, p, d: -(-(n + 2 * p - span(k, d)) // s) + 1),
    "rounds": size(lambda n, k, s, p, d: round((n + 2 * p - span(k, d)) / s) + 1),
    "plus one inside": size(lambda n, k, s, p, d: (n + 2 * p - span(k, d) + 1) // s),
    "stride of pooling": size(lambda n, k, s, p, d: (n + 2 * p) // s),
    "no error": size(lambda n, k, s, p, d: (n + 2 * p - span(k, d)) // s + 1, check=False),
    "no error, at least zero": size(lambda n, k, s, p, d: max((n + 2 * p - span(k, d)) // s + 1, 0), check=False),
    "int of a quotient": size(lambda n, k, s, p, d: int((n + 2 * p - span(k, d)) / s + 1), check=False),
    "a string": size(lambda n, k, s, p, d: str((n + 2 * p - span(k, d)) // s + 1)),
}.items():
    mistake("conv_output_size", "conv_output_size", name=label)(wrong)


@mistake("conv_output_size", "conv_output_size", name="error when the result is 0 or less")
def _(size, kernel, *, stride=1, padding=0, dilation=1):
    out = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    if out < 0:
        raise ValueError
    return out


@mistake("conv_output_size", "conv_output_size", name="error without dilation")
def _(size, kernel, *, stride=1, padding=0, dilation=1):
    if kernel > size + 2 * padding:
        raise ValueError
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@mistake("conv_output_size", "conv_output_size", name="error without padding")
def _(size, kernel, *, stride=1, padding=0, dilation=1):
    if span(kernel, dilation) > size:
        raise ValueError
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@mistake("conv_output_size", "conv_output_size", name="divisible or error")
def _(size, kernel, *, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0 or room % stride:
        raise ValueError
    return room // stride + 1


@mistake("conv_output_size", "conv_output_size", name="an assertion instead of ValueError")
def _(size, kernel, *, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    assert room >= 0
    return room // stride + 1


for label, wrong in {
    "E5 k//2 for all": lambda kernel, *, dilation=1: dilation * (kernel - 1) // 2,
    "k//2": lambda kernel, *, dilation=1: kernel // 2,
    "d*(k//2)": lambda kernel, *, dilation=1: dilation * (kernel // 2),
    "a float": lambda kernel, *, dilation=1: right.same_padding(kernel, dilation=dilation) / 1,
    "both sides together": lambda kernel, *, dilation=1: 2 * right.same_padding(kernel, dilation=dilation),
    "k - 1": lambda kernel, *, dilation=1: right.same_padding(kernel, dilation=dilation) and kernel - 1,
    "dilation ignored": lambda kernel, *, dilation=1: right.same_padding(kernel),
    "(d*k-1)//2": lambda kernel, *, dilation=1: (
        right.same_padding(kernel, dilation=dilation) * 0 + (dilation * kernel - 1) // 2
    ),
    "always 1": lambda kernel, *, dilation=1: 1,
}.items():
    mistake("conv_output_size", "same_padding", name=f"same: {label}")(wrong)


@mistake("conv_output_size", "same_padding", name="same: even kernels always refused")
def _(kernel, *, dilation=1):
    if kernel % 2 == 0:
        raise ValueError
    return dilation * (kernel - 1) // 2


# conv_counts


def counts(params=None, macs=None, activations=None):
    """Each given part as a function of (one filter's weights, c_in, c_out, k_h*k_w, inputs, outputs, groups, bias)."""

    def wrong(c_in, c_out, kernel, in_size, **options):
        full = right.conv_counts(c_in, c_out, kernel, in_size, **options)
        groups, bias = options.get("groups", 1), options.get("bias", True)
        (k_h, k_w), (h, w) = pair(kernel), pair(in_size)
        area, pixels = k_h * k_w, full.activations // c_out
        facts = (c_in // groups * area, c_in, c_out, area, h * w, pixels, groups, int(bias))
        parts = {"params": params, "macs": macs, "activations": activations}
        return full._replace(**{name: part(*facts) for name, part in parts.items() if part})

    return wrong


for label, wrong in {
    "E6 bias forgotten": counts(params=lambda one, ci, co, a, i, o, g, b: co * one),
    "bias always": counts(params=lambda one, ci, co, a, i, o, g, b: co * (one + 1)),
    "E7 input channels forgotten": counts(params=lambda one, ci, co, a, i, o, g, b: co * (a + b)),
    "E8 bias for each pair of channels": counts(params=lambda one, ci, co, a, i, o, g, b: co * ci // g * (a + b)),
    "one bias": counts(params=lambda one, ci, co, a, i, o, g, b: co * one + b),
    "bias for each input channel": counts(params=lambda one, ci, co, a, i, o, g, b: co * one + ci * b),
    "E9 groups ignored": counts(params=lambda one, ci, co, a, i, o, g, b: co * (ci * a + b)),
    "E9 groups twice": counts(params=lambda one, ci, co, a, i, o, g, b: co // g * one + co * b),
    "E9 groups ignored in the products": counts(macs=lambda one, ci, co, a, i, o, g, b: co * ci * a * o),
    "E12 products at every input pixel": counts(macs=lambda one, ci, co, a, i, o, g, b: co * one * i),
    "E13 products count the bias": counts(macs=lambda one, ci, co, a, i, o, g, b: co * (one + b) * o),
    "E13 products count a bias always": counts(macs=lambda one, ci, co, a, i, o, g, b: co * (one + 1) * o),
    "E14 FLOPs": counts(macs=lambda one, ci, co, a, i, o, g, b: 2 * co * one * o),
    "products of one filter": counts(macs=lambda one, ci, co, a, i, o, g, b: one * o),
    "products of one channel": counts(macs=lambda one, ci, co, a, i, o, g, b: co * a * o),
    "products of one pixel": counts(macs=lambda one, ci, co, a, i, o, g, b: co * one),
    "E15 times a batch": counts(macs=lambda one, ci, co, a, i, o, g, b: 32 * co * one * o),
    "activations of one channel": counts(activations=lambda one, ci, co, a, i, o, g, b: o),
    "activations of the input": counts(activations=lambda one, ci, co, a, i, o, g, b: ci * i),
    "activations in bytes": counts(activations=lambda one, ci, co, a, i, o, g, b: 4 * co * o),
    "E16 activations in bytes of float64": counts(activations=lambda one, ci, co, a, i, o, g, b: 8 * co * o),
    "activations with the weights": counts(activations=lambda one, ci, co, a, i, o, g, b: co * o + co * one),
    "locally connected": counts(params=lambda one, ci, co, a, i, o, g, b: co * (one + b) * o),
    "floats": counts(params=lambda one, ci, co, a, i, o, g, b: co * (one + b) / 1),
    "square kernel": lambda c_in, c_out, kernel, in_size, **o: right.conv_counts(
        c_in, c_out, pair(kernel)[0], in_size, **o
    ),
    "square image": lambda c_in, c_out, kernel, in_size, **o: right.conv_counts(
        c_in, c_out, kernel, pair(in_size)[0], **o
    ),
    "stride ignored": lambda *a, stride=1, **o: right.conv_counts(*a, **o),
    "padding ignored": lambda *a, padding=0, **o: right.conv_counts(*a, **o),
    "dilation ignored": lambda *a, dilation=1, **o: right.conv_counts(*a, **o),
    "groups ignored": lambda *a, groups=1, **o: right.conv_counts(*a, **o),
    "stride of the rows for both": lambda *a, stride=1, **o: right.conv_counts(*a, stride=pair(stride)[0], **o),
    "padding of the rows for both": lambda *a, padding=0, **o: right.conv_counts(*a, padding=pair(padding)[0], **o),
    "order of the tuple": lambda *a, **o: (lambda c: (c.macs, c.params, c.activations))(right.conv_counts(*a, **o)),
    "a dict": lambda *a, **o: right.conv_counts(*a, **o)._asdict(),
    "two of three": lambda *a, **o: tuple(right.conv_counts(*a, **o))[:2],
    "answer of the slide": lambda *a, **o: ConvCounts(760, 768000, 10240),
}.items():
    mistake("conv_counts", "conv_counts", name=label)(wrong)


@mistake("conv_counts", "conv_counts", name="ceil")
def _(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, groups=1, bias=True):
    full = right.conv_counts(
        c_in, c_out, kernel, in_size, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias
    )
    zipped = zip(*map(pair, (in_size, kernel, stride, padding, dilation)), strict=True)
    pixels = math.prod(-(-(n + 2 * p - span(k, d)) // s) + 1 for n, k, s, p, d in zipped)
    one = full.macs // full.activations
    return ConvCounts(full.params, c_out * one * pixels, c_out * pixels)


for label, wrong in {
    "no biases": lambda widths: sum(a * b for a, b in pairwise(widths)),
    "a bias for every unit": lambda widths: sum(a * b for a, b in pairwise(widths)) + sum(widths),
    "bias of the inputs": lambda widths: sum(a * (b + 1) for a, b in pairwise(widths)),
    "one bias for each layer": lambda widths: sum(a * b + 1 for a, b in pairwise(widths)),
    "first layer only": lambda widths: (widths[0] + 1) * widths[1],
    "product of all": lambda widths: math.prod(widths) + sum(widths[1:]),
    "last layer without bias": lambda widths: right.mlp_params(widths) - widths[-1],
    "first to last": lambda widths: (widths[0] + 1) * widths[-1],
    "eats its input": lambda widths: right.mlp_params([widths.pop(0), *widths]),
}.items():
    mistake("conv_counts", "mlp_params", name=f"mlp: {label}")(wrong)


# Convolution layers: conv2d_forward, conv_nd and conv2d_grouped share their mistakes.


def options_of(x, stride, padding):
    return pair(stride, x.ndim - 2), pair(padding, x.ndim - 2)


def padded(x, padding, **how):
    return np.pad(x, ((0, 0), (0, 0), *((p, p) if isinstance(p, int) else p for p in padding)), **how)


def after_padding(sides, **how):
    """Convolution of an input that is padded in another way; sides(p) gives what comes before and behind."""

    def wrong(x, w, b, *, stride=1, padding=0, **rest):
        _, p = options_of(x, stride, padding)
        right_one = right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **rest)
        del right_one
        return right.conv2d_grouped(padded(x, [sides(i) for i in p], **how), w, b, stride=stride, padding=0, **rest)

    return wrong


def change_out(change):
    return lambda x, w, b, **o: change(right.conv2d_grouped(x, w, b, **o), x, w, b)


def turned(w, axes):
    return np.flip(w, axes)


def along_channels(values, out):
    return np.asarray(values).reshape(-1, *(1,) * (out.ndim - 2))


def grown(out, low, high):
    return np.pad(out, ((0, 0), (0, 0), *((low, high) for _ in range(out.ndim - 2))))


def without(b, out):
    return out if b is None else out - along_channels(b, out)


def spatial(array):
    return tuple(range(2, array.ndim))


def keep_dtype(out, x, w, b):
    return out.astype(np.result_type(*(a for a in (x, w, b) if a is not None)))


def corner_zero(out, *_):
    out = out.copy()
    for axis in spatial(out):
        np.moveaxis(out, axis, 0)[-1] = 0
    return out


def as_one_channel(x, w, b, **o):
    return right.conv2d_grouped(x[:, :1], w[:, :1], b, **o)


def window_at_i(x, w, b, *, stride=1, padding=0, **o):
    shape = right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **o).shape
    dense = right.conv2d_grouped(x, w, b, padding=padding, **o)
    return dense[tuple(slice(0, size) for size in shape)].copy()


def forget_plus_one(x, w, b, **o):
    out = right.conv2d_grouped(x, w, b, **o)
    return out[(slice(None), slice(None), *(slice(0, -1) for _ in spatial(out)))]


def ceil_size(x, w, b, *, stride=1, padding=0, **o):
    s, p = options_of(x, stride, padding)
    right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **o)
    room = [n + 2 * q - k for n, q, k in zip(x.shape[2:], p, w.shape[2:], strict=True)]
    extra = [(-r) % t for r, t in zip(room, s, strict=True)] if "dilation" not in o else [0] * len(room)
    return right.conv2d_grouped(
        padded(x, [(q, q + e) for q, e in zip(p, extra, strict=True)]), w, b, stride=stride, **o
    )


def divisible(x, w, b, *, stride=1, padding=0, **o):
    s, p = options_of(x, stride, padding)
    if any((n + 2 * q - k) % t for n, q, k, t in zip(x.shape[2:], p, w.shape[2:], s, strict=True)):
        raise AssertionError("not divisible")
    return right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **o)


def last_from_first(x, w, b, **o):
    """Uses the first axis' output size for the last axis as well."""
    out = right.conv2d_grouped(x, w, b, **o)
    size = out.shape[2]
    wide = np.zeros((*out.shape[:-1], size), dtype=out.dtype)
    wide[..., : out.shape[-1]] = out[..., :size]
    return wide


def kernel_first_for_all(x, w, b, **o):
    k = w.shape[2]
    if any(size < k for size in w.shape[2:]):
        raise IndexError("index out of bounds")
    return right.conv2d_grouped(x, w[(slice(None), slice(None), *(slice(0, k) for _ in spatial(w)))], b, **o)


def no_none(x, w, b, **o):
    return right.conv2d_grouped(x, w, np.zeros(len(w)) + b, **o)


def bias_last_axis(x, w, b, **o):
    out = right.conv2d_grouped(x, w, None, **o)
    return out if b is None else keep_dtype(out + b, x, w, b)


def like_x(x, w, b, **o):
    return right.conv2d_grouped(x, w, b, **o).astype(x.dtype)


def inside32(x, w, b, **o):
    low = [None if a is None else a.astype(np.float32) for a in (x, w, b)]
    return keep_dtype(right.conv2d_grouped(*low, **o), x, w, b)


def contiguous_only(x, w, b, **o):
    """Reads the memory of the input as if it were in C order."""
    raw = as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides) if x.size else x
    return right.conv2d_grouped(raw, w, b, **o)


def mutates_x(x, w, b, **o):
    out = right.conv2d_grouped(x, w, b, **o)
    x += 1
    return out


def mutates_w(x, w, b, **o):
    out = right.conv2d_grouped(x, w, b, **o)
    w[...] = np.flip(w, -1).copy()
    return out


def mutates_b(x, w, b, **o):
    out = right.conv2d_grouped(x, w, b, **o)
    if b is not None:
        b += 1
    return out


def fits_by_stride(x, w, b, *, stride=1, padding=0, **o):
    """No error where the window does not fit."""
    try:
        return right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **o)
    except ValueError:
        return np.zeros((len(x), len(w), *(1 for _ in spatial(x))))


class Remembers:
    """Adds to a buffer that is kept between calls of one shape."""

    def __init__(self):
        self.buffers = {}

    def __call__(self, x, w, b, **o):
        out = right.conv2d_grouped(x, w, b, **o)
        buffer = self.buffers.setdefault((x.shape, w.shape, str(o)), np.zeros_like(out))
        buffer += out
        return buffer.copy()


class OneBuffer:
    """Gives out the same array again and again."""

    def __init__(self):
        self.buffers = {}

    def __call__(self, x, w, b, **o):
        out = right.conv2d_grouped(x, w, b, **o)
        buffer = self.buffers.setdefault((out.shape, out.dtype.str), np.zeros_like(out))
        buffer[...] = out
        return buffer


def first_axis_only(name):
    def wrong(x, w, b, **o):
        if name in o:
            value = pair(o[name], x.ndim - 2)
            o[name] = (value[0], *(1 if name != "padding" else 0 for _ in value[1:]))
        return right.conv2d_grouped(x, w, b, **o)

    return wrong


def first_axis_for_all(name):
    def wrong(x, w, b, **o):
        if name in o:
            o[name] = pair(o[name], x.ndim - 2)[0]
        return right.conv2d_grouped(x, w, b, **o)

    return wrong


def swapped_axes(name):
    def wrong(x, w, b, **o):
        if name in o:
            o[name] = pair(o[name], x.ndim - 2)[::-1]
        return right.conv2d_grouped(x, w, b, **o)

    return wrong


def fixed(name, value):
    def wrong(x, w, b, **o):
        return right.conv2d_grouped(x, w, b, **{**o, name: value})

    return wrong


def scaled_by_channels(x, w, b, **o):
    out = right.conv2d_grouped(x, w, None, **o) / w.shape[1]
    return keep_dtype(out if b is None else out + along_channels(b, out), x, w, b)


LAYER = {
    "true convolution": lambda x, w, b, **o: right.conv2d_grouped(x, turned(w, spatial(w)), b, **o),
    "flips the last axis only": lambda x, w, b, **o: right.conv2d_grouped(x, turned(w, -1), b, **o),
    "flips the channels": lambda x, w, b, **o: right.conv2d_grouped(x, turned(w, 1), b, **o),
    "no bias": lambda x, w, b, **o: keep_dtype(right.conv2d_grouped(x, w, None, **o), x, w, b),
    "bias per channel": change_out(
        lambda out, x, w, b: out if b is None else out + along_channels((w.shape[1] - 1) * b, out)
    ),
    "bias per window entry": change_out(
        lambda out, x, w, b: out if b is None else out + along_channels((w[0].size - 1) * b, out)
    ),
    "bias 0 for all": change_out(lambda out, x, w, b: out if b is None else without(b, out) + b[0]),
    "bias subtracted": change_out(lambda out, x, w, b: out if b is None else out - 2 * along_channels(b, out)),
    "bias on the last axis": bias_last_axis,
    "b=None not allowed": no_none,
    "pad ignored": fixed("padding", 0),
    "pad hard 1": fixed("padding", 1),
    "stride hard 1": fixed("stride", 1),
    "pad first axis only": first_axis_only("padding"),
    "pad of the first axis for all": first_axis_for_all("padding"),
    "stride of the first axis for all": first_axis_for_all("stride"),
    "stride first axis only": first_axis_only("stride"),
    "pads swapped": swapped_axes("padding"),
    "strides swapped": swapped_axes("stride"),
    "pad behind": after_padding(lambda p: (0, 2 * p)),
    "pad in front": after_padding(lambda p: (2 * p, 0)),
    "E34 pad on one side": after_padding(lambda p: (p, 0)),
    "pad edge": after_padding(lambda p: (p, p), mode="edge"),
    "pad reflect": after_padding(lambda p: (p, p), mode="reflect"),
    "pad circular": after_padding(lambda p: (p, p), mode="wrap"),
    "pad with ones": after_padding(lambda p: (p, p), constant_values=1),
    "window starts at i": window_at_i,
    "no plus one": forget_plus_one,
    "ceil": ceil_size,
    "must be divisible": divisible,
    "last size from the first axis": last_from_first,
    "first kernel side for all": kernel_first_for_all,
    "first channel only": as_one_channel,
    "mean over channels": scaled_by_channels,
    "mean over the window": lambda x, w, b, **o: right.conv2d_grouped(x, w / w[0].size, b, **o),
    "first sample only": change_out(lambda out, x, w, b: np.broadcast_to(out[:1], out.shape).copy()),
    "sums the batch": change_out(lambda out, x, w, b: np.broadcast_to(out.sum(axis=0), out.shape).copy()),
    "first filter only": change_out(lambda out, x, w, b: np.broadcast_to(out[:, :1], out.shape).copy()),
    "transposed output": change_out(lambda out, x, w, b: np.swapaxes(out, -1, -2)),
    "channels last": change_out(lambda out, x, w, b: np.moveaxis(out, 1, -1)),
    "last row and column missing": change_out(corner_zero),
    "float32 always": change_out(lambda out, x, w, b: out.astype(np.float32)),
    "float64 always": change_out(lambda out, x, w, b: out.astype(np.float64)),
    "float32 inside": inside32,
    "dtype of x": like_x,
    "contiguous only": contiguous_only,
    "mutates x": mutates_x,
    "mutates w": mutates_w,
    "mutates b": mutates_b,
    "no error": fits_by_stride,
    "ReLU": change_out(lambda out, x, w, b: np.maximum(out, 0)),
    "no sample axis": change_out(lambda out, x, w, b: out[0]),
    "returns a list": change_out(lambda out, x, w, b: out.tolist()),
    "returns with a cache": change_out(lambda out, x, w, b: (out, (x, w, b))),
    "returns None": change_out(lambda out, x, w, b: None),
    "NaN in one place": change_out(
        lambda out, x, w, b: np.where(np.arange(out.size).reshape(out.shape) == 3, np.nan, out)
    ),
    "all zeros": change_out(lambda out, x, w, b: out * 0),
    "sign": change_out(lambda out, x, w, b: -out),
    "remembers": Remembers(),
    "one buffer": OneBuffer(),
    "raises": lambda x, w, b, **o: x[0][99],
}

# With one spatial axis these are no mistakes, or other ones.
TWO_AXES = {
    "first kernel side for all",
    "last size from the first axis",
    "pad first axis only",
    "pad of the first axis for all",
    "pads swapped",
    "stride first axis only",
    "stride of the first axis for all",
    "strides swapped",
    "transposed output",
}

for label, wrong in LAYER.items():
    mistake("conv2d_forward", name=label)(wrong)
    if label not in TWO_AXES:
        mistake("conv_nd", "conv1d_forward", name=f"1d: {label}")(wrong)
    mistake("conv_nd", "conv3d_forward", name=f"3d: {label}")(wrong)
    mistake("conv2d_grouped", name=label)(wrong)


@mistake("conv2d_forward", name="transposed square kernel")
def _(x, w, b, **o):
    return right.conv2d_forward(x, w.transpose(0, 1, 3, 2) if w.shape[2] == w.shape[3] else w, b, **o)


@mistake("conv2d_forward", name="output size with a single pad")
def _(x, w, b, *, stride=1, padding=0):
    out = right.conv2d_forward(x, w, b, stride=stride, padding=padding)
    h, width = (
        right.conv_output_size(n + p, k, stride=s)
        for n, k, s, p in zip(x.shape[2:], w.shape[2:], pair(stride), pair(padding), strict=True)
    )
    return out[:, :, :h, :width].copy()


@mistake("conv2d_forward", name="strides by hand")
def _(x, w, b, *, stride=1, padding=0):
    (s_h, s_w), p = options_of(x, stride, padding)
    right.conv2d_forward(x, w, b, stride=stride, padding=padding)
    xp = padded(x, p) if any(p) else x
    n, c, h, width = xp.shape
    size = xp.itemsize
    h_out, w_out = (h - w.shape[2]) // s_h + 1, (width - w.shape[3]) // s_w + 1
    steps = (c * h * width * size, h * width * size, width * size * s_h, size * s_w, width * size, size)
    windows = as_strided(xp, (n, c, h_out, w_out, *w.shape[2:]), steps)
    out = np.einsum("nchwij,fcij->nfhw", windows, w)
    return out if b is None else out + b[:, None, None]


@mistake("conv2d_forward", name="ints only")
def _(x, w, b, *, stride=1, padding=0):
    if isinstance(stride, tuple) or isinstance(padding, tuple):
        raise TypeError("unsupported operand type(s) for +: 'int' and 'tuple'")
    return right.conv2d_forward(x, w, b, stride=stride, padding=padding)


@mistake("conv2d_forward", name="other parameter names")
def _(x, w, b, *, s=1, pad=0):
    return right.conv2d_forward(x, w, b, stride=s, padding=pad)


@mistake("conv2d_forward", name="weights and input swapped")
def _(w, x, b, **o):
    return right.conv2d_forward(x, w, b, **o)


@mistake("conv2d_forward", name="crop with -0")
def _(x, w, b, *, stride=1, padding=0):
    out = right.conv2d_forward(x, w, b, stride=stride, padding=padding)
    _, (p, _q) = options_of(x, stride, padding)
    return out[:, :, 0:-p] if p == 0 else out


# conv1x1_as_matmul


def one(change):
    return lambda x, w, b: change(right.conv1x1_as_matmul(x, w, None), x, w, b)


for label, wrong in {
    "no bias": lambda x, w, b: keep_dtype(right.conv1x1_as_matmul(x, w, None), x, w, b),
    "bias 0 for all": one(lambda out, x, w, b: out if b is None else out + b[0]),
    "bias on the last axis": one(lambda out, x, w, b: out if b is None else out + b),
    "b=None not allowed": one(lambda out, x, w, b: out + b.reshape(-1, 1, 1)),
    "reshape without moving channels": lambda x, w, b: (
        x.reshape(-1, x.shape[1]) @ w[:, :, 0, 0].T + (0 if b is None else b)
    ).reshape(len(x), len(w), *x.shape[2:]),
    "channels last": lambda x, w, b: right.conv1x1_as_matmul(x, w, b).transpose(0, 2, 3, 1),
    "no transpose back": lambda x, w, b: (
        right.conv1x1_as_matmul(x, w, b).transpose(1, 0, 2, 3).reshape(len(x), len(w), *x.shape[2:])
    ),
    "rows and columns swapped": lambda x, w, b: right.conv1x1_as_matmul(x, w, b).swapaxes(2, 3),
    "rows and columns mixed": lambda x, w, b: (
        right.conv1x1_as_matmul(x, w, b).swapaxes(2, 3).reshape(len(x), len(w), *x.shape[2:])
    ),
    "transposed weights": lambda x, w, b: right.conv1x1_as_matmul(
        x, w.transpose(1, 0, 2, 3) if len(w) == w.shape[1] else w, b
    ),
    "batch order": lambda x, w, b: right.conv1x1_as_matmul(x[::-1], w, b),
    "first sample": lambda x, w, b: np.broadcast_to(
        right.conv1x1_as_matmul(x[:1], w, b), (len(x), len(w), *x.shape[2:])
    ).copy(),
    "mean over channels": one(
        lambda out, x, w, b: out / x.shape[1] if b is None else out / x.shape[1] + b[:, None, None]
    ),
    "first channel": lambda x, w, b: right.conv1x1_as_matmul(x[:, :1], w[:, :1], b),
    "float64 always": lambda x, w, b: right.conv1x1_as_matmul(x, w, b).astype(np.float64),
    "float32 always": lambda x, w, b: right.conv1x1_as_matmul(x, w, b).astype(np.float32),
    "dtype of x": lambda x, w, b: right.conv1x1_as_matmul(x, w, b).astype(x.dtype),
    "float32 inside": lambda x, w, b: keep_dtype(
        right.conv1x1_as_matmul(x.astype("f4"), w.astype("f4"), None if b is None else b.astype("f4")), x, w, b
    ),
    "flattened": lambda x, w, b: right.conv1x1_as_matmul(x, w, b).reshape(len(x), len(w), -1),
    "writes into b": lambda x, w, b: (right.conv1x1_as_matmul(x, w, b), None if b is None else b.__iadd__(1))[0],
    "memory order": lambda x, w, b: right.conv1x1_as_matmul(
        as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides), w, b
    ),
    "scaled": lambda x, w, b: 2 * right.conv1x1_as_matmul(x, w, b),
}.items():
    mistake("conv1x1_as_matmul", name=label)(wrong)


@mistake("conv1x1_as_matmul", name="reshapes x in place")
def _(x, w, b):
    out = right.conv1x1_as_matmul(x, w, b)
    x.shape = (-1,)
    return out


# conv3d in particular


@mistake("conv_nd", "conv3d_forward", name="3d: E36 depth as channels")
def _(x, w, b, **o):
    flat = x.reshape(len(x), -1, *x.shape[3:])
    kernel = w.reshape(len(w), -1, *w.shape[3:])
    return right.conv2d_forward(flat, np.resize(kernel, (len(w), flat.shape[1], *w.shape[3:])), b)


@mistake("conv_nd", "conv3d_forward", name="3d: sum of planes")
def _(x, w, b, **o):
    out = right.conv3d_forward(x, w, b, **o)
    return np.broadcast_to(out.sum(axis=2, keepdims=True), out.shape).copy()


@mistake("conv_nd", "conv3d_forward", name="3d: first plane of the kernel")
def _(x, w, b, **o):
    thin = np.zeros_like(w)
    thin[:, :, 0] = w[:, :, 0]
    return right.conv3d_forward(x, thin, b, **o)


@mistake("conv_nd", "conv3d_forward", name="3d: depth not padded")
def _(x, w, b, *, stride=1, padding=0):
    return right.conv3d_forward(x, w, b, stride=stride, padding=(0, *pair(padding, 3)[1:]))


@mistake("conv_nd", "conv3d_forward", name="3d: depth not strided")
def _(x, w, b, *, stride=1, padding=0):
    return right.conv3d_forward(x, w, b, stride=(1, *pair(stride, 3)[1:]), padding=padding)


# conv2d_grouped in particular


def regroup(pick):
    def wrong(x, w, b, *, groups=1, **o):
        right.conv2d_grouped(x, w, b, groups=groups, **o)
        parts = [
            right.conv2d_grouped(x[:, pick(g, groups, x.shape[1])], w[f], None, **o)
            for g, f in enumerate(np.split(np.arange(len(w)), groups))
        ]
        out = np.concatenate(parts, axis=1)
        return keep_dtype(out if b is None else out + b[:, None, None], x, w, b)

    return wrong


for label, wrong in {
    "E37 every group reads the first": regroup(lambda g, groups, c: np.arange(c // groups)),
    "E37 groups read channels in steps": regroup(lambda g, groups, c: np.arange(g, c, groups)),
    "groups in reverse": regroup(lambda g, groups, c: np.arange(c).reshape(groups, -1)[groups - 1 - g]),
    "every group reads the last": regroup(lambda g, groups, c: np.arange(c)[-(c // groups) :]),
    "E38 depthwise sums over channels": lambda x, w, b, *, groups=1, **o: (
        lambda out: (
            np.broadcast_to(out.sum(axis=1, keepdims=True), out.shape).copy() if groups == x.shape[1] > 1 else out
        )
    )(right.conv2d_grouped(x, w, b, groups=groups, **o)),
    "E39 dilates the input": lambda x, w, b, *, dilation=1, **o: right.conv2d_grouped(
        x[:, :, :: pair(dilation)[0], :: pair(dilation)[1]], w, b, dilation=dilation, **o
    ),
    "E39 dilates the input instead": lambda x, w, b, *, dilation=1, **o: right.conv2d_grouped(
        x[:, :, :: pair(dilation)[0], :: pair(dilation)[1]], w, b, **o
    ),
    "dilation ignored": fixed("dilation", 1),
    "dilation of the rows only": first_axis_only("dilation"),
    "dilation of the rows for both": first_axis_for_all("dilation"),
    "dilations swapped": swapped_axes("dilation"),
    "dilation one more": lambda x, w, b, *, dilation=1, **o: right.conv2d_grouped(
        x, w, b, dilation=tuple(d if d == 1 else d + 1 for d in pair(dilation)), **o
    ),
    "groups ignored": lambda x, w, b, *, groups=1, **o: right.conv2d_grouped(x, np.tile(w, (1, groups, 1, 1)), b, **o),
    "stride times dilation": lambda x, w, b, *, stride=1, dilation=1, **o: right.conv2d_grouped(
        x, w, b, stride=tuple(s * d for s, d in zip(pair(stride), pair(dilation), strict=True)), dilation=dilation, **o
    ),
    "one filter for each group": lambda x, w, b, *, groups=1, **o: (
        lambda out: np.repeat(out[:, :: max(len(w) // groups, 1)], max(len(w) // groups, 1), axis=1)
    )(right.conv2d_grouped(x, w, b, groups=groups, **o)),
    "outputs of groups interleaved": lambda x, w, b, *, groups=1, **o: (
        lambda out: out.reshape(len(out), groups, -1, *out.shape[2:]).swapaxes(1, 2).reshape(out.shape)
    )(right.conv2d_grouped(x, w, b, groups=groups, **o)),
    "bias of the group": lambda x, w, b, *, groups=1, **o: right.conv2d_grouped(
        x, w, None if b is None else np.repeat(b[:groups], len(w) // groups), groups=groups, **o
    ),
    "depthwise only without multiplier": lambda x, w, b, *, groups=1, **o: right.conv2d_grouped(
        x, w, b, groups=groups, **o
    )[:, : groups if groups == x.shape[1] else None],
}.items():
    mistake("conv2d_grouped", name=label)(wrong)


@mistake("conv2d_grouped", name="error without dilation")
def _(x, w, b, *, dilation=1, **o):
    try:
        return right.conv2d_grouped(x, w, b, dilation=dilation, **o)
    except ValueError:
        return right.conv2d_grouped(x, w, b, **o)


# receptive_field


def field(step, start=lambda at, jump, k, s, p, d: at - p * jump, order=1, first=1):
    def wrong(layers):
        size, jump, at = first, 1, 0
        for k, s, p, d in layers[::order]:
            at = start(at, jump, k, s, p, d)
            size = step(size, jump, k, s, p, d)
            jump *= s
        return ReceptiveField(size, jump, at)

    return wrong


def grow(size, jump, k, s, p, d):
    return size + d * (k - 1) * jump


for label, wrong in {
    "E17 adds k": field(lambda z, j, k, s, p, d: z + d * k * j),
    "E18 strides ignored": field(lambda z, j, k, s, p, d: z + d * (k - 1)),
    "E19 own stride": field(lambda z, j, k, s, p, d: z + d * (k - 1) * j * s),
    "E19 own stride only": field(lambda z, j, k, s, p, d: z + d * (k - 1) * s),
    "dilation ignored": field(lambda z, j, k, s, p, d: z + (k - 1) * j),
    "dilation is d*k": field(lambda z, j, k, s, p, d: z + (d * k - 1) * j),
    "dilation carried on": field(lambda z, j, k, s, p, d: z + d * (k - 1) * j * d),
    "starts from 0": field(grow, first=0),
    "layers from the last": field(grow, order=-1),
    "E20 pooling ignored": lambda layers: right.receptive_field([layer for layer in layers if layer[:2] != (2, 2)]),
    "E20 1x1 adds": field(lambda z, j, k, s, p, d: z + (d * (k - 1) if k > 1 else 1) * j),
    "E21 padding ignored": field(grow, lambda at, j, k, s, p, d: at),
    "E21 padding in own steps": field(grow, lambda at, j, k, s, p, d: at - p),
    "E21 start with its own stride": field(grow, lambda at, j, k, s, p, d: at - p * j * s),
    "start positive": field(grow, lambda at, j, k, s, p, d: at + p * j),
    "start is the centre": field(grow, lambda at, j, k, s, p, d: at + (d * (k - 1) / 2 - p) * j),
    "start of the last layer": field(grow, lambda at, j, k, s, p, d: -p * j),
    "size cut at the border": lambda layers: (lambda f: f._replace(size=f.size + f.start))(
        right.receptive_field(layers)
    ),
    "jump of the sum": lambda layers: right.receptive_field(layers)._replace(
        jump=sum(layer[1] for layer in layers) or 1
    ),
    "jump of the last layer": lambda layers: right.receptive_field(layers)._replace(
        jump=layers[-1][1] if layers else 1
    ),
    "jump before the last layer": lambda layers: right.receptive_field(layers)._replace(
        jump=right.receptive_field(layers[:-1]).jump
    ),
    "jump 0 at first": lambda layers: right.receptive_field(layers) if layers else ReceptiveField(1, 0, 0),
    "no empty list": lambda layers: (layers[0], right.receptive_field(layers))[1],
    "empty list gives size 0": lambda layers: right.receptive_field(layers) if layers else ReceptiveField(0, 1, 0),
    "1 + L (k - 1)": lambda layers: right.receptive_field(layers)._replace(
        size=1 + len(layers) * ((layers[0][0] - 1) if layers else 0)
    ),
    "size only": lambda layers: right.receptive_field(layers).size,
    "floats": lambda layers: ReceptiveField(*map(float, right.receptive_field(layers))),
    "another order": lambda layers: (lambda f: (f.jump, f.size, f.start))(right.receptive_field(layers)),
    "reverses its input": lambda layers: (right.receptive_field(layers), layers.reverse())[0],
    "pops its input": lambda layers: (right.receptive_field(layers), layers.clear())[0],
}.items():
    mistake("receptive_field", "receptive_field", name=label)(wrong)

for label, wrong in {
    "floor": lambda size, kernel: (size - 1) // (kernel - 1),
    "a float": lambda size, kernel: np.ceil((size - 1) / (kernel - 1)),
    "divides by k": lambda size, kernel: -(-(size - 1) // kernel),
    "size, not size - 1": lambda size, kernel: -(-size // (kernel - 1)),
    "one more": lambda size, kernel: (size - 1) // (kernel - 1) + 1,
    "at least one": lambda size, kernel: max(1, right.layers_to_see(size, kernel)),
    "size over k": lambda size, kernel: -(-size // kernel),
    "always 3x3": lambda size, kernel: right.layers_to_see(size, 3),
    "rounds": lambda size, kernel: round((size - 1) / (kernel - 1)),
    "half of it": lambda size, kernel: size // 2,
}.items():
    mistake("receptive_field", "layers_to_see", name=f"depth: {label}")(wrong)


def unimplemented(*args, **options):
    raise NotImplementedError("Replace this line with your code.")


for listed in MISTAKES.values():
    function = next(iter(next(iter(listed.values()))))
    listed["not implemented"] = {function: unimplemented}
